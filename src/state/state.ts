// All that outlives the process, and the one transition that accounts for a session: cursor,
// announced updates and outbox change together or not at all. Pure.
import * as z from 'zod'
import { emptyOutbox, enqueueNews, Outbox } from '../delivery/outbox.js'
import { Announced, News, nothingAnnounced, withoutAnnounced } from '../report/announce.js'

const Checkpoint = z.object({
  position: z.object({ since: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/), lines: z.array(z.string()) }),
  context: z.object({ version: z.string().nullable(), endless: z.boolean().nullable() }),
})
type Checkpoint = z.infer<typeof Checkpoint>

export const State = z.object({
  /** of every Watchtower container that was read, by its id; the one that moved last stands last */
  cursors: z.array(z.object({ id: z.string(), name: z.string(), checkpoint: Checkpoint })),
  announced: Announced,
  outbox: Outbox,
  /** the chat that the configured one became */
  movedChat: z.object({ from: z.union([z.number(), z.string()]), to: z.number() }).nullable(),
})
export type State = z.infer<typeof State>

/** Containers that are remembered: every one-off check is one more. */
const MAX_CURSORS = 100

export const emptyState: State = { cursors: [], announced: nothingAnnounced, outbox: emptyOutbox, movedChat: null }

/** What one sealed session changes. */
export interface Commit {
  container: { id: string; name: string }
  /** null where the cursor does not move yet */
  checkpoint: Checkpoint | null
  announced: Announced
  news: News
  /** milliseconds since 1970 */
  now: number
  /** the news may have been told before the state was lost */
  stateLost: boolean
}

/** The one commit point. */
export function commit(state: State, { container, checkpoint, announced, news, now, stateLost }: Commit): State {
  const others = state.cursors.filter(({ id }) => id !== container.id)
  const { outbox, replaced } = enqueueNews(state.outbox, news, now, stateLost)
  return {
    ...state,
    cursors: checkpoint ? [...others, { ...container, checkpoint }].slice(-MAX_CURSORS) : state.cursors,
    // an update that gave way untold is news again if it comes back
    announced: withoutAnnounced(announced, replaced),
    outbox,
  }
}
