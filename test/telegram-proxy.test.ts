import t from 'tap'
import { redact } from '../src/report/redact.js'
import { proxyFor, secretsOf } from '../src/telegram-proxy.js'

const API = 'https://api.telegram.org'
const through = (env: NodeJS.ProcessEnv, address = API): string | null => {
  const result = proxyFor(address, env)
  return 'fault' in result ? result.fault : (result.proxy?.href ?? null)
}

t.test('HTTPS_PROXY is taken in both cases, with and without a scheme, for https alone', (t) => {
  t.equal(through({}), null)
  t.equal(through({ HTTPS_PROXY: 'http://proxy:3128' }), 'http://proxy:3128/')
  t.equal(through({ https_proxy: 'proxy:3128' }), 'http://proxy:3128/')
  t.equal(through({ HTTPS_PROXY: 'https://one:443', https_proxy: 'http://two' }), 'https://one/')
  t.equal(through({ HTTPS_PROXY: 'http://proxy:3128' }, 'http://bot-api:8081'), null)
  t.equal(through({ HTTPS_PROXY: 'http://proxy:3128' }, 'no address'), null, 'which is told elsewhere')
  t.equal(through({ HTTP_PROXY: 'http://proxy:3128' }), null)
  t.end()
})

t.test('NO_PROXY names hosts, domains with all below them, ports, or everything', (t) => {
  const without = (list: string, address = API): boolean => through({ HTTPS_PROXY: 'proxy', NO_PROXY: list }, address) === null
  for (const list of ['*', 'api.telegram.org', 'telegram.org', '.telegram.org', '*.telegram.org', 'localhost, API.Telegram.Org', 'telegram.org:443', 'a b telegram.org']) t.ok(without(list), list)
  for (const list of ['', ',', 'egram.org', 'api.telegram.org.evil', 'telegram.org:80', 'www.telegram.org', '.']) t.notOk(without(list), list)
  t.ok(without('10.0.0.5', 'https://10.0.0.5:8443'))
  t.ok(without('10.0.0.5:8443', 'https://10.0.0.5:8443'))
  for (const list of ['fd00::5', 'FD00:0::5', '[fd00::5]', '[fd00::5]:8443']) t.ok(without(list, 'https://[fd00::5]:8443'), list)
  for (const list of ['fd00::6', '[fd00::5]:443', 'fd00::', 'fd00::5%eth0', '[']) t.notOk(without(list, 'https://[fd00::5]:8443'), list)
  t.equal(through({ HTTPS_PROXY: 'proxy', no_proxy: 'telegram.org' }), null)
  t.end()
})

t.test('what is no proxy is refused without being quoted', (t) => {
  for (const proxy of ['socks5://me:made-up@proxy:1080', 'http://', 'http://me:made-up%@proxy', 'http://me:made-up@:0', 'http://me:made#up@proxy']) {
    const fault = through({ HTTPS_PROXY: proxy })
    t.match(fault, /^HTTPS_PROXY is no usable proxy: give one like .* # as %23/, proxy)
    t.equal(redact(fault ?? ''), fault, 'what masks secrets leaves the remedy whole')
    t.notMatch(through({ HTTPS_PROXY: proxy }), 'made-up')
  }
  t.end()
})

t.test('its password is secret in every form that it takes', (t) => {
  t.same(secretsOf({ token: 'token', proxy: null }), ['token'])
  t.same(secretsOf({ token: 'token', proxy: new URL('http://proxy:3128') }), ['token'])
  t.same(secretsOf({ token: 'token', proxy: new URL('http://me:p%40ss@proxy') }), ['token', 'me:p%40ss', 'me:p@ss', Buffer.from('me:p@ss').toString('base64'), 'p@ss'])
  t.end()
})
