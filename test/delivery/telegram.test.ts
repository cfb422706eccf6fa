import { createServer } from 'node:net'
import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import { createTelegram } from '../../src/delivery/telegram.js'
import { type BotApi, createBotApi } from '../fakes/bot-api.js'

const CHAT = -1001234567890
const TOPIC = 7
const message = { html: 'a <b>message</b> &amp; more', text: 'a message & more', buttons: [] }
const never = new AbortController().signal

async function world(t: Test, options: { topic?: number | null; token?: string; timeoutMs?: number; language?: 'en' | 'fr' } = {}) {
  const bot = await createBotApi({ chats: [{ id: CHAT, title: 'Home', is_forum: true, topics: [TOPIC], closedTopics: [] }] })
  t.teardown(() => bot.close())
  const telegram = createTelegram({ token: options.token ?? bot.token, chat: CHAT, topic: options.topic === undefined ? TOPIC : options.topic, apiRoot: bot.url, timeoutMs: options.timeoutMs ?? 20_000, language: options.language ?? 'en' })
  return { bot, telegram }
}
const error = (status: number, description: string) => ({ type: 'error' as const, status, description })
const sends = (bot: BotApi) => bot.requests.filter(({ method }) => method === 'sendMessage').map(({ params }) => params)

t.test('a message goes to the topic as HTML without a link preview, to the chat itself without a topic', async (t) => {
  const { bot, telegram } = await world(t)
  t.match(await telegram.send(message, false, never), { type: 'sent', messageIds: [Number], notes: [] })
  t.same(sends(bot), [{ chat_id: String(CHAT), text: message.html, parse_mode: 'HTML', message_thread_id: String(TOPIC), link_preview_options: '{"is_disabled":true}' }])
  const alone = await world(t, { topic: null })
  await alone.telegram.send(message, false, never)
  const general = await world(t, { topic: 1 })
  await general.telegram.send(message, false, never)
  for (const { bot: other } of [alone, general]) t.same(sends(other).map((params) => 'message_thread_id' in params), [false], 'the General topic is the chat itself')
})

t.test('what waiting mends is transient, and whether it may have been accepted is told', async (t) => {
  const { bot, telegram } = await world(t)
  bot.next('sendMessage', { type: 'too-many-requests', retryAfter: 3 }, error(500, 'Internal Server Error'), { type: 'html' }, { type: 'garbage' }, { type: 'cut' }, { type: 'garbage', body: 'null' }, { type: 'garbage', body: '{}' })
  t.match(await telegram.send(message, false, never), { type: 'transient', retryAfterMs: 3_000, unknown: false })
  for (const what of ['500', '502 page', 'garbage', 'cut', 'null', 'an empty object']) t.match(await telegram.send(message, false, never), { type: 'transient', retryAfterMs: null, unknown: true }, what)
  await bot.close()
  t.match(await telegram.send(message, false, never), { type: 'transient', reason: 'ECONNREFUSED', unknown: false })
})

t.test('what a person must mend is permanent, with the remedy', async (t) => {
  const { bot, telegram } = await world(t)
  const cases: [number, string, RegExp][] = [
    [401, 'Unauthorized', /the bot token is wrong/],
    [404, 'Not Found', /the bot token is wrong/],
    [400, 'Bad Request: chat not found', /correct TELEGRAM_CHAT_ID/],
    [403, 'Forbidden: bot was kicked from the supergroup chat', /add the bot to the chat again/],
    [403, 'Forbidden: bot was blocked by the user', /open the private chat with the bot and press Start/],
    [403, "Forbidden: bot can't initiate conversation with a user", /press Start/],
    [400, 'Bad Request: CHAT_ODD', /check TELEGRAM_CHAT_ID and TOPIC_SYSTEM_ID/],
    [400, 'Bad Request: not enough rights to send text messages to the chat', /allow the bot to send messages/],
  ]
  for (const [status, description, remedy] of cases) {
    bot.next('sendMessage', error(status, description))
    t.match(await telegram.send(message, false, never), { type: 'permanent', reason: `${status}: ${description}`, remedy })
  }
})

