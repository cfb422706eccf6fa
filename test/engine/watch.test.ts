// A Watchtower that cannot start, is stopped, is removed, or does not check, on a real engine, and what is said of it.
// Its last words are those that 1.7.1 was seen to write.
import t, { type Test } from 'tap'
import type { Timing } from '../../src/config.js'
import type { BotApi } from '../fakes/bot-api.js'
import { type Engine, engineTest } from './engine.js'
import { until } from './processes.js'
import { type Sidecar, startSidecar } from './sidecar.js'
import { standInWatchtower, watchtowerLine, type WatchtowerImage } from './watchtower.js'

/** A start takes a busy engine some seconds. */
const TIMING = { downAfterMs: 6_000 }

/** A stand-in that says this and ends, each time it is started. */
async function crashing(engine: Engine, name: string, ...lines: string[]): Promise<void> {
  const label = ['--label', 'com.centurylinklabs.watchtower=true', '--restart', 'always']
  await engine.run('--name', name, ...label, '--entrypoint', '/bin/sh', 'containrrr/watchtower:1.7.1', '-c', `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')} >&2; exit 1`)
}

async function nth(bot: BotApi, count: number): Promise<string> {
  await until(() => bot.messages.length >= count, 60_000)
  return bot.messages[count - 1]?.text ?? ''
}

async function begin(t: Test, engine: Engine, timing: Partial<Timing> = {}): Promise<{ watchtower: WatchtowerImage; sidecar: Sidecar }> {
  const watchtower = await standInWatchtower(engine, t, { always: true })
  return { watchtower, sidecar: await startSidecar(t, engine, { timing: { ...TIMING, ...timing } }) }
}

await engineTest(t, 'a Watchtower that ends again and again is told of once, with its last error and the remedy', async (t, engine) => {
  const { sidecar: { bot } } = await begin(t, engine)
  await crashing(engine, 'wt-api', watchtowerLine('Error response from daemon: client version 1.25 is too old. Minimum supported API version is 1.44, please upgrade your client to a newer version', '', 'error'), watchtowerLine('Waiting for the notification goroutine to finish', 'notify=no'))
  t.match(await nth(bot, 1), /^⚠️ Watchtower is not running\n\nwt-api ends again each time it is started.*\nLast error: Error response from daemon: client version 1\.25 is too old.*\n\nRemedy: .*set DOCKER_API_VERSION=1\.44/)
  await crashing(engine, 'wt-interval', watchtowerLine('Only schedule or interval can be defined, not both.', '', 'fatal'))
  t.match(await nth(bot, 2), /^⚠️ Watchtower is not running\n\nwt-interval ends again.*\nLast error: Only schedule or interval can be defined, not both\.\n\nRemedy: keep one of WATCHTOWER_SCHEDULE/)
  await crashing(engine, 'wt-rolling', watchtowerLine('Rolling restarts is not compatible with the global monitor only flag', '', 'fatal'))
  t.match(await nth(bot, 3), /^⚠️ Watchtower is not running\n\nwt-rolling ends again.*\nLast error: Rolling restarts is not compatible.*\n\nRemedy: remove WATCHTOWER_ROLLING_RESTART/)
  t.equal(bot.messages.length, 3)
}, 600_000)

await engineTest(t, 'and so is one that may not use the socket, or whose schedule is none', async (t, engine) => {
  const { sidecar: { bot } } = await begin(t, engine)
  await crashing(engine, 'wt-socket', watchtowerLine('Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock', '', 'error'))
  t.match(await nth(bot, 1), /^⚠️ Watchtower is not running\n\nwt-socket ends again.*\nLast error: Got permission denied.*\n\nRemedy: .*socket/)
  await crashing(engine, 'wt-cron', watchtowerLine('Expected 5 to 6 fields, found 1: bogus', '', 'error'))
  t.match(await nth(bot, 2), /^⚠️ Watchtower is not running\n\nwt-cron ends again.*\nLast error: Expected 5 to 6 fields.*\n\nRemedy: .*six fields/)
}, 600_000)

