// One update in a message and where it stands. The shape is shared by the messages that show it and
// the life of updates that changes it.
import * as z from 'zod'
import { Update } from './update.js'

/** milliseconds since 1970 */
const time = z.int().min(0)

/** Where an update stands. */
export const Standing = z.discriminatedUnion('type', [
  z.object({ type: z.literal('pending') }),
  z.object({ type: z.literal('applied'), at: time, health: z.enum(['none', 'starting', 'healthy', 'unhealthy']), unhealthySince: time.nullable() }),
  z.object({ type: z.literal('rolled-back'), at: time }),
  /** by: the newer version; link: the newer message, https */
  z.object({ type: z.literal('superseded'), by: z.string(), link: z.string().nullable() }),
  /** its service is gone, or does not use this image any more */
  z.object({ type: z.literal('removed') }),
])
export type Standing = z.infer<typeof Standing>

export const Block = z.object({
  update: Update,
  standing: Standing,
  /** pending since an older image of its service was announced; null if that is new */
  since: time.nullable(),
})
export type Block = z.infer<typeof Block>