t.test('a moved chat is followed from then on', async (t) => {
  const { bot, telegram } = await world(t)
  bot.chats[0]!.migratedTo = -1009
  bot.chats.push({ id: -1009, is_forum: true, topics: [TOPIC] })
  t.match(await telegram.send(message, false, never), { type: 'sent', notes: ['the chat moved: set TELEGRAM_CHAT_ID to -1009'], movedTo: -1009 })
  await telegram.send(message, false, never)
  t.same(sends(bot).map((params) => params.chat_id), [String(CHAT), '-1009', '-1009'])
})

t.test('a deleted or closed topic falls back to the chat with a line that says so', async (t) => {
  for (const change of [{ topics: [] }, { closedTopics: [TOPIC] }]) {
    const { bot, telegram } = await world(t)
    Object.assign(bot.chats[0]!, change)
    t.match(await telegram.send(message, false, never), { type: 'sent', notes: [/^topic 7 is closed or deleted/] })
    t.match(bot.messages, [{ message_thread_id: null, text: '⚠️ Topic 7 is closed or deleted, so this comes to the chat.\n\na message & more' }])
  }
  const french = await world(t, { language: 'fr' })
  french.bot.chats[0]!.topics = []
  await french.telegram.send(message, false, never)
  t.match(french.bot.messages, [{ text: /^⚠️ Le sujet 7 est fermé ou supprimé, ce message arrive donc dans le groupe\.\n\n/ }])
})

t.test('rejected markup goes once more as plain text, what is too long in halves', async (t) => {
  const { bot, telegram } = await world(t)
  bot.next('sendMessage', error(400, "Bad Request: can't parse entities: Unsupported start tag"))
  t.match(await telegram.send(message, false, never), { type: 'sent', notes: ['Telegram rejected the markup: sent as plain text'] })
  t.equal(bot.messages[0]?.text, 'a message & more')
  bot.next('sendMessage', error(400, 'Bad Request: message is too long'))
  t.match(await telegram.send({ html: 'first\nsecond', text: 'first\nsecond', buttons: [] }, false, never), { type: 'sent', messageIds: [Number, Number] })
  t.same(bot.messages.slice(1).map(({ text }) => text), ['first', 'second'])
})

t.test('link buttons stand below the message, one in a row, also below plain text and below the second half', async (t) => {
  const { bot, telegram } = await world(t)
  const buttons = [{ text: '📖 postgres 16.2', url: 'https://www.postgresql.org/docs/release/16.2/' }, { text: '📖 redis', url: 'https://example.org/?a=1&b=2' }]
  await telegram.send({ ...message, buttons }, false, never)
  t.equal(sends(bot)[0]?.reply_markup, JSON.stringify({ inline_keyboard: buttons.map((button) => [button]) }))
  bot.next('sendMessage', error(400, "Bad Request: can't parse entities: odd"))
  await telegram.send({ ...message, buttons }, false, never)
  bot.next('sendMessage', error(400, 'Bad Request: message is too long'))
  await telegram.send({ html: 'first\nsecond', text: 'first\nsecond', buttons }, false, never)
  t.same(bot.messages.map((one) => [one.text, one.buttons]), [['a message & more', buttons], ['a message & more', buttons], ['first', []], ['second', buttons]])
})

t.test('a message whose buttons Telegram refuses is sent without them', async (t) => {
  const buttons = [{ text: 'x', url: 'https://localhost' }]
  const { bot, telegram } = await world(t)
  t.match(await telegram.send({ ...message, buttons }, false, never), { type: 'sent', notes: ['Telegram refused the buttons: sent without them'] }, 'BUTTON_URL_INVALID')
  for (const description of ["Bad Request: inline keyboard button URL 'https://x' is invalid: URL host is empty", 'Bad Request: REPLY_MARKUP_TOO_LONG', 'Bad Request: object expected as reply markup']) {
    bot.next('sendMessage', error(400, description))
    t.match(await telegram.send({ ...message, buttons }, false, never), { type: 'sent', notes: ['Telegram refused the buttons: sent without them'] }, description)
  }
  t.same(bot.messages.map((one) => [one.html, one.buttons]), Array.from({ length: 4 }, () => [message.html, []]))
})

