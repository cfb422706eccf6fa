import t from 'tap'
import { daysBetween, isTimeZone, momentOf } from '../../src/report/times.js'

const at = (iso: string): number => Date.parse(iso)

t.test('calendar and clock are those of the time zone, summer time included', async (t) => {
  t.same(momentOf(at('2026-11-23T23:05:00Z'), 'UTC'), { year: 2026, month: 11, day: 23, clock: '23:05' })
  t.same(momentOf(at('2026-12-31T23:05:00Z'), 'Europe/Paris'), { year: 2027, month: 1, day: 1, clock: '00:05' })
  t.same(momentOf(at('2026-07-01T23:05:00Z'), 'Europe/Paris').clock, '01:05')
  t.same(momentOf(at('2026-07-01T01:05:00Z'), 'America/New_York'), { year: 2026, month: 6, day: 30, clock: '21:05' })
})

t.test('days are nights in between: a check a second earlier than yesterday is a day later', async (t) => {
  const days = (from: string, to: string, zone = 'UTC'): number => daysBetween(at(from), at(to), zone)
  t.equal(days('2026-11-23T03:00:04Z', '2026-11-24T03:00:02Z'), 1)
  t.equal(days('2026-11-23T00:00:00Z', '2026-11-23T23:59:59Z'), 0)
  t.equal(days('2026-03-28T12:00:00Z', '2026-03-30T12:00:00Z', 'Europe/Paris'), 2, 'over a short day')
  t.equal(days('2026-11-23T22:00:00Z', '2026-11-23T23:30:00Z', 'Europe/Paris'), 1)
  t.equal(days('2026-12-30T12:00:00Z', '2027-01-02T12:00:00Z'), 3)
  t.equal(days('2026-11-24T12:00:00Z', '2026-11-23T12:00:00Z'), 0, 'a clock that was set back')
})

t.test('a time zone is a name that the IANA lists', async (t) => {
  for (const name of ['UTC', 'Europe/Paris', 'America/Argentina/Buenos_Aires', 'Asia/Kathmandu']) t.ok(isTimeZone(name), name)
  for (const name of ['Mars/Olympus', 'Europe/', ':Europe/Paris', 'CET-1CEST', '/etc/localtime', 'x y']) t.notOk(isTimeZone(name), name)
})
