// Drains the queue of messages in order, one in flight. Takes Messages, gives them to send() until
// each is accepted. The queue is in memory here; its place is the state file's outbox.
import { createBell } from '../bell.js'
import type { Message } from '../report/message.js'
import type { Outcome } from './telegram.js'

/** What happened to a message, for the log. */
export type RelayEvent =
  | { type: 'sent'; messageIds: number[]; notes: string[]; attempts: number }
  | { type: 'retry'; reason: string; waitMs: number; attempts: number }
  /** a person must act; told once per reason, retried slowly */
  | { type: 'failed'; reason: string; remedy: string; waitMs: number; attempts: number }

export interface Relay {
  enqueue(messages: readonly Message[]): void
  /** Sends until the signal aborts; then returns, however much is left. */
  run(signal: AbortSignal): Promise<void>
  waiting(): number
}

interface RelayOptions {
  send(message: Message, signal: AbortSignal): Promise<Outcome>
  /** Resolves after ms, or at once when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  random(): number
  onEvent(event: RelayEvent): void
}

/** First wait and cap for what passes by itself: an outage of Telegram or of the network. */
const TRANSIENT_MS = { first: 1_000, cap: 60_000 }
/** For what a person must mend: rarely, but often enough to notice that it was mended. */
const PERMANENT_MS = { first: 15 * 60_000, cap: 6 * 3_600_000 }

export function createRelay({ send, sleep, random, onEvent }: RelayOptions): Relay {
  const queue: Message[] = []
  const bell = createBell()

  async function deliver(message: Message, signal: AbortSignal): Promise<void> {
    let told: string | null = null
    let kind: Outcome['type'] = 'sent'
    let inARow = 0
    for (let attempts = 1; !signal.aborted; attempts += 1) {
      const outcome = await send(message, signal)
      if (outcome.type === 'sent') {
        queue.shift()
        onEvent({ type: 'sent', messageIds: outcome.messageIds, notes: outcome.notes, attempts })
        return
      }
      if (signal.aborted) return
      // each kind backs off by itself; a told wait is no failure
      if (outcome.type === 'permanent' || outcome.retryAfterMs === null) {
        inARow = outcome.type === kind ? inARow + 1 : 1
        kind = outcome.type
      }
      const waitMs = waitFor(outcome, inARow, random())
      if (outcome.type === 'transient') onEvent({ type: 'retry', reason: outcome.reason, waitMs, attempts })
      else if (outcome.reason !== told) onEvent({ type: 'failed', reason: outcome.reason, remedy: outcome.remedy, waitMs, attempts })
      told = outcome.reason
      await sleep(waitMs, signal)
    }
  }

  return {
    enqueue(messages) {
      queue.push(...messages)
      bell.ring()
    },
    async run(signal) {
      while (!signal.aborted) {
        const [next] = queue
        if (next) await deliver(next, signal)
        else await bell.wait(Infinity, signal)
      }
    },
    waiting: () => queue.length,
  }
}

/** Doubling from the first wait to the cap, with up to a quarter of jitter; a told wait is obeyed. */
function waitFor(outcome: Exclude<Outcome, { type: 'sent' }>, inARow: number, random: number): number {
  if (outcome.type === 'transient' && outcome.retryAfterMs !== null) return outcome.retryAfterMs + Math.round(random * 1_000)
  const { first, cap } = outcome.type === 'transient' ? TRANSIENT_MS : PERMANENT_MS
  return Math.round(Math.min(cap, first * 2 ** Math.min(inARow - 1, 20)) * (1 + random / 4))
}