await engineTest(t, 'one that is stopped, and one that is removed, is told of once, and that it is back', async (t, engine) => {
  const { watchtower, sidecar } = await begin(t, engine, { downAfterMs: 15_000 })
  const { bot } = sidecar
  const run = (): Promise<string> => engine.run('--name', 'watchtower', '--restart', 'always', '-v', watchtower.mount, watchtower.image)
  await run()
  await sidecar.waitFor('watchtower.attached')
  await engine.docker(['restart', '-t', '1', 'watchtower'])
  await until(() => false, 2_000)
  await engine.docker(['rm', '-f', 'watchtower'])
  await run()
  await sidecar.waitFor('watchtower.attached', 2)
  await until(() => false, 16_000)
  t.equal(bot.messages.length, 0, 'a restart and an upgrade are ordinary')

  await engine.docker(['stop', '-t', '1', 'watchtower'])
  t.match(await nth(bot, 1), /^⚠️ Watchtower is not running\n\nwatchtower stopped on .*, exit code 0\./)
  await engine.docker(['start', 'watchtower'])
  t.match(await nth(bot, 2), /^✅ Watchtower runs again\n\nwatchtower is up/)
  await engine.docker(['rm', '-f', 'watchtower'])
  t.match(await nth(bot, 3), /^⚠️ Watchtower is not running\n\nwatchtower is gone since/)
  await run()
  t.match(await nth(bot, 4), /^✅ Watchtower runs again/)
  t.equal(bot.messages.length, 4)
}, 600_000)

await engineTest(t, 'one that does not check is told of, and that it checks again; a one-off check that ends well is not', async (t, engine) => {
  const { watchtower, sidecar } = await begin(t, engine, { overdueAfterMs: 15_000 })
  const { bot } = sidecar
  await engine.run('--name', 'watchtower', '-v', watchtower.mount, watchtower.image)
  await sidecar.waitFor('watchtower.attached')
  const checks = watchtowerLine('Session done', 'Failed=0 Scanned=3 Updated=0 notify=no')
  for (let times = 0; times < 3; times += 1) {
    await until(() => false, 3_000)
    watchtower.feed(checks)
  }
  await sidecar.waitFor('session.sealed', 3)
  t.equal(bot.messages.length, 0)
  t.match(await nth(bot, 1), /^⚠️ Watchtower has not checked\n\nwatchtower has not checked for too long\. Its last check was on/)
  watchtower.feed(checks)
  t.match(await nth(bot, 2), /^✅ Watchtower checks again/)

  const once = watchtower.createFeed()
  once.feed(checks)
  once.exit(0)
  await engine.run('--name', 'once', '-v', once.mount, watchtower.image, '--run-once')
  for (let times = 0; times < 4; times += 1) {
    await until(() => false, 2_000)
    watchtower.feed(checks)
  }
  t.equal(bot.messages.length, 2)
}, 600_000)

await engineTest(t, 'a one-off check that is removed at once is told of by its last words, however short it lived', async (t, engine) => {
  const { watchtower, sidecar } = await begin(t, engine)
  const { bot } = sidecar
  await engine.run('--name', 'watchtower', '-v', watchtower.mount, watchtower.image)
  await sidecar.waitFor('watchtower.attached')
  const once = async (name: string, exitCode: number, line: string): Promise<void> => {
    const feed = watchtower.createFeed()
    feed.feed(line)
    feed.exit(exitCode)
    await engine.run('--rm', '--name', name, '-v', feed.mount, watchtower.image, '--run-once')
  }
  await once('well', 0, watchtowerLine('Session done', 'Failed=0 Scanned=3 Updated=0 notify=no'))
  await until(() => false, 3_000)
  // one that is gone before a busy machine could look at it has said nothing: three of a dozen are seen anywhere
  const told = (): string[] => bot.messages.map(({ text }) => /^(\w+) ended .*\nLast error: Error response/m.exec(text)?.[1] ?? text)
  const names: string[] = []
  while (told().length < 3 && names.length < 12) {
    const name = `once${names.length}`
    names.push(name)
    await once(name, 1, watchtowerLine('Error response from daemon: Bad response from Docker engine', '', 'error'))
    await until(() => told().includes(name), 10_000)
  }
  t.ok(told().length >= 3, 'three are told of')
  t.same(told(), names.filter((name) => told().includes(name)), 'each once, and no other')
}, 600_000)

await engineTest(t, 'a restart of the engine is ordinary, and the next check is told as always', async (t, engine) => {
  const { watchtower, sidecar } = await begin(t, engine)
  const { bot } = sidecar
  await engine.run('--name', 'watchtower', '--restart', 'always', '-v', watchtower.mount, watchtower.image)
  await sidecar.waitFor('watchtower.attached')
  await engine.dockerd.stop()
  await until(() => false, TIMING.downAfterMs)
  await engine.dockerd.start()
  await sidecar.waitFor('watchtower.attached', 2)
  await until(() => false, 2 * TIMING.downAfterMs)
  watchtower.feed(watchtowerLine('Session done', 'Failed=0 Scanned=3 Updated=0 notify=no'))
  await sidecar.waitFor('session.sealed')
  t.same(bot.messages, [])
}, 600_000)
