// The state in memory and its way to disk. Changes are made at once and written in the background,
// one write at a time, each holding all changes so far. A write that fails loses nothing in memory.
import type { State } from './state.js'

export interface Store {
  get(): State
  change(transition: (state: State) => State): void
  /** Resolves when all changes so far are on disk, or their write has failed. Never rejects. */
  flush(): Promise<void>
}

export interface StoreOptions {
  /** Writes a state; rejects where it could not. */
  save(state: State): Promise<void>
  /** Resolves after ms, or at once when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /** what went wrong with the last write, in one sentence; null when a write works again */
  onFault(fault: string | null): void
}

/** First wait and cap between attempts to write again. */
const RETRY_MS = { first: 1_000, cap: 30_000 }

/** A store that begins with a state that is on disk; the signal ends its attempts to write again. */
export function createStore(initial: State, { save, sleep, onFault }: StoreOptions, signal: AbortSignal): Store {
  let state = initial
  let saved = initial
  let writing: Promise<void> | null = null
  /** what the last write holds, or the one under way */
  let written = initial
  let failing = false

  async function write(): Promise<void> {
    const snapshot = state
    written = snapshot
    try {
      await save(snapshot)
      saved = snapshot
      if (failing) onFault(null)
      failing = false
    } catch (error) {
      onFault((error as Error).message)
      if (!failing) void tryAgain()
    }
  }

  /** One write at a time; who comes while one is under way shares the next. */
  async function flush(): Promise<void> {
    const wanted = state
    if (writing) {
      const isUnderWay = written === wanted
      await writing
      if (isUnderWay) return
    }
    if (state === saved) return
    writing ??= write().finally(() => (writing = null))
    await writing
  }

  async function tryAgain(): Promise<void> {
    failing = true
    // changes that fail in between are no tries of its own
    for (let tries = 0; failing && !signal.aborted; tries += 1) {
      await sleep(Math.min(RETRY_MS.cap, RETRY_MS.first * 2 ** Math.min(tries, 10)), signal)
      if (failing) await flush()
    }
  }

  return {
    get: () => state,
    change(transition) {
      state = transition(state)
      void flush()
    },
    flush,
  }
}
