// The persisted queue of what Telegram has not accepted yet, as a pure reducer: every transition takes
// an Outbox and gives the next. Its first entry is the only one under way; nothing overtakes it.
import * as z from 'zod/mini'
import { joinNews, News, updateKey } from '../report/announce.js'
import { Placed, StillPending } from '../report/block.js'
import { FailedCheck } from '../report/failure.js'
import { Message } from '../report/message.js'
import { markRepeat } from '../report/notice.js'
import type { Language } from '../report/texts.js'
import type { Update } from '../report/update.js'

const time = z.int().check(z.gte(0))

/** One message of an entry. placed: what it says, where it can be edited later on; null for all others. */
export const Rendered = z.object({ message: Message, placed: z.nullable(Placed) })
export type Rendered = z.infer<typeof Rendered>

const Content = z.discriminatedUnion('type', [
  /** stillPending: mentioned at the end */
  z.object({ type: z.literal('news'), news: News, stillPending: z.array(StillPending) }),
  z.object({ type: z.literal('reminder'), host: z.nullable(z.string()), stillPending: z.array(StillPending), stillFailing: z._default(z.array(FailedCheck), []) }),
  z.object({ type: z.literal('notice'), message: Message }),
  /** a message that is shown is to say how its updates stand now; shown: its id in the ledger */
  z.object({ type: z.literal('edit'), shown: z.int() }),
])

/** One thing to tell, in as many messages as it takes. */
export const Entry = z
  .object({
    /** milliseconds since 1970 */
    queuedAt: time,
    content: Content,
    /** it may have been told before the state was lost */
    stateLost: z.boolean(),
    /** its messages, fixed once Telegram may have accepted one of them; before that they may still change */
    parts: z.nullable(z.array(Rendered).check(z.minLength(1))),
    /** how many of them Telegram has accepted */
    accepted: z.int().check(z.gte(0)),
    /** sending: a request for the next part was made, and how it ended is not known here */
    state: z.enum(['pending', 'sending']),
    /** Telegram may have accepted the next part: it is sent marked */
    mayRepeat: z.boolean(),
    attempts: z.int().check(z.gte(0)),
  })
  .check(z.refine(({ parts, accepted }) => accepted < (parts?.length ?? 1)))
export type Entry = z.infer<typeof Entry>

/** Plain data, for the state file. */
export const Outbox = z.object({
  entries: z.array(Entry),
  /** Telegram asked to wait until then, milliseconds since 1970, and when it did */
  notBefore: time,
  askedAt: z._default(time, 0),
  /** when the last messages were sent, oldest first, milliseconds since 1970 */
  sends: z.array(time),
})
export type Outbox = z.infer<typeof Outbox>

/** What is to be done now. */
export type Step =
  | { type: 'idle' }
  | { type: 'wait'; ms: number }
  /** parts: all messages of the entry; message: the next of them, marked where it may be a repeat */
  | { type: 'send'; entry: Entry; parts: Rendered[]; message: Message }
  /** the first entry has nothing left to say */
  | { type: 'drop' }

/** Telegram's limit for a group (core.telegram.org/bots/faq). */
const PER_MINUTE = { messages: 20, ms: 60_000 }
/** Telegram's limit for a chat: about one a second. */
const APART_MS = 1_000
/** Makes the messages of an entry that has none yet; none if there is nothing left to say. */
export type Render = (entry: Entry, now: number) => Rendered[]

export const emptyOutbox: Outbox = { entries: [], notBefore: 0, askedAt: 0, sends: [] }

/**
 * Adds news at the end; what waits there and was surely never accepted becomes one entry with it.
 * replaced: the updates of that entry that gave way to newer ones, and so are not told.
 */
export function enqueueNews(outbox: Outbox, news: News, stillPending: StillPending[], now: number, stateLost: boolean): { outbox: Outbox; replaced: Update[] } {
  if (news.updates.length + news.failedChecks.length === 0) return { outbox, replaced: [] }
  const last = outbox.entries.at(-1)
  if (last && isUntold(last)) {
    const { news: joined, replaced } = joinNews(last.content.news, news)
    const entry: Entry = { ...last, content: { type: 'news', news: joined, stillPending: mentions(stillPending, joined) }, stateLost: last.stateLost || stateLost }
    return { outbox: { ...outbox, entries: [...outbox.entries.slice(0, -1), entry] }, replaced }
  }
  return { outbox: enqueue(outbox, { type: 'news', news, stillPending: mentions(stillPending, news) }, now, stateLost), replaced: [] }
}

/** What has a block of its own is not mentioned besides. */
function mentions(stillPending: readonly StillPending[], { updates }: News): StillPending[] {
  const own = new Set(updates.map(updateKey))
  return stillPending.filter(({ update }) => !own.has(updateKey(update)))
}

/** Adds a reminder at the end, in place of one that waits there already. */
export function enqueueReminder(outbox: Outbox, host: string | null, stillPending: StillPending[], stillFailing: FailedCheck[], now: number): Outbox {
  // one that was begun stays: its request may be under way
  const others = outbox.entries.filter(({ content, parts }) => content.type !== 'reminder' || parts !== null)
  return enqueue({ ...outbox, entries: others }, { type: 'reminder', host, stillPending, stillFailing }, now, false)
}

