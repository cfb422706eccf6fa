import t from 'tap'
import Docker from 'dockerode'
import { Api, TelegramApiError } from 'node-telegram-bot-api'
import { createBotApi, MADE_UP_TOKEN } from './bot-api.js'
import { container, createDockerApi, frame, image, stamp } from './docker-api.js'
import { cleanText, parseTelegramHtml } from './telegram-html.js'

const CHAT = -1001234567890

/** What a call was refused with. */
const refusal = (call: Promise<unknown>): Promise<unknown> => call.then(() => 'not refused', (error: unknown) => error)

t.test('Telegram\'s HTML is parsed to what a person sees, and anything unescaped or misnested is refused', async (t) => {
  const seen = (html: string): string => {
    const parsed = parseTelegramHtml(html)
    return parsed.type === 'text' ? parsed.text : `! ${parsed.error}`
  }
  const cases: [string, string][] = [
    ['<b>a</b> &lt;&gt;&amp;&quot; &#233;&#x1F514;', 'a <>&" é🔔'],
    ['<pre><code class="language-sh">x</code></pre>', 'x'],
    ['<a href="https://example.org/?a=1&amp;b=2">link</a>', 'link'],
    ['<blockquote expandable>q</blockquote><span class="tg-spoiler">s</span>', 'qs'],
    ['é<b>x', '! Can\'t find end tag corresponding to start tag "b"'],
    ['é<b><i>x</b></i>', '! Unmatched end tag at byte offset 9, expected "</i>", found "</b>"'],
    ['x</b>', '! Unexpected end tag at byte offset 1'],
    ['1 < 2', '! Unsupported start tag "" at byte offset 2'],
    ['<p>x</p>', '! Unsupported start tag "p" at byte offset 0'],
    ['<b class="x">x</b>', '! Unsupported attribute "class" in the tag "b" at byte offset 0'],
    ['<span>x</span>', '! Tag "span" must have class "tg-spoiler" at byte offset 0'],
    ['<a href="example.org">x</a>', '! Tag "a" must have a href with a scheme at byte offset 0'],
    ['<pre><b>x</b></pre>', '! Tag "b" is not allowed inside "pre" at byte offset 5'],
    ['a & b', '! Unescaped "&" at byte offset 2'],
    ['a &nbsp; b', '! Unescaped "&" at byte offset 2'],
    ['a > b', '! Unescaped ">" at byte offset 2'],
    ['<b', '! Unclosed start tag at byte offset 0'],
    ['<b>x</b', '! Unclosed end tag at byte offset 4'],
    ['&#55357;', '! Invalid character reference at byte offset 0'],
  ]
  for (const [html, expected] of cases) t.equal(seen(html), expected, html)
  t.equal(cleanText(' a\tb\r\nc\u202Ed\0 '), 'a b\ncd')
})

t.test('the Bot API accepts what Telegram accepts and says why it refuses the rest', async (t) => {
  const botApi = await createBotApi({ chats: [
    { id: CHAT, username: 'made_up_forum', is_forum: true, topics: [7, 8], closedTopics: [8] }, { id: -5, migratedTo: CHAT },
  ] })
  t.teardown(botApi.close)
  const api = new Api(MADE_UP_TOKEN, { apiRoot: botApi.url, maxRetries: 0, timeoutMs: 20_000 })
  t.match(await api.getMe(), { id: 123456, is_bot: true })
  t.match(await api.getChat({ chat_id: '@made_up_forum' }), { id: CHAT, type: 'supergroup', is_forum: true })
  const sent = await api.sendMessage({
    chat_id: CHAT, message_thread_id: 7, text: '<b>one</b>', parse_mode: 'HTML', link_preview_options: { is_disabled: true },
  })
  t.match(botApi.messages, [{ message_id: sent.message_id, message_thread_id: 7, html: '<b>one</b>', text: 'one' }])
  await api.editMessageText({ chat_id: CHAT, message_id: sent.message_id, text: 'two' })
  t.match(botApi.messages, [{ text: 'two', versions: [{ text: 'one' }, { text: 'two' }] }])
  await api.sendChatAction({ chat_id: CHAT, action: 'typing', message_thread_id: 7 })
  t.match(await refusal(api.sendChatAction({ chat_id: CHAT, action: 'typing', message_thread_id: 9 })), { description: 'Bad Request: message thread not found' })
  t.match(await refusal(api.sendChatAction({ chat_id: -5, action: 'typing' })), { migrateToChatId: CHAT })
  t.match(await api.getChatMember({ chat_id: CHAT, user_id: 123456 }), { status: 'member', user: { id: 123456 } })
  t.match(await refusal(api.getChatMember({ chat_id: CHAT, user_id: 1 })), { description: 'Bad Request: member not found' })

  const refused = async (params: object, description: string): Promise<boolean> =>
    t.match(await refusal(api.sendMessage({ chat_id: CHAT, text: 'x', ...params })), { description: `Bad Request: ${description}` })
  await refused({ chat_id: 99 }, 'chat not found')
  await refused({ message_thread_id: 9 }, 'message thread not found')
  await refused({ message_thread_id: 8 }, 'TOPIC_CLOSED')
  await refused({ text: '<b>', parse_mode: 'HTML' }, 'can\'t parse entities: Can\'t find end tag corresponding to start tag "b"')
  await refused({ text: '<b> </b>', parse_mode: 'HTML' }, 'message text is empty')
  await refused({ text: '🔔'.repeat(4097) }, 'message is too long')
  await refused({ text: 'x'.repeat(32769) }, 'text is too long')
  await refused({ disable_web_page_preview: true }, 'unknown parameter "disable_web_page_preview" of sendMessage')
  t.match(await refusal(api.sendMessage({ chat_id: -5, text: 'x' })), { migrateToChatId: CHAT })
  await api.sendMessage({ chat_id: CHAT, text: '🔔'.repeat(4096) })
  t.match(await refusal(new Api('654321:other', { apiRoot: botApi.url, maxRetries: 0 }).getMe()), { errorCode: 401 })
  t.equal((await fetch(`${botApi.url}/bot${MADE_UP_TOKEN}/getUpdates`)).status, 404)
  const answer = await fetch(`${botApi.url}/bot${MADE_UP_TOKEN}/sendMessage`, {
    method: 'POST', headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ chat_id: CHAT, text: 'json', link_preview_options: { is_disabled: true }, message_thread_id: null }),
  })
  t.match(await answer.json(), { ok: true, result: { text: 'json' } })
  await t.rejects(createBotApi({ token: `12345678:${'x'.repeat(35)}`, chats: [] }), /looks real/)
})

