import t, { type Test } from 'tap'
import { type Access, askAccess } from '../../src/delivery/telegram-access.js'
import { type BotApi, createBotApi, type FakeChat } from '../fakes/bot-api.js'

const CHAT = -1001234567890
const never = new AbortController().signal

async function access(t: Test, chat: Partial<FakeChat>, options: { chat?: number | null; topic?: number | null; timeoutMs?: number; prepare?(bot: BotApi): void } = {}): Promise<Access & { bot_: BotApi }> {
  const bot = await createBotApi({ chats: [{ id: CHAT, title: 'Home', is_forum: true, topics: [7], ...chat }] })
  t.teardown(() => bot.close())
  options.prepare?.(bot)
  const given = { chat: CHAT, topic: 7, timeoutMs: 20_000, ...options }
  return { ...(await askAccess({ token: bot.token, chat: given.chat, topic: given.topic, apiRoot: bot.url, timeoutMs: given.timeoutMs }, never)), bot_: bot }
}

t.test('bot, chat, topic and rights are asked, and nothing is sent', async (t) => {
  const { bot_, ...seen } = await access(t, {})
  t.same(seen, {
    bot: { type: 'known', value: { username: 'made_up_test_bot' } },
    chat: { type: 'known', value: { title: 'Home', forum: true } },
    topic: { type: 'known', value: { movedTo: null } },
    rights: { type: 'known', value: { status: 'member', mayWrite: true } },
  })
  t.same(bot_.requests.map(({ method, params }) => [method, params.message_thread_id]), [['getMe', undefined], ['getChat', undefined], ['sendChatAction', '7'], ['getChatMember', undefined]])
  t.same(bot_.messages, [])
})

t.test('what the bot may do follows from its membership, the kind of chat, and what the chat allows all', async (t) => {
  const cases: [Partial<FakeChat>, boolean][] = [
    [{ member: { status: 'creator' } }, true],
    [{ member: { status: 'administrator' } }, true],
    [{ member: { status: 'member' }, permissions: { can_send_messages: true } }, true],
    [{ member: { status: 'member' }, permissions: { can_send_messages: false } }, false],
    [{ member: { status: 'restricted', is_member: true, can_send_messages: true } }, true],
    [{ member: { status: 'restricted', is_member: true, can_send_messages: false } }, false],
    [{ member: { status: 'restricted', is_member: false, can_send_messages: true } }, false],
    [{ member: { status: 'left' } }, false],
    [{ member: { status: 'kicked' } }, false],
    [{ type: 'channel', member: { status: 'administrator', can_post_messages: true } }, true],
    [{ type: 'channel', member: { status: 'administrator' } }, false],
    [{ type: 'channel', member: { status: 'member' } }, false],
  ]
  for (const [chat, mayWrite] of cases) t.match((await access(t, chat)).rights, { type: 'known', value: { mayWrite } }, JSON.stringify(chat))
  const alone = await access(t, { id: 42, is_forum: false }, { chat: 42, topic: null })
  t.same(alone.rights, { type: 'known', value: { status: 'private', mayWrite: true } })
  t.equal(alone.bot_.requests.filter(({ method }) => method === 'getChatMember').length, 0)
})

t.test('General is the chat itself, and without a chat only the bot is asked for', async (t) => {
  t.match((await access(t, {}, { topic: 1 })).topic, { type: 'known' })
  const { bot_, ...seen } = await access(t, {}, { chat: null })
  t.match(seen, { bot: { type: 'known' }, chat: null, topic: null, rights: null })
  t.equal(bot_.requests.length, 1)
})

t.test('a failure is a value, sorted, without the token, and what depends on it is not asked', async (t) => {
  const refused = await access(t, {}, { prepare: (bot) => bot.always('getMe', { type: 'error', status: 401, description: 'Unauthorized' }) })
  t.match(refused, { bot: { type: 'permanent', reason: '401: Unauthorized', remedy: /the bot token is wrong/ }, chat: null, topic: null, rights: null })
  t.match(await access(t, {}, { chat: -1 }), { bot: { type: 'known' }, chat: { type: 'permanent', reason: '400: Bad Request: chat not found' }, topic: null, rights: null })
  t.match(await access(t, {}, { topic: 8 }), { topic: { type: 'permanent', reason: '400: Bad Request: message thread not found' }, rights: { type: 'known' } })
  t.match(await access(t, {}, { timeoutMs: 3_000, prepare: (bot) => bot.always('getChatMember', { type: 'hang' }) }), { rights: { type: 'transient', reason: 'no answer from the Bot API within 3 s' } })
  const moved = await access(t, { migratedTo: -1009876543210 }, { prepare: (bot) => bot.chats.push({ id: -1009876543210, is_forum: true, topics: [7] }) })
  t.match(moved, { topic: { type: 'known', value: { movedTo: -1009876543210 } }, rights: { type: 'known' } })
})
