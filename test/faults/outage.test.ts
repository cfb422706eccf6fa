// Telegram is away for a day, tells to wait, or takes 20 messages a minute: what waits is kept, in order.
import t, { type Test } from 'tap'
import { container, image, madeUpId } from '../fakes/docker-api.js'
import { REPEAT_MARK } from './counter.js'
import { MEMORY_BOUND, peakMemory } from './sidecar-process.js'
import { createMachine, createStage, done, eventually, found, outboxOf, record, settled, type Stage, stateFile } from './stage.js'
import { faultTable } from './table.js'

const HOUR = 3_600_000

/** A service with two newer images, one after the other; gives the lines that find them. */
function superseded(stage: Stage, name: string): [older: string, newer: string] {
  const of = (version: string): string => `sha256:${madeUpId(`superseded ${version}`)}`
  const built = (version: string, ref: string | null) => image({ ref, id: of(version), labels: { 'org.opencontainers.image.version': version } })
  stage.api.images.push(built('1.0.0', null), built('2.0.0', null), built('3.0.0', `${name}:1`))
  stage.api.containers.push(container({ name: 'superseded', image: `${name}:1`, imageId: of('1.0.0'), labels: { 'com.docker.compose.project': 'home', 'com.docker.compose.service': name } }))
  const line = (version: string): string => record(`Found new ${name}:1 image (${of(version).slice(7, 19)})`)
  return [line('2.0.0'), line('3.0.0')]
}

async function awayForADay(t: Test): Promise<string> {
  const { stage, set, start } = await createMachine(t)
  const [twice = '', ...names] = stage.names(5, 'nobody')
  const [older, newer] = superseded(stage, twice)
  await stage.telegramDown()
  for (const [index, hour] of [-24, -16, -8, -2].entries()) {
    set(hour * HOUR, index % 2 === 0)
    const sidecar = start({ RETRY_PACE: '3s' })
    await sidecar.waitFor('watchtower.attached')
    // what is under way at this moment may have been accepted: news is merged only with what waits
    if (index > 0) await sidecar.waitFor('report.retry')
    stage.say([index === 0 ? older : newer, ...names.slice(0, index + 1).map(found), done(index + 2)])
    await sidecar.waitFor('session.sealed')
    t.match((await sidecar.waitFor('report.retry'))[0]?.reason, index % 2 === 0 ? /ECONNREFUSED/ : /ENOTFOUND/)
    await stage.stop(sidecar)
  }
  set(0)
  await stage.telegramUp()
  const sidecar = start()
  await stage.told()
  await sidecar.waitFor('report.sent', stage.bot.messages.length)
  const texts = stage.bot.messages.map(({ text }) => text)
  const positions = names.map((name) => texts.findIndex((text) => text.includes(name)))
  t.same(positions, positions.toSorted((a, b) => a - b), 'in order')
  t.equal(texts.length, 1, 'old ones are merged')
  t.notMatch(texts.join('\n'), '2.0.0', 'what a newer image replaced is not told')
  t.match(texts.join('\n'), '3.0.0')
  for (const text of texts) t.match(text, /^⏱/m, 'says that it is late')
  t.notMatch(texts.join('\n'), REPEAT_MARK, 'none of it can be a repeat')
  await stage.stop(sidecar)
  return stage.verdict()
}

/** A month of daily checks, each with ten more updates that stay pending, and a restart every sixth day. */
async function awayForAMonth(t: Test): Promise<string> {
  const { stage, set, start } = await createMachine(t)
  await stage.telegramDown()
  const peaks: number[] = []
  for (let day = -30; day < 0; day += 6) {
    set(day * 24 * HOUR)
    const sidecar = start()
    await sidecar.waitFor('watchtower.attached')
    for (let check = 1; check <= 6; check += 1) {
      set((day + check - 1) * 24 * HOUR)
      stage.check(10)
      await sidecar.waitFor('session.sealed', check)
    }
    await stage.stop(sidecar, (process) => peaks.push(peakMemory(process)))
  }
  const bytes = stateFile(stage)?.length ?? 0
  set(0)
  await stage.telegramUp()
  const sidecar = start()
  await stage.told(stage.injected, 200_000)
  await sidecar.waitFor('report.sent', stage.bot.messages.length)
  const told = stage.bot.messages.flatMap(({ text }) => text.match(/\bapp-\d{5}\b/g) ?? [])
  t.same([...new Set(told)], stage.injected, 'in order')
  await stage.stop(sidecar, (process) => peaks.push(peakMemory(process)))
  t.ok(Math.max(...peaks) < MEMORY_BOUND, 'in bounded memory')
  return `${(Math.max(...peaks) / 1e6).toFixed(0)} MB at most, a state file of ${(bytes / 1e3).toFixed(0)} kB; ${stage.verdict()}`
}

