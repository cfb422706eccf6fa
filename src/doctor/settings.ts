// What a Watchtower was told to do, and what that means for whoever relies on being told. Pure.
import { type Finding, findingsOf } from '../guard/findings.js'
import { unquoted } from '../guard/schedule.js'
import type { Settings } from '../guard/settings.js'
import type { ContainerFacts } from '../report/facts.js'
import { WATCH_TEXTS } from '../report/watch-texts.js'
import { WATCHTOWER_LABEL } from '../report/watched.js'
import { type Check, fault, listed, ok, warning } from './check.js'
import { inEachWay, type Way } from './edition.js'
import type { SeenLog } from './log.js'
import { scheduleChecks, type When } from './schedule.js'

export interface Around extends When {
  /** the API versions that the engine takes */
  engine: { ApiVersion: string; MinAPIVersion: string }
  /** this one, and all of the engine */
  watchtower: ContainerFacts
  containers: readonly ContainerFacts[]
  /** Watchtowers that run beside it */
  others: readonly string[]
  log: SeenLog
}

/** The rows, in the order in which they matter. */
export function settingsChecks(settings: Settings, around: Around): Check[] {
  const { log, watchtower, engine } = around
  const findings = findingsOf(settings, { ...around, unreadable: log.type === 'unreadable' && log.byDriver, language: 'en' })
  const found = (name: string, ...codes: Finding['code'][]): Check | null => rowOf(name, findings.find(({ code }) => codes.includes(code)))
  const unread = log.type === 'read' ? null : (found('log', 'log-unreadable') ?? fault('log', `that of ${watchtower.name} cannot be read: ${log.found}`, log.remedy))
  return [
    unread ?? ok('log', `that of ${watchtower.name} can be read (${settings.log.driver})`),
    found('monitor-only', 'not-monitor-only', 'label-precedence') ?? ok('monitor-only', `it is on (${settings.monitorOnly.from})`),
    ...scheduleChecks(settings, around),
    inEachWay(around.edition, (way) => conflictCheck(settings, around, way) ?? found('conflicts', 'no-pull') ?? ok('conflicts', 'none')),
    inEachWay(around.edition, (way) => apiCheck(settings, engine, way)),
    found('log level', 'log-level') ?? ok('log level', settings.logLevel.value),
    ...(unread === null ? [found('log size', 'log-rotation') ?? ok('log size', sizeOf(settings.log))] : []),
    cleanupCheck(settings),
    notificationCheck(settings),
  ]
}

function rowOf(name: string, finding: Finding | undefined): Check | null {
  if (!finding) return null
  const { severity, what, remedy, paste } = finding
  return { mark: severity, name, found: unended(what), remedy: unended(remedy.charAt(0).toLowerCase() + remedy.slice(1)), paste }
}

/** Defaults: docs.docker.com/engine/logging/drivers/local. */
function sizeOf({ driver, maxSize, maxFile }: Settings['log']): string {
  if (driver !== 'json-file' && driver !== 'local') return `what ${driver} keeps`
  if (maxSize === null && driver === 'json-file') return 'unlimited'
  return `${maxFile ?? (driver === 'local' ? 5 : 1)} × ${maxSize ?? '20m'}`
}

/** Cells are no sentences. */
function unended(text: string): string {
  return text.replace(/\.$/, '')
}

const LOG_FORMATS = ['auto', 'logfmt', 'pretty', 'json']

/** What Watchtower does not start with, or does when it starts. W:internal/flags/flags.go, W:cmd/root.go, W:internal/actions/check.go. */
function conflictCheck(settings: Settings, around: Around, way: Way): Check | null {
  const name = 'conflicts'
  const { schedule, interval, rollingRestart, monitorOnly, logFormat } = settings
  if (schedule.value !== null && interval.value !== null && Number(interval.value) !== 86_400) return fault(name, `both a schedule (${schedule.from}) and an interval (${interval.from}): Watchtower does not start`, `remove ${interval.from} and recreate it`)
  if (rollingRestart.value && monitorOnly.value) return fault(name, 'rolling restarts together with monitor-only: Watchtower does not start', `remove ${rollingRestart.from} and recreate it`)
  if (!LOG_FORMATS.includes(logFormat.value)) return fault(name, `the log format ${logFormat.value} (${logFormat.from}), which there is not: Watchtower does not start`, `remove ${logFormat.from} and recreate it; ${WATCH_TEXTS.en.causes['log-setting'](logFormat.value)}`)
  return scopeCheck(name, settings.scope.value, around, way)
}

