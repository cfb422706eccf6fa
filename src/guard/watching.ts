// What there is to tell of the watched Watchtowers. Takes their list and what is known of each, gives
// verdicts: what is raised, and what is over.
import { type CheckSession, printsNoEnd } from '../watchtower/session.js'
import type { Announcement } from './banner.js'
import { dueOf, type Plan, reasonOf } from './overdue.js'
import { nextRun } from './schedule.js'
import type { Vitals } from './vitals.js'
import type { WatchAlarm } from './watch-message.js'
import { type Bounds, checked, type Watched } from './watched.js'

/** An alarm to raise, or one that is over; what is to be said then, null for nothing. */
export type Verdict = { type: 'raise'; key: string; alarm: WatchAlarm } | { type: 'settle'; key: string; alarm: WatchAlarm | null }

/** What this process knows of a container besides. */
export interface Known {
  /** its log was read to its end */
  attached: boolean
  /** its last check looked at no container; null while none was seen */
  idle: boolean | null
  /** the last that it logged since its start or its last good check */
  lastError: string | null
  /** a check that runs once, and ran while this process did; ended: it was seen stopped, with its exit code */
  oneOff: { ended: boolean } | null
  version: string | null
  announced: Announcement | null
}

/** After a machine's start all is up by then. No longer than that: a sidecar that is restarted now and then still tells. */
const START_MS = 300_000

/** Exit codes of SIGINT and SIGTERM: somebody ended it. */
const INTERRUPTED = [130, 143]

export interface Situation {
  /** milliseconds since 1970 */
  now: number
  /** when this process began: what ended before is history */
  begunAt: number
  bounds: Bounds & { overdueAfterMs: number | null }
  watched: readonly Watched[]
  staying: readonly Vitals[]
  /** one-off checks that ended after an error */
  oneOffs: readonly Vitals[]
  /** since when no Watchtower was seen, where none ever was, or none of the configured name; null where there is one or was */
  absentSince: number | null
  /** what was told and is not over */
  raised: readonly string[]
  /** the configured name */
  wanted: string | null
  known(id: string): Known
  planFor(id: string): Plan | null
}

/** What there is to tell after a look. */
export function judge(situation: Situation): Verdict[] {
  const { now, begunAt, bounds, watched, staying, oneOffs, absentSince, wanted, raised, known } = situation
  const verdicts = watched.flatMap((entry) => judgeOne(entry, situation))
  for (const { id, name, finishedAt, exitCode } of oneOffs) {
    const { lastError } = known(id)
    if (exitCode !== 0 && !INTERRUPTED.includes(exitCode) && (finishedAt ?? 0) >= begunAt && lastError !== null) verdicts.push({ type: 'raise', key: `one-off:${id}:${finishedAt}`, alarm: { type: 'one-off', name, exitCode, error: lastError } })
  }
  if (absentSince !== null && now - absentSince >= bounds.downAfterMs) verdicts.push({ type: 'raise', key: 'absent', alarm: { type: 'absent', wanted } })
  else if (absentSince === null) verdicts.push({ type: 'settle', key: 'absent', alarm: staying[0] ? { type: 'found', name: staying[0].name } : null })
  // one that another WATCHTOWER_CONTAINER leaves out is not asked for any more
  for (const key of raised) {
    const [, of] = /^(?:down|overdue|idle):(.+)$/.exec(key) ?? []
    if (of !== undefined && !watched.some((entry) => entry.key === of)) verdicts.push({ type: 'settle', key, alarm: null })
  }
  return verdicts.filter(({ type, key }) => raised.includes(key) === (type === 'settle'))
}

/** What there is to tell of a one-off check that was removed at once (`--rm`): its exit code is gone with it, its last words are not. */
export function judgeGone({ id, name }: { id: string; name: string }, { oneOff, idle, lastError, version }: Known): Verdict[] {
  // what came to its end may log an error after it; of a version that tells no end nobody knows
  if (oneOff === null || oneOff.ended || idle !== null || lastError === null || (version !== null && printsNoEnd(version))) return []
  return [{ type: 'raise', key: `one-off:${id}`, alarm: { type: 'one-off', name, exitCode: null, error: lastError } }]
}

function judgeOne(entry: Watched, { now, begunAt, bounds, staying, raised, known, planFor }: Situation): Verdict[] {
  const { key, id, name, swarm, downSince, checkedAt } = entry
  const { attached, idle, lastError } = known(id)
  const plan = planFor(id)
  if (downSince !== null) {
    // after a start of the machine, or of this program, Watchtower may start later: what it was down before, nobody looked
    const begun = now >= begunAt && now - begunAt < Math.min(bounds.downAfterMs, START_MS)
    const one = staying.find((vitals) => vitals.id === id)
    // nor has one been restarted by its policy that was just started: it gets the time to stay up, or to end again
    const started = one?.status === 'running' && one.restarts === 0
    if (now - downSince < bounds.downAfterMs || begun || started) return []
    const alarm: WatchAlarm = !one
      ? { type: 'gone', name, swarm, since: downSince, error: lastError }
      : one.status === 'stopped' ? { type: 'stopped', name, swarm, at: one.finishedAt, exitCode: one.exitCode, error: lastError } : { type: 'looping', name, restarts: one.restarts, error: lastError }
    return [{ type: 'raise', key: `down:${key}`, alarm }]
  }
  // only for what was told: it takes a while to find
  const next = raised.some((one) => one.endsWith(`:${key}`)) ? nextOf(entry, plan, now) : null
  const verdicts: Verdict[] = [{ type: 'settle', key: `down:${key}`, alarm: { type: 'up', name, next } }]
  const due = attached && plan ? dueOf(entry, plan, bounds.overdueAfterMs) : null
  if (plan && due && now >= due.by) verdicts.push({ type: 'raise', key: `overdue:${key}`, alarm: { type: 'overdue', name, swarm, due: due.at, checkedAt, reason: reasonOf(entry, plan, lastError) } })
  if (idle === true) verdicts.push({ type: 'raise', key: `idle:${key}`, alarm: { type: 'idle', name } })
  if (idle === false) verdicts.push({ type: 'settle', key: `idle:${key}`, alarm: { type: 'checks-again', name, at: checkedAt ?? now, next } })
  return verdicts
}

/** When it checks next; null where that is not surely known. */
function nextOf({ since }: Watched, plan: Plan | null, now: number): number | null {
  return plan?.schedule && plan.oneWay && (plan.zoneKnown || plan.schedule.type === 'every') ? nextRun(plan.schedule, now, since) : null
}

export interface Check {
  /** milliseconds since 1970 */
  at: number
  /** it came to its end */
  ok: boolean
  /** and looked at no container */
  idle: boolean
  error: string | null
}

/** What an ended check means for who awaits it. now: for one without a time. */
export function checkOf({ end, endedAt, error, scanned, found, failures }: CheckSession, now: number): Check {
  const ok = end === 'done' || end === 'idle'
  return { at: endedAt === null ? now : Date.parse(endedAt), ok, idle: scanned === 0 && found.length + failures.length === 0, error }
}

/** The list after a check in this container, and what it settles. */
export function afterCheck(before: readonly Watched[], id: string, check: Check, plan: Plan | null, now: number): { watched: Watched[]; verdicts: Verdict[] } {
  const watched = checked(before, id, check)
  const entry = watched.find((one) => one.id === id)
  if (!entry || !check.ok) return { watched, verdicts: [] }
  return { watched, verdicts: [{ type: 'settle', key: `overdue:${entry.key}`, alarm: { type: 'checks-again', name: entry.name, at: check.at, next: nextOf(entry, plan, now) } }] }
}
