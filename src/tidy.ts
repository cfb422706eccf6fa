// Memory that a start or a check took is given back. V8 tidies up only when something happens, and nothing does for a
// day; asking it takes Node's --expose-gc, which the image sets, and without that nothing is done here.
import { sleep } from './bell.js'

/** So long after, in milliseconds, messages are sent too, where Telegram takes them. */
const AFTER_MS = 3_000

/** A function to be called when something was done that takes memory. */
export function createTidy(signal: AbortSignal): () => void {
  let waits = false
  async function tidy(): Promise<void> {
    waits = true
    await sleep(AFTER_MS, signal)
    waits = false
    // Node 20 makes a minor collection of it, upon which V8's own memory reducer does the rest
    // the first marks the code that nothing has used since, the second drops it (V8's --bytecode-old-age=1, in the image)
    for (let round = 1; round <= 2 && !signal.aborted; round += 1) globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  }
  return () => {
    if (!waits && globalThis.gc) void tidy()
  }
}
