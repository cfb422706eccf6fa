// Watchtowers that are started anew before their checks, look by look: when that is told, and when it is not.
import fc from 'fast-check'
import t from 'tap'
import { dueAfter, dueOf, planOf, type Reason, reasonOf } from '../../src/guard/overdue.js'
import { type Settings, settingsOf } from '../../src/guard/settings.js'
import type { Vitals } from '../../src/guard/vitals.js'
import { checked, looked, type Watched } from '../../src/guard/watched.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const DAILY = ['WATCHTOWER_SCHEDULE=0 0 3 * * *', 'TZ=UTC']
const at = (day: number, hour = 0, minute = 0): number => Date.parse('2026-11-23T00:00:00Z') + day * DAY + hour * HOUR + minute * MINUTE

/** One Watchtower under these settings, first seen then. */
function lifeFrom(begin: number, env: readonly string[], overdueAfterMs: number | null = null) {
  const plan = planOf(settingsOf({ Config: { Env: env } }) as Settings, '1.7.1', null, begin)
  let vitals: Vitals = { id: 'w', name: 'watchtower', place: 'watchtower', swarm: null, status: 'running', startedAt: begin, finishedAt: null, exitCode: 0, restarts: 0, oneOff: false }
  let list: Watched[] = []
  const told: { at: number; due: number | null; reason: Reason }[] = []
  const self = {
    told,
    look(now: number): void {
      const awaitedUntil = (_: string, from: number) => dueAfter(from, plan, overdueAfterMs)?.by ?? null
      list = looked(list, { now, lateMs: 0, first: false, vitals: [vitals], candidates: new Map(), checkedAt: () => null, awaitedUntil, bounds: { steadyMs: MINUTE, downAfterMs: 5 * MINUTE } }).watched
      const [one] = list
      const due = one ? dueOf(one, plan, overdueAfterMs) : null
      if (one && due && one.downSince === null && now >= due.by && told.length === 0) told.push({ at: now, due: due.at, reason: reasonOf(one, plan, null) })
    },
    /** nobody stops it from one time to the other */
    upTo(from: number, until: number): void {
      for (let now = from; now < until; now += HOUR) self.look(now)
      self.look(until)
    },
    check(now: number): void {
      list = checked(list, 'w', { at: now, ok: true, error: null })
    },
    /** it starts; again, or as another container */
    start(now: number, id = vitals.id): void {
      vitals = { ...vitals, id, startedAt: now, finishedAt: now - MINUTE }
      self.look(now + 2 * MINUTE)
    },
  }
  self.look(begin + MINUTE)
  return self
}

t.test('one that is stopped over each check is told of on the third day, with a bound of the user on the third too', (t) => {
  for (const [bound, due] of [[null, at(3, 3)], [26 * HOUR, null]] as const) {
    const w = lifeFrom(at(0, 0), DAILY, bound)
    w.check(at(0, 3))
    for (let day = 1; day < 14; day += 1) {
      w.upTo(at(day - 1, 4), at(day, 2))
      w.start(at(day, 3, 2))
    }
    t.match(w.told, [{ due, reason: { type: 'not-up' } }])
    t.ok(w.told[0]!.at > at(3, 4) && w.told[0]!.at < at(3, 7))
  }
  t.end()
})

t.test('one on a machine that is off at night is told of on the second morning; its interval counts from each start', (t) => {
  for (const [env, day, type] of [[DAILY, 2, 'not-up'], [['WATCHTOWER_POLL_INTERVAL=86400'], 3, 'started-anew']] as const) {
    const w = lifeFrom(at(0, 8), env)
    for (let today = 0; today < 9; today += 1) {
      w.upTo(at(today, 9), at(today, 22))
      w.start(at(today + 1, 8))
    }
    t.match(w.told, [{ reason: { type } }])
    t.equal(Math.floor((w.told[0]!.at - at(0)) / DAY), day, type)
  }
  t.end()
})

