import { chmodSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { readConfig, readReplayConfig, readStateConfig } from '../src/config.js'
import { asOrdinaryUser } from './ordinary-user.js'

const TOKEN = '123456:made-up-token-for-tests-not-real'
const GOOD = { TELEGRAM_BOT_TOKEN: TOKEN, TELEGRAM_CHAT_ID: '-1001234567890' }
const faults = (env: Record<string, string>): string[] => {
  const result = readConfig(env)
  return result.type === 'faults' ? result.faults : []
}

t.test('token and chat are enough, the rest has defaults', (t) => {
  t.same(readConfig(GOOD), {
    type: 'ok',
    config: {
      telegram: { token: TOKEN, chat: -1001234567890, topic: null, apiRoot: 'https://api.telegram.org', proxy: null },
      docker: { type: 'unix', path: '/var/run/docker.sock' },
      watchtower: null, host: null, remindMs: 604_800_000, quiet: null, style: { language: 'en', timeZone: 'UTC', template: null }, stateDir: join(homedir(), '.local/state/watchtower-telegram'),
      timing: { idleMs: 600_000, reconcileMs: 30_000, dockerTimeoutMs: 20_000, dockerLostMs: 300_000, downAfterMs: 300_000, overdueAfterMs: null, telegramTimeoutMs: 60_000, paceMs: 1_000, jitterMs: 0 },
      logLevel: 'info',
    },
  })
  t.end()
})

t.test('an empty variable counts as unset', (t) => {
  const empty = Object.fromEntries(['TOPIC_SYSTEM_ID', 'TELEGRAM_API_URL', 'TELEGRAM_BOT_TOKEN_FILE', 'DOCKER_HOST', 'DOCKER_TLS_VERIFY', 'DOCKER_TLS', 'DOCKER_CERT_PATH', 'HTTPS_PROXY', 'https_proxy', 'NO_PROXY', 'WATCHTOWER_CONTAINER', 'HOST_LABEL', 'MESSAGE_LANGUAGE', 'MESSAGE_TEMPLATE_FILE', 'TZ', 'STATE_DIR', 'XDG_STATE_HOME', 'SESSION_IDLE_AFTER', 'RECONCILE_EVERY', 'DOCKER_TIMEOUT', 'DOCKER_LOST_AFTER', 'WATCHTOWER_DOWN_AFTER', 'CHECK_OVERDUE_AFTER', 'TELEGRAM_TIMEOUT', 'RETRY_PACE', 'SEND_JITTER', 'LOG_LEVEL'].map((name) => [name, '']))
  t.same(readConfig({ ...GOOD, ...empty }), readConfig(GOOD))
  t.end()
})

t.test('every variable is read', (t) => {
  t.match(readConfig({
    TELEGRAM_BOT_TOKEN: TOKEN, TELEGRAM_CHAT_ID: '@channel', TOPIC_SYSTEM_ID: '42', TELEGRAM_API_URL: 'http://bot-api:8081/', DOCKER_HOST: 'tcp://proxy:2375',
    WATCHTOWER_CONTAINER: 'watchtower', HOST_LABEL: 'nas', SESSION_IDLE_AFTER: '90s', LOG_LEVEL: 'debug', MESSAGE_LANGUAGE: 'fr', TZ: 'Europe/Paris',
    STATE_DIR: '/state', RECONCILE_EVERY: '500ms', DOCKER_TIMEOUT: '1m', DOCKER_LOST_AFTER: '1h', WATCHTOWER_DOWN_AFTER: '10m', CHECK_OVERDUE_AFTER: '26h', TELEGRAM_TIMEOUT: '5s', RETRY_PACE: '20ms', SEND_JITTER: '2m',
  }), {
    config: {
      telegram: { chat: '@channel', topic: 42, apiRoot: 'http://bot-api:8081' },
      docker: { type: 'tcp', host: 'proxy', port: 2375 }, watchtower: 'watchtower', host: 'nas', style: { language: 'fr', timeZone: 'Europe/Paris', template: null }, stateDir: '/state',
      timing: { idleMs: 90_000, reconcileMs: 500, dockerTimeoutMs: 60_000, dockerLostMs: 3_600_000, downAfterMs: 600_000, overdueAfterMs: 93_600_000, telegramTimeoutMs: 5_000, paceMs: 20, jitterMs: 120_000 }, logLevel: 'debug',
    },
  })
  t.end()
})

t.test('reminders and quiet hours are read, and the state alone too', (t) => {
  t.match(readConfig({ ...GOOD, REMIND_AFTER: '1d', QUIET_HOURS: '22:00-08:00' }), { config: { remindMs: 86_400_000, quiet: { from: 1_320, to: 480 } } })
  t.match(readConfig({ ...GOOD, REMIND_AFTER: '0', QUIET_HOURS: '' }), { config: { remindMs: 0, quiet: null } })
  t.match(readConfig({ ...GOOD, REMIND_AFTER: '0s', SEND_JITTER: '0' }), { config: { remindMs: 0, timing: { jitterMs: 0 } } }, 'none needs no unit')
  for (const after of ['5m', '7', '400d', 'never', '00']) t.match(faults({ ...GOOD, REMIND_AFTER: after }), [/^REMIND_AFTER is no usable duration/], after)
  for (const hours of ['22-8', 'night']) t.match(faults({ ...GOOD, QUIET_HOURS: hours }), [/^QUIET_HOURS is no window of the day: give one like 22:00-08:00/], hours)
  t.same(readStateConfig({ STATE_DIR: '/state', TZ: 'Europe/Paris' }), { type: 'ok', config: { stateDir: '/state', timeZone: 'Europe/Paris' } })
  t.match(readStateConfig({ TZ: 'Paris' }), { type: 'faults', faults: [/^TZ is no time zone/] })
  t.end()
})

t.test('a host label is taken without the blanks around it, and none is left of blanks alone', (t) => {
  t.match(readConfig({ ...GOOD, HOST_LABEL: ' my nas\n' }), { config: { host: 'my nas' } })
  t.match(readConfig({ ...GOOD, HOST_LABEL: `${'x'.repeat(64)} ` }), { config: { host: 'x'.repeat(64) } })
  t.match([readConfig({ ...GOOD, HOST_LABEL: '  ' }), readReplayConfig(null, { HOST_LABEL: '  ' })], [{ config: { host: null } }, { config: { host: null } }])
  t.end()
})

t.test('the state directory follows the XDG convention', (t) => {
  t.match(readConfig({ ...GOOD, XDG_STATE_HOME: '/xdg' }), { config: { stateDir: '/xdg/watchtower-telegram' } })
  t.end()
})

t.test('all faults are listed at once, each naming its variable', (t) => {
  t.same(faults({}).map((fault) => fault.split(' ')[0]), ['TELEGRAM_BOT_TOKEN', 'TELEGRAM_CHAT_ID'])
  const all = {
    TELEGRAM_BOT_TOKEN: 'x', TELEGRAM_CHAT_ID: 'x', TOPIC_SYSTEM_ID: 'x', TELEGRAM_API_URL: 'x', WATCHTOWER_CONTAINER: '/x', HOST_LABEL: 'x'.repeat(65), MESSAGE_LANGUAGE: 'de', TZ: 'Mars/Olympus',
    SESSION_IDLE_AFTER: '10', RECONCILE_EVERY: '1ms', DOCKER_TIMEOUT: '1d', DOCKER_LOST_AFTER: '1ms', TELEGRAM_TIMEOUT: 'x', RETRY_PACE: '1h', SEND_JITTER: '2h', LOG_LEVEL: 'loud', DOCKER_HOST: 'ssh://x',
  }
  t.same(faults(all).map((fault) => fault.split(' ')[0]), Object.keys(all))
  for (const idle of ['0', '0s', '2d', '10', 'm', '1.5h']) t.match(faults({ ...GOOD, SESSION_IDLE_AFTER: idle }), [/^SESSION_IDLE_AFTER is no usable duration/], idle)
  for (const url of ['api.telegram.org', 'ftp://x', 'https://me:pw@x', 'https://x/?a=1', 'https://x/#a']) t.match(faults({ ...GOOD, TELEGRAM_API_URL: url }), [/^TELEGRAM_API_URL/], url)
  for (const chat of ['0', '12345678901234567890', '@x', 'https://t.me/x']) t.match(faults({ ...GOOD, TELEGRAM_CHAT_ID: chat }), [/^TELEGRAM_CHAT_ID is no chat/], chat)
  t.end()
})

t.test('the token comes from a file as well, and no fault ever quotes it', async (t) => {
  const folder = t.testdir({ token: `${TOKEN}\n`, empty: '', odd: 'not a token', directory: {} })
  const of = (name: string) => ({ TELEGRAM_CHAT_ID: '1', TELEGRAM_BOT_TOKEN_FILE: join(folder, name) })
  t.match(readConfig(of('token')), { config: { telegram: { token: TOKEN } } })
  t.match(faults(of('none')), [/there is no file .*none: write the token into it/])
  t.match(faults(of('directory')), [/is a directory, as Docker makes one where a mounted file is missing/])
  t.match(faults(of('empty')), [/^TELEGRAM_BOT_TOKEN_FILE holds no bot token/])
  t.match(faults(of('odd')), [/^TELEGRAM_BOT_TOKEN_FILE holds no bot token/])
  t.match(faults({ ...of('token'), TELEGRAM_BOT_TOKEN: TOKEN }), [/both set: keep one/])
  const swapped = faults({ TELEGRAM_CHAT_ID: '1', TELEGRAM_BOT_TOKEN_FILE: TOKEN })
  t.match(swapped, [/is a token, not a file/])
  t.notMatch(JSON.stringify([swapped, faults({ ...GOOD, TELEGRAM_BOT_TOKEN: `${TOKEN} x` })]), TOKEN)
  t.match(faults(of('odd/below')), [/^TELEGRAM_BOT_TOKEN_FILE: .*odd\/below cannot be read \(ENOTDIR\)$/])
  chmodSync(join(folder, 'token'), 0)
  await asOrdinaryUser(async () => {
    t.match(faults(of('token')), [/^TELEGRAM_BOT_TOKEN_FILE: user \d+ may not read .*token: make it readable, for example with chmod 644$/])
    t.intercept(process, 'getuid' as keyof NodeJS.Process, { value: undefined })
    t.match(faults(of('token')), [/user \? may not read/], 'a system without user numbers')
  })
})

t.test('the engine and the proxy on the way to Telegram are read too, and their faults listed with the others', (t) => {
  t.match(readConfig({ ...GOOD, DOCKER_HOST: 'tcp://proxy', HTTPS_PROXY: 'http://me:pw@proxy:3128' }), { config: { docker: { type: 'tcp', host: 'proxy', port: 2375 }, telegram: { proxy: { host: 'proxy:3128', password: 'pw' } } } })
  t.match(readConfig({ ...GOOD, HTTPS_PROXY: 'http://proxy:3128', TELEGRAM_API_URL: 'http://bot-api:8081' }), { config: { telegram: { proxy: null } } })
  t.match(faults({ ...GOOD, DOCKER_TLS: '1', HTTPS_PROXY: 'socks5://proxy' }), [/^HTTPS_PROXY is no usable proxy/, /^DOCKER_TLS /])
  t.end()
})

t.test('replay reads only the host label, the idle time and how messages are written', (t) => {
  const style = { language: 'fr' as const, timeZone: 'Europe/Paris', template: null }
  t.same(readReplayConfig(null, { HOST_LABEL: 'nas', SESSION_IDLE_AFTER: '1h', MESSAGE_LANGUAGE: 'fr', TZ: 'Europe/Paris', TELEGRAM_CHAT_ID: 'odd' }), { type: 'ok', config: { host: 'nas', idleMs: 3_600_000, style } })
  t.same(readReplayConfig(null, {}), { type: 'ok', config: { host: null, idleMs: 600_000, style: { language: 'en', timeZone: 'UTC', template: null } } })
  t.match(readReplayConfig(null, { SESSION_IDLE_AFTER: 'soon' }), { type: 'faults', faults: [/^SESSION_IDLE_AFTER/] })
  t.end()
})
