// Sends messages to one chat or topic. Takes a Message, gives an Outcome: every failure is sorted
// here, once, into what waiting mends and what a person must mend. With telegram-access
// the only file that knows Telegram.
import { Api, TelegramApiError, TelegramBotError, TimeoutError } from 'node-telegram-bot-api'
import { cleanDetail } from '../report/failure.js'
import type { Message } from '../report/message.js'
import { markTopic, refusedNotice } from '../report/notice.js'
import type { Language } from '../report/texts.js'
import { fetchAnswer, ProxyError } from './https.js'

export interface TelegramOptions {
  token: string
  /** numeric id, or @name of a public chat */
  chat: number | string
  /** the topic's message_thread_id; null sends to the chat itself */
  topic: number | null
  /** base URL of the Bot API server, already known to be a URL */
  apiRoot: string
  /** the one on the way to an https:// apiRoot */
  proxy?: URL | null
  /** bound on one request; Telegram answers within seconds, a longer wait leaves fewer unknown outcomes */
  timeoutMs: number
  /** of the sentences that are put in front of a message */
  language: Language
}

export type Outcome =
  /** movedTo: the chat that the configured one became */
  | { type: 'sent'; messageIds: number[]; notes: string[]; movedTo: number | null; chat: number | string; link: string | null }
  /** the message that was to be edited is gone, or cannot be edited any more */
  | { type: 'gone'; reason: string }
  /** Telegram takes its text in no form; a notice was sent in its place */
  | { type: 'refused'; reason: string }
  /** unknown: Telegram may have accepted it, so another try may repeat it */
  | { type: 'transient'; reason: string; retryAfterMs: number | null; unknown: boolean }
  | { type: 'permanent'; reason: string; remedy: string }

export type Failed = Exclude<Outcome, { type: 'sent' | 'refused' | 'gone' }>

/** Bot and chat as Telegram knows them. */
export interface Ready {
  type: 'ready'
  bot: string
  chat: string
  forum: boolean
}

export interface Telegram {
  /** silent: without a sound */
  send(message: Message, silent: boolean, signal: AbortSignal): Promise<Outcome>
  /** Replaces a message that was sent; nobody is notified. That it says so already is as good. */
  edit(message: Message, target: { chat: number | string; messageId: number }, signal: AbortSignal): Promise<Outcome>
  /** Asks for the bot and the chat; sends nothing. */
  check(signal: AbortSignal): Promise<Ready | Failed>
}

/** Changes of course for one message: moved chat, closed topic, plain text, and halves of halves. */
const MAX_TURNS = 12
/** The General topic has no thread to send to: it is the chat itself. */
export const GENERAL = 1
/** Causes of a request that surely never reached the server. */
const NEVER_SENT = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'])
/** Refusals that no other text would change: chat, rights, membership. ALL_CAPS texts are the server's own codes. */
const NOT_THE_TEXT = /chat not found|chat_id|rights|not a member|kicked|blocked|deactivated|was deleted|upgraded|initiate conversation|administrator|CHAT_|CHANNEL_|PEER_|USER_/i
/** Refusals of what stands below the text: BUTTON_URL_INVALID, "inline keyboard button URL '…' is invalid", REPLY_MARKUP_TOO_LONG. */
const ABOUT_BUTTONS = /BUTTON|KEYBOARD|REPLY.?MARKUP/i
/** Characters of a refused message that its notice quotes: its headline. */
const QUOTED = 60

