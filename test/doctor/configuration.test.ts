// What the doctor makes of a configuration that `run` refuses.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { usableConfig } from '../../src/doctor/configuration.js'

const GOOD = { TELEGRAM_BOT_TOKEN: '123456:a-made-up-token-for-tests-only', TELEGRAM_CHAT_ID: '-1001234567890' }

t.test('one that is complete is taken as it is', (t) => {
  const { config, broken, checks } = usableConfig({ ...GOOD, TZ: 'Europe/Paris' })
  t.match(config, { style: { timeZone: 'Europe/Paris' }, telegram: { chat: -1001234567890 } })
  t.same([broken, checks.map(({ mark, name, found }) => [mark, name, found])], [new Set(), [['ok', 'configuration', 'complete'], ['ok', 'template', 'the built-in one']]])
  t.end()
})

t.test('of one that is broken the rest is used, in any combination', (t) => {
  const cases: [Record<string, string>, string[]][] = [
    [{ TELEGRAM_BOT_TOKEN: '', TELEGRAM_CHAT_ID: '' }, ['TELEGRAM_BOT_TOKEN', 'TELEGRAM_CHAT_ID']],
    [{ TELEGRAM_BOT_TOKEN_FILE: '/nowhere/token' }, ['TELEGRAM_BOT_TOKEN']],
    [{ TELEGRAM_BOT_TOKEN: '', TELEGRAM_BOT_TOKEN_FILE: '/nowhere/token' }, ['TELEGRAM_BOT_TOKEN']],
    [{ https_proxy: 'socks5://proxy' }, ['HTTPS_PROXY']],
    [{ DOCKER_HOST: 'ssh://nas', DOCKER_TLS_VERIFY: '1' }, ['DOCKER_HOST']],
    [{ DOCKER_HOST: 'unix:///x.sock', DOCKER_TLS_VERIFY: '1' }, ['DOCKER_TLS_VERIFY']],
    [{ DOCKER_HOST: 'tcp://nas:2376', DOCKER_TLS: '1' }, ['DOCKER_TLS']],
    // the first is for an address without TLS, which asks for no proxy
    [{ TELEGRAM_API_URL: 'http://user:word@api.lan', HTTPS_PROXY: 'socks5://proxy' }, ['TELEGRAM_API_URL', 'HTTPS_PROXY']],
    [{ TZ: '"Europe/Paris"' }, ['TZ']],
  ]
  for (const [env, names] of cases) {
    const { broken, checks, config } = usableConfig({ ...GOOD, RETRY_PACE: '2s', ...env })
    t.same([...broken], names, JSON.stringify(env))
    t.equal(config.timing.paceMs, 2_000)
    t.match(checks[0], { mark: 'fault', name: 'configuration', remedy: 'until then `run` does not start' })
    t.equal(checks[0]?.found.split('; ').length, names.length)
  }
  t.match(usableConfig({ ...GOOD, TZ: '"Europe/Paris"' }).checks[0], { found: 'TZ is no time zone: give the name of one as the IANA lists them, like Europe/Paris or UTC, without quotes' })
  t.end()
})

t.test('a template has a row of its own', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'wt-configuration-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'message.mustache')
  writeFileSync(file, '{{#updates}}{{name}}{{/updates}}')
  t.match(usableConfig({ ...GOOD, MESSAGE_TEMPLATE_FILE: file }).checks, [{ mark: 'ok' }, { mark: 'ok', name: 'template', found: `${file}, tried on samples` }])
  writeFileSync(file, '{{colour}}')
  const seen = usableConfig({ ...GOOD, MESSAGE_TEMPLATE_FILE: file })
  t.match(seen.checks, [{ mark: 'ok', found: 'complete' }, { mark: 'fault', name: 'template', found: /there is no field colour/ }])
  t.equal(seen.config.style.template, null)
  t.end()
})
