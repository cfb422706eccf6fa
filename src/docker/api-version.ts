// Which version of its API an engine is asked in. Takes its answer to /version, gives the prefix of all other paths.
import * as z from 'zod/mini'

/** The newest that this program asks for: the one of Engine 20.10. Engine 29 takes 1.44 and later, or 1.40 and later. */
const MADE_FOR = '1.41'

const VERSION = z.string().check(z.regex(/^\d{1,3}\.\d{1,3}$/))
const Range = z.object({ ApiVersion: VERSION, MinAPIVersion: z.optional(VERSION) })

/** `v1.41`, or the nearest that the engine takes; undefined, which is the engine's own newest, where it does not say. */
export function apiVersionFor(answer: unknown): string | undefined {
  const { data } = Range.safeParse(answer)
  if (!data) return undefined
  const { ApiVersion: newest, MinAPIVersion: oldest = MADE_FOR } = data
  const taken = isNewer(MADE_FOR, newest) ? newest : isNewer(oldest, MADE_FOR) ? oldest : MADE_FOR
  return `v${taken}`
}

function isNewer(a: string, b: string): boolean {
  const [[major = 0, minor = 0], [otherMajor = 0, otherMinor = 0]] = [a.split('.').map(Number), b.split('.').map(Number)] as [number[], number[]]
  return major === otherMajor ? minor > otherMinor : major > otherMajor
}
