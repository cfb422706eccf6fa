// Asks Telegram all that sending depends on, without sending: the bot, the chat, the topic, the bot's rights. Each answer
// is a value. For the doctor.
import { TelegramApiError } from 'node-telegram-bot-api'
import { apiOf, type Failed, GENERAL, sorted, type TelegramOptions } from './telegram.js'

/** An answer, or why there is none. */
export type Asked<T> = { type: 'known'; value: T } | Failed

export interface Access {
  bot: Asked<{ username: string }>
  /** null: not asked, for what it depends on is not known. movedTo: the chat that the configured one became. */
  chat: Asked<{ title: string; forum: boolean }> | null
  topic: Asked<{ movedTo: number | null }> | null
  /** status: Telegram's word for the membership of the bot */
  rights: Asked<{ status: string; mayWrite: boolean }> | null
}

/** Asks one after the other, each within timeoutMs; chat null: of the bot alone. A typing action in the topic is all that anyone can see of it. */
export async function askAccess({ token, chat, topic, apiRoot, proxy, timeoutMs }: Omit<TelegramOptions, 'language' | 'chat'> & { chat: TelegramOptions['chat'] | null }, signal: AbortSignal): Promise<Access> {
  const api = apiOf({ token, apiRoot, proxy, timeoutMs })
  const ask = async <T>(call: () => Promise<T>): Promise<Asked<T>> => {
    try {
      return { type: 'known', value: await call() }
    } catch (error) {
      return sorted(error, token, timeoutMs)
    }
  }
  const thread = topic === GENERAL ? null : topic

  const bot = await ask(() => api.getMe(signal))
  if (bot.type !== 'known') return { bot, chat: null, topic: null, rights: null }
  const known: Access['bot'] = { type: 'known', value: { username: bot.value.username ?? String(bot.value.id) } }
  if (chat === null) return { bot: known, chat: null, topic: null, rights: null }
  const found = await ask(() => api.getChat({ chat_id: chat }, signal))
  if (found.type !== 'known') return { bot: known, chat: found, topic: null, rights: null }
  const { title, username, id, is_forum, type, permissions } = found.value

  const typed = await ask(async () => {
    try {
      await api.sendChatAction({ chat_id: chat, action: 'typing', ...(thread === null ? {} : { message_thread_id: thread }) }, signal)
      return { movedTo: null }
    } catch (error) {
      if (error instanceof TelegramApiError && typeof error.migrateToChatId === 'number') return { movedTo: error.migrateToChatId }
      throw error
    }
  })
  const rights = await ask(async () => {
    // a private chat has no members but the two
    if (type === 'private') return { status: 'private', mayWrite: true }
    const moved = typed.type === 'known' ? typed.value.movedTo : null
    const member = await api.getChatMember({ chat_id: moved ?? chat, user_id: bot.value.id }, signal)
    return { status: member.status, mayWrite: mayWrite(member, type === 'channel', permissions?.can_send_messages !== false) }
  })
  return { bot: known, chat: { type: 'known', value: { title: title ?? username ?? String(id), forum: is_forum === true } }, topic: typed, rights }
}

/** core.telegram.org/bots/api#chatmember */
function mayWrite(member: { status: string; can_post_messages?: boolean; can_send_messages?: boolean; is_member?: boolean }, isChannel: boolean, mayAll: boolean): boolean {
  switch (member.status) {
    case 'creator':
      return true
    case 'administrator':
      return !isChannel || member.can_post_messages === true
    case 'member':
      return !isChannel && mayAll
    case 'restricted':
      return member.is_member !== false && member.can_send_messages === true
    default:
      return false
  }
}
