// Drains the outbox in order, one message in flight. Takes the outbox, gives its messages to send()
// until each is accepted. Before every request the state says so on disk, so that no crash can send
// a message again without its mark.
import { createBell } from '../bell.js'
import type { Message } from '../report/message.js'
import type { Language } from '../report/texts.js'
import { begin, done, type Entry, nextStep, notSent, type Outbox, type Render, type Step, unknown, waitFor } from './outbox.js'
import type { Failed, Outcome, Ready } from './telegram.js'

/** What happened to a message, for the log. */
export type RelayEvent =
  | { type: 'sent'; messageIds: number[]; notes: string[]; attempts: number }
  | { type: 'retry'; reason: string; waitMs: number; attempts: number }
  /** a person must act; told once per reason, retried slowly */
  | { type: 'failed'; reason: string; remedy: string; waitMs: number; attempts: number }
  /** Telegram takes it in no form: a notice went out instead */
  | { type: 'set-aside'; reason: string; message: Message }
  /** a message that should have been edited is gone, or cannot be edited any more */
  | { type: 'not-edited'; reason: string }

/** Where the outbox is kept. */
export interface OutboxStore {
  get(): Outbox
  change(transition: (outbox: Outbox) => Outbox): void
  /** Telegram accepted what was being sent. */
  accepted(outcome: Outcome & { type: 'sent' }): void
  /** The message that was to be edited is gone. */
  editRefused(): void
  /** Resolves when all changes are on disk, or their write has failed: a full disk does not stop the messages. */
  flush(): Promise<void>
}

export interface Relay {
  /** There is something new in the outbox. */
  wake(): void
  /** Sends until the signal aborts; then returns, however much is left. */
  run(signal: AbortSignal): Promise<void>
}

export interface RelayOptions {
  outbox: OutboxStore
  /** makes the messages of an entry */
  render: Render
  /** of the marks */
  language: Language
  /** Sends the message, or edits the one that the entry is for. Its request outlives the run's signal by a moment. */
  send(message: Message, content: Entry['content']): Promise<Outcome>
  /** Asks Telegram something that changes nothing. */
  probe(): Promise<Ready | Failed>
  /** Resolves after ms, or at once when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /** milliseconds since 1970 */
  now(): number
  random(): number
  /** the first wait after a failure; all others are multiples of it */
  paceMs: number
  /** what a check found waits for a random part of this, the same in all the life of a relay: many hosts check at the same minute */
  jitterMs?: number
  onEvent(event: RelayEvent): void
}

/** First wait and cap, in paces. */
const WAITS = {
  /** passes by itself: an outage of Telegram or of the network */
  transient: { first: 1, cap: 60 },
  /** the message may have been accepted: a repeat is worth a longer wait */
  unknown: { first: 30, cap: 900 },
  /** a person must act: rarely, but often enough to notice that it was done */
  permanent: { first: 900, cap: 21_600 },
}
type Kind = keyof typeof WAITS

export function createRelay({ outbox, render, language, send, probe, sleep, now, random, paceMs, jitterMs = 0, onEvent }: RelayOptions): Relay {
  const jitter = Math.round(jitterMs * random())
  const bell = createBell()
  let kind: Kind | null = null
  let inARow = 0
  let told: string | null = null

  /** Doubling from the first wait to the cap, with up to a quarter of jitter; each kind by itself. */
  function waitAfter(failed: Kind): number {
    inARow = failed === kind ? inARow + 1 : 1
    kind = failed
    const { first, cap } = WAITS[failed]
    return Math.round(paceMs * Math.min(cap, first * 2 ** Math.min(inARow - 1, 20)) * (1 + random() / 4))
  }

  /** How long what is next is still held back; an alarm behind it ends that. */
  function heldMs({ content, attempts, queuedAt }: Entry): number {
    const isOfCheck = content.type === 'news' || content.type === 'reminder'
    if (!isOfCheck || attempts > 0 || outbox.get().entries.some((entry) => entry.content.type === 'notice')) return 0
    // a time that lies ahead was written before the clock was set back
    return queuedAt > now() ? 0 : queuedAt + jitter - now()
  }

  async function failed(outcome: Failed, attempts: number, signal: AbortSignal): Promise<void> {
    if (outcome.type === 'transient' && outcome.retryAfterMs !== null) {
      const waitMs = outcome.retryAfterMs + Math.round(random() * 1_000)
      outbox.change((state) => waitFor(state, waitMs, now()))
      onEvent({ type: 'retry', reason: outcome.reason, waitMs, attempts })
      return
    }
    const waitMs = waitAfter(outcome.type === 'permanent' ? 'permanent' : outcome.unknown ? 'unknown' : 'transient')
    if (outcome.type === 'transient') onEvent({ type: 'retry', reason: outcome.reason, waitMs, attempts })
    else if (outcome.reason !== told) onEvent({ type: 'failed', reason: outcome.reason, remedy: outcome.remedy, waitMs, attempts })
    told = outcome.reason
    await sleep(waitMs, signal)
  }

  /** Before a repeat Telegram must have answered something else, so that an outage costs one repeat at most. */
  async function answers(entry: Entry, signal: AbortSignal): Promise<boolean> {
    const answer = await probe()
    if (answer.type === 'ready' || signal.aborted) return !signal.aborted
    await failed(answer.type === 'transient' ? { ...answer, unknown: false } : answer, entry.attempts, signal)
    return false
  }

  async function deliver({ entry, parts, message }: Step & { type: 'send' }, signal: AbortSignal): Promise<void> {
    if (entry.mayRepeat && !(await answers(entry, signal))) return
    outbox.change((state) => begin(state, now(), parts))
    await outbox.flush()
    if (signal.aborted) return outbox.change(notSent)
    const attempts = entry.attempts + 1
    const outcome = await send(message, entry.content)
    if (outcome.type === 'sent' || outcome.type === 'refused' || outcome.type === 'gone') {
      if (outcome.type === 'sent') outbox.accepted(outcome)
      else if (outcome.type === 'gone') outbox.editRefused()
      else outbox.change(done)
      kind = null
      told = null
      // what the log calls sent is on disk as sent
      await outbox.flush()
      if (outcome.type === 'refused') onEvent({ type: 'set-aside', reason: outcome.reason, message })
      else if (outcome.type === 'gone') onEvent({ type: 'not-edited', reason: outcome.reason })
      else onEvent({ type: 'sent', messageIds: outcome.messageIds, notes: outcome.notes, attempts })
      return
    }
    // cut off by the end of the program: it stays `sending`
    if (signal.aborted && outcome.type === 'transient' && outcome.unknown) return
    outbox.change(outcome.type === 'transient' && outcome.unknown ? unknown : notSent)
    await failed(outcome, attempts, signal)
  }

  return {
    wake: bell.ring,
    async run(signal) {
      while (!signal.aborted) {
        const step = nextStep(outbox.get(), now(), paceMs, render, language)
        const held = step.type === 'send' ? heldMs(step.entry) : 0
        if (held > 0) await bell.wait(held, signal)
        else if (step.type === 'send') await deliver(step, signal)
        else if (step.type === 'drop') outbox.change(done)
        else await bell.wait(step.type === 'wait' ? step.ms : Infinity, signal)
      }
      await outbox.flush()
    },
  }
}
