import { chmodSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { dockerHostFrom } from '../src/docker-host.js'
import { certPath, createAuthority } from './certificates.js'
import { asOrdinaryUser } from './ordinary-user.js'

const folder = t.testdir()
const authority = createAuthority(join(folder, 'authority'))
const client = authority.issue('client')
const other = authority.issue('other')
const TLS = { DOCKER_HOST: 'tcp://nas', DOCKER_TLS_VERIFY: '1' }

const read = (env: NodeJS.ProcessEnv): unknown => {
  const result = dockerHostFrom(env)
  return 'host' in result ? result.host : `${result.of}: ${result.fault}`
}

t.test('without TLS it is a socket or a plain port, as the Docker CLI reads them', (t) => {
  const host = (text: string): unknown => read({ DOCKER_HOST: text })
  t.same(read({}), { type: 'unix', path: '/var/run/docker.sock' })
  t.same(host('unix://'), { type: 'unix', path: '/var/run/docker.sock' })
  t.same(host('unix:///run/user/1000/docker.sock'), { type: 'unix', path: '/run/user/1000/docker.sock' })
  t.same(host('tcp://proxy'), { type: 'tcp', host: 'proxy', port: 2375 })
  t.same(host('tcp://proxy:1234/'), { type: 'tcp', host: 'proxy', port: 1234 })
  t.same(host('proxy:1234'), { type: 'tcp', host: 'proxy', port: 1234 })
  t.same(host('tcp://proxy:'), { type: 'tcp', host: 'proxy', port: 2375 })
  t.same(host(' tcp://proxy:1234 '), { type: 'tcp', host: 'proxy', port: 1234 })
  t.same(host(' '), { type: 'unix', path: '/var/run/docker.sock' })
  t.same(host('tcp://:1234'), { type: 'tcp', host: 'localhost', port: 1234 })
  t.same(host('tcp://[::1]:1234'), { type: 'tcp', host: '[::1]', port: 1234 })
  for (const unsupported of ['npipe:////./pipe/docker_engine', 'https://proxy', 'tcp://proxy:99999', 'tcp://a b']) t.match(host(unsupported), /^DOCKER_HOST: DOCKER_HOST is not supported: give unix:/, unsupported)
  t.same(host('[fd00::5]'), { type: 'tcp', host: '[fd00::5]', port: 2375 })
  for (const bare of ['tcp://::1', '::1', 'tcp://::1:2375', 'tcp://fd00::5/']) t.match(host(bare), /^DOCKER_HOST: DOCKER_HOST has an IPv6 address without brackets: write it like tcp:\/\/\[::1\]:2375$/, bare)
  t.same(read({ DOCKER_HOST: 'tcp://nas', DOCKER_CERT_PATH: '/nowhere' }), { type: 'tcp', host: 'nas', port: 2375 }, 'a path alone turns nothing on')
  t.end()
})

t.test('ssh:// and TLS without verification are refused, each with what to do instead', (t) => {
  t.match(read({ DOCKER_HOST: 'ssh://me@nas', DOCKER_TLS_VERIFY: '1' }), /^DOCKER_HOST: DOCKER_HOST ssh:\/\/ is not supported, .*: give tcp:\/\/host:2376 with DOCKER_TLS_VERIFY=1, or run one sidecar on each host$/)
  t.match(read({ DOCKER_HOST: 'tcp://nas', DOCKER_TLS: '1' }), /^DOCKER_TLS: .*: set DOCKER_TLS_VERIFY=1 instead, with ca\.pem in DOCKER_CERT_PATH$/)
  t.match(read({ DOCKER_HOST: 'unix:///x.sock', DOCKER_TLS_VERIFY: '1' }), /^DOCKER_TLS_VERIFY: .* a unix socket has no TLS: set DOCKER_HOST to tcp:\/\/host:2376, or unset DOCKER_TLS_VERIFY$/)
  t.end()
})

t.test('DOCKER_TLS_VERIFY turns TLS on whatever its value, with the three files, and says nothing of the port of a host, as the Docker CLI reads them', (t) => {
  const path = certPath(join(folder, 'whole'), { ca: authority.cert, own: client })
  for (const value of ['1', '0', 'false']) {
    t.match(read({ ...TLS, DOCKER_TLS_VERIFY: value, DOCKER_CERT_PATH: path }), { type: 'tcp', host: 'nas', port: 2375, tls: { ca: /BEGIN CERTIFICATE/, own: { cert: /BEGIN CERTIFICATE/, key: /BEGIN PRIVATE KEY/ } } }, value)
  }
  t.match(read({ DOCKER_TLS_VERIFY: '1', DOCKER_CONFIG: path }), { host: 'localhost', port: 2376, tls: {} }, 'where nothing else is said')
  t.match(read({ ...TLS, DOCKER_HOST: 'tcp://nas:1234', DOCKER_CERT_PATH: certPath(join(folder, 'ca alone'), { ca: authority.cert }) }), { port: 1234, tls: { own: null } }, 'an engine may ask for no client certificate')
  t.match(read({ ...TLS, DOCKER_CONFIG: undefined, DOCKER_CERT_PATH: undefined }), new RegExp(`there is no file ${homedir()}/\\.docker/ca\\.pem`), 'the default')
  t.end()
})

t.test('every fault of the files is one sentence with the remedy, and quotes none of them', async (t) => {
  const fault = (name: string, files: Parameters<typeof certPath>[1], odd: Record<string, string> = {}): unknown => {
    const path = certPath(join(folder, name), files)
    for (const [file, text] of Object.entries(odd)) writeFileSync(join(path, file), text)
    return read({ ...TLS, DOCKER_CERT_PATH: path })
  }
  const ca = authority.cert
  t.match(fault('empty', {}), /^DOCKER_TLS_VERIFY: DOCKER_TLS_VERIFY is set, but there is no file .*empty\/ca\.pem: put the engine's CA there, or set DOCKER_CERT_PATH/)
  t.match(fault('no key', { ca, own: { cert: client.cert } }), /no file .*\/key\.pem, though its counterpart is there: .* put both there or neither$/)
  t.match(fault('no cert', { ca, own: { key: client.key } }), /no file .*\/cert\.pem, though its counterpart is there/)
  t.match(fault('odd ca', { own: client }, { 'ca.pem': 'odd' }), /\/ca\.pem holds no certificate: it must begin with -----BEGIN CERTIFICATE-----$/)
  t.match(fault('odd cert', { ca, own: client }, { 'cert.pem': 'odd' }), /\/cert\.pem holds no certificate/)
  t.match(fault('odd key', { ca, own: client }, { 'key.pem': 'a made-up key' }), /\/key\.pem holds no usable private key: it must be a PEM file without a passphrase$/)
  t.match(fault('other key', { ca, own: { ...client, key: other.key } }), /\/key\.pem is not the key of .*\/cert\.pem: copy both from the same client$/)
  t.notMatch(fault('odd key', { ca, own: client }, { 'key.pem': 'a made-up key' }), /made-up/)
  const path = certPath(join(folder, 'secret'), { ca, own: client })
  chmodSync(join(path, 'key.pem'), 0)
  await asOrdinaryUser(async () => t.match(read({ ...TLS, DOCKER_CERT_PATH: path }), /: user \d+ may not read .*\/key\.pem: make it readable for it$/))
  t.match(read({ ...TLS, DOCKER_CERT_PATH: join(path, 'ca.pem') }), /\/ca\.pem\/ca\.pem cannot be read \(ENOTDIR\): put/)
})
