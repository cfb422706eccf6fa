// Several sessions that were sealed while nobody looked become one. Takes CheckSessions in order,
// gives one CheckSession: what may still be pending is kept, what the last check says anew is not.
import type { CheckSession } from './session.js'

export interface Missed {
  add(session: CheckSession): void
  /** The last session, with what only earlier ones hold; null if there was none. Then it begins anew. */
  take(): CheckSession | null
}

/** Entries of each kind that are kept, the newest: years of a large host's log name fewer images. */
const MAX_ENTRIES = 10_000

/**
 * Found images of every session count, because a check can break off or look at some images only,
 * and the engine tells what is still pending; of an image the newest id. Every replaced container
 * counts, for it is an incident. Failures are the last check's, and those before one that broke off.
 * In history, where nobody was there to be told, a complete check stands for all before it.
 */
export function createMissed(history: boolean): Missed {
  let last: CheckSession | null = null
  const found = new Map<string, CheckSession['found'][number]>()
  const failures = new Map<string, CheckSession['failures'][number]>()
  const replaced = new Map<string, CheckSession['replaced'][number]>()
  return {
    add(session) {
      last = session
      if (history && session.end === 'done') found.clear()
      if (history) replaced.clear()
      for (const one of session.found) keep(found, one.image, one)
      if (session.end !== 'aborted') failures.clear()
      for (const one of session.failures) keep(failures, one.container, one)
      for (const one of session.replaced) keep(replaced, `${one.at} ${one.container}`, one)
    },
    take() {
      const merged = last && { ...last, found: [...found.values()], failures: [...failures.values()], replaced: [...replaced.values()] }
      last = null
      for (const map of [found, failures, replaced]) map.clear()
      return merged
    },
  }
}

function keep<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key)
  map.set(key, value)
  const [oldest] = map.keys()
  if (map.size > MAX_ENTRIES && oldest !== undefined) map.delete(oldest)
}
