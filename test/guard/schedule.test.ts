import fc from 'fast-check'
import t from 'tap'
import { type CronDialect, dialectOf, longestGap, namesZone, nextRun, readSchedule, type Schedule, unquoted, UTC, zoneOf } from '../../src/guard/schedule.js'
import { costsLinear } from '../measure.js'

const HOUR = 3_600_000
const at = (text: string): number => Date.parse(text)
const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString())
const cron = (schedule: string, { tz = null, dialect = 'seconds-first' }: { tz?: string | null; dialect?: CronDialect } = {}): Schedule => readSchedule({ schedule, interval: { value: null, from: null }, zone: zoneOf(tz), dialect })
const runs = (schedule: Schedule, after: string, count: number): (string | null)[] => {
  const times: (number | null)[] = []
  for (let ms: number | null = at(after); times.length < count && ms !== null; ) times.push((ms = nextRun(schedule, ms)))
  return times.map(iso)
}

t.test('six fields begin with seconds', (t) => {
  t.same(runs(cron('0 0 3 * * *'), '2026-11-26T12:00:00Z', 2), ['2026-11-27T03:00:00.000Z', '2026-11-28T03:00:00.000Z'])
  t.same(runs(cron('30 15 4,16 * * MON-fri'), '2026-11-27T12:00:00Z', 3), ['2026-11-27T16:15:30.000Z', '2026-11-30T04:15:30.000Z', '2026-11-30T16:15:30.000Z'])
  t.same(runs(cron('0 */20 8-10 ? JAN,Dec ?'), '2026-11-27T12:00:00Z', 2), ['2026-12-01T08:00:00.000Z', '2026-12-01T08:20:00.000Z'])
  t.same(runs(cron('0 10/25 0 * * *'), '2026-11-27T12:00:00Z', 3), ['2026-11-28T00:10:00.000Z', '2026-11-28T00:35:00.000Z', '2026-11-29T00:10:00.000Z'])
  t.end()
})

t.test('stock takes the first of five fields for seconds, the fork from 1.14 for minutes', (t) => {
  const stock = cron('0 4 * * *')
  t.same(runs(stock, '2026-11-23T19:30:00Z', 2), ['2026-11-23T20:04:00.000Z', '2026-11-23T21:04:00.000Z'], 'as a real 1.7.1 did')
  t.match(stock, { type: 'cron', fiveFields: true })
  const fork = cron('0 4 * * *', { dialect: dialectOf('1.14.1') })
  t.same(runs(fork, '2026-11-23T19:30:00Z', 2), ['2026-11-24T04:00:00.000Z', '2026-11-25T04:00:00.000Z'])
  t.match(fork, { type: 'cron', fiveFields: false })
  t.same(['1.7.1', 'v1.13.0', '1.14.0', '1.21.0', '2.0.0', null, 'dev'].map(dialectOf), ['seconds-first', 'seconds-first', 'seconds-optional', 'seconds-optional', 'seconds-optional', 'seconds-first', 'seconds-first'])
  t.end()
})

t.test('descriptors and durations', (t) => {
  const after = '2026-11-26T12:00:30Z'
  t.same(
    ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'].map((text) => runs(cron(text), after, 1)[0]),
    ['2027-01-01', '2027-01-01', '2026-12-01', '2026-11-29', '2026-11-27', '2026-11-27'].map((day) => `${day}T00:00:00.000Z`).concat('2026-11-26T13:00:00.000Z'),
  )
  t.same(
    ['@every 1h30m', '@every 1.5h', '@every 90s', '@every 2h45m30.5s', '@every 1500ms', '@every 0', '@every -1h', '@every 10us', '@every .5m'].map((text) => cron(text)),
    [5_400_000, 5_400_000, 90_000, 9_930_000, 1_000, 1_000, 1_000, 1_000, 30_000].map((ms, index) => ({ type: 'every', text: ['@every 1h30m', '@every 1.5h', '@every 90s', '@every 2h45m30.5s', '@every 1500ms', '@every 0', '@every -1h', '@every 10us', '@every .5m'][index], ms })),
  )
  t.end()
})

