import { join } from 'node:path'
import t from 'tap'
import { createTelegram } from '../../src/delivery/telegram.js'
import { createAuthority } from '../certificates.js'
import { until } from '../engine/processes.js'
import { createBotApi } from '../fakes/bot-api.js'
import { createConnectProxy, withTls } from '../fakes/connect-proxy.js'
import { program } from '../program.js'

const CHAT = -1001234567890
const PASSWORD = 'made-up/pass word'
const AUTHORIZATION = `Basic ${Buffer.from(`me:${PASSWORD}`).toString('base64')}`
const never = new AbortController().signal
const authority = createAuthority(join(t.testdir(), 'authority'))
const server = authority.issue('server')

t.test('what goes to Telegram goes through the proxy, which reads nothing of it', async (t) => {
  const bot = await createBotApi({ chats: [{ id: CHAT }] })
  t.teardown(() => bot.close())
  const url = await withTls(t, bot.url, server)
  const proxy = await createConnectProxy(t, AUTHORIZATION)
  const env = {
    TELEGRAM_BOT_TOKEN: bot.token, TELEGRAM_CHAT_ID: String(CHAT), TELEGRAM_API_URL: url, NODE_EXTRA_CA_CERTS: authority.cert,
    https_proxy: `http://me:${encodeURIComponent(PASSWORD)}@${proxy.address}`,
  }
  const { exit, stdout, stderr } = program(t, ['test-message'], { env })
  t.equal(await exit, 0, stdout() + stderr())
  t.match(bot.messages, [{ chat_id: CHAT }])
  t.same(proxy.asked, [{ target: url.slice('https://'.length), authorization: AUTHORIZATION }])
  t.ok(proxy.carried().length > 0)
  t.notMatch(proxy.carried().toString('latin1'), bot.token)
  t.equal(await program(t, ['test-message'], { env: { ...env, NO_PROXY: '127.0.0.1' } }).exit, 0)
  t.equal(proxy.asked.length, 1, 'NO_PROXY is for the second')
})

t.test('a proxy that refuses is told with the remedy, without its password, and waited for', async (t) => {
  const bot = await createBotApi({ chats: [{ id: CHAT }] })
  t.teardown(() => bot.close())
  const url = await withTls(t, bot.url, server)
  const proxy = await createConnectProxy(t, AUTHORIZATION)
  proxy.does = 407
  const sidecar = program(t, [], { env: {
    TELEGRAM_BOT_TOKEN: bot.token, TELEGRAM_CHAT_ID: String(CHAT), TELEGRAM_API_URL: url, NODE_EXTRA_CA_CERTS: authority.cert, RETRY_PACE: '10ms',
    HTTPS_PROXY: `http://me:${encodeURIComponent(PASSWORD)}@${proxy.address}`, DOCKER_HOST: 'unix:///nowhere/docker.sock', STATE_DIR: t.testdir(), LOG_LEVEL: 'debug',
  } })
  await sidecar.said('telegram.unreachable')
  t.match(sidecar.lines().find(({ event }) => event === 'telegram.unreachable'), { msg: `Telegram: the proxy ${proxy.address} refuses (407): correct user and password in HTTPS_PROXY` })
  proxy.does = 'tunnel'
  await sidecar.said('telegram.ready')
  sidecar.child.kill('SIGTERM')
  t.equal(await sidecar.exit, 0)
  for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), AUTHORIZATION.slice('Basic '.length)]) t.notMatch(sidecar.stdout() + sidecar.stderr(), secret)
})

t.test('whatever the proxy does before there is a tunnel, nothing was sent, and no connection is left', async (t) => {
  const proxy = await createConnectProxy(t)
  const send = (address: string, timeoutMs = 20_000) =>
    createTelegram({ token: '1:made-up', chat: CHAT, topic: null, apiRoot: 'https://api.telegram.test', proxy: new URL(address), timeoutMs, language: 'en' }).send({ html: 'x', text: 'x', buttons: [] }, false, never)
  const told = (reason: string) => ({ type: 'transient', reason: `the proxy ${proxy.address} ${reason}`, retryAfterMs: null, unknown: false })
  const cases = [
    [403, 'refuses (403): allow CONNECT to api.telegram.test there, or name it in NO_PROXY'], [407, 'refuses (407): correct user and password in HTTPS_PROXY'],
    ['cut', 'ended the connection'], ['hang', 'does not answer'], ['garbage', 'gives no usable answer: is it a proxy for HTTP?'],
  ] as const
  for (const [does, reason] of cases) {
    proxy.does = does
    t.same(await send(`http://${proxy.address}`, does === 'hang' ? 500 : 20_000), told(reason), String(does))
  }
  t.ok(await until(() => proxy.open() === 0, 20_000), 'no connection is left open')
  await proxy.close()
  t.same(await send(`http://${proxy.address}`), told('cannot be reached: ECONNREFUSED'))
})

t.test('a proxy that is spoken to in TLS works alike, and its wait is bounded too', async (t) => {
  const proxy = await createConnectProxy(t)
  const url = await withTls(t, `http://${proxy.address}`, server)
  const bot = await createBotApi({ chats: [{ id: CHAT }] })
  t.teardown(() => bot.close())
  const env = { TELEGRAM_BOT_TOKEN: bot.token, TELEGRAM_CHAT_ID: String(CHAT), TELEGRAM_API_URL: await withTls(t, bot.url, server), HTTPS_PROXY: url, NODE_EXTRA_CA_CERTS: authority.cert }
  t.equal(await program(t, ['test-message'], { env }).exit, 0)
  proxy.does = 'hang'
  const { exit, stderr } = program(t, ['test-message'], { env: { ...env, TELEGRAM_TIMEOUT: '1s' } })
  t.equal(await exit, 1)
  t.match(stderr(), `the proxy ${url.slice('https://'.length)} does not answer`)
})
