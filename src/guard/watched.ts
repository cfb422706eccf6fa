// The Watchtowers that are watched, from look to look: since when the next check is awaited, and since
// when one is not well. Takes what inspect showed, gives the list. Time nobody looked does not count.
import * as z from 'zod/mini'
import type { Vitals } from './vitals.js'

/** milliseconds since 1970 */
const time = z.int().check(z.gte(0))

/** Plain data, for the state file. */
export const Watched = z.object({
  /** the first container that was known of it: what is raised and settled of it carries this */
  key: z.string(),
  place: z.string(),
  id: z.string(),
  name: z.string(),
  /** the Swarm service that it is a task of */
  swarm: z._default(z.nullable(z.string()), null),
  startedAt: time,
  restarts: z.int().check(z.gte(0)),
  /** from here the next check is awaited: its start, its last check, or when it was first seen */
  since: time,
  /** the last check that came to its end; null: none was seen */
  checkedAt: z.nullable(time),
  /** time since then in which nobody could look: the machine slept, the clock was set, the engine was away */
  lostMs: z.int().check(z.gte(0)),
  /** it stopped, is gone, or has not stayed up for long since then */
  downSince: z.nullable(time),
  /**
   * it was started since: from where a check is awaited all the same (its last check, or when it was first seen), until a
   * start comes after all that is waited for that; once set, awaited from that start. Null: it was not
   */
  anew: z._default(z.nullable(z.object({ from: time, once: z.boolean() })), null),
  /** checks that broke off since the last that did not */
  brokeOff: z.nullable(z.object({ at: time, times: z.int().check(z.gte(1)), error: z.nullable(z.string()) })),
})
export type Watched = z.infer<typeof Watched>

/** What one look saw. */
export interface Look {
  /** milliseconds since 1970 */
  now: number
  /** how much later than it should it comes */
  lateMs: number
  /** the first of this process: of a start before it nobody knows by which clock it was (one without a battery is set after it) */
  first: boolean
  /** every Watchtower that is there to stay: no one-off checks */
  vitals: readonly Vitals[]
  /** since when a place was seen that is not watched yet; by earlier looks of this process */
  candidates: ReadonlyMap<string, number>
  /** the last check that an earlier process saw in this container */
  checkedAt(id: string): number | null
  /** when all is over that is waited for a check of this container, awaited from a time; null where none is */
  awaitedUntil(id: string, from: number): number | null
  bounds: Bounds
}

export interface Bounds {
  /** one that stays up so long is well again */
  steadyMs: number
  /** one that is not well for so long is told of */
  downAfterMs: number
}

/** Watchtowers that are remembered: hosts have one or two. */
const MAX_WATCHED = 100
/** A restart policy starts again within a minute (moby restartmanager); a later start was somebody's, or the engine's. */
const POLICY_RESTART_MS = 120_000

/** The list after a look, and the candidates for the next. */
export function looked(before: readonly Watched[], look: Look): { watched: Watched[]; candidates: Map<string, number> } {
  const { vitals, now, candidates } = look
  const current = new Map<string, Vitals>()
  // while one takes the other's place both are there: the younger counts
  for (const one of vitals) if ((current.get(one.place)?.startedAt ?? -1) <= (one.startedAt ?? 0)) current.set(one.place, one)
  const known = before.map((entry) => {
    // renamed, or recreated under its name
    const one = current.get(entry.place) ?? vitals.find(({ id }) => id === entry.id)
    if (one) current.delete(one.place)
    return after(entry, one ?? null, look)
  })
  const waiting = new Map<string, number>()
  const adopted: { one: Vitals; seenAt: number }[] = []
  for (const [place, one] of current) {
    const seenAt = Math.min(candidates.get(place) ?? now, now)
    const others = before.length > 0 || [...current.values()].some((other) => other !== one && other.status !== 'stopped')
    // what an update of Watchtower renames and removes is never watched, nor an old one that lies stopped beside another
    const stays = isSteady(one, look) && (before.length === 0 || now - seenAt >= look.bounds.steadyMs)
    if (stays || (now - seenAt >= look.bounds.downAfterMs && !(one.status === 'stopped' && others))) adopted.push({ one, seenAt })
    else waiting.set(place, seenAt)
  }
  const unfilled = known.filter(({ id, downSince }) => downSince !== null && !vitals.some((one) => one.id === id))
  // a new one that came while an old one went has taken its place
  const heirs = new Map(unfilled.map((entry, index) => [entry, adopted[index]?.one]))
  const kept = known.map((entry) => {
    const heir = heirs.get(entry)
    return heir ? after(entry, heir, { ...look, lateMs: 0 }) : entry
  })
  return { watched: [...kept, ...adopted.slice(unfilled.length).map(({ one, seenAt }) => adopt(one, seenAt, look))].slice(-MAX_WATCHED), candidates: waiting }
}

