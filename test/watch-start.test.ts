// The Watchtowers at a start: of the machine, of this program, of one that was stopped on purpose.
import t from 'tap'
import { loadState } from '../src/state/file.js'
import { createWatching, DAY, HOUR, MINUTE } from './watching.js'

const ENV = ['WATCHTOWER_SCHEDULE=0 0 3 * * *', 'TZ=UTC', 'WATCHTOWER_MONITOR_ONLY=true']
const at = (day: number, hour: number, minute = 0): number => Date.parse('2026-11-23T00:00:00Z') + day * DAY + hour * HOUR + minute * MINUTE

t.test('a machine that was off for days starts both in any order, and nothing is told', async (t) => {
  const w = await createWatching(t, '2026-11-23T12:00:00Z')
  w.add('watchtower', { env: ENV })
  w.start()
  for (const [off, late] of [[HOUR, 0], [2 * DAY, 20_000], [10 * MINUTE, -20_000]] as const) {
    await w.clock.until(Date.now() + 10 * MINUTE)
    // the end of Watchtower is seen before the own one comes
    w.api.stop('watchtower', 0)
    await w.clock.until(Date.now() + 5_000)
    await w.stop()
    await w.clock.until(Date.now() + off)
    if (late <= 0) w.api.start('watchtower')
    if (late < 0) await w.clock.until(Date.now() - late)
    w.start()
    await w.clock.until(Date.now() + Math.max(late, 1))
    if (late > 0) w.api.start('watchtower')
  }
  await w.clock.until(Date.now() + 10 * MINUTE)
  t.same(w.said(), [])
  await w.stop()
})

t.test('one that is started just before its stop would be told is not told of', async (t) => {
  const w = await createWatching(t, '2026-11-23T12:00:00Z')
  w.add('watchtower', { env: ENV })
  w.start()
  await w.clock.until(Date.now() + 10 * MINUTE)
  w.api.stop('watchtower', 0)
  await w.clock.until(Date.now() + 4.5 * MINUTE)
  w.api.start('watchtower')
  await w.clock.until(Date.now() + 10 * MINUTE)
  t.same(w.said(), [])
  await w.stop()
})

t.test('a name that is mistyped in a deployment that worked is told of', async (t) => {
  const right = await createWatching(t, '2026-11-23T12:00:00Z')
  right.add('watchtower', { env: ENV })
  right.start()
  await right.clock.until(Date.now() + 10 * MINUTE)
  right.check()
  await right.clock.until(Date.now() + 2 * MINUTE)
  await right.stop()
  right.start({ watchtower: 'watchtwoer' })
  await right.clock.until(Date.now() + 10 * MINUTE)
  t.match(right.said().join(), /watchtwoer/)
  await right.stop()
})

t.test('what was told of a Watchtower that WATCHTOWER_CONTAINER leaves out is over without a word', async (t) => {
  const w = await createWatching(t, '2026-11-23T12:00:00Z')
  for (const name of ['watchtower', 'other']) w.add(name, { env: ENV })
  w.start()
  await w.clock.until(Date.now() + 10 * MINUTE)
  w.api.stop('other', 1)
  await w.clock.until(Date.now() + 10 * MINUTE)
  t.match(w.said(), [/^⚠️ Watchtower is not running\n\nother stopped/])
  await w.stop()
  w.start({ watchtower: 'watchtower' })
  await w.clock.until(Date.now() + 10 * MINUTE)
  await w.stop()
  t.equal(w.said().length, 1)
  t.same((await loadState(w.stateDir, '')).state?.raised, [])
  t.same(w.loud.filter((event) => event.startsWith('watch.')), ['watch.alarm'])
})

t.test('a check that came while this program did not run, and one that did not', async (t) => {
  const w = await createWatching(t, '2026-11-22T12:00:00Z')
  w.add('watchtower', { env: ENV })
  w.start()
  await w.reach(at(0, 3, 1))
  w.check()
  await w.reach(at(0, 12))
  await w.stop()
  await w.clock.until(at(1, 3, 1))
  w.check()
  await w.clock.until(at(1, 12))
  w.start()
  await w.reach(at(1, 13))
  t.same(w.said(), [])
  await w.stop()
  await w.clock.until(at(2, 12))
  w.start()
  await w.reach(at(2, 13))
  t.match(w.said(), [/^⚠️ Watchtower has not checked/])
  await w.stop()
  await w.clock.until(at(3, 3, 1))
  w.check()
  await w.clock.until(at(3, 12))
  w.start()
  await w.reach(at(3, 13))
  t.match(w.said(1), [/^✅ Watchtower checks again/])
  await w.stop()
})