t.test('without a schedule an interval counts from the start, a day if none is set', (t) => {
  const every = (interval: string | null, from = 'WATCHTOWER_POLL_INTERVAL'): Schedule => readSchedule({ schedule: ' ', interval: { value: interval, from }, zone: zoneOf(null), dialect: 'seconds-first' })
  t.same([null, '', ' 3600 ', '0'].map((interval) => every(interval)), [
    { type: 'every', text: '86400', ms: 86_400_000 },
    { type: 'every', text: '86400', ms: 86_400_000 },
    { type: 'every', text: '3600', ms: HOUR },
    { type: 'every', text: '0', ms: 1_000 },
  ])
  t.same(every('5m', '--interval'), { type: 'unreadable', text: '5m', why: 'not a number of seconds' })
  t.same(every('5m'), { type: 'every', text: '5m', ms: 1_000 }, 'of a variable that is none Watchtower makes 0, and of 0 a second')
  const started = at('2026-11-26T10:17:00Z')
  t.equal(iso(nextRun(every('3600'), started)), '2026-11-26T11:17:00.000Z')
  t.equal(iso(nextRun(every('3600'), at('2026-11-26T12:17:00Z'), started)), '2026-11-26T13:17:00.000Z', 'after a run comes the next')
  t.equal(iso(nextRun(every('3600'), at('2026-11-26T09:00:00Z'), started)), '2026-11-26T11:17:00.000Z', 'there is none at the start itself')
  t.end()
})

t.test('what Watchtower would refuse is unreadable, with the reason', (t) => {
  const why = (text: string, dialect: CronDialect = 'seconds-first'): string | null => {
    const schedule = cron(text, { dialect })
    return schedule.type === 'unreadable' ? schedule.why : null
  }
  t.equal(why('0 0 3\n * * *'), null, 'a line break of a folded text is a blank, as to strings.Fields')
  for (const text of ['"0 0 3 * * *"', "'@daily'", '"@every 12h"']) t.not(why(text), null, 'quotes')
  for (const text of ['"0 0 3 * * *"', "'@daily'", '"@every 12h"']) t.equal(why(text, 'seconds-optional'), null, 'the fork leaves quotes out')
  t.equal(why('@every 1h\n2m'), 'not a duration')
  t.equal(why('bogus'), 'expected 5 to 6 fields, found 1')
  t.equal(why('0 0 0 3 * * *'), 'expected 5 to 6 fields, found 7')
  t.equal(why('0 0 3 * * 7'), 'the field weekday cannot be read: 7')
  for (const text of ['60 0 3 * * *', '0 0 24 * * *', '0 0 3 0 * *', '0 0 3 * 13 *', '0 0 5-3 * * *', '0 0 1-2-3 * * *', '0 0 */0 * * *', '0 0 1/2/3 * * *', '0 0 L * * *', '0 0 3 * * MON#1', '0 0 , * * *', '0 0 3 * SUN *', '0 0 3- * * *', '0 -1 3 * * *']) t.match(why(text), /^the field .* cannot be read/, text)
  for (const text of ['@every', '@Daily', '@reboot']) t.equal(why(text), 'unknown descriptor')
  for (const text of ['@every one hour', '@every 1d', '@every 1', '@every h', '@every -']) t.equal(why(text), 'not a duration', text)
  t.equal(why('TZ=Europe/Paris 0 0 3 * * *'), 'this Watchtower takes no TZ= in a schedule')
  t.equal(why('0'.repeat(100_000)), 'too long')
  t.equal(nextRun(cron('bogus'), 0), null)
  t.equal(longestGap(cron('bogus'), 0), null)
  t.end()
})

t.test('a day matches both its fields where one has a star, else one of them', (t) => {
  t.same(runs(cron('0 0 0 1 * MON'), '2026-11-24T12:00:00Z', 3), ['2026-11-30', '2026-12-01', '2026-12-07'].map((day) => `${day}T00:00:00.000Z`))
  t.same(runs(cron('0 0 0 */2 * MON'), '2026-11-24T12:00:00Z', 2), ['2026-12-07', '2026-12-21'].map((day) => `${day}T00:00:00.000Z`), 'v1: a star with a step as well')
  t.same(runs(cron('0 0 0 */2 * MON', { dialect: 'seconds-optional' }), '2026-11-24T12:00:00Z', 2), ['2026-11-25', '2026-11-27'].map((day) => `${day}T00:00:00.000Z`), 'v3: one without a step only')
  t.equal(nextRun(cron('0 0 3 31 2 *'), at('2026-11-24T12:00:00Z')), null, 'some days never come')
  t.end()
})

