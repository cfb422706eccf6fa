// The fake Telegram's own behaviour, without HTTP: a method and its parameters in, the answer Telegram would give out.
// Error texts follow tdlib/telegram-bot-api; what the real server forgives (unknown parameters, loose numbers) is refused here.
import { cleanText, parseTelegramHtml } from './telegram-html.js'

/** A chat the bot is in. Tests may change it at any time (close a topic, migrate the chat). */
export interface FakeChat {
  id: number
  username?: string
  title?: string
  is_forum?: boolean
  /** message_thread_ids that exist; General (1) is none of them, as on the real server */
  topics?: number[]
  closedTopics?: number[]
  /** of a chat with a negative id; default a group or supergroup, by the id */
  type?: 'channel'
  /** set: every send and action is refused with parameters.migrate_to_chat_id */
  migratedTo?: number
  /** the bot's membership as getChatMember tells it; default a member */
  member?: { status: string; [right: string]: unknown }
  /** what members may do, as getChat tells it */
  permissions?: Record<string, boolean>
}

/** One message Telegram accepted. `html` and `text` are what the chat shows now; `versions` starts with what was sent first. */
export interface SentMessage {
  message_id: number
  chat_id: number
  message_thread_id: number | null
  /** the text parameter, raw */
  html: string
  /** what a person sees */
  text: string
  params: Readonly<Record<string, string>>
  /** link buttons, row by row */
  buttons: readonly { text: string; url: string }[]
  versions: { html: string; text: string }[]
}

/** One Bot API answer. */
export interface ApiAnswer {
  status: number
  body: Record<string, unknown>
}

type Params = Readonly<Record<string, string>>
type Check = (value: string) => boolean

class Refusal extends Error {
  readonly parameters: Record<string, unknown> | undefined
  constructor(description: string, parameters?: Record<string, unknown>) {
    super(`Bad Request: ${description}`)
    this.parameters = parameters
  }
}

const text: Check = () => true
const integer: Check = (value) => /^-?\d{1,16}$/.test(value)
const boolean: Check = (value) => value === 'true' || value === 'false'
const chat: Check = (value) => integer(value) || /^@\w{4,}$/.test(value)
const action: Check = (value) => ['typing', 'upload_document', 'choose_sticker', 'find_location'].includes(value)
const json = (...keys: string[]): Check => (value) => {
  try {
    const parsed: unknown = JSON.parse(value)
    if (typeof parsed !== 'object' || parsed === null) return false
    return keys.length === 0 || Object.keys(parsed).every((key) => keys.includes(key))
  } catch {
    return false
  }
}
const linkPreview = json('is_disabled', 'url', 'prefer_small_media', 'prefer_large_media', 'show_above_text')
const reply = json('message_id', 'chat_id', 'allow_sending_without_reply', 'quote', 'quote_parse_mode', 'quote_entities', 'quote_position')

const PARAMETERS = new Map<string, ReadonlyMap<string, Check>>(Object.entries({
  getMe: {},
  getChat: { chat_id: chat },
  sendMessage: {
    chat_id: chat, message_thread_id: integer, text, parse_mode: text, entities: json(), link_preview_options: linkPreview,
    disable_notification: boolean, protect_content: boolean, reply_parameters: reply, reply_markup: json(),
  },
  editMessageText: {
    chat_id: chat, message_id: integer, text, parse_mode: text, entities: json(), link_preview_options: linkPreview,
    reply_markup: json(),
  },
  getChatMember: { chat_id: chat, user_id: integer },
  sendChatAction: { chat_id: chat, message_thread_id: integer, action },
} satisfies Record<string, Record<string, Check>>).map(([method, checks]) => [method, new Map<string, Check>(Object.entries(checks))]))

