import t from 'tap'
import type { Config } from '../src/config.js'
import { sendTestMessage } from '../src/test-message.js'
import { parseTemplate } from '../src/report/template.js'
import { createWorld, TOPIC, type World } from './world.js'

const NOW = Date.parse('2026-11-26T12:00:00Z')
const send = (w: World, changes: Partial<Config> = {}) => sendTestMessage({ ...w.config, ...changes }, NOW)

t.test('the sample is in the topic, marked as a test in both languages, beside a running sidecar that it leaves alone', async (t) => {
  const w = await createWorld(t)
  void w.start()
  await w.waitFor('watchtower.attached')
  t.same(await send(w, { host: 'nas' }), { sent: true, sentence: 'the test message is in topic 7: https://t.me/c/1234567890/7/101' })
  t.match(w.bot.messages, [{ message_thread_id: TOPIC, text: /^🧪 This is a test of watchtower-telegram\. The update below is made up: there is nothing to do\.\n\n🔔 Docker Update Available on nas\n\nService: postgres\nCurrent: 16\.1\nNew: 16\.2\n/, buttons: [{ text: /postgres/ }] }])
  t.match(await send(w, { style: { ...w.config.style, language: 'fr' } }), { sent: true })
  t.match(w.bot.messages[1]?.text, /^🧪 Ceci est un test de watchtower-telegram\. La mise à jour ci-dessous est inventée\u00a0: il n’y a rien à faire\.\n\n🔔 Mise à jour Docker disponible\n/)
  t.equal(await w.stop(), 0)
})

t.test('without a topic it is in the chat, and a chat without links has none in its sentence', async (t) => {
  const w = await createWorld(t)
  t.match(await send(w, { telegram: { ...w.config.telegram, topic: null } }), { sent: true, sentence: 'the test message is in the chat: https://t.me/c/1234567890/101' })
  w.bot.chats.push({ id: 42 })
  t.same(await send(w, { telegram: { ...w.config.telegram, chat: 42, topic: null } }), { sent: true, sentence: 'the test message is in the chat' })
})

t.test('one that arrives elsewhere, or looks different, is no success', async (t) => {
  const w = await createWorld(t)
  w.bot.chats[0]!.closedTopics = [TOPIC]
  t.same(await send(w), { sent: false, sentence: 'the test message was sent (https://t.me/c/1234567890/101), but topic 7 is closed or deleted: sent to the chat; reopen it or correct TOPIC_SYSTEM_ID' })
  w.bot.chats.push({ id: 42 })
  const broken = { ...w.config.style, template: parseTemplate('{{#updates}}nothing{{/updates}}') }
  t.match(await send(w, { telegram: { ...w.config.telegram, chat: 42, topic: null }, style: broken }), { sent: false, sentence: /^the test message was sent, but MESSAGE_TEMPLATE_FILE: .*; it is the built-in message$/ })
})

t.test('every failure is a sentence with its remedy, without the token', async (t) => {
  const w = await createWorld(t)
  const failed = async (answer: Parameters<typeof w.bot.next>[1], changes: Partial<Config> = {}): Promise<string> => {
    w.bot.next('sendMessage', answer)
    const { sent, sentence } = await send(w, changes)
    t.equal(sent, false)
    t.notMatch(sentence, w.bot.token)
    return sentence
  }
  t.equal(await failed({ type: 'error', status: 403, description: 'Forbidden: bot was kicked from the supergroup chat' }), 'Telegram refuses the test message: 403: Forbidden: bot was kicked from the supergroup chat; add the bot to the chat again')
  t.equal(await failed({ type: 'too-many-requests', retryAfter: 30 }), 'Telegram asks to wait (429: Too Many Requests: retry after 30): try again in 30 s')
  const hung = { timing: { ...w.config.timing, telegramTimeoutMs: 1_500 } }
  t.match(await failed({ type: 'hang' }, hung), /^no answer from the Bot API within 1\.5 s: the test message may have arrived all the same; look there and check this machine's way to http/)
  w.bot.always('sendMessage', { type: 'error', status: 400, description: 'Bad Request: made up' })
  w.bot.next('sendMessage', ...Array.from({ length: 2 }, () => ({ type: 'error', status: 400, description: 'Bad Request: made up' }) as const))
  t.match((await send(w)).sentence, /^Telegram refuses the test message: 400: Bad Request: made up; /)
  w.bot.always('sendMessage', null)
  w.bot.next('sendMessage', ...Array.from({ length: 2 }, () => ({ type: 'error', status: 400, description: 'Bad Request: made up' }) as const))
  t.same(await send(w), { sent: false, sentence: 'Telegram takes the test message in no form: Bad Request: made up; try without MESSAGE_TEMPLATE_FILE' })
  await w.bot.close()
  t.match((await send(w)).sentence, /^the Bot API cannot be reached: ECONNREFUSED: check this machine's way to http/)
})
