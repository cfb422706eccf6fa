// When a Watchtower checks next, and in which time zone it counts. Pure.
import { isSeconds, namesZone, nextRun, readSchedule, type Schedule, UTC, type Zone, zoneOf } from '../guard/schedule.js'
import type { Settings } from '../guard/settings.js'
import { momentOf } from '../report/times.js'
import { WATCH_TEXTS } from '../report/watch-texts.js'
import { type Check, fault, ok, warning } from './check.js'
import { type Edition, inEachWay } from './edition.js'

export interface When {
  edition: Edition
  /** as its banner shows it, which changes with the season; null: it does not */
  zone: Zone | null
  /** when it was started, milliseconds since 1970; null: not known */
  startedAt: number | null
  /** milliseconds since 1970 */
  now: number
  /** IANA name, of the times in the rows */
  timeZone: string
}

/** Compose keeps those inside of `- NAME="…"`, and Compose 1 those of an env_file. */
const QUOTES = /^(["'])(.*)\1$/
/** Checks that follow each other so soon are rarely meant. */
const OFTEN_MS = 300_000
/** As the alarm says it. */
const SIX_FIELDS = WATCH_TEXTS.en.remedies.schedule

/** Schedule and time zone. */
export function scheduleChecks(settings: Settings, when: When): Check[] {
  return [scheduleCheck(settings, when), zoneCheck(settings, when.zone)]
}

function scheduleCheck(settings: Settings, when: When): Check {
  const name = 'schedule'
  if (settings.runOnce.value) return warning(name, `it checks once and ends (${settings.runOnce.from})`, 'leave that out, give WATCHTOWER_SCHEDULE, and recreate it')
  if (settings.httpApiUpdate.value && !settings.httpApiPolls.value) return warning(name, 'it checks only when a request to its HTTP API asks for it', 'set WATCHTOWER_HTTP_API_PERIODIC_POLLS=true and recreate it')
  const zone = settings.timeZone.value === null && when.zone !== null ? when.zone : zoneOf(settings.timeZone.value)
  return inEachWay(when.edition, ({ dialect }) => runsCheck(name, readSchedule({ schedule: settings.schedule.value, interval: settings.interval, zone, dialect }), when))
}

function runsCheck(name: string, schedule: Schedule, { now, startedAt, timeZone }: When): Check {
  if (QUOTES.test(schedule.text)) return fault(name, `${schedule.text} has quotes that are part of it: Watchtower does not start`, 'write it without the quotes and recreate it')
  const text = `"${schedule.text}"`
  if (schedule.type === 'unreadable') return fault(name, `${text} cannot be read (${schedule.why}): Watchtower does not start, an interval is no fallback`, SIX_FIELDS)
  const next = nextRun(schedule, now, ...(startedAt === null ? [] : [startedAt]))
  if (next === null) return fault(name, `${text} never comes`, SIX_FIELDS)
  const when = `next check ${said(next, timeZone)} (${timeZone})`
  if (schedule.type === 'cron' && schedule.fiveFields) return fault(name, `${text} has five fields, and Watchtower takes the first for seconds: ${when}`, `give six: "0 ${schedule.text}" is what crontab means by yours; then recreate it`)
  if (schedule.type === 'every' && !schedule.text.startsWith('@') && !isSeconds(schedule.text)) {
    return fault(name, `${text} is no number of seconds, and Watchtower takes it for none: it checks every second`, 'give seconds, like WATCHTOWER_POLL_INTERVAL=86400, and recreate it')
  }
  const following = nextRun(schedule, next, next)
  if (following !== null && following - next < OFTEN_MS) return warning(name, `it checks again after ${spanOf(following - next)}: ${when}`, 'check less often, registries refuse who asks too much: once a day is enough for most')
  return ok(name, `${schedule.type === 'every' ? `every ${spanOf(schedule.ms)}` : text}: ${when}`)
}

function spanOf(ms: number): string {
  const seconds = ms / 1_000
  return seconds % 3_600 === 0 ? `${seconds / 3_600} h` : seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`
}

function said(at: number, timeZone: string): string {
  const { year, month, day, clock } = momentOf(at, timeZone)
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')} ${clock}`
}

function zoneCheck({ timeZone: { value } }: Settings, zone: Zone | null): Check {
  const name = 'time zone'
  if (value === null) return ok(name, `TZ is not set: ${zone === null ? nameOf(UTC) : `${nameOf(zone)}, says its banner`}`)
  if (namesZone(value)) return ok(name, `${value} (TZ)`)
  const unquoted = QUOTES.exec(value)?.[2] ?? ''
  const remedy = unquoted !== '' && namesZone(unquoted) ? `write TZ=${unquoted} without the quotes and recreate it` : 'give the name of one as the IANA lists them, like Europe/Paris, and recreate it'
  return warning(name, `TZ is ${value}, which names no time zone: Watchtower counts in UTC`, remedy)
}

function nameOf(zone: Zone): string {
  if (zone.type === 'named') return zone.name
  const minutes = Math.abs(zone.minutes)
  return zone.minutes === 0 ? 'UTC' : `UTC${zone.minutes < 0 ? '-' : '+'}${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}
