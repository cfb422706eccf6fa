// Faults of the log that a real engine keeps: rotated, truncated, corrupt, unreadable, on a terminal, and cut by a proxy.
import { appendFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { countRequests } from '../engine/counting-proxy.js'
import type { Engine } from '../engine/engine.js'
import { cutIdleStreams, haproxyMissing } from '../engine/haproxy.js'
import { until } from '../engine/processes.js'
import { createStage, engineFaults, type Stage, type Tower } from './engine-stage.js'

/** Fills a log that rotates every 10 kB by nearly half a file. */
const FILLER = Array.from({ length: 4 }, (_, i) => `filler ${i} ${'.'.repeat(1000)}`)
/** Merged while they wait for their second, many checks take few messages. */
const MERGED = { RETRY_PACE: '1s' }

const logFile = (engine: Engine, { id }: Tower): string => join(engine.directory, 'data/containers', id, `${id}-json.log`)
const logOptions = (driver: string, ...options: string[]): string[] => ['--log-driver', driver, ...options.flatMap((option) => ['--log-opt', option])]

/**
 * Checks that each turn the log by half a file, the next printed when the last was read and pauseMs are over: nothing is
 * ever rotated away unread. At least `least` of them, then until `enough` holds, ten times as many at most.
 */
async function rotate(stage: Stage, tower: Tower, least: number, { enough = () => true, pauseMs = 0 }: { enough?: () => boolean, pauseMs?: number } = {}): Promise<number> {
  const sealed = (): number => stage.program().events('session.sealed').length
  let checks = 0
  for (; checks < least || (!enough() && checks < 10 * least); checks += 1) {
    const before = sealed()
    tower.check(1, ...FILLER)
    const read = await until(() => sealed() > before, 60_000)
    if (!read) throw new Error(`check ${checks} was not read while the log still had it`)
    await sleep(pauseMs)
  }
  return checks
}

const stalls = (stage: Stage): number => stage.program().events('log.stalled').length

async function stalledFollower(t: Test, engine: Engine): Promise<string> {
  const stage = await createStage(t, engine, { row: 21, env: MERGED })
  // with the local driver this engine forgets a follower in nearly every rotation
  const tower = await stage.tower('--name', 'watchtower', ...logOptions('local', 'max-size=10k', 'max-file=3'))
  await stage.start()
  const checks = await rotate(stage, tower, 12, { enough: () => stalls(stage) > 0 })
  t.ok(stalls(stage) > 0, 'the follower stalled, and that was noticed')
  const noticed = stalls(stage)
  const plain = await stage.tower('--name', 'truncated')
  plain.check(1, ...FILLER)
  await stage.told(90_000)
  truncateSync(logFile(engine, plain), 0)
  plain.check()
  return `${noticed} stalls noticed in ${checks} checks; ${await stage.judge()}`
}

/** whileDown: checks that surely fit into the files that the engine keeps. */
async function rotated(t: Test, engine: Engine, row: number, logs: readonly string[][], whileDown: number): Promise<string> {
  const stage = await createStage(t, engine, { row, env: MERGED })
  let checks = 0
  for (const [index, log] of logs.entries()) {
    const tower = await stage.tower('--name', `watchtower-${index}`, ...log)
    if (index === 0) await stage.start()
    checks += await rotate(stage, tower, 5)
    // asked for what is newer than its oldest compressed file, this engine leaves out the newer ones as well
    checks += await rotate(stage, tower, 5, { pauseMs: 1500 })
    for (const _ of FILLER) tower.check(2) // at once, but less than a file
    await stage.told(90_000)
    await stage.stop()
    const missed = Array.from({ length: whileDown }, () => tower.check(1, ...FILLER)).flat()
    for (const name of missed.reverse()) await tower.logged(name)
    checks += whileDown
    await stage.start({}, index + 1)
    await stage.told(90_000)
  }
  return `${Math.floor(checks / 2)} rotations; ${await stage.judge({ timeoutMs: 90_000 })}`
}

async function idleCut(t: Test, engine: Engine): Promise<string> {
  const idleMs = 3000 // what takes the engine so long to answer is cut too
  const proxy = await cutIdleStreams(t, engine, idleMs)
  const stage = await createStage(t, engine, { row: 25, host: proxy.host, env: { RECONCILE_EVERY: '5s' } })
  const tower = await stage.tower('--name', 'watchtower')
  const program = await stage.start()
  tower.check()
  await stage.told()
  const before = proxy.cuts()
  t.ok(await until(() => proxy.cuts() >= before + 8, 40 * idleMs), 'the proxy cuts')
  t.equal(stage.bot.messages.length, 1, 'nobody is told of it')
  tower.check()
  await stage.told()
  t.same(program.lines().filter(({ level }) => level !== 'debug' && level !== 'info').map(({ event, msg }) => `${event}: ${msg}`), [], 'no log line above info')
  t.equal(stage.bot.requests.filter(({ method }) => method === 'sendMessage').length, 2)
  return `${proxy.cuts()} cuts, no word of them; ${await stage.judge()}`
}

async function unreadable(t: Test, engine: Engine): Promise<string> {
  const proxy = await countRequests(t, engine)
  const stage = await createStage(t, engine, { row: 27, host: proxy.host, env: { RECONCILE_EVERY: '30s' } })
  const readable = await stage.tower('--name', 'readable')
  const none = await stage.tower('--name', 'none', ...logOptions('none'))
  const syslog = await stage.tower('--name', 'syslog', ...logOptions('syslog', 'syslog-address=udp://127.0.0.1:9', 'cache-disabled=true'))
  const program = await stage.start()
  await program.waitFor('log.unreadable', 2)
  const before = proxy.requests.length
  const started = performance.now()
  for (let checks = 0; checks < 4; checks += 1) {
    readable.check()
    await stage.told()
    await sleep(2000) // what is counted is what it asks by itself
  }
  const during = proxy.requests.slice(before)
  const again = during.filter((request) => [none, syslog].some(({ id }) => request.includes(`${id}/logs`))).length
  const seconds = (performance.now() - started) / 1000
  t.ok(during.length < 12 * seconds, `${during.length} requests in ${seconds.toFixed(1)} s`)
  t.ok(again <= 2 * Math.ceil(seconds / 30), `${again} of them for what cannot be read`) // each once in 30 s
  t.same(program.events('log.unreadable').map(({ container }) => container).sort(), ['none', 'syslog'], 'each is said once')
  await engine.docker(['rm', '--force', 'none', 'syslog'])
  return `said once each, asked for again ${again} times in ${seconds.toFixed(0)} s; ${await stage.judge()}`
}

async function corrupt(t: Test, engine: Engine): Promise<string> {
  const proxy = await countRequests(t, engine)
  const stage = await createStage(t, engine, { row: 28, host: proxy.host, env: MERGED })
  const tower = await stage.tower('--name', 'watchtower', ...logOptions('json-file', 'max-size=10k', 'max-file=2'))
  const program = await stage.start()
  tower.check()
  await stage.told()
  appendFileSync(logFile(engine, tower), '{"log":"bro\0\0\0ken\n')
  tower.print(...FILLER) // this engine loses some of what follows such a line, until the file is full
  const [before, since] = [proxy.requests.length, performance.now()]
  await sleep(5000)
  const asked = Math.round((proxy.requests.length - before) / (performance.now() - since) * 1000)
  t.ok(asked < 15, `${asked} requests a second while the line is there`)
  tower.print(...FILLER, ...FILLER)
  const [next = ''] = tower.check()
  await tower.logged(next) // then it can be read again, and so it must be
  await stage.told()
  await rotate(stage, tower, 6)
  t.ok(program.events('log.broken').length <= 1, 'said once at most')
  return `${asked} requests a second; ${await stage.judge({ timeoutMs: 90_000 })}`
}

/** As logrus prints to a terminal: colours, and the message padded. */
function coloured(line: string): string {
  const [, message = '', fields = ''] = /msg="([^"]*)" ?(.*)$/.exec(line) ?? []
  return `\u001b[36mINFO\u001b[0m[0002] ${message.padEnd(44)} ${fields.replace(/(\w+)=/g, ' \u001b[36m$1\u001b[0m=')}`
}

