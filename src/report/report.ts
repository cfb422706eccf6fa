// Turns a sealed check session into a report. Takes the session and the facts of the engine, gives
// the Report (documented JSON) and the failures worth a person's attention.
import * as z from 'zod/mini'
import type { CheckSession } from '../watchtower/session.js'
import type { ContainerFacts, Facts } from './facts.js'
import { cleanDetail, type FailedCheck, Failure, failedCheck, failureOf } from './failure.js'
import { knownUpdates, plainUpdate, Update } from './update.js'
import { WATCHTOWER_LABEL } from './watched.js'

const time = z.nullable(z.iso.datetime({ offset: false }))
const count = z.nullable(z.int().check(z.gte(0)))

/** The account of one check session: what `replay --json` prints and `session.sealed` logs. */
export const Report = z.object({
  type: z.literal('report'),
  host: z.nullable(z.string()),
  watchtower: z.object({ container: z.nullable(z.string()), version: z.nullable(z.string()) }),
  session: z.object({
    startedAt: time,
    endedAt: time,
    end: z.enum(['done', 'aborted', 'idle', 'eof']),
    error: z.nullable(z.string()),
    scanned: count,
    available: count,
    failed: count,
  }),
  updates: z.array(Update),
  failures: z.array(Failure),
  replaced: z.array(z.object({ container: z.string(), state: z.enum(['recreated', 'stopped']) })),
})
export type Report = z.infer<typeof Report>

/** Whose log it is. */
export interface Origin {
  host: string | null
  /** the Watchtower container's name; null in replay */
  container: string | null
}

/**
 * Builds the report of a session. Without facts each (image, id) is one update and unknown facts are
 * null. missed: it was sealed while nobody looked, so what it found may be past.
 */
export function reportOf(session: CheckSession, facts: Facts | null, origin: Origin, missed = false): { report: Report; failedChecks: FailedCheck[] } {
  const failures = session.failures.map(failureOf)
  const report: Report = {
    type: 'report',
    host: origin.host,
    watchtower: { container: origin.container, version: session.version },
    session: {
      startedAt: session.startedAt,
      endedAt: session.endedAt,
      end: session.end,
      error: session.error === null ? null : cleanDetail(session.error),
      scanned: session.scanned,
      available: session.available,
      failed: session.failed,
    },
    updates: facts ? knownUpdates(session, facts, watchtowerOf(facts, origin), missed) : session.found.map(plainUpdate),
    failures,
    replaced: session.replaced.map(({ container, state }) => ({ container, state })),
  }
  return { report, failedChecks: failures.flatMap((failure) => failedCheck(failure, facts)) }
}

/** The Watchtower whose log it is: by name, or in replay the only one there is. */
function watchtowerOf(facts: Facts, origin: Origin): ContainerFacts | null {
  if (origin.container !== null) return facts.containers.find((c) => c.name === origin.container) ?? null
  const labelled = facts.containers.filter((c) => c.labels.get(WATCHTOWER_LABEL) === 'true')
  return labelled.length === 1 ? (labelled[0] as ContainerFacts) : null
}
