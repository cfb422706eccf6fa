// What Watchtower says at its start of when it will check. Takes the messages of its banner. Wordings:
// W:cmd/root.go:289 (stock), F:internal/logging/startup.go:204 (the fork from 1.12.2).
import type { Zone } from './schedule.js'

const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 }

/** at: milliseconds since 1970. offset: as it was on that day; null where it was not told. */
export type Announcement = { type: 'first-run'; at: number; offset: Zone | null } | { type: 'no-runs' } | { type: 'one-time' }

/**
 * Reads one log message as a banner's word on the schedule; null where it is none. said: when it was
 * written, for the fork names only a zone's short form and how long it is until then.
 */
export function announcementOf(message: string, said: number): Announcement | null {
  if (/^Running a one time update\.$/.test(message)) return { type: 'one-time' }
  if (/^Periodic (?:runs|updates) are not enabled\.?/.test(message)) return { type: 'no-runs' }
  const [, date, time, sign, hours = '', minutes = ''] = /(?:^|\n)(?:Starting Watchtower and s|S)cheduling first run: (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d{1,9})? ([-+])(\d\d)(\d\d)\b/.exec(message) ?? []
  if (date && time) {
    const offset = (Number(hours) * 60 + Number(minutes)) * (sign === '-' ? -1 : 1)
    const local = Date.parse(`${date}T${time}Z`)
    return Number.isNaN(local) ? null : { type: 'first-run', at: local - offset * 60_000, offset: { type: 'offset', minutes: offset } }
  }
  const [, span] = /^Next scheduled run: .{1,60} in (\d{1,6} (?:day|hour|minute|second)s?(?:, \d{1,6} (?:day|hour|minute|second)s?){0,3})$/.exec(message) ?? []
  if (!span) return null
  const ms = [...span.matchAll(/(\d+) ([dhms])/g)].reduce((sum, [, number, letter]) => sum + Number(number) * UNIT_MS[letter as keyof typeof UNIT_MS], 0)
  return { type: 'first-run', at: said + ms, offset: null }
}
