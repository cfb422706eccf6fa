// Time and memory as a law can state them on a noisy machine with two shared cores.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Test } from 'tap'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes that are really held: heap and buffers after a collection. */
export function heldBytes(): number {
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Below this a difference is noise; n² on the lengths used here takes hundreds of milliseconds. */
const NOISE_MS = 2
const RUNS = 5
const TRIES = 6

/**
 * Asserts that twice the length costs at most 2.5 times. The minimum of several runs, taken by
 * turns, is what the work costs without the neighbours; a busy moment gets further tries.
 */
export function linear<T>(t: Test, name: string, make: (length: number) => T, work: (input: T) => unknown, length = 65_536): void {
  const [once, twice] = [make(length), make(2 * length)]
  const ms = (input: T): number => {
    const start = performance.now()
    work(input)
    return performance.now() - start
  }
  ms(once)
  let [a, b] = [Infinity, Infinity]
  for (let tries = 0; tries < TRIES; tries += 1) {
    for (let run = 0; run < RUNS; run += 1) {
      a = Math.min(a, ms(once))
      b = Math.min(b, ms(twice))
      if (b > 2_000) break
    }
    if (b <= 2.5 * a + NOISE_MS || b > 2_000) break
  }
  t.ok(b <= 2.5 * a + NOISE_MS, `${name}: ${a.toFixed(2)} ms, twice the length ${b.toFixed(2)} ms`)
}
