// One update of a message's checklist, and where it stands.
import * as z from 'zod/mini'
import { FailedCheck } from './failure.js'
import { Update } from './update.js'

/** milliseconds since 1970 */
const time = z.int().check(z.gte(0))

/** Where an update stands. */
export const Standing = z.discriminatedUnion('type', [
  z.object({ type: z.literal('pending') }),
  /** health: none where the container has no check */
  z.object({ type: z.literal('applied'), at: time, health: z.enum(['none', 'starting', 'healthy', 'unhealthy']), unhealthySince: z.nullable(time) }),
  z.object({ type: z.literal('rolled-back'), at: time }),
  /** by: the newer version; link: to the newer message, null where it has none */
  z.object({ type: z.literal('superseded'), by: z.string(), link: z.nullable(z.string()) }),
  z.object({ type: z.literal('removed') }),
])
export type Standing = z.infer<typeof Standing>

export const Block = z.object({
  update: Update,
  standing: Standing,
  /** since when an older version of it is pending; null if it is new */
  since: z.nullable(time),
  /** the version that was told before and is pending no more, or its image's id; null if it is new */
  before: z._default(z.nullable(z.string()), null),
})
export type Block = z.infer<typeof Block>

/** An update that an earlier message announced, and when. */
export const StillPending = z.object({ update: Update, since: time })
export type StillPending = z.infer<typeof StillPending>

/** What one part of a message says, and its place among the parts: enough to make it again. */
export const Placed = z.object({
  host: z.nullable(z.string()),
  blocks: z.readonly(z.array(Block)),
  failedChecks: z.readonly(z.array(FailedCheck)),
  stillPending: z.readonly(z.array(StillPending)),
  /** from 0 */
  index: z.int().check(z.gte(0)),
  count: z.int().check(z.gte(1)),
  /** updates in all parts */
  total: z.int().check(z.gte(0)),
  /** the whole tells of several projects, so that each update names its own */
  severalProjects: z.boolean(),
  /** nothing is new */
  reminder: z.boolean(),
})
export type Placed = z.infer<typeof Placed>
