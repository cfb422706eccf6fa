// All that outlives the process, and the transitions that change several parts of it together or not
// at all. Pure.
import * as z from 'zod/mini'
import { done, emptyOutbox, enqueueEdits, enqueueNews, enqueueNotice, enqueueReminder, Outbox, untold, withoutNews } from '../delivery/outbox.js'
import { Watched } from '../guard/watched.js'
import { emptyLedger, forget, Ledger, mentionOnly, refresh, restand, reveal, reword, show, supersede } from '../life/ledger.js'
import { announce, givingWay, observe, renew, type Seen, standingNow, Tracked } from '../life/pending.js'
import { blockOf } from '../life/render.js'
import { Announced, isVague, News, nothingAnnounced, withoutAnnounced } from '../report/announce.js'
import type { StillPending } from '../report/block.js'
import type { FailedCheck } from '../report/failure.js'
import type { Message } from '../report/message.js'
import type { Update } from '../report/update.js'

const Checkpoint = z.object({
  position: z.object({ since: z.string().check(z.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/)), lines: z.array(z.string()) }),
  context: z.object({ version: z.nullable(z.string()), endless: z.nullable(z.boolean()) }),
})
type Checkpoint = z.infer<typeof Checkpoint>

export const State = z.object({
  /** of every Watchtower container that was read, by its id; the one that moved last stands last. Null: no check has ended in it yet */
  cursors: z.array(z.object({ id: z.string(), name: z.string(), checkpoint: z.nullable(Checkpoint) })),
  announced: Announced,
  /** what became of the announced updates */
  tracked: z._default(z.array(Tracked), []),
  /** the messages that show them */
  ledger: z._default(Ledger, emptyLedger),
  /** when a person was last told what is pending, milliseconds since 1970 */
  remindedAt: z._default(z.int().check(z.gte(0)), 0),
  /** the alarms that a person was told of and that are not over, and the incidents that were told, by their keys; oldest first */
  raised: z._default(z.array(z.string()), []),
  /** the Watchtowers of whom checks are awaited */
  watched: z._default(z.array(Watched), []),
  outbox: Outbox,
  /** the chat that the configured one became */
  movedChat: z.nullable(z.object({ from: z.union([z.number(), z.string()]), to: z.number() })),
})
export type State = z.infer<typeof State>

/** Containers that are remembered: every one-off check is one more. */
const MAX_CURSORS = 100
/** Alarms and incidents that are remembered: years of them. */
const MAX_RAISED = 1_000
/** A reminder is due this much early, so that a check at 03:00:03 does not skip a day. */
const EARLY_MS = 3_600_000

export const emptyState: State = { cursors: [], announced: nothingAnnounced, tracked: [], ledger: emptyLedger, remindedAt: 0, raised: [], watched: [], outbox: emptyOutbox, movedChat: null }

/** What one sealed session changes. */
export interface Commit {
  container: { id: string; name: string }
  /** null where the cursor does not move yet */
  checkpoint: Checkpoint | null
  announced: Announced
  /** all that it found, told before or not */
  updates: readonly Update[]
  news: News
  /** failures that are no news */
  stillFailing: FailedCheck[]
  /** milliseconds since 1970 */
  now: number
  /** the news may have been told before the state was lost */
  stateLost: boolean
  /** how long after a person was told the rest is said again; 0 never */
  remindMs: number
}

/** The one commit point: cursor, announced updates and outbox move together. */
export function commit(state: State, { container, checkpoint, announced, updates, news, stillFailing, now, stateLost, remindMs }: Commit): State {
  const others = state.cursors.filter(({ id }) => id !== container.id)
  const tracked = announce(renew(state.tracked, updates), news.updates, now, untold(state.outbox))
  const gaveWay = givingWay(state.tracked, news.updates)
  const reworded = reword(state.ledger, updates)
  const told = news.updates.length + news.failedChecks.length > 0
  const stillPending = pendingOf(tracked)
  // what waits is told in its newest version alone
  const queued = enqueueNews(withoutNews(state.outbox, gaveWay), told ? { ...news, failedChecks: [...news.failedChecks, ...stillFailing] } : news, stillPending, now, stateLost)
  const due = !told && remindMs > 0 && stillPending.length + stillFailing.length > 0 && (now - state.remindedAt >= remindMs - EARLY_MS || now < state.remindedAt)
  const outbox = due ? enqueueReminder(queued.outbox, news.host, stillPending, stillFailing, now) : queued.outbox
  const next: State = {
    ...state,
    cursors: checkpoint ? [...others, { ...container, checkpoint }].slice(-MAX_CURSORS) : state.cursors,
    // an update that gave way is news again if it comes back
    announced: withoutAnnounced(announced, [...queued.replaced, ...gaveWay]),
    tracked,
    ledger: reworded.ledger,
    remindedAt: told || due ? now : state.remindedAt,
    outbox: enqueueEdits(outbox, reworded.edited, now),
  }
  return mentioned(revealed(next, now), now)
}