t.test('however it is started anew, one that never checks is told of within three waits of running', (t) => {
  const run = fc.record({ upMs: fc.integer({ min: 5 * MINUTE, max: 4 * DAY }), offMs: fc.integer({ min: 0, max: 30 * DAY }), anew: fc.boolean() })
  const property = fc.property(fc.constantFrom(DAILY, ['WATCHTOWER_POLL_INTERVAL=86400'], ['WATCHTOWER_SCHEDULE=0 30 */6 * * *', 'TZ=UTC']), fc.array(run, { minLength: 20, maxLength: 40 }), (env, runs) => {
    const w = lifeFrom(at(0), env)
    let [now, upMs] = [at(0, 0, 2), 0]
    for (const [index, { upMs: more, offMs, anew }] of runs.entries()) {
      w.upTo(now, now + more)
      upMs += more
      if (w.told.length > 0 || upMs > 12 * DAY) break
      now += more + offMs
      w.start(now, anew ? `w${index}` : undefined)
      now += 2 * MINUTE
    }
    return w.told.length === 1 || upMs < 3 * (DAY + 3 * HOUR)
  })
  fc.assert(property, { numRuns: 100 })
  t.end()
})

t.test('a start over one check, a machine that was off for weeks, and restarts at noon are no reason for an alarm', (t) => {
  const w = lifeFrom(at(0), DAILY)
  w.check(at(0, 3))
  w.upTo(at(0, 4), at(1, 2))
  w.start(at(1, 3, 2))
  w.upTo(at(1, 4), at(2, 3))
  w.check(at(2, 3))
  w.upTo(at(2, 4), at(3, 2))
  w.start(at(3, 3, 1), 'upgraded')
  w.upTo(at(3, 4), at(4, 5))
  t.same(w.told, [], 'at the time of the next check none is late')
  w.start(at(40, 18))
  w.start(at(40, 19))
  w.start(at(40, 20), 'recreated')
  w.upTo(at(40, 21), at(41, 3))
  t.same(w.told, [])
  t.end()
})

t.test('nor are restarts each noon, whatever the schedule and the season', (t) => {
  const paris = ['WATCHTOWER_SCHEDULE=0 0 3 * * *', 'TZ=Europe/Paris']
  const rows: [begin: string, days: number, env: string[], checks: (day: number) => number | null][] = [
    ['2026-11-22T00:00:00Z', 40, DAILY, () => 3],
    ['2026-11-22T00:00:00Z', 40, ['WATCHTOWER_SCHEDULE=@weekly', 'TZ=UTC'], (day) => (day > 0 && day % 7 === 0 ? 0 : null)],
    ['2026-12-01T00:00:00Z', 95, ['WATCHTOWER_SCHEDULE=@monthly', 'TZ=UTC'], (day) => ([31, 62, 90].includes(day) ? 0 : null)],
    ['2026-10-20T00:00:00Z', 9, paris, (day) => (day < 5 ? 1 : 2)],
    ['2027-03-23T00:00:00Z', 9, paris, (day) => (day < 5 ? 2 : 1)],
  ]
  for (const [begin, days, env, checks] of rows) {
    const from = Date.parse(begin)
    const w = lifeFrom(from, env)
    for (let day = 0; day < days; day += 1) {
      const hour = checks(day)
      const midnight = from + day * DAY
      if (hour !== null) {
        w.upTo(midnight + 2 * MINUTE, midnight + hour * HOUR + 3 * MINUTE)
        w.check(midnight + hour * HOUR + 3 * MINUTE)
      }
      w.upTo(midnight + (hour ?? 0) * HOUR + 4 * MINUTE, midnight + 12 * HOUR)
      w.start(midnight + 12 * HOUR + MINUTE)
      w.upTo(midnight + 12 * HOUR + 4 * MINUTE, midnight + DAY)
    }
    t.same(w.told, [], `${begin} ${env.join(' ')}`)
  }
  t.end()
})
