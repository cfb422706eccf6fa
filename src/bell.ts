// Waiting that something else can end: one side rings, the other waits for a ring, a time or an abort.

/** setTimeout takes no more than 31 bits of milliseconds; a wait of 24 days is only a look too many. */
const MAX_TIMER_MS = 2 ** 31 - 1

export interface Bell {
  /** Ends the wait; without one under way, the next returns at once. */
  ring(): void
  /** Resolves on a ring, after ms, or when the signal aborts; tells whether it was a ring. */
  wait(ms: number, signal: AbortSignal): Promise<boolean>
}

export function createBell(): Bell {
  let rung = false
  let wake = (): void => {}
  return {
    ring() {
      rung = true
      wake()
    },
    async wait(ms, signal) {
      if (!rung && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, Math.min(ms, MAX_TIMER_MS))
          wake = () => {
            clearTimeout(timer)
            signal.removeEventListener('abort', wake)
            resolve()
          }
          signal.addEventListener('abort', wake)
        })
        wake()
        wake = () => {}
      }
      const was = rung
      rung = false
      return was
    },
  }
}

/** Resolves after ms, or at once when the signal aborts; never rejects. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await createBell().wait(ms, signal)
}