t.test('scripted answers come in order, and an accepted call stays accepted when its answer is lost', async (t) => {
  const botApi = await createBotApi({ chats: [{ id: CHAT }] })
  t.teardown(botApi.close)
  const api = new Api(MADE_UP_TOKEN, { apiRoot: botApi.url, maxRetries: 0, timeoutMs: 2_000 })
  botApi.next('sendMessage', { type: 'too-many-requests', retryAfter: 3 },
    { type: 'error', status: 403, description: 'Forbidden: bot was kicked from the supergroup chat' }, { type: 'html' },
    { type: 'garbage', accepted: true }, { type: 'cut' }, { type: 'cut', accepted: true, midBody: true },
    { type: 'hang', accepted: true }, { type: 'delay', ms: 50 }, { type: 'cut', reset: true }, { type: 'drip', ms: 20 })
  const outcomes: string[] = []
  for (let at = 0; at < 11; at++) {
    outcomes.push(await api.sendMessage({ chat_id: CHAT, text: `${at}` }).then(() => 'sent', (error: unknown) =>
      error instanceof TelegramApiError ? `${error.errorCode} ${error.retryAfter ?? ''}` : (error as { code: string }).code))
  }
  t.same(outcomes, ['429 3', '403 ', 'EFETCH', 'EPARSE', 'EFETCH', 'EFETCH', 'ETIMEOUT', 'sent', 'EFETCH', 'ETIMEOUT', 'sent'])
  t.same((await botApi.waitForMessages(5)).map((message) => message.text), ['3', '5', '6', '7', '10'])
  t.same(botApi.requests.map((request) => request.status), [429, 403, 502, 200, null, null, null, 200, null, null, 200])
  botApi.always('*', { type: 'error', status: 500, description: 'Internal Server Error' })
  t.match(await refusal(api.getMe()), { errorCode: 500 })
  botApi.always('*', null)
  await api.getMe()
  await t.rejects(botApi.waitForMessages(6, 20), /no 6 messages within 20 ms; messages: 5; requests: sendMessage 429, /)
})

