// The independent counter: reads at the fake Bot API what Telegram accepted, and nothing of the program.
import type { Test } from 'tap'
import type { BotApi, SentMessage } from '../fakes/bot-api.js'

/** Begins a message that Telegram may have accepted before. */
export const REPEAT_MARK = '↻ Possible repeat'

export interface Count {
  injected: number
  /** in no accepted message */
  lost: string[]
  /** in more than one accepted message, one of the later ones unmarked */
  repeatedUnmarked: string[]
  /** in more than one accepted message, the later ones marked */
  repeatedMarked: string[]
  messages: number
}

/** A name that no other update has; used as the repository of its image. */
export const updateName = (n: number): string => `app-${String(n).padStart(5, '0')}`

/** Watchtower's message for an update that only the log knows. */
export function foundLine(name: string, n = 1): string {
  return `Found new ${name}:1 image (${n.toString(16).padStart(12, '0')})`
}

/** Counts in how many accepted messages each injected name stands. */
export function count(bot: BotApi, injected: Iterable<string>): Count {
  const result: Count = { injected: 0, lost: [], repeatedUnmarked: [], repeatedMarked: [], messages: bot.messages.length }
  const mentions = new Map<string, SentMessage[]>()
  for (const message of bot.messages) {
    for (const name of new Set(message.versions[0]?.text.match(/\bapp-\d{5}\b/g))) mentions.set(name, [...(mentions.get(name) ?? []), message])
  }
  for (const name of injected) {
    result.injected += 1
    const [first, ...later] = mentions.get(name) ?? []
    if (!first) result.lost.push(name)
    else if (later.length > 0) (later.every(({ text }) => text.startsWith(REPEAT_MARK)) ? result.repeatedMarked : result.repeatedUnmarked).push(name)
  }
  return result
}

/** The count in one line, for the table. */
export function told({ injected, lost, repeatedUnmarked, repeatedMarked, messages }: Count): string {
  const repeats = repeatedUnmarked.length + repeatedMarked.length === 0 ? 'none repeated' : `${repeatedMarked.length} repeated and marked, ${repeatedUnmarked.length} unmarked`
  return `${injected - lost.length} of ${injected} updates told in ${messages} messages, ${repeats}`
}

/** Fails the test unless everything was told, and nothing twice but marked where the row says that it may repeat. */
export function invariant(t: Test, bot: BotApi, injected: Iterable<string>, { mayRepeat = false } = {}): string {
  const seen = count(bot, injected)
  t.same(seen.lost, [], 'nothing is lost')
  t.same(seen.repeatedUnmarked, [], 'nothing is said twice unmarked')
  if (!mayRepeat) t.same(seen.repeatedMarked, [], 'nothing is said twice')
  return told(seen)
}