async function terminal(t: Test, engine: Engine): Promise<string> {
  const stage = await createStage(t, engine, { row: 29, style: coloured })
  const tower = await stage.tower('--name', 'watchtower', '--tty')
  await stage.start()
  tower.check(2)
  await stage.told()
  tower.check(1, '.'.repeat(40_000)) // above 16 kB the engine splits a line, on a terminal with a stamp in its middle
  await stage.told()
  await engine.docker(['restart', 'watchtower'])
  tower.check()
  await stage.told()
  for (const { text } of stage.bot.messages) t.notMatch(text, /[\u001b\r]|\[36m/, 'no colours and no carriage returns in a message')
  return stage.judge()
}

await engineFaults(t, [
  { row: 21, fault: 'the follower stalls in a rotation of the local driver; a log is truncated', expected: 'noticed and reopened, the plain read finds the lines', timeoutMs: 400_000, run: stalledFollower },
  { row: 22, fault: 'rotation with max-size=10k and max-file=2, also while the program is down', expected: 'nothing lost, and nothing that the engine repeats is told twice', timeoutMs: 400_000, run: (t, engine) => rotated(t, engine, 22, [logOptions('json-file', 'max-size=10k', 'max-file=2')], 2) },
  { row: 23, fault: 'rotation with compress=true, and of the local driver, also while the program is down', expected: 'nothing lost or repeated', timeoutMs: 400_000, run: (t, engine) => rotated(t, engine, 23, [logOptions('json-file', 'max-size=10k', 'max-file=3', 'compress=true'), logOptions('local', 'max-size=10k', 'max-file=3')], 3) },
  { row: 25, fault: 'HAProxy cuts idle streams every 3 s', expected: 'no message, no log line above info, read on', missing: haproxyMissing, timeoutMs: 240_000, run: idleCut },
  { row: 27, fault: 'log drivers none, and syslog with cache-disabled', expected: 'said once each, no spinning', run: unreadable },
  { row: 28, fault: 'a corrupt line in the json log', expected: 'what was before it is told, no spinning, well again after a rotation', timeoutMs: 400_000, run: corrupt },
  { row: 29, fault: 'Watchtower on a terminal, with colours and a 40 kB line', expected: 'read as any other', run: terminal },
])