/** What waits to be told is shown, silently, where its image was told already without its service. */
function revealed(state: State, now: number): State {
  const blocks = untold(state.outbox).filter((update) => !isVague(update)).map((update) => blockOf(update, state.tracked))
  const { ledger, edited, told } = reveal(state.ledger, blocks)
  if (told.length === 0) return state
  const led = told.reduce(({ ledger: before, edited: ids }, { block, in: { id, link } }) => {
    const older = supersede(before, [block], link, id)
    return { ledger: older.ledger, edited: [...ids, ...older.edited] }
  }, { ledger, edited })
  const outbox = withoutNews(state.outbox, told.map(({ block }) => block.update))
  return { ...state, ledger: led.ledger, outbox: enqueueEdits(outbox, [...new Set(led.edited)], now) }
}

/** Messages mention what is pending now, and nothing else, as still pending. */
function mentioned(state: State, now: number): State {
  const { ledger, edited } = mentionOnly(state.ledger, pendingOf(state.tracked).map(({ update }) => update))
  return edited.length === 0 ? state : { ...state, ledger, outbox: enqueueEdits(state.outbox, edited, now) }
}

/** A log was read to its end and no check has ended in it: what is read of it from now on was meant for this program. */
export function known(state: State, container: { id: string; name: string }): State {
  if (state.cursors.some(({ id }) => id === container.id)) return state
  return { ...state, cursors: [...state.cursors, { ...container, checkpoint: null }].slice(-MAX_CURSORS) }
}

/** What is pending, as it is mentioned. */
export function pendingOf(tracked: readonly Tracked[]): StillPending[] {
  return tracked.filter(({ standing }) => standing.type === 'pending').map(({ update, since, foundAt }) => ({ update, since: since ?? foundAt }))
}

/** The engine was looked at: what became of the updates changes the messages that show them. */
export function observed(state: State, seen: Seen, now: number): State {
  const { tracked, changes, forgotten } = observe(state.tracked, seen, now)
  if (JSON.stringify(tracked) === JSON.stringify(state.tracked)) return state
  const restood = restand(state.ledger, changes)
  const over = changes.filter(({ standing }) => standing.type !== 'pending')
  // one that was over before it was told has no message that older ones could lead to
  const led = supersede(restood.ledger, over.map((change) => ({ ...change, since: null, before: null })), null, 0)
  const next: State = {
    ...state,
    tracked,
    ledger: led.ledger,
    announced: withoutAnnounced(state.announced, forgotten),
    outbox: enqueueEdits(withoutNews(state.outbox, over.map(({ update }) => update)), [...new Set([...restood.edited, ...led.edited])], now),
  }
  return mentioned(next, now)
}

/** What Telegram accepted. messageId: where it can be edited; null where it cannot. */
export interface Accepted {
  chat: number | string
  messageId: number | null
  /** the newer message, for who reads an older one; null where the chat has no such links */
  link: string | null
  now: number
}

/** The part that was being sent is in the chat: from now on it can be edited, and older messages lead to it. */
export function accepted(state: State, { chat, messageId, link, now }: Accepted): State {
  const [entry] = state.outbox.entries
  const placed = entry?.parts?.[entry.accepted]?.placed
  const outbox = done(state.outbox)
  if (!placed || placed.blocks.length === 0) return { ...state, outbox }
  const id = state.ledger.nextId
  const shown = messageId === null ? state.ledger : show(state.ledger, { chat, messageId, link, content: placed, sentAt: now })
  // what a newer image has replaced meanwhile takes no place
  const newest = placed.blocks.filter(({ update }) => standingNow(update, state.tracked).type !== 'superseded')
  const led = supersede(shown, newest, link, id)
  // what became of them while they were being sent
  const meanwhile = refresh(led.ledger, id, (block) => ({ ...block, update: blockOf(block.update, state.tracked).update, standing: standingNow(block.update, state.tracked) }))
  return mentioned(revealed({ ...state, ledger: meanwhile.ledger, outbox: enqueueEdits(outbox, [...new Set([...led.edited, ...meanwhile.edited])], now) }, now), now)
}

/** The message that was to be edited is gone: somebody deleted it. What it showed as pending is news again at the next check. */
export function editRefused(state: State): State {
  const { content } = state.outbox.entries[0] ?? {}
  if (content?.type !== 'edit') return state
  const gone = state.ledger.shown.find(({ id }) => id === content.shown)
  const pending = gone?.content.blocks.filter(({ standing }) => standing.type === 'pending').map(({ update }) => update) ?? []
  return { ...state, outbox: done(state.outbox), ledger: forget(state.ledger, content.shown), announced: withoutAnnounced(state.announced, pending) }
}

/** What is wrong is told once, until it is settled. key: the same for the same thing. along: what the same message tells besides. */
export function raise(state: State, { key, message, along = [] }: { key: string; message: Message; along?: readonly string[] }, now: number): State {
  if (state.raised.includes(key)) return state
  return { ...state, raised: [...state.raised, key, ...along].slice(-MAX_RAISED), outbox: enqueueNotice(state.outbox, message, now) }
}

/** It is well again: told if it was told that it was not. message: null where that goes without saying. */
export function settle(state: State, { key, message }: { key: string; message: Message | null }, now: number): State {
  if (!state.raised.includes(key)) return state
  return { ...state, raised: state.raised.filter((one) => one !== key), outbox: message ? enqueueNotice(state.outbox, message, now) : state.outbox }
}