t.test('times are those of the zone', (t) => {
  const half = cron('0 30 2 * * *', { tz: 'Europe/Paris' })
  t.same(runs(half, '2026-03-27T12:00:00Z', 2), ['2026-03-28T01:30:00.000Z', '2026-03-30T00:30:00.000Z'], 'what spring leaves out is not run')
  t.same(runs(half, '2026-10-24T12:00:00Z', 2), ['2026-10-25T00:30:00.000Z', '2026-10-26T01:30:00.000Z'])
  t.same(runs(cron('0 0\t3\n* * *', { tz: 'Europe/Paris' }), '2026-11-26T12:00:00Z', 1), ['2026-11-27T02:00:00.000Z'], 'fields stand apart by any white space')
  t.same(runs(cron('CRON_TZ=Asia/Tokyo 0 0 3 * * *', { dialect: 'seconds-optional' }), '2026-11-26T12:00:00Z', 1), ['2026-11-26T18:00:00.000Z'])
  t.same(runs(readSchedule({ schedule: '0 0 3 * * *', interval: { value: null, from: null }, zone: { type: 'offset', minutes: -210 }, dialect: 'seconds-first' }), '2026-11-26T12:00:00Z', 1), ['2026-11-27T06:30:00.000Z'])
  const paris = { type: 'named', name: 'Europe/Paris' }
  t.same(['', null, 'Europe/Paris', ':Europe/Paris', '/usr/share/zoneinfo/Europe/Paris', 'Mars/Olympus'].map((tz) => zoneOf(tz)), [UTC, UTC, paris, paris, paris, UTC])
  t.end()
})

t.test('a zone is one that Go finds in the tz database', (t) => {
  for (const tz of ['', 'UTC', 'CET', 'Europe/Paris', ':Europe/Paris', '/usr/share/zoneinfo/Europe/Paris', 'US/Eastern', 'EST5EDT', 'Asia/Calcutta']) t.ok(namesZone(tz), tz)
  for (const tz of ['"Europe/Paris"', 'Mars/Olympus', 'europe/paris', 'PST', 'CET-1CEST', '+01:00', 'Europe/Paris ']) {
    t.notOk(namesZone(tz), tz)
    t.same(zoneOf(tz), UTC, tz)
  }
  t.end()
})

t.test('the longest gap between two runs', (t) => {
  const after = at('2026-11-26T12:00:00Z')
  t.same(
    ['0 0 3 * * *', '0 0 3 * * MON-FRI', '0 0 8-18 * * *', '0 4 * * *', '* * * * * *', '@every 6h', '0 0 4 1 1 *', '0 0 3 31 2 *'].map((text) => (longestGap(cron(text), after) ?? Number.NaN) / HOUR),
    [24, 72, 14, 1, 1 / 3_600, 6, 366 * 24, Number.NaN],
  )
  t.end()
})

t.test('the next run is after now, and before the longest gap has passed', (t) => {
  const field = (min: number, max: number) =>
    fc.oneof(fc.constant('*'), fc.integer({ min, max }).map(String), fc.integer({ min: 1, max: 30 }).map((step) => `*/${step}`), fc.tuple(fc.integer({ min, max }), fc.integer({ min, max })).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`))
  const text = fc.tuple(field(0, 59), field(0, 59), field(0, 23), field(1, 28), field(1, 12), field(0, 6)).map((fields) => fields.join(' '))
  const time = fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2030-01-01T00:00:00Z') })
  fc.assert(
    fc.property(text, time, (text, now) => {
      const schedule = cron(text)
      const next = nextRun(schedule, now)
      const gap = longestGap(schedule, now)
      if (next === null || gap === null) return schedule.type === 'cron' && schedule.bothDays
      return next > now && next % 1_000 === 0 && (nextRun(schedule, next) ?? 0) - next <= gap
    }),
    { numRuns: 300 },
  )
  fc.assert(fc.property(fc.string({ unit: 'binary' }), time, (text, now) => (nextRun(cron(text), now) ?? Infinity) > now))
  t.end()
})

t.test('quotes cost time in proportion to their number', async (t) => {
  await costsLinear(t, 'quotes before a letter', (n) => `x${'"'.repeat(n)}x`, unquoted)
})