function adopt(one: Vitals, seenAt: number, look: Look): Watched {
  const { id, name, place, swarm, startedAt, restarts } = one
  return {
    key: id, place, id, name, swarm, restarts,
    startedAt: startedAt ?? look.now,
    since: look.now,
    checkedAt: look.checkedAt(id),
    lostMs: 0,
    downSince: isSteady(one, look) ? null : seenAt,
    anew: null,
    brokeOff: null,
  }
}

function after(entry: Watched, one: Vitals | null, look: Look): Watched {
  const { now, lateMs } = look
  const down = entry.downSince === null ? now : Math.min(now, entry.downSince + lateMs)
  const lostMs = entry.lostMs + lateMs
  if (!one) return { ...entry, lostMs, downSince: down }
  const startedAt = one.startedAt ?? entry.startedAt
  const seen = {
    ...entry,
    place: one.place, id: one.id, name: one.name, swarm: one.swarm, startedAt, restarts: one.restarts, lostMs,
    brokeOff: one.id === entry.id ? entry.brokeOff : null,
    downSince: isSteady(one, look) ? null : down,
  }
  const crashed = one.id === entry.id && one.restarts > entry.restarts && startedAt - (one.finishedAt ?? 0) <= POLICY_RESTART_MS
  // one that crashes at every check must not be excused by its restart
  return crashed || (one.id === entry.id && startedAt === entry.startedAt) ? seen : startedAnew(seen, look)
}

/** By somebody, or with the engine: the next check is awaited from here on, but not for ever. */
function startedAnew(entry: Watched, { now, lateMs, first, awaitedUntil }: Look): Watched {
  const since = Math.max(entry.since, first ? now : Math.min(entry.startedAt, now))
  const { from, once } = entry.anew ?? { from: entry.since, once: false }
  const until = awaitedUntil(entry.id, from)
  if (once || until === null || since < until + entry.lostMs) return { ...entry, since, anew: { from, once } }
  return { ...entry, since, anew: { from: since, once: true }, lostMs: lateMs }
}

/** A start that lies that far ahead was before the clock was set back. */
function isSteady({ status, startedAt }: Vitals, { now, bounds }: Look): boolean {
  return status === 'running' && (startedAt === null || Math.abs(now - startedAt) >= bounds.steadyMs)
}

/** A check ended in this container. ok: it came to its end. */
export function checked(before: readonly Watched[], id: string, check: { at: number; ok: boolean; error: string | null }): Watched[] {
  return before.map((entry) => {
    if (entry.id !== id) return entry
    const { at, ok, error } = check
    if (ok) return { ...entry, since: Math.max(entry.since, at), checkedAt: at, lostMs: 0, anew: null, brokeOff: null }
    return { ...entry, brokeOff: { at, times: (entry.brokeOff?.times ?? 0) + 1, error: error ?? entry.brokeOff?.error ?? null } }
  })
}