/** Adds edits of these messages at the end; one that waits already is enough, for it shows what is so when it is made. */
export function enqueueEdits(outbox: Outbox, shown: readonly number[], now: number): Outbox {
  const waiting = new Set(outbox.entries.map(({ content, state }) => (content.type === 'edit' && state === 'pending' ? content.shown : null)))
  return shown.filter((id) => !waiting.has(id)).reduce((box, id) => enqueue(box, { type: 'edit', shown: id }, now, false), outbox)
}

/** The updates in the news that no message was made of yet: nobody was told of them. */
export function untold({ entries }: Outbox): Update[] {
  return entries.flatMap((entry) => (isUntold(entry) ? entry.content.news.updates : []))
}

type NewsEntry = Entry & { content: { type: 'news' } }

function isUntold(entry: Entry): entry is NewsEntry {
  return entry.content.type === 'news' && entry.parts === null && entry.state === 'pending'
}

/** Takes updates that need not be told any more out of the news that no message was made of yet. */
export function withoutNews(outbox: Outbox, updates: readonly Update[]): Outbox {
  const taken = new Set(updates.map(updateKey))
  const entries = outbox.entries.flatMap((entry) => {
    if (!isUntold(entry)) return [entry]
    const { news } = entry.content
    const left = news.updates.filter((update) => !taken.has(updateKey(update)))
    if (left.length === news.updates.length) return [entry]
    return left.length + news.failedChecks.length === 0 ? [] : [{ ...entry, content: { ...entry.content, news: { ...news, updates: left } } }]
  })
  return { ...outbox, entries }
}

/** Adds one message at the end. */
export function enqueueNotice(outbox: Outbox, message: Message, now: number): Outbox {
  return enqueue(outbox, { type: 'notice', message }, now, false)
}

function enqueue(outbox: Outbox, content: Entry['content'], now: number, stateLost: boolean): Outbox {
  return { ...outbox, entries: [...outbox.entries, { queuedAt: now, content, stateLost, parts: null, accepted: 0, state: 'pending', mayRepeat: false, attempts: 0 }] }
}

/** The next step at this time. apartMs: the least time between two messages, at most a second. language: of the marks. */
export function nextStep(outbox: Outbox, now: number, apartMs: number, render: Render, language: Language): Step {
  const [entry] = outbox.entries
  if (!entry) return { type: 'idle' }
  // a time that lies ahead was written before the clock was set back
  const sends = outbox.sends.filter((at) => at <= now)
  const oldest = sends.at(-PER_MINUTE.messages)
  const told = now < outbox.askedAt ? 0 : outbox.notBefore
  const from = Math.max(told, oldest === undefined ? 0 : oldest + PER_MINUTE.ms, (sends.at(-1) ?? 0) + Math.min(apartMs, APART_MS))
  if (from > now) return { type: 'wait', ms: from - now }
  const parts = entry.parts ?? render(entry, now)
  const part = parts[entry.accepted]
  return part ? { type: 'send', entry, parts, message: marked(entry, part.message, language) } : { type: 'drop' }
}

/** A request for the next of these parts is about to be made. */
export function begin(outbox: Outbox, now: number, parts: Rendered[]): Outbox {
  const sends = [...outbox.sends, now].slice(-PER_MINUTE.messages)
  return { ...changeFirst(outbox, (entry) => ({ ...entry, parts, state: 'sending', attempts: entry.attempts + 1 })), sends }
}

/** Telegram accepted the part that was being sent, or it was set aside; after its last the entry is done. */
export function done(outbox: Outbox): Outbox {
  const [entry] = outbox.entries
  const isMore = entry?.parts && entry.accepted + 1 < entry.parts.length
  if (!isMore) return { ...outbox, entries: outbox.entries.slice(1) }
  return changeFirst(outbox, (one) => ({ ...one, accepted: one.accepted + 1, state: 'pending', mayRepeat: false }))
}

/** The part that was being sent surely did not reach Telegram, or was refused. */
export function notSent(outbox: Outbox): Outbox {
  return changeFirst(outbox, (entry) => ({ ...entry, state: 'pending', parts: entry.accepted > 0 || entry.mayRepeat ? entry.parts : null }))
}

/** Nobody knows whether Telegram accepted the part that was being sent. An edit may be made twice: nobody sees the second. */
export function unknown(outbox: Outbox): Outbox {
  if (outbox.entries[0]?.content.type === 'edit') return notSent(outbox)
  return changeFirst(outbox, (entry) => ({ ...entry, state: 'pending', mayRepeat: true }))
}

/** Telegram asked to wait so long. */
export function waitFor(outbox: Outbox, ms: number, now: number): Outbox {
  return { ...outbox, notBefore: now + ms, askedAt: now }
}

/** As an earlier process left it: a request that it did not see the end of is unknown. stateLost: and what it held may have been told. */
export function recovered(outbox: Outbox, stateLost: boolean): Outbox {
  const resumed = outbox.entries[0]?.state === 'sending' ? unknown(outbox) : outbox
  return stateLost ? { ...resumed, entries: resumed.entries.map((entry) => ({ ...entry, stateLost: true })) } : resumed
}

function changeFirst(outbox: Outbox, change: (entry: Entry) => Entry): Outbox {
  return { ...outbox, entries: outbox.entries.map((entry, index) => (index === 0 ? change(entry) : entry)) }
}

function marked(entry: Entry, message: Message, language: Language): Message {
  if (entry.mayRepeat) return markRepeat(message, 'no-answer', language)
  return entry.stateLost && entry.content.type === 'news' ? markRepeat(message, 'state-lost', language) : message
}
