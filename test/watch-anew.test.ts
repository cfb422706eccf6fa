// Watchtowers that are started anew before their checks: when that is told, and when it is not.
import t, { type Test } from 'tap'
import { createWatching, DAY, HOUR, MINUTE, type Watching } from './watching.js'

const MONITOR_ONLY = 'WATCHTOWER_MONITOR_ONLY=true'
const ENV = ['WATCHTOWER_SCHEDULE=0 0 3 * * *', 'TZ=UTC', MONITOR_ONLY]
const BEGIN = '2026-11-22T12:00:00Z'
/** day 0 is the first whose check is awaited */
const at = (day: number, hour: number, minute = 0): number => Date.parse('2026-11-23T00:00:00Z') + day * DAY + hour * HOUR + minute * MINUTE

/** Watchtower since noon, with a check in the first night. */
async function checkedOnce(t: Test, options: Parameters<typeof createWatching>[2] = {}, env = ENV): Promise<Watching> {
  const w = await createWatching(t, BEGIN, options)
  w.add('watchtower', { env })
  w.start()
  await w.reach(at(0, 3, 1))
  w.check()
  await w.reach(at(0, 3, 5))
  return w
}

/** It is stopped over a time. */
async function away(w: Watching, from: number, until: number): Promise<void> {
  await w.reach(from)
  w.api.stop('watchtower', 0)
  await w.reach(until)
  w.api.start('watchtower')
}

const SINCE = 'Its last check was on 23 Nov 03:01.\nLikely reason: it was not running, or was started anew, at the times of its last two checks.\n\nRemedy: choose a time for WATCHTOWER_SCHEDULE at which it is up, and recreate it'

t.test('one that is stopped over each of its checks is told of once, and when one comes', async (t) => {
  const w = await checkedOnce(t)
  for (let day = 1; day < 6; day += 1) {
    await away(w, at(day, 2, 59), at(day, 3, 2))
    await w.reach(at(day, 12))
    t.equal(w.said().length, day < 3 ? 0 : 1, `day ${day}`)
  }
  t.same(w.said(), [`⚠️ Watchtower has not checked\n\nwatchtower should have checked on 26 Nov 03:00. ${SINCE}`])
  await w.reach(at(6, 3, 1))
  w.check()
  await w.reach(at(6, 4))
  t.match(w.said(1), [/^✅ Watchtower checks again/])
  await w.stop()
})

t.test('so is one that is recreated before each of its checks, with CHECK_OVERDUE_AFTER, and one that has never checked', async (t) => {
  const w = await createWatching(t, BEGIN, { timing: { overdueAfterMs: 26 * HOUR } })
  w.add('watchtower', { env: ENV })
  w.start()
  for (let day = 0; day < 4; day += 1) {
    await w.reach(at(day, 2, 59))
    w.api.remove('watchtower')
    w.add('watchtower', { env: ENV, seed: `night ${day}` })
    await w.reach(at(day, 12))
    t.equal(w.said().length, day < 2 ? 0 : 1, `day ${day}`)
  }
  t.match(w.said(), [/has not checked for too long\. No check of it was seen yet\.\nLikely reason: it was not running, or was started anew/])
  await w.stop()
})

t.test('so is one whose machine, and this program with it, is off at night', async (t) => {
  const w = await checkedOnce(t)
  for (let day = 0; day < 4; day += 1) {
    await w.reach(at(day, 23))
    w.api.stop('watchtower', 0)
    await w.stop()
    await w.clock.until(at(day + 1, 8, day))
    w.api.start('watchtower')
    w.start()
    await w.reach(at(day + 1, 9))
    t.equal(w.said().length, day < 1 ? 0 : 1, `day ${day + 1}`)
  }
  t.match(w.said(), [SINCE])
  await w.stop()
})

t.test('a start over one check is none of it, nor are weeks in which the machine was off', async (t) => {
  const w = await checkedOnce(t)
  await away(w, at(1, 2, 59), at(1, 3, 2))
  await w.reach(at(2, 3, 1))
  w.check()
  await w.reach(at(2, 12))
  w.api.stop('watchtower', 0)
  await w.stop()
  await w.clock.until(at(25, 18))
  w.start()
  w.api.start('watchtower')
  await w.reach(at(25, 18, 30))
  await away(w, at(25, 19), at(25, 19, 1))
  await w.reach(at(26, 3, 1))
  w.check()
  await w.reach(at(26, 4))
  t.same(w.said(), [])
  await w.stop()
})
