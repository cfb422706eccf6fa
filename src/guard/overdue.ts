// By when a check must have come. Takes a watched Watchtower and what is known of its schedule, gives
// a time, and the likely reason where it passed.
import { printsNoEnd } from '../watchtower/session.js'
import type { Announcement } from './banner.js'
import { type CronDialect, dialectOf, longestGap, nextRun, readSchedule, type Schedule, zoneOf } from './schedule.js'
import { isTelling, type Settings } from './settings.js'
import type { Watched } from './watched.js'

/** When one Watchtower means to check. */
export interface Plan {
  /** null: only when it is asked to, over its HTTP API, or nothing is told */
  schedule: Schedule | null
  /** this version says nothing of a check without updates */
  untold: boolean
  /** else the log no longer tells the version that decides how the schedule is read */
  oneWay: boolean
  /** TZ is set; else it may be that of a mounted /etc/localtime, which nothing shows */
  zoneKnown: boolean
  graceMs: number
  /** longest time between two runs; null where that is not known */
  gapMs: number | null
  /** as its banner said it, milliseconds since 1970 */
  firstRun: number | null
  /** it hides what is told of a check */
  logLevel: string
}

/** A check of a hundred images over a slow line takes long, and the longer apart checks are, the less it matters. */
const GRACE_MS = { least: 30 * 60_000, most: 6 * 3_600_000 }
const GRACE_PART = 10
/** The day on which summer time ends is so much longer: one reckons with it where the zone is not known. */
const SUMMER_TIME_MS = 3_600_000
/** Of a schedule that is not understood: the rarest usual one is once a week. */
const UNKNOWN_MS = 8 * 86_400_000

/** version, announced: as its banner says them; now: milliseconds since 1970. */
export function planOf(settings: Settings, version: string | null, announced: Announcement | null, now: number): Plan {
  const { timeZone, httpApiUpdate, httpApiPolls, logLevel } = settings
  const untold = version !== null && printsNoEnd(version)
  const readings = readingsOf(settings, version)
  const { read, gapMs } = readings
    .map((one) => ({ read: one, gapMs: longestGap(one, now) }))
    .reduce((longest, one) => ((one.gapMs ?? 0) > (longest.gapMs ?? 0) ? one : longest))
  return {
    schedule: (httpApiUpdate.value && !httpApiPolls.value) || announced?.type === 'no-runs' || untold ? null : read,
    untold,
    oneWay: readings.every((one) => JSON.stringify(one) === JSON.stringify(readings[0])),
    zoneKnown: timeZone.value !== null,
    graceMs: Math.min(GRACE_MS.most, Math.max(GRACE_MS.least, (gapMs ?? 0) / GRACE_PART)),
    gapMs,
    firstRun: announced?.type === 'first-run' ? announced.at : null,
    logLevel: logLevel.value,
  }
}

/** The schedule in each way that it may be read: more than one where the log no longer tells the version. The longest gap counts: late is better than for nothing. */
function readingsOf({ schedule, interval, timeZone }: Settings, version: string | null): [Schedule, ...Schedule[]] {
  const as = (dialect: CronDialect): Schedule => readSchedule({ schedule: schedule.value, interval, zone: zoneOf(timeZone.value), dialect })
  return version === null ? [as('seconds-first'), as('seconds-optional')] : [as(dialectOf(version))]
}

/** by: milliseconds since 1970, when it is told that no check came. at: when it should have; null where that is not known. */
export interface Due {
  by: number
  at: number | null
}

/** When a check is due that is awaited from a time; null where none is to be awaited. overdueAfterMs: the user's own bound, from check to check; null for the schedule's. */
export function dueAfter(since: number, { schedule, untold, oneWay, zoneKnown, graceMs, gapMs, firstRun }: Plan, overdueAfterMs: number | null): Due | null {
  if (untold) return null
  if (overdueAfterMs !== null) return { at: null, by: since + overdueAfterMs }
  if (schedule === null) return null
  const announced = firstRun !== null && firstRun > since ? firstRun : null
  const at = announced ?? (zoneKnown || schedule.type === 'every' ? nextRun(schedule, since) : null)
  if (at !== null) return { at: announced !== null || oneWay ? at : null, by: at + graceMs }
  if (!zoneKnown && gapMs !== null) return { at: oneWay ? since + gapMs : null, by: since + gapMs + SUMMER_TIME_MS + graceMs }
  return { at: null, by: since + (schedule.type === 'unreadable' ? UNKNOWN_MS : graceMs) }
}

/** When the next check is due, whatever it is awaited for: the first of them. */
export function dueOf({ since, lostMs, brokeOff, restarts, anew }: Watched, plan: Plan, overdueAfterMs: number | null): Due | null {
  const dues = [dueAfter(since, plan, overdueAfterMs)]
  if (anew?.once === true) dues.push(dueAfter(anew.from, plan, overdueAfterMs))
  // one that broke off without a word may have been stopped by somebody; a second time nobody did
  if (brokeOff !== null && (brokeOff.error !== null || brokeOff.times > 1 || restarts > 0)) dues.push({ at: brokeOff.at, by: brokeOff.at + (overdueAfterMs ?? plan.graceMs) })
  const [first] = dues.filter((due) => due !== null).sort((a, b) => a.by - b.by)
  return first ? { at: first.at, by: first.by + lostMs } : null
}

/** Why no check came, as likely as can be told. */
export type Reason =
  | { type: 'broke-off'; error: string | null }
  | { type: 'log-level'; level: string }
  | { type: 'schedule-unreadable'; text: string; why: string }
  | { type: 'never'; text: string }
  /** it was started twice since, each time after its check should have come */
  | { type: 'not-up' }
  /** so was one that counts from its start */
  | { type: 'started-anew' }
  | { type: 'restarts'; times: number }
  | { type: 'error'; error: string }
  | { type: 'silent' }

/** lastError: the last that it logged since its start. */
export function reasonOf({ brokeOff, restarts, anew }: Watched, { schedule, logLevel, gapMs }: Plan, lastError: string | null): Reason {
  if (!isTelling(logLevel)) return { type: 'log-level', level: logLevel }
  if (brokeOff !== null) return { type: 'broke-off', error: brokeOff.error }
  if (schedule?.type === 'unreadable') return { type: 'schedule-unreadable', text: schedule.text, why: schedule.why }
  if (schedule?.type === 'cron' && gapMs === null) return { type: 'never', text: schedule.text }
  if (anew?.once === true) return { type: schedule?.type === 'every' ? 'started-anew' : 'not-up' }
  if (lastError !== null) return { type: 'error', error: lastError }
  return restarts > 0 ? { type: 'restarts', times: restarts } : { type: 'silent' }
}