/** A connection to the Bot API. A chat that moved is followed for as long as this lives. */
export function createTelegram({ token, chat, topic, apiRoot, proxy, timeoutMs, language }: TelegramOptions): Telegram {
  const api = apiOf({ token, apiRoot, proxy, timeoutMs })
  let currentChat = chat
  const failed = (error: unknown): Failed => sorted(error, token, timeoutMs)

  return {
    async send(message, silent, signal) {
      const messageIds: number[] = []
      const notes: string[] = []
      let thread = topic === GENERAL ? null : topic
      let plain = false
      let bare = false
      let movedTo: number | null = null
      let refused: string | null = null
      const waiting: Message[] = [message]
      // what is accepted is no change of course
      for (let [turn, next] = [0, waiting[0]]; next && turn < MAX_TURNS; next = waiting[0]) {
        try {
          const sent = await api.sendMessage(
            {
              chat_id: currentChat,
              text: plain ? next.text : next.html,
              link_preview_options: { is_disabled: true },
              ...(plain ? {} : { parse_mode: 'HTML' }),
              ...(thread === null ? {} : { message_thread_id: thread }),
              ...(silent ? { disable_notification: true } : {}),
              ...keyboard(bare ? [] : next.buttons),
            },
            signal,
          )
          messageIds.push(sent.message_id)
          waiting.shift()
        } catch (error) {
          turn += 1
          const answer = error instanceof TelegramApiError ? error : null
          const description = answer?.description ?? ''
          if (typeof answer?.migrateToChatId === 'number') {
            currentChat = movedTo = answer.migrateToChatId
            notes.push(`the chat moved: set TELEGRAM_CHAT_ID to ${currentChat}`)
          } else if (thread !== null && /message thread not found|TOPIC_CLOSED|TOPIC_DELETED/i.test(description)) {
            notes.push(`topic ${thread} is closed or deleted: sent to the chat; reopen it or correct TOPIC_SYSTEM_ID`)
            waiting[0] = markTopic(next, thread, language)
            thread = null
          } else if (!bare && next.buttons.length > 0 && ABOUT_BUTTONS.test(description)) {
            notes.push('Telegram refused the buttons: sent without them')
            bare = true
          } else if (/(message|text) is too long/i.test(description) && next.text.length > 1 && turn <= MAX_TURNS / 2) {
            notes.push('Telegram found it too long: sent in halves, as plain text')
            plain = true
            waiting.splice(0, 1, ...halves(next))
          } else if (answer?.errorCode === 400 && refused === null && !NOT_THE_TEXT.test(description)) {
            // whether it is the markup, the text or neither: the plain text and then a text of ours tell
            if (plain) {
              refused = cleanDetail(description)
              waiting.splice(0, Infinity, refusedNotice(next.text.slice(0, QUOTED), language))
            } else {
              notes.push('Telegram rejected the markup: sent as plain text')
              plain = true
            }
          } else {
            const outcome = failed(error)
            // a part of it was accepted, so another try repeats that
            return messageIds.length > 0 ? { type: 'transient', reason: outcome.reason, retryAfterMs: null, unknown: true } : outcome
          }
        }
      }
      if (waiting.length > 0) return { type: 'permanent', reason: 'Telegram refused the message in every form', remedy: 'please report this with the log' }
      if (refused !== null) return { type: 'refused', reason: refused }
      return { type: 'sent', messageIds, notes: [...new Set(notes)], movedTo, chat: currentChat, link: linkTo(currentChat, thread, messageIds[0]) }
    },

    async edit({ html, text, buttons }, { chat: in_, messageId }, signal) {
      const accepted: Outcome = { type: 'sent', messageIds: [messageId], notes: [], movedTo: null, chat: in_, link: null }
      // as a message that is sent: without its buttons, then without its markup, where Telegram refuses those
      const forms = [{ text: html, parse_mode: 'HTML', ...keyboard(buttons) }, { text: html, parse_mode: 'HTML' }, { text }]
      for (const [turn, form] of forms.entries()) {
        try {
          await api.editMessageText({ chat_id: in_, message_id: messageId, link_preview_options: { is_disabled: true }, ...form }, signal)
          return accepted
        } catch (error) {
          const refusal = error instanceof TelegramApiError && (error.errorCode === 400 || error.errorCode === 403) ? error : null
          const description = String(refusal?.description)
          if (refusal && /message is not modified/i.test(description)) return accepted
          if (turn < forms.length - 1 && (ABOUT_BUTTONS.test(description) || /can't parse entities/i.test(description))) continue
          // a chat that is not written to any more, or has its messages under other numbers, must not hold up the one that is
          const elsewhere = in_ !== currentChat || /upgraded/i.test(description)
          const final = refusal && (elsewhere || (refusal.errorCode === 400 && !NOT_THE_TEXT.test(description)))
          return final ? { type: 'gone', reason: cleanDetail(description) } : failed(error)
        }
      }
      return accepted
    },

    async check(signal) {
      try {
        const bot = await api.getMe(signal)
        const found = await api.getChat({ chat_id: currentChat }, signal)
        return { type: 'ready', bot: bot.username ?? String(bot.id), chat: found.title ?? found.username ?? String(found.id), forum: found.is_forum === true }
      } catch (error) {
        return failed(error)
      }
    },
  }
}

/** The library's connection, over our own fetch and without retries of its own. */
export function apiOf({ token, apiRoot, proxy = null, timeoutMs }: Pick<TelegramOptions, 'token' | 'apiRoot' | 'timeoutMs'> & { proxy?: URL | null | undefined }): Api {
  const fetched = (url: string, init: Parameters<typeof fetchAnswer>[1]): ReturnType<typeof fetchAnswer> => fetchAnswer(url, init, proxy)
  return new Api(token, { apiRoot, fetch: fetched as unknown as typeof fetch, maxRetries: 0, timeoutMs })
}

/** Sorts a failure of the Bot API into what waiting mends and what a person must mend. Its texts hold no token. */
export function sorted(error: unknown, token: string, timeoutMs: number): Failed {
  // a proxy may answer `{}`
  if (!(error instanceof TelegramApiError) || typeof error.errorCode !== 'number') {
    const ofProxy = causes(error).find((cause) => cause instanceof ProxyError)
    if (ofProxy) return { type: 'transient', reason: ofProxy.message, retryAfterMs: null, unknown: false }
    const code = causeCode(error)
    return { type: 'transient', reason: reasonOf(error, code, timeoutMs), retryAfterMs: null, unknown: code === null || !NEVER_SENT.has(code) }
  }
  const { errorCode, retryAfter } = error
  const description = String(error.description)
  // what is not Telegram may echo the address, and so the token
  const reason = cleanDetail(`${errorCode}: ${description}`.replaceAll(token, '[token]'))
  if (errorCode === 429) return { type: 'transient', reason, retryAfterMs: Math.max(1, Number(retryAfter) || 1) * 1000, unknown: false }
  if (errorCode >= 500) return { type: 'transient', reason, retryAfterMs: null, unknown: true }
  return { type: 'permanent', reason, remedy: remedyFor(errorCode, description) }
}

function reasonOf(error: unknown, code: string | null, timeoutMs: number): string {
  if (error instanceof TimeoutError) return `no answer from the Bot API within ${timeoutMs / 1000} s`
  return code === null ? 'no usable answer from the Bot API' : `the Bot API cannot be reached: ${code}`
}

function remedyFor(code: number, description: string): string {
  if (code === 401 || code === 404) return 'the bot token is wrong: copy it again from @BotFather into TELEGRAM_BOT_TOKEN or its file'
  if (/chat not found|deactivated|deleted/i.test(description)) return 'correct TELEGRAM_CHAT_ID and make the bot a member of that chat'
  if (/kicked|not a member/i.test(description)) return 'add the bot to the chat again'
  if (/blocked|initiate conversation/i.test(description)) return 'open the private chat with the bot and press Start'
  if (/not enough rights|CHAT_WRITE_FORBIDDEN|have no rights/i.test(description)) return 'allow the bot to send messages in the chat'
  return 'check TELEGRAM_CHAT_ID and TOPIC_SYSTEM_ID'
}

/** The system's error code behind a library error: nothing else of it is told, for it may hold the URL, and so the token. */
function causeCode(error: unknown): string | null {
  const codes = causes(error).flatMap((cause) => (cause instanceof TelegramBotError ? [] : [(cause as { code?: unknown }).code]))
  return codes.find((code) => typeof code === 'string') ?? null
}

function causes(error: unknown): Error[] {
  const chain: Error[] = []
  for (let at = error; at instanceof Error && chain.length < 4; at = at.cause) chain.push(at)
  return chain
}

/** A row for each button. */
function keyboard(buttons: Message['buttons']): { reply_markup?: { inline_keyboard: Message['buttons'][] } } {
  return buttons.length === 0 ? {} : { reply_markup: { inline_keyboard: buttons.map((button) => [button]) } }
}

/** Where a message of a supergroup can be opened by its members; null elsewhere (core.telegram.org/api/links). */
function linkTo(chat: number | string, thread: number | null, messageId: number | undefined): string | null {
  if (messageId === undefined) return null
  const where = typeof chat === 'string' ? chat.slice(1) : /^-100(\d+)$/.exec(String(chat))?.[1]
  if (where === undefined) return null
  return `https://t.me/${typeof chat === 'string' ? '' : 'c/'}${where}/${thread === null ? '' : `${thread}/`}${messageId}`
}

/** Two messages, cut at the line break nearest before the middle; the buttons stand below the second. */
function halves({ text, buttons }: Message): Message[] {
  const middle = Math.ceil(text.length / 2)
  const line = text.lastIndexOf('\n', middle)
  const cut = line > 0 ? line : middle
  const half = (part: string, its: Message['buttons']): Message => ({ html: part, text: part, buttons: its })
  return [half(text.slice(0, cut), []), half(text.slice(cut), buttons)]
}
