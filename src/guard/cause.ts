// What ended Watchtower, from its last error: a table of its known ones, first match wins. Wordings:
// W:cmd/root.go, W:internal/flags/flags.go, F:cmd/root.go, moby's API errors, robfig/cron's parser.

/** A cause that has a remedy. value: what the remedy names. */
export interface Cause {
  type: CauseType
  value: string
}
export type CauseType = 'api-too-old' | 'api-too-new' | 'schedule-and-interval' | 'rolling-restart' | 'no-permission' | 'no-socket' | 'schedule' | 'flag' | 'log-setting' | 'notifications'

/** What this program and Watchtower's documentation use where the engine takes it: 20.10 to 28, and 29 from when its minimum is 1.40. */
const USUAL_API = '1.41'

const CAUSES: readonly (readonly [RegExp, CauseType])[] = [
  [/client version [\d.]{1,8} is too old\. Minimum supported API version is ([\d.]{1,8}[\d])/, 'api-too-old'],
  [/client version [\d.]{1,8} is too new\. Maximum supported API version is ([\d.]{1,8}[\d])/, 'api-too-new'],
  [/Only schedule or interval can be defined/, 'schedule-and-interval'],
  [/Rolling restarts is not compatible with the global monitor only|Incompatible flags: rolling restarts and monitor-only/i, 'rolling-restart'],
  [/permission denied.{0,80}docker/i, 'no-permission'],
  // the second: moby's client from 29 on
  [/Cannot connect to the Docker daemon|failed to connect to the docker API/, 'no-socket'],
  // the fork names what failed first (F:internal/scheduling/scheduling.go)
  [/^(?:(?:Scheduled upgrades failed: )?failed to schedule updates: |Expected (?:5 to 6|exactly \d) fields|expected (?:exactly )?\d.{0,20} fields|Failed to parse|failed to parse (?:int|duration|.{0,20}schedule)|(?:End|Beginning|end|beginning) of range|Unrecognized descriptor|unrecognized descriptor|(?:provided )?bad location)/, 'schedule'],
  [/unknown (?:shorthand )?flag: .{1,80}/, 'flag'],
  [/invalid log (?:format|level)/, 'log-setting'],
  [/Shoutrrr|shoutrrr|Notification template|notification type/, 'notifications'],
]

/** Null where it is none of the known ones. */
export function causeOf(error: string): Cause | null {
  for (const [pattern, type] of CAUSES) {
    const [whole, value = whole] = pattern.exec(error) ?? []
    if (whole !== undefined && value !== undefined) return { type, value: type === 'api-too-old' ? atLeast(USUAL_API, value) : value }
  }
  return null
}

function atLeast(a: string, b: string): string {
  const minor = (version: string): number => Number(version.split('.')[1])
  return minor(a) >= minor(b) ? a : b
}