t.test('what Telegram takes in no form is set aside with a notice in its place, unless that is refused as well', async (t) => {
  const { bot, telegram } = await world(t)
  const odd = error(400, 'Bad Request: odd')
  bot.next('sendMessage', odd, odd)
  t.match(await telegram.send(message, false, never), { type: 'refused', reason: 'Bad Request: odd' })
  t.match(bot.messages, [{ text: /^⚠️ A message could not be shown: .*It began: a message & more$/ }])
  for (const description of ['Bad Request: odd', 'Bad Request: message is too long']) {
    bot.always('sendMessage', error(400, description))
    t.match(await telegram.send({ html: 'x'.repeat(9_000), text: 'x'.repeat(9_000), buttons: [] }, false, never), { type: 'permanent', remedy: /check TELEGRAM_CHAT_ID and TOPIC_SYSTEM_ID/ }, description)
  }
})

t.test('what is cut into many pieces is sent whole', async (t) => {
  const { bot, telegram } = await world(t)
  bot.next('sendMessage', ...Array.from({ length: 6 }, () => error(400, 'Bad Request: message is too long')))
  const text = Array.from({ length: 64 }, (_, n) => `line ${n}`).join('\n')
  t.match(await telegram.send({ html: text, text, buttons: [] }, false, never), { type: 'sent', messageIds: Array.from({ length: 7 }, () => Number) })
  t.equal(bot.messages.map((one) => one.text).join('\n'), text)
})

t.test('when a part of a message was accepted, another try may repeat it', async (t) => {
  const { bot, telegram } = await world(t)
  bot.next('sendMessage', error(400, 'Bad Request: message is too long'), { type: 'delay', ms: 0 }, { type: 'too-many-requests', retryAfter: 1 })
  t.match(await telegram.send({ html: 'first\nsecond', text: 'first\nsecond', buttons: [] }, false, never), { type: 'transient', unknown: true, retryAfterMs: null })
})

t.test('a message is edited with its buttons; that it says so already is as good, that it is gone is told', async (t) => {
  const { bot, telegram } = await world(t)
  const buttons = [{ text: 'notes', url: 'https://example.org/' }]
  t.match(await telegram.send({ ...message, buttons }, true, never), { type: 'sent', chat: CHAT, link: `https://t.me/c/1234567890/${TOPIC}/101` })
  t.equal(bot.messages[0]?.params.disable_notification, 'true')
  const target = { chat: CHAT, messageId: 101 }
  const ticked = { html: '✅ <b>done</b>', text: '✅ done', buttons }
  for (const _ of ['once', 'once more']) t.match(await telegram.edit(ticked, target, never), { type: 'sent', messageIds: [101], movedTo: null, link: null })
  t.match(bot.messages[0], { text: '✅ done', params: { reply_markup: JSON.stringify({ inline_keyboard: [buttons] }) } })
  t.match(await telegram.edit(ticked, { ...target, messageId: 7 }, never), { type: 'gone', reason: /message to edit not found/ })
  bot.next('editMessageText', error(400, 'Bad Request: group chat was upgraded to a supergroup chat'), error(400, 'Bad Request: not enough rights'), error(403, 'Forbidden: bot was kicked'), { type: 'cut' })
  const outcomes = []
  for (let n = 0; n < 4; n += 1) outcomes.push((await telegram.edit(ticked, target, never)).type)
  t.same(outcomes, ['gone', 'permanent', 'permanent', 'transient'])
})

t.test('a message has a link where its chat has such links', async (t) => {
  const bot = await createBotApi({ chats: [{ id: -1001234567890, username: 'public_home' }, { id: -4000 }] })
  t.teardown(() => bot.close())
  const links = []
  for (const chat of ['@public_home', -4000, -1001234567890]) {
    const telegram = createTelegram({ token: bot.token, chat, topic: null, apiRoot: bot.url, timeoutMs: 20_000, language: 'en' })
    const outcome = await telegram.send(message, false, never)
    links.push(outcome.type === 'sent' ? outcome.link : outcome)
  }
  t.same(links, ['https://t.me/public_home/101', null, 'https://t.me/c/1234567890/103'])
})