/** Lets the next send be answered 429, restarts by SIGKILL, and gives the milliseconds until it was told. */
async function toldToWaitBriefly(t: Test): Promise<string> {
  const stage = await createStage(t)
  const first = stage.start()
  await first.waitFor('watchtower.attached')
  let asked = Infinity
  stage.onRequest = ({ method }) => void (method === 'sendMessage' && (asked = Math.min(asked, performance.now())))
  stage.bot.next('sendMessage', { type: 'too-many-requests', retryAfter: 3 })
  stage.check(2)
  await eventually(() => (outboxOf(stage)?.notBefore ?? 0) > 0, 'the wait is noted')
  await stage.kill(first)
  const second = stage.start()
  await stage.told()
  const waited = Math.round(performance.now() - asked)
  t.ok(waited >= 2_900, `waits 3 s: ${waited} ms`)
  t.equal(stage.bot.requests.filter(({ method }) => method === 'sendMessage').length, 2)
  t.notMatch(stage.bot.messages[0]?.text, REPEAT_MARK, 'a refused message is no repeat')
  await stage.stop(second)
  return `sent after ${waited} ms; ${stage.verdict()}`
}

async function toldToWaitForHours(t: Test): Promise<string> {
  const { stage, set, start } = await createMachine(t)
  const sends = (): number => stage.bot.requests.filter(({ method }) => method === 'sendMessage').length
  const first = start()
  await first.waitFor('watchtower.attached')
  stage.bot.next('sendMessage', { type: 'too-many-requests', retryAfter: 7200 })
  stage.check(2)
  await first.waitFor('report.retry')
  await stage.stop(first)
  for (const hour of [0, 1]) {
    set(hour * HOUR)
    const again = start()
    await again.waitFor('watchtower.attached')
    await stage.reads(4)
    await stage.stop(again)
    t.equal(sends(), 1, `after ${hour} h it still waits`)
  }
  set(2 * HOUR + 5_000)
  const last = start()
  await stage.told()
  await stage.stop(last)
  t.equal(sends(), 2)
  return `one send in 2 h and three restarts, then told; ${stage.verdict()}`
}

/** The wall clock is set back while it runs, and before a start: what was noted for later by the wall clock is not hours away now. */
async function clockSetBack(t: Test): Promise<string> {
  const { stage, set, start } = await createMachine(t)
  set(HOUR)
  const first = start()
  await first.waitFor('watchtower.attached')
  stage.check(1)
  await stage.told()
  stage.bot.next('sendMessage', { type: 'too-many-requests', retryAfter: 2 })
  stage.check(1)
  await first.waitFor('report.retry')
  set(0)
  await stage.told()
  await settled(stage)
  await stage.stop(first)
  const second = start()
  await second.waitFor('watchtower.attached')
  stage.check(1)
  await stage.told()
  await stage.stop(second)
  return stage.verdict()
}

async function fiveHundred(t: Test): Promise<string> {
  const stage = await createStage(t)
  const times: number[] = []
  stage.onRequest = ({ method }) => void (method === 'sendMessage' && times.push(performance.now()))
  const first = stage.start()
  await first.waitFor('watchtower.attached')
  const names = stage.names(500)
  const registry = `registry.example.org/${'a-team-with-a-long-name/'.repeat(5)}`
  stage.say([...names.map((name) => found(name).replace('Found new ', `$&${registry}`)), done(500)])
  await first.waitFor('report.sent', 5, 60_000)
  await stage.kill(first)
  const before = stage.bot.messages.length
  const second = stage.start()
  await stage.told(names, 120_000)
  await stage.stop(second)
  const numbers = stage.bot.messages.map(({ text }) => /\((\d+)\/(\d+)\)/.exec(text)?.slice(1).map(Number) ?? [])
  const total = numbers[0]?.[1] ?? 0
  t.same([...new Set(numbers.map(([number]) => number))], Array.from({ length: total }, (_, index) => index + 1), 'every part, in order')
  t.ok(total > 20, `${total} parts`)
  t.ok(stage.bot.messages.length <= total + 1, 'goes on where it was')
  const soonest = Math.min(...times.slice(20).map((time, index) => time - (times[index] ?? 0)))
  // by when they come in: what is a minute from begin to begin is less where the first was late
  t.ok(soonest > 50_000, `never more than 20 in a minute: the 21st after ${Math.round(soonest)} ms`)
  return `${total} numbered parts, killed after ${before}, 21 sends take ${Math.round(soonest / 1000)} s; ${stage.verdict({ mayRepeat: true })}`
}

t.test('what waits for Telegram is kept', { timeout: 840_000 }, (t) => faultTable(t, [
  { row: 35, fault: 'host clock set back by an hour, running and restarted', expected: 'no wait becomes an hour longer', run: clockSetBack },
  { row: 37, fault: 'Telegram down for 24 h (refused, no such name), 4 restarts', expected: 'kept, then told in order, merged, said to be late', run: awayForADay },
  { row: 37, fault: 'Telegram down for a month of daily checks, 5 restarts', expected: 'an outbox in bounded memory, told in order', timeoutMs: 600_000, run: awayForAMonth },
  { row: 38, fault: '429 retry_after 3', expected: 'obeyed across a SIGKILL', run: toldToWaitBriefly },
  { row: 38, fault: '429 retry_after 7200', expected: 'obeyed across restarts', run: toldToWaitForHours },
  { row: 45, fault: '500 updates in a check, SIGKILL between parts', expected: 'numbered parts, at most 20 a minute, goes on at the next part', timeoutMs: 500_000, run: fiveHundred },
]))