/** A Telegram that knows these chats; `perform` answers one call and records what it accepts in `messages`. */
export function createTelegram(botId: number, chats: FakeChat[]) {
  const messages: SentMessage[] = []
  const bot = { id: botId, is_bot: true, first_name: 'Made-up bot', username: 'made_up_test_bot', can_join_groups: true }

  function perform(method: string, params: Params): ApiAnswer {
    const checks = PARAMETERS.get(method)
    if (!checks) return failure(404, 'Not Found: method not found')
    try {
      for (const [name, value] of Object.entries(params)) {
        const check = checks.get(name)
        if (!check) throw new Refusal(`unknown parameter "${name}" of ${method}`)
        if (!check(value)) throw new Refusal(`parameter "${name}" of ${method} is invalid`)
      }
      return { status: 200, body: { ok: true, result: result(method, params) } }
    } catch (error) {
      if (error instanceof Refusal) return failure(400, error.message, error.parameters)
      throw error
    }
  }

  function result(method: string, params: Params): unknown {
    switch (method) {
      case 'getMe': return bot
      case 'getChat': return describe(findChat(params))
      case 'sendMessage': return send(params)
      case 'editMessageText': return edit(params)
      case 'getChatMember': return member(params)
      default: return act(params)
    }
  }

  /** Only the bot itself: a bot that is no administrator learns of no other, and this program asks for none. */
  function member(params: Params): unknown {
    const target = findChat(params)
    if (params.user_id !== String(botId)) throw new Refusal('member not found')
    return { ...(target.member ?? { status: 'member' }), user: bot }
  }

  function act(params: Params): true {
    const target = findChat(params)
    refuseMigrated(target)
    findThread(target, params)
    if (params.action === undefined) throw new Refusal('wrong parameter action in request')
    return true
  }

  function refuseMigrated({ migratedTo }: FakeChat): void {
    if (migratedTo !== undefined) throw new Refusal('group chat was upgraded to a supergroup chat', { migrate_to_chat_id: migratedTo })
  }

  function send(params: Params): unknown {
    const visible = parseText(params)
    const target = findChat(params)
    refuseMigrated(target)
    const thread = findThread(target, params)
    checkReply(target, params)
    const buttons = parseButtons(params)
    const html = params.text ?? ''
    const message: SentMessage = {
      message_id: messages.length + 101, chat_id: target.id, message_thread_id: thread, html, text: visible, params, buttons,
      versions: [{ html, text: visible }],
    }
    messages.push(message)
    return answerFor(message, target)
  }

  function edit(params: Params): unknown {
    const visible = parseText(params)
    const target = findChat(params)
    const message = messages.find((one) => one.chat_id === target.id && String(one.message_id) === params.message_id)
    if (!message) throw new Refusal('message to edit not found')
    const buttons = parseButtons(params)
    const html = params.text ?? ''
    if (html === message.html && params.reply_markup === message.params.reply_markup) {
      throw new Refusal('message is not modified: specified new message content and reply markup are exactly the same'
        + ' as a current content and reply markup of the message')
    }
    Object.assign(message, { html, text: visible, params, buttons })
    message.versions.push({ html, text: visible })
    return { ...answerFor(message, target), edit_date: seconds() }
  }

  function findChat(params: Params): FakeChat {
    const wanted = params.chat_id ?? ''
    if (wanted === '') throw new Refusal('chat_id is empty')
    const name = wanted.slice(1).toLowerCase()
    const found = wanted.startsWith('@')
      ? chats.find((one) => one.username?.toLowerCase() === name)
      : chats.find((one) => String(one.id) === wanted)
    if (!found) throw new Refusal('chat not found')
    return found
  }

  function checkReply(target: FakeChat, params: Params): void {
    if (params.reply_parameters === undefined) return
    const wanted = JSON.parse(params.reply_parameters) as { message_id?: number; allow_sending_without_reply?: boolean }
    const found = messages.some((one) => one.chat_id === target.id && one.message_id === wanted.message_id)
    if (!found && !wanted.allow_sending_without_reply) throw new Refusal('message to be replied not found')
  }

  function answerFor(message: SentMessage, target: FakeChat) {
    const topic = message.message_thread_id === null
      ? {} : { message_thread_id: message.message_thread_id, is_topic_message: true }
    return { message_id: message.message_id, from: bot, chat: describe(target), date: seconds(), text: message.text, ...topic }
  }

  return { messages, perform }
}

/** An error body as Telegram writes it. */
export function failure(status: number, description: string, parameters?: Record<string, unknown>): ApiAnswer {
  return { status, body: { ok: false, error_code: status, description, ...(parameters && { parameters }) } }
}

function parseText(params: Params): string {
  const raw = params.text ?? ''
  if (Buffer.byteLength(raw) > 32768) throw new Refusal('text is too long')
  const mode = (params.parse_mode ?? '').toLowerCase()
  if (mode !== '' && mode !== 'html') throw new Refusal('unsupported parse_mode')
  const parsed = mode === 'html' ? parseTelegramHtml(raw) : { type: 'text' as const, text: raw }
  if (parsed.type === 'error') throw new Refusal(`can't parse entities: ${parsed.error}`)
  const visible = cleanText(parsed.text)
  if (visible === '') throw new Refusal('message text is empty')
  // tdlib counts Unicode code points, not UTF-16 units
  if ([...visible].length > 4096) throw new Refusal('message is too long')
  return visible
}

/** Link buttons only; every other kind would do something, and is refused here. */
function parseButtons(params: Params): { text: string; url: string }[] {
  const rows = (JSON.parse(params.reply_markup ?? '{"inline_keyboard":[]}') as { inline_keyboard?: { text?: unknown; url?: unknown }[][] }).inline_keyboard
  if (!Array.isArray(rows)) throw new Refusal('object expected as reply markup')
  return rows.flat().map(({ text: label, url, ...more }) => {
    if (typeof label !== 'string' || label.trim() === '' || Object.keys(more).length > 0) throw new Refusal("can't parse inline keyboard button: only text and url are taken here")
    if (typeof url !== 'string' || !/^(https?|tg):\/\/[^\s.]+(\.[^\s]+|\?)/.test(url)) throw new Refusal('BUTTON_URL_INVALID')
    return { text: label, url }
  })
}

function findThread(target: FakeChat, params: Params): number | null {
  if (params.message_thread_id === undefined) return null
  const thread = Number(params.message_thread_id)
  if (target.closedTopics?.includes(thread)) throw new Refusal('TOPIC_CLOSED')
  if (!target.is_forum || !target.topics?.includes(thread)) throw new Refusal('message thread not found')
  return thread
}

function describe(target: FakeChat): Record<string, unknown> {
  const type = target.type ?? (target.id > 0 ? 'private' : target.is_forum || target.id < -1e12 ? 'supergroup' : 'group')
  const name = target.username === undefined ? {} : { username: target.username }
  return { id: target.id, type, title: target.title ?? 'Made-up chat', ...name, ...(target.is_forum && { is_forum: true }), ...(target.permissions && { permissions: target.permissions }) }
}

function seconds(): number {
  return Math.floor(Date.now() / 1000)
}
