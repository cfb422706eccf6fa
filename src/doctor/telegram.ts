// Bot, chat, topic, rights: all that sending depends on, without sending.
import type { Config } from '../config.js'
import { type Asked, askAccess } from '../delivery/telegram-access.js'
import type { Failed } from '../delivery/telegram.js'
import { type Check, fault, ok, unseen, warning } from './check.js'

const NEEDED = ['TELEGRAM_BOT_TOKEN', 'TELEGRAM_API_URL'] as const

/** timeoutMs: bound on each of four questions. */
export async function telegramChecks({ telegram }: Config, broken: ReadonlySet<string>, timeoutMs: number, signal: AbortSignal): Promise<Check[]> {
  const lacking = NEEDED.filter((name) => broken.has(name))
  if (lacking.length > 0) return ['bot', 'chat', 'topic', 'rights'].map((name) => unseen(name, `correct ${lacking.join(' and ')}`))
  const isChatBroken = broken.has('TELEGRAM_CHAT_ID')
  const { bot, chat, topic, rights } = await askAccess({ ...telegram, chat: isChatBroken ? null : telegram.chat, timeoutMs }, signal)
  const first = isChatBroken ? 'correct TELEGRAM_CHAT_ID' : bot.type === 'known' ? 'mend the chat' : 'mend the bot'
  const bad = (name: string, failed: Failed): Check => {
    if (failed.type === 'permanent') return fault(name, failed.reason, failed.remedy)
    if (failed.retryAfterMs !== null) return warning(name, failed.reason, `run the doctor again in ${Math.ceil(failed.retryAfterMs / 1000)} s`)
    return fault(name, failed.reason, `look at this machine's way to ${telegram.apiRoot}: name, firewall, proxy`)
  }
  const told = <T>(name: string, asked: Asked<T> | null, say: (value: T) => Check, failed = bad): Check =>
    asked === null ? unseen(name, first) : asked.type === 'known' ? say(asked.value) : failed(name, asked)
  const badTopic = (name: string, failed: Failed): Check =>
    failed.type === 'transient' || telegram.topic === null ? bad(name, failed) : fault(name, `${telegram.topic}: ${failed.reason}`, 'reopen it, or set TOPIC_SYSTEM_ID to the number in the middle of the link of a message in the topic')

  const forum = chat?.type === 'known' && chat.value.forum
  return [
    told('bot', bot, ({ username }) => ok('bot', `@${username}`)),
    told('chat', chat, ({ title }) => ok('chat', `${title} (${telegram.chat})`)),
    told('topic', topic, ({ movedTo }) => {
      if (movedTo !== null) return warning('topic', `the chat moved to ${movedTo}`, `set TELEGRAM_CHAT_ID to ${movedTo}`)
      if (broken.has('TOPIC_SYSTEM_ID')) return unseen('topic', 'correct TOPIC_SYSTEM_ID')
      if (telegram.topic === null) return ok('topic', 'none is set: messages go to the chat itself')
      return forum ? ok('topic', `${telegram.topic}, which took a typing action`) : fault('topic', `TOPIC_SYSTEM_ID is ${telegram.topic}, but the chat has no topics`, 'turn topics on in the group, or leave TOPIC_SYSTEM_ID out')
    }, badTopic),
    told('rights', rights, ({ status, mayWrite }) => {
      const as = status === 'private' ? 'a private chat' : `the bot's membership: ${status}`
      return mayWrite ? ok('rights', `${as}; it may write`) : fault('rights', `${as}; it may not write`, 'add the bot to the chat, and allow it to send messages (in a channel: to post)')
    }),
  ]
}
