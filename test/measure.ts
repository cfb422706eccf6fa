// Time and memory as a law can state them on a noisy machine with two shared cores.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Test } from 'tap'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes that are really held: heap and buffers after a collection; the second waits for the first one's sweeper. */
export function heldBytes(): number {
  collectGarbage()
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Below this a difference is noise; n² on the lengths used here takes hundreds of milliseconds. */
const NOISE_MS = 3
/** Runs that a law gets to be met in, and how long they may take in all. */
const RUNS = 60
const LIMIT_MS = 30_000

/**
 * Asserts that twice the length costs at most 2.5 times. Processor time counts, so that a
 * neighbour's turn does not; of many runs the cheapest, so that the collector's does not either.
 */
export async function costsLinear<T>(t: Test, name: string, make: (length: number) => T, work: (input: T) => unknown, length = 65_536): Promise<void> {
  const [once, twice] = [make(length), make(2 * length)]
  const begun = performance.now()
  let [a, b] = [Infinity, Infinity]
  for (let run = 0; run < RUNS && performance.now() - begun < LIMIT_MS; run += 1) {
    a = Math.min(a, await cost(work, once))
    b = Math.min(b, await cost(work, twice))
    if (run >= 3 && b <= 2.5 * a + NOISE_MS) break
  }
  t.ok(b <= 2.5 * a + NOISE_MS, `${name}: ${a.toFixed(2)} ms, twice the length ${b.toFixed(2)} ms`)
}

async function cost<T>(work: (input: T) => unknown, input: T): Promise<number> {
  const before = process.cpuUsage()
  const working = work(input)
  if (working instanceof Promise) await working
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}
