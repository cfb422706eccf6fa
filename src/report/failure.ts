// Images that Watchtower could not check. Takes a session's failures, gives them sorted by reason,
// and those of them that are worth a person's attention.
import * as z from 'zod/mini'
import { placeOf } from './place.js'
import type { ContainerFacts, Facts } from './facts.js'
import { redact } from './redact.js'

/** An image that Watchtower could not check. */
export const Failure = z.object({
  container: z.string(),
  reason: z.enum(['registry-unreachable', 'denied', 'rate-limited', 'pinned', 'other']),
  detail: z.string(),
})
export type Failure = z.infer<typeof Failure>

/** A failure as a person is told of it. */
export const FailedCheck = z.object({
  /** service, else container */
  name: z.string(),
  reason: Failure.shape.reason,
  detail: z.string(),
  /** it was told before and still fails, or does not any more; left out where it is new */
  standing: z.optional(z.enum(['still', 'recovered'])),
})
export type FailedCheck = z.infer<typeof FailedCheck>

/** Characters of a foreign error text that a report keeps. */
const MAX_DETAIL = 500

/** Sorts one failure by what Watchtower quoted; credentials are removed from the detail. */
export function failureOf({ container, detail }: { container: string; detail: string }): Failure {
  return { container, reason: reasonOf(detail), detail: cleanDetail(detail) }
}

/** A foreign error text, without credentials and no longer than a report keeps. */
export function cleanDetail(text: string): string {
  return redact(text).slice(0, MAX_DETAIL).toWellFormed()
}

const REASONS: readonly (readonly [RegExp, Failure['reason']])[] = [
  [/\bpinned image\b/i, 'pinned'],
  [/toomanyrequests|rate.?limit|\b429\b/i, 'rate-limited'],
  [/denied|unauthorized|forbidden|authentication required|no basic auth|not found|does not exist|manifest unknown|(?<![\d.])40[134](?![\d.]\d)\b/i, 'denied'],
  [/no such host|dial tcp|connection (?:refused|reset)|timeout|timed out|deadline exceeded|handshake|unreachable|no route to host|server misbehaving|x509|\bEOF\b|request canceled|\b50[0234]\b/i, 'registry-unreachable'],
]

function reasonOf(detail: string): Failure['reason'] {
  return REASONS.find(([pattern]) => pattern.test(detail))?.[1] ?? 'other'
}

/** Pinned and locally built images cannot have updates: nothing to tell a person. */
export function failedCheck({ container, reason, detail }: Failure, facts: Facts | null): FailedCheck[] {
  const known = facts?.containers.find((c) => c.name === container)
  if (reason === 'pinned' || (known && facts && builtHere(known, facts))) return []
  return [{ name: known ? placeOf(known).service : container, reason, detail }]
}

/** What failures may be named after: every service, and every container. */
export function namesIn({ containers }: Facts): Set<string> {
  return new Set(containers.flatMap((one) => [placeOf(one).service, one.name]))
}

/** Compose marks what it builds; with the classic image store only a pulled image has a repo digest. */
function builtHere(container: ContainerFacts, facts: Facts): boolean {
  const image = facts.images.find((i) => i.id === container.imageId)
  return image !== undefined && (image.repoDigests.length === 0 || image.labels.has('com.docker.compose.service'))
}
