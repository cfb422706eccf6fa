// The persisted queue of what Telegram has not accepted yet, as a pure reducer: every transition takes
// an Outbox and gives the next. Its first entry is the only one under way; nothing overtakes it.
import * as z from 'zod'
import { joinNews, News } from '../report/announce.js'
import { contentOf, type Format, Message, partsOf, type Style } from '../report/message.js'
import { markLate, markRepeat } from '../report/notice.js'
import type { Update } from '../report/update.js'

const time = z.int().min(0)

/** One thing to tell, in as many messages as it takes. */
export const Entry = z
  .object({
    /** milliseconds since 1970 */
    queuedAt: time,
    content: z.discriminatedUnion('type', [z.object({ type: z.literal('news'), news: News }), z.object({ type: z.literal('notice'), message: Message })]),
    /** it may have been told before the state was lost */
    stateLost: z.boolean(),
    /** its messages, fixed once Telegram may have accepted one of them; before that they may still change */
    parts: z.array(Message).min(1).nullable(),
    /** how many of them Telegram has accepted */
    accepted: z.int().min(0),
    /** sending: a request for the next part was made, and how it ended is not known here */
    state: z.enum(['pending', 'sending']),
    /** Telegram may have accepted the next part: it is sent marked */
    mayRepeat: z.boolean(),
    attempts: z.int().min(0),
  })
  .refine(({ parts, accepted }) => accepted < (parts?.length ?? 1))
export type Entry = z.infer<typeof Entry>

/** Plain data, for the state file. */
export const Outbox = z.object({
  entries: z.array(Entry),
  /** Telegram asked to wait until then, milliseconds since 1970 */
  notBefore: time,
  /** when the last messages were sent, oldest first, milliseconds since 1970 */
  sends: z.array(time),
})
export type Outbox = z.infer<typeof Outbox>

/** What is to be done now. */
export type Step =
  | { type: 'idle' }
  | { type: 'wait'; ms: number }
  | { type: 'send'; entry: Entry; message: Message }

/** Telegram's limit for a group (core.telegram.org/bots/faq). */
const PER_MINUTE = { messages: 20, ms: 60_000 }
/** Telegram's limit for a chat: about one a second. */
const APART_MS = 1_000
/** Longer waits were never seen (10,072 s is the longest reported); more is a clock that was set back. */
const MAX_WAIT_MS = 86_400_000
/** A message that waited longer says when it was found. */
const LATE_MS = 3_600_000

export const emptyOutbox: Outbox = { entries: [], notBefore: 0, sends: [] }

/**
 * Adds news at the end; what waits there and was surely never accepted becomes one entry with it.
 * replaced: the updates of that entry that gave way to newer ones, and so are not told.
 */
export function enqueueNews(outbox: Outbox, news: News, now: number, stateLost: boolean): { outbox: Outbox; replaced: Update[] } {
  if (news.updates.length + news.failedChecks.length === 0) return { outbox, replaced: [] }
  const last = outbox.entries.at(-1)
  if (last?.content.type === 'news' && last.state === 'pending' && last.parts === null) {
    const { news: joined, replaced } = joinNews(last.content.news, news)
    const entry: Entry = { ...last, content: { type: 'news', news: joined }, stateLost: last.stateLost || stateLost }
    return { outbox: { ...outbox, entries: [...outbox.entries.slice(0, -1), entry] }, replaced }
  }
  return { outbox: enqueue(outbox, { type: 'news', news }, now, stateLost), replaced: [] }
}

/** Adds one message at the end. */
export function enqueueNotice(outbox: Outbox, message: Message, now: number): Outbox {
  return enqueue(outbox, { type: 'notice', message }, now, false)
}

function enqueue(outbox: Outbox, content: Entry['content'], now: number, stateLost: boolean): Outbox {
  return { ...outbox, entries: [...outbox.entries, { queuedAt: now, content, stateLost, parts: null, accepted: 0, state: 'pending', mayRepeat: false, attempts: 0 }] }
}

/** The next step at this time. apartMs: the least time between two messages, at most a second. style: how they are written. */
export function nextStep(outbox: Outbox, now: number, apartMs: number, style: Style): Step {
  const [entry] = outbox.entries
  if (!entry) return { type: 'idle' }
  // a time that lies ahead was written before the clock was set back
  const sends = outbox.sends.filter((at) => at <= now)
  const oldest = sends.at(-PER_MINUTE.messages)
  const told = outbox.notBefore - now > MAX_WAIT_MS ? 0 : outbox.notBefore
  const from = Math.max(told, oldest === undefined ? 0 : oldest + PER_MINUTE.ms, (sends.at(-1) ?? 0) + Math.min(apartMs, APART_MS))
  if (from > now) return { type: 'wait', ms: from - now }
  return { type: 'send', entry, message: messageOf(entry, messagesOf(entry, { ...style, now }), style) }
}

/** A request for the next part is about to be made. */
export function begin(outbox: Outbox, now: number, style: Style): Outbox {
  const sends = [...outbox.sends, now].slice(-PER_MINUTE.messages)
  return { ...changeFirst(outbox, (entry) => ({ ...entry, parts: messagesOf(entry, { ...style, now }), state: 'sending', attempts: entry.attempts + 1 })), sends }
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

/** Nobody knows whether Telegram accepted the part that was being sent. */
export function unknown(outbox: Outbox): Outbox {
  return changeFirst(outbox, (entry) => ({ ...entry, state: 'pending', mayRepeat: true }))
}

/** Telegram asked to wait until then. */
export function waitUntil(outbox: Outbox, until: number): Outbox {
  return { ...outbox, notBefore: until }
}

/** As an earlier process left it: a request that it did not see the end of is unknown. stateLost: and what it held may have been told. */
export function recovered(outbox: Outbox, stateLost: boolean): Outbox {
  const resumed = outbox.entries[0]?.state === 'sending' ? unknown(outbox) : outbox
  return stateLost ? { ...resumed, entries: resumed.entries.map((entry) => ({ ...entry, stateLost: true })) } : resumed
}

function changeFirst(outbox: Outbox, change: (entry: Entry) => Entry): Outbox {
  return { ...outbox, entries: outbox.entries.map((entry, index) => (index === 0 ? change(entry) : entry)) }
}

function messagesOf({ parts, content, queuedAt }: Entry, format: Format): Message[] {
  if (parts) return parts
  if (content.type === 'notice') return [content.message]
  const isLate = format.now - queuedAt >= LATE_MS
  return partsOf(contentOf(content.news), format).map(({ message }, index) => (isLate && index === 0 ? markLate(message, queuedAt, format) : message))
}

function messageOf(entry: Entry, parts: readonly Message[], { language }: Style): Message {
  const part = parts[entry.accepted] as Message
  if (entry.mayRepeat) return markRepeat(part, 'no-answer', language)
  return entry.stateLost && entry.content.type === 'news' ? markRepeat(part, 'state-lost', language) : part
}