/** Of the Watchtowers in its scope only the newest is left each time it starts; without one stock's scope is the whole engine. */
function scopeCheck(name: string, scope: string | null, { watchtower, containers, others }: Around, { scoped }: Way): Check | null {
  const labelOf = ({ labels }: ContainerFacts): string | undefined => labels.get(`${WATCHTOWER_LABEL}.scope`)
  const its = scope ?? (scoped ? labelOf(watchtower) || 'none' : null)
  if (its === null) return others.length === 0 ? null : warning(name, `it has no scope: each time it starts it removes ${listed(others)}`, 'give every Watchtower a WATCHTOWER_SCOPE of its own, and recreate it')
  const isIn = (one: ContainerFacts): boolean => (labelOf(one) || 'none') === its
  const rivals = containers.filter((one) => others.includes(one.name) && isIn(one)).map((one) => one.name)
  if (rivals.length + Number(isIn(watchtower)) < 2) return null
  return warning(name, `its scope, ${its}, is that of ${listed(rivals)} too, by their labels: each time it starts only the newest is left`, `give every Watchtower a WATCHTOWER_SCOPE of its own and the label ${WATCHTOWER_LABEL}.scope with the same value, and recreate it`)
}

/** Of the engines that are in use most take it; the first of version 29 do not. */
const USUAL_API = '1.41'

function apiCheck({ apiVersion }: Settings, { MinAPIVersion: least, ApiVersion: most }: Around['engine'], { api }: Way): Check {
  const name = 'API version'
  const given = apiVersion.value
  const wanted = (api === null && given !== null ? unquoted(given) : given) ?? api
  if (wanted === null) return ok(name, 'it agrees on one with the engine')
  const set = `set DOCKER_API_VERSION=${isNewer(least, USUAL_API) ? least : isNewer(USUAL_API, most) ? most : USUAL_API} in Watchtower's environment and recreate it`
  const from = apiVersion.from ?? 'its default'
  if (!/^v?\d{1,3}\.\d{1,3}$/.test(wanted)) return fault(name, `${wanted} (${from}) is none: Watchtower does not start`, set)
  const takes = `this engine takes ${least} to ${most}`
  if (!isNewer(least, wanted) && !isNewer(wanted, most)) return ok(name, `${wanted} (${from}); ${takes}`)
  return fault(name, `${wanted} (${from}) is too ${isNewer(least, wanted) ? 'old' : 'new'}: ${takes}`, set)
}

/** Whether version a is newer than b, by its first two numbers. */
function isNewer(a: string, b: string): boolean {
  const [[majorA = 0, minorA = 0], [majorB = 0, minorB = 0]] = [a, b].map((text) => text.replace(/^v/, '').split('.').map(Number)) as [number[], number[]]
  return majorA === majorB ? minorA > minorB : majorA > majorB
}

function cleanupCheck({ cleanup }: Settings): Check {
  return cleanup.value ? warning('cleanup', `it is on (${cleanup.from}): after an update the old image, and with it the way back, is gone`, `remove ${cleanup.from} and recreate it`) : ok('cleanup', 'it is off: old images stay, for rolling back')
}

function notificationCheck({ notifications }: Settings): Check {
  const name = 'notifications'
  if (notifications.value.length === 0) return ok(name, 'Watchtower sends none of its own')
  if (notifications.value.includes('telegram')) return warning(name, `Watchtower tells Telegram too (${notifications.from}): each update is told twice, and by it at every check`, `remove ${notifications.from} and recreate it, unless you want both`)
  return ok(name, `Watchtower also tells by ${notifications.value.join(', ')}`)
}
