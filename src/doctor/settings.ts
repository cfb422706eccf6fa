// What a Watchtower was told to do, and what that means for whoever relies on being told. Pure.
import { dialectOf, nextRun, readSchedule, zoneOf } from '../guard/schedule.js'
import { type Finding, findingsOf } from '../guard/findings.js'
import type { Settings } from '../guard/settings.js'
import type { ContainerFacts } from '../report/facts.js'
import { momentOf } from '../report/times.js'
import { type Check, fault, ok, warning } from './check.js'

export interface Around {
  /** as its log or its image says; null: neither does */
  version: string | null
  /** the API versions that the engine takes */
  engine: { ApiVersion: string; MinAPIVersion: string }
  /** this one, and all of the engine */
  watchtower: ContainerFacts
  containers: readonly ContainerFacts[]
  /** when it was started, milliseconds since 1970; null: not known */
  startedAt: number | null
  /** milliseconds since 1970 */
  now: number
  /** IANA name, of the times in the rows */
  timeZone: string
}

/** The rows, in the order in which they matter. */
export function settingsChecks(settings: Settings, around: Around): Check[] {
  // whether the log can be read was tried, and is a row of its own
  const findings = findingsOf(settings, { ...around, unreadable: false, language: 'en' })
  const found = (name: string, ...codes: Finding['code'][]): Check | null => rowOf(name, findings.find(({ code }) => codes.includes(code)))
  return [
    found('monitor-only', 'not-monitor-only', 'label-precedence') ?? ok('monitor-only', `it is on (${settings.monitorOnly.from})`),
    scheduleCheck(settings, around),
    conflictCheck(settings) ?? found('conflicts', 'no-pull') ?? ok('conflicts', 'none'),
    apiCheck(settings, around),
    found('log level', 'log-level') ?? ok('log level', settings.logLevel.value),
    found('log size', 'log-rotation') ?? ok('log size', settings.log.maxSize === null ? 'unlimited' : `${settings.log.maxFile ?? 1} × ${settings.log.maxSize}`),
    cleanupCheck(settings),
    notificationCheck(settings),
  ]
}

function rowOf(name: string, finding: Finding | undefined): Check | null {
  if (!finding) return null
  const { severity, what, remedy, paste } = finding
  return { mark: severity, name, found: unended(what), remedy: unended([remedy, paste.join('; ')].filter(Boolean).join(' ')) }
}

/** Cells are no sentences. */
function unended(text: string): string {
  return text.replace(/\.$/, '')
}

function scheduleCheck(settings: Settings, { version, now, startedAt, timeZone }: Around): Check {
  const name = 'schedule'
  if (settings.runOnce.value) return warning(name, `it checks once and ends (${settings.runOnce.from})`, 'leave that out, and give WATCHTOWER_SCHEDULE')
  if (settings.httpApiUpdate.value && !settings.httpApiPolls.value) return warning(name, 'it checks only when a request to its HTTP API asks for it', 'set WATCHTOWER_HTTP_API_PERIODIC_POLLS=true')
  const schedule = readSchedule({ schedule: settings.schedule.value, interval: settings.interval.value, zone: zoneOf(settings.timeZone.value), dialect: dialectOf(version) })
  if (schedule.type === 'unreadable') return fault(name, `${schedule.text} cannot be read (${schedule.why}): Watchtower does not start, an interval is no fallback`, 'give six fields, seconds first: "0 0 3 * * *" is daily at 03:00')
  const next = nextRun(schedule, now, ...(startedAt === null ? [] : [startedAt]))
  if (next === null) return fault(name, `${schedule.text} never comes`, 'give six fields, seconds first: "0 0 3 * * *" is daily at 03:00')
  const when = `next check ${said(next, timeZone)} (${timeZone})`
  if (schedule.type === 'cron' && schedule.fiveFields) return fault(name, `${schedule.text} has five fields, and Watchtower takes the first for seconds: ${when}`, `give six: "0 ${schedule.text}" is what crontab means by yours`)
  return ok(name, `${schedule.type === 'every' ? `every ${schedule.ms / 1000} s` : schedule.text}: ${when}`)
}

function said(at: number, timeZone: string): string {
  const { year, month, day, clock } = momentOf(at, timeZone)
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')} ${clock}`
}

/** What Watchtower does not start with. W:internal/flags/flags.go, W:cmd/root.go. */
function conflictCheck({ schedule, interval, rollingRestart, monitorOnly }: Settings): Check | null {
  const name = 'conflicts'
  if (schedule.value !== null && interval.value !== null && Number(interval.value) !== 86_400) return fault(name, `both a schedule (${schedule.from}) and an interval (${interval.from}): Watchtower does not start`, `remove ${interval.from}`)
  if (rollingRestart.value && monitorOnly.value) return fault(name, 'rolling restarts together with monitor-only: Watchtower does not start', `remove ${rollingRestart.from}`)
  return null
}

function apiCheck({ apiVersion }: Settings, { version, engine }: Around): Check {
  const name = 'API version'
  const { MinAPIVersion: least, ApiVersion: most } = engine
  const wanted = apiVersion.value ?? defaultApi(version)
  if (wanted === null) return ok(name, 'it agrees on one with the engine')
  const from = apiVersion.from ?? 'its default'
  const takes = `this engine takes ${least} to ${most}`
  if (!isNewer(least, wanted) && !isNewer(wanted, most)) return ok(name, `${wanted} (${from}); ${takes}`)
  // of the engines that are in use most take 1.41; the first of version 29 do not
  return fault(name, `${wanted} (${from}) is too ${isNewer(least, wanted) ? 'old' : 'new'}: ${takes}`, `set DOCKER_API_VERSION=${isNewer(least, '1.41') ? least : isNewer('1.41', most) ? most : '1.41'} on Watchtower`)
}

/** Stock asks for 1.25, the fork for 1.44 from 1.8.7 to 1.10, and for what the engine has from 1.11 on: null. */
function defaultApi(version: string | null): string | null {
  const known = version?.replace(/^v/, '') ?? '1.7.1'
  if (isNewer('1.8', known)) return '1.25'
  return isNewer('1.11', known) ? '1.44' : null
}

/** Whether version a is newer than b, by its first two numbers. */
function isNewer(a: string, b: string): boolean {
  const [[majorA = 0, minorA = 0], [majorB = 0, minorB = 0]] = [a, b].map((text) => text.split('.').map((part) => Number.parseInt(part, 10))) as [number[], number[]]
  return majorA === majorB ? minorA > minorB : majorA > majorB
}

function cleanupCheck({ cleanup }: Settings): Check {
  return cleanup.value ? warning('cleanup', `it is on (${cleanup.from}): after an update the old image, and with it the way back, is gone`, `remove ${cleanup.from}`) : ok('cleanup', 'it is off: old images stay, for rolling back')
}

function notificationCheck({ notifications }: Settings): Check {
  const name = 'notifications'
  if (notifications.value.length === 0) return ok(name, 'Watchtower sends none of its own')
  if (notifications.value.includes('telegram')) return warning(name, `Watchtower tells Telegram too (${notifications.from}): each update is told twice, and by it at every check`, `remove ${notifications.from}, unless you want both`)
  return ok(name, `Watchtower also tells by ${notifications.value.join(', ')}`)
}