t.test('check asks for the bot and the chat and sends nothing', async (t) => {
  const { bot, telegram } = await world(t)
  t.match(await telegram.check(never), { type: 'ready', bot: 'made_up_test_bot', chat: 'Home', forum: true })
  bot.next('getChat', error(400, 'Bad Request: chat not found'))
  t.match(await telegram.check(never), { type: 'permanent', remedy: /TELEGRAM_CHAT_ID/ })
  t.same(sends(bot), [])
})

t.test('a chat without a title is named by its user, a bot and a chat without any name by their numbers', async (t) => {
  const { bot, telegram } = await world(t)
  const answers = (...bodies: object[]) => bodies.map((result) => ({ type: 'garbage' as const, body: JSON.stringify({ ok: true, result }) }))
  bot.next('getMe', ...answers({ id: 12, is_bot: true, first_name: 'b' }))
  bot.next('getChat', ...answers({ id: 34, type: 'private', username: 'someone' }, { id: 34, type: 'private' }))
  t.match(await telegram.check(never), { type: 'ready', bot: '12', chat: 'someone', forum: false })
  t.match(await telegram.check(never), { type: 'ready', bot: 'made_up_test_bot', chat: '34' })
})

t.test('a limit without a time is a second, and an answer that does not come is given up', async (t) => {
  const { bot, telegram } = await world(t, { timeoutMs: 1_500 })
  bot.next('sendMessage', error(429, 'Too Many Requests'), { type: 'hang' })
  t.match(await telegram.send(message, false, never), { type: 'transient', retryAfterMs: 1_000, unknown: false })
  t.match(await telegram.send(message, false, never), { type: 'transient', reason: 'no answer from the Bot API within 1.5 s', unknown: true })
})

t.test('a chat that moves again and again is given up', async (t) => {
  const { bot, telegram } = await world(t)
  bot.always('sendMessage', { ...error(400, 'Bad Request: group chat was upgraded to a supergroup chat'), parameters: { migrate_to_chat_id: -1009 } })
  t.match(await telegram.send(message, false, never), { type: 'permanent', reason: 'Telegram refused the message in every form' })
  t.equal(sends(bot).length, 12)
})

t.test('https is spoken to in TLS: nobody on the way reads the token', async (t) => {
  const heard: Buffer[] = []
  const server = createServer((socket) => void socket.on('error', () => {}).once('data', (bytes) => {
    heard.push(bytes)
    socket.destroy()
  }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const token = '123456:made-up-token-for-tests-not-real'
  const telegram = createTelegram({ token, chat: CHAT, topic: null, apiRoot: `https://127.0.0.1:${port}`, timeoutMs: 20_000, language: 'en' })
  t.match(await telegram.send(message, false, never), { type: 'transient' })
  const said = Buffer.concat(heard)
  t.equal(said[0], 22, 'a handshake')
  t.notMatch(said.toString('latin1'), token)
})

t.test('redirects are not followed, and an answer without end is refused', async (t) => {
  const { bot, telegram } = await world(t)
  bot.next('sendMessage', { type: 'html', status: 302 }, { type: 'garbage', body: 'x'.repeat(2 << 20) })
  t.match(await telegram.send(message, false, never), { type: 'transient' })
  t.match(await telegram.send(message, false, never), { type: 'transient', unknown: true })
  t.equal(sends(bot).length, 2)
})

t.test('the token is in no outcome, whatever fails', async (t) => {
  const { bot, telegram } = await world(t)
  bot.next('sendMessage', error(400, `Bad Request: ${bot.token} is odd`), { type: 'cut' })
  const outcomes = [await telegram.send(message, false, never), await telegram.send(message, false, never)]
  const wrong = createTelegram({ token: bot.token, chat: CHAT, topic: null, apiRoot: 'http://127.0.0.1:99999', timeoutMs: 20_000, language: 'en' })
  outcomes.push(await wrong.send(message, false, never))
  t.notMatch(inspect(outcomes, { depth: null }), bot.token)
})