t.test('the engine lists, inspects, follows and reports events as Docker does', async (t) => {
  const engine = await createDockerApi()
  t.teardown(engine.close)
  engine.images.push(image({ ref: 'postgres:16' }), image({ ref: null, id: `sha256:${'a'.repeat(64)}` }))
  engine.containers.push(
    container({ name: 'watchtower', image: 'containrrr/watchtower:1.7.1', labels: { 'com.centurylinklabs.watchtower': 'true' } }),
    container({ name: 'database', image: 'postgres:16', imageId: `sha256:${'a'.repeat(64)}`, status: 'exited' }))
  const docker = new Docker({ socketPath: engine.socketPath })
  const names = async (query: object): Promise<unknown> => (await docker.listContainers(query)).map((one) => one.Names[0])
  t.same(await names({}), ['/watchtower'])
  t.same(await names({ all: true }), ['/watchtower', '/database'])
  t.same(await names({ filters: { label: ['com.centurylinklabs.watchtower=true'] } }), ['/watchtower'])
  t.same(await names({ all: true, filters: { name: ['^/database$'] } }), ['/database'])
  t.equal((await docker.listContainers({ all: true }))[1]?.Image, `sha256:${'a'.repeat(64)}`, 'a moved tag shows as an id')
  t.equal((await docker.getImage('aaaaaaaaaaaa').inspect()).RepoTags.length, 0)
  t.equal((await docker.getImage('postgres:16').inspect()).Id, engine.images[0]?.Id)
  t.match(await refusal(docker.getImage('postgres').inspect()), { statusCode: 404 })
  t.match(await refusal(docker.getContainer('nobody').inspect()), { statusCode: 404 })
  t.same([(await docker.ping()).toString(), (await docker.version()).ApiVersion], ['OK', '1.41'])

  const log = engine.log('watchtower')
  const base = Date.UTC(2026, 10, 23, 20, 20, 37)
  log.write({ at: stamp(base, 1), stream: 'stderr', text: 'one' }, { at: stamp(base, 2), stream: 'stderr', text: 'two' },
    { at: stamp(base, 3), stream: 'stdout', text: 'x'.repeat(16_385) })
  const read = async (more: object): Promise<Buffer> =>
    docker.getContainer('watchtower').logs({ follow: false, stdout: true, stderr: true, timestamps: true, ...more } as never) as never
  const seconds = base / 1000
  t.same(await read({ stdout: false, since: `${seconds}.000000002` }), frame(2, '2026-11-23T20:20:37.000000002Z two\n'))
  t.same(await read({ since: `${seconds}.000000003`, timestamps: false }),
    Buffer.concat([frame(1, 'x'.repeat(16_384)), frame(1, 'x\n')]))
  t.equal((await read({ since: `${seconds}.000000004` })).length, 0)
  t.match(await refusal(read({ since: 'abc' })), { statusCode: 500 })

  const stream = await docker.getContainer('watchtower').logs({ follow: true, stderr: true, timestamps: true, since: seconds + 60 })
  const received: Buffer[] = []
  stream.on('data', (chunk: Buffer) => received.push(chunk))
  await log.waitForFollowers(1)
  log.write({ at: stamp(base + 61_000), stream: 'stderr', text: 'three' })
  log.writeRaw(frame(3, 'Error grabbing logs'))
  const ended = new Promise((resolve) => stream.on('end', resolve))
  const events = await docker.getEvents({ filters: { type: ['container'], event: ['die'] } })
  const died = new Promise<string>((resolve) => events.once('data', (chunk: Buffer) => resolve(chunk.toString())))
  engine.stop('watchtower', 2)
  await ended
  t.same(Buffer.concat(received), Buffer.concat([frame(2, '2026-11-23T20:21:38.000000000Z three\n'), frame(3, 'Error grabbing logs')]))
  t.match(JSON.parse(await died), { Action: 'die', Actor: { Attributes: { name: 'watchtower', exitCode: '2' } } })
  t.equal(log.queries.at(-1)?.since, String(seconds + 60))
})

t.test('since judges each line, or from Engine 23 on only the first that passes, and a line may be no text', async (t) => {
  const engine = await createDockerApi()
  t.teardown(engine.close)
  engine.containers.push(container({ name: 'watchtower', image: 'x:1' }))
  const log = engine.log('watchtower')
  log.write({ at: stamp(20_000), stream: 'stderr', text: 'before' }, { at: stamp(12_000), stream: 'stderr', text: Buffer.from([0xff, 0x00]) })
  const read = async (): Promise<Buffer> => (await new Docker({ socketPath: engine.socketPath }).getContainer('watchtower').logs({ stderr: true, since: 15 })) as Buffer
  t.same(await read(), frame(2, 'before\n'))
  log.sinceOnce = true
  t.same(await read(), Buffer.concat([frame(2, 'before\n'), frame(2, Buffer.from([0xff, 0x00, 0x0a]))]))
})

t.test('the engine can be overridden, go away and come back, and it refuses to write', async (t) => {
  const engine = await createDockerApi()
  t.teardown(engine.close)
  const docker = new Docker({ socketPath: engine.socketPath })
  engine.override('/version', { type: 'answer', status: 503, body: { message: 'no' }, times: 1 })
  t.match(await refusal(docker.version()), { statusCode: 503 })
  await docker.version()
  engine.override(/^\/_ping$/, { type: 'cut' })
  t.match(await refusal(docker.ping()), { code: 'ECONNRESET' })
  engine.override(/^\/_ping$/, null)
  await docker.ping()
  await engine.down()
  t.match(await refusal(docker.ping()), { code: 'ENOENT' })
  await engine.up()
  await docker.ping()
  t.match(await refusal(docker.createContainer({ Image: 'x' })), { statusCode: 405 })
  t.match(engine.requests.at(-1), { method: 'POST', path: '/containers/create' })
  t.match(await refusal(new Docker({ socketPath: engine.socketPath, version: 'v1.99' }).version()), { statusCode: 400 })

  engine.containers.push(container({ name: 'tty', image: 'x:1', tty: true }))
  engine.log('tty').write({ at: stamp(0), stream: 'stderr', text: 'a' })
  const body = await docker.getContainer('tty').logs({ stdout: true, timestamps: true })
  t.equal(body.toString(), '1970-01-01T00:00:00.000000000Z a\r\n')
})
