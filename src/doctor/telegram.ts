// Bot, chat, topic, rights: all that sending depends on, without sending.
import type { Config } from '../config.js'
import { type Asked, askAccess } from '../delivery/telegram-access.js'
import type { Failed } from '../delivery/telegram.js'
import { type Check, fault, ok, unseen, warning } from './check.js'

const NEEDED = ['TELEGRAM_BOT_TOKEN', 'TELEGRAM_CHAT_ID', 'TELEGRAM_API_URL'] as const

/** timeoutMs: bound on each of four questions. */
export async function telegramChecks({ telegram }: Config, broken: ReadonlySet<string>, timeoutMs: number, signal: AbortSignal): Promise<Check[]> {
  const lacking = NEEDED.filter((name) => broken.has(name))
  if (lacking.length > 0) return ['bot', 'chat', 'topic', 'rights'].map((name) => unseen(name, `correct ${lacking.join(' and ')}`))
  const { bot, chat, topic, rights } = await askAccess({ ...telegram, timeoutMs }, signal)
  const bad = (name: string, { reason, ...rest }: Failed): Check => fault(name, reason, 'remedy' in rest ? rest.remedy : `look at this machine's way to ${telegram.apiRoot}: name, firewall, proxy`)
  const told = <T>(name: string, asked: Asked<T> | null, first: string, say: (value: T) => Check): Check =>
    asked === null ? unseen(name, first) : asked.type === 'known' ? say(asked.value) : bad(name, asked)

  const forum = chat?.type === 'known' && chat.value.forum
  return [
    told('bot', bot, '', ({ username }) => ok('bot', `@${username}`)),
    told('chat', chat, 'mend the bot', ({ title }) => ok('chat', `${title} (${telegram.chat})`)),
    told('topic', topic, 'mend bot and chat', ({ movedTo }) => {
      if (movedTo !== null) return warning('topic', `the chat moved to ${movedTo}`, `set TELEGRAM_CHAT_ID to ${movedTo}`)
      if (telegram.topic === null) return ok('topic', 'none is set: messages go to the chat itself')
      return forum ? ok('topic', `${telegram.topic}, which took a typing action`) : fault('topic', `TOPIC_SYSTEM_ID is ${telegram.topic}, but the chat has no topics`, 'turn topics on in the group, or leave TOPIC_SYSTEM_ID out')
    }),
    told('rights', rights, 'mend bot and chat', ({ status, mayWrite }) => {
      const as = status === 'private' ? 'it is a private chat' : `the bot is ${status} of the chat`
      return mayWrite ? ok('rights', `${as}, and may write`) : fault('rights', `${as}, and may not write`, 'add the bot to the chat, and allow it to send messages (in a channel: to post)')
    }),
  ]
}
