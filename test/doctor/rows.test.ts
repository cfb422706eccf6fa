// What the whole tables do not show: the rarer rows of each family.
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createDocker } from '../../src/docker/client.js'
import { listed } from '../../src/doctor/check.js'
import { clockCheck } from '../../src/doctor/clock.js'
import { engineChecks } from '../../src/doctor/engine.js'
import { ownId } from '../../src/doctor/self.js'
import { roomCheck, stateChecks } from '../../src/doctor/state.js'
import { tableOf } from '../../src/doctor/table.js'
import { saveState } from '../../src/state/file.js'
import { takeLock } from '../../src/state/lock.js'
import { emptyState } from '../../src/state/state.js'
import { createAuthority } from '../certificates.js'
import { createDockerApi, type DockerApi } from '../fakes/docker-api.js'

const NOW = Date.parse('2026-11-26T12:00:00Z')
const never = new AbortController().signal

function directory(t: Test): string {
  const made = mkdtempSync(join(tmpdir(), 'wt-rows-'))
  t.teardown(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** timeoutMs: only what is to run into it needs a short one. */
async function engine(t: Test, prepare: (api: DockerApi) => void, timeoutMs = 10_000) {
  const api = await createDockerApi()
  t.teardown(() => api.close())
  chmodSync(api.socketPath, 0o660)
  prepare(api)
  const host = { type: 'unix', path: api.socketPath } as const
  const { checks, version } = await engineChecks(createDocker(host, timeoutMs, never), host, timeoutMs, never)
  return { rows: Object.fromEntries(checks.map((check) => [check.name, check])), version }
}

t.test('a socket that is open to all is worth a look, and so is a proxy that answers oddly', async (t) => {
  t.match((await engine(t, (api) => chmodSync(api.socketPath, 0o666))).rows.socket, { mark: 'warning', found: /is open to every user of the machine \(mode 666\): who can use it is root there$/, remedy: 'close it, on the host:', paste: [/^chmod 660 \//] })
  t.match((await engine(t, (api) => chmodSync(api.socketPath, 0o600))).rows.socket, { mark: 'ok', found: /answers; user \d+ may use it, and with it are root \(mode 600\)$/ })
  t.match((await engine(t, (api) => api.override(/start$/, { type: 'answer', status: 503, body: 'x' }))).rows.writes, { mark: 'warning', found: 'whether they are refused is not known (503)' })
  t.match((await engine(t, (api) => api.override(/start$/, { type: 'hang' }), 3_000)).rows.writes, { mark: 'warning', found: /^whether they are refused is not known: .* no complete answer within 3 s$/ })
  const mute = await engine(t, (api) => api.override('/version', { type: 'answer', status: 403, body: '' }))
  t.match(mute, { version: null, rows: { engine: { mark: 'fault', found: 'it does not tell its version' } } })
  t.match((await engine(t, (api) => api.override('/_ping', { type: 'answer', status: 500, body: 'x' }))).rows.socket, { mark: 'fault', remedy: /^look at the log of the Docker daemon/ })
})

t.test('an engine over TCP answers whoever reaches it', async (t) => {
  let aheadMs = 0
  const server = createServer((request, response) => response.writeHead(request.method === 'POST' ? 403 : 200, { 'content-type': 'application/json', date: new Date(Date.now() + aheadMs).toUTCString() }).end(request.url === '/version' ? '{"Version":"29.0.0","ApiVersion":"1.52","MinAPIVersion":"1.44"}' : 'OK'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const host = { type: 'tcp', host: '127.0.0.1', port } as const
  const engineRows = async () => (await engineChecks(createDocker(host, 10_000, never), host, 10_000, never)).checks
  const checks = await engineRows()
  t.same(checks.map(({ mark, found }) => [mark, found]), [['ok', `127.0.0.1:${port} answers whoever can reach it: keep it on a private network`], ['ok', 'they are refused (403)'], ['ok', 'Docker 29.0.0, API 1.44 to 1.52']])
  // a header tells whole seconds, and an answer that takes up to 5 s is taken to be half as old
  for (const [ms, found] of [[90_000, /; its clock is (8[6-9]|9[0-4]) s ahead of this machine's$/], [-3_600_000, /; its clock is (359[6-9]|360[0-4]) s behind this machine's$/]] as const) {
    aheadMs = ms
    t.match((await engineRows())[2], { mark: 'warning', found })
  }
})

t.test('an engine over TLS asks for a certificate, or lets everyone in', async (t) => {
  const path = directory(t)
  const ca = createAuthority(join(path, 'ca'))
  const { cert, key } = ca.issue('server')
  const [client, pem] = [ca.issue('client'), (file: string) => readFileSync(file, 'utf8')]
  const server = createTlsServer({ cert: pem(cert), key: pem(key) }, (request, response) => response.writeHead(request.method === 'POST' ? 403 : 200, { 'content-type': 'application/json' }).end('{"Version":"29.0.0","ApiVersion":"1.52"}'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const socket = async (own: { cert: string; key: string } | null) => {
    const host = { type: 'tcp', host: '127.0.0.1', port, tls: { ca: pem(ca.cert), own } } as const
    return (await engineChecks(createDocker(host, 10_000, never), host, 10_000, never)).checks
  }
  t.match(await socket({ cert: pem(client.cert), key: pem(client.key) }), [{ mark: 'ok', found: `127.0.0.1:${port} answers over TLS; who has key.pem may use it` }, { mark: 'ok' }, { found: 'Docker 29.0.0, API 1.12 to 1.52' }])
  t.match(await socket(null), [{ mark: 'warning', found: `127.0.0.1:${port} answers over TLS, but asks nobody for a certificate: who can reach it is root there` }, {}, {}])
})

t.test('a sidecar that has just started is asked again until it is well, one that is up for longer is not', async (t) => {
  const stateDir = directory(t)
  let asked = 0
  const answers = [{ healthy: false, faults: ['Docker has not answered yet'], doing: '', upMs: 90 }, { healthy: true, faults: [], doing: 'following watchtower', upMs: 590 }]
  const lock = await takeLock(stateDir, () => JSON.stringify(answers[(asked += 1) - 1] ?? { healthy: false, faults: ['401'], doing: '', upMs: 10_000 }))
  t.match((await stateChecks(stateDir, NOW))[2], { mark: 'ok', found: 'following watchtower' })
  t.match((await stateChecks(stateDir, NOW))[2], { mark: 'fault', found: '401' })
  t.equal(asked, 3)
  lock.release()
})

t.test('the state directory: not there yet, no directory, damaged, and a sidecar that is not well', async (t) => {
  const stateDir = directory(t)
  t.match(await stateChecks(join(stateDir, 'a', 'b'), NOW), [{ mark: 'ok', found: `${stateDir}/a/b is not there yet: the first start makes it` }, { mark: 'ok', found: 'none yet' }, { mark: 'warning', found: `none is running with ${stateDir}/a/b` }])
  t.match(await stateChecks('/dev/null/below', NOW), [{ mark: 'fault', remedy: 'name one' }, { mark: 'fault' }, {}])
  await saveState(stateDir, emptyState)
  writeFileSync(join(stateDir, 'state.json'), 'garbage')
  t.match(await stateChecks(stateDir, NOW), [{ mark: 'ok' }, { mark: 'fault', found: /is damaged$/, remedy: 'the sidecar mends it at its next start' }, {}])
  const lock = await takeLock(stateDir, () => JSON.stringify({ healthy: false, faults: ['Docker has not answered yet'], doing: '' }))
  t.match((await stateChecks(stateDir, NOW))[2], { mark: 'fault', found: 'Docker has not answered yet', remedy: 'see its log:', paste: ['docker logs --tail 20 watchtower-telegram'] })
  lock.release()
})

t.test('a full disk is a fault, and one that is nearly full worth a look', async (t) => {
  const stateDir = directory(t)
  rmSync(stateDir, { recursive: true })
  symlinkSync('/dev/full', stateDir)
  t.match((await stateChecks(stateDir, NOW))[0], { mark: 'fault' })
  t.match((await stateChecks('/sys', NOW))[0], { mark: 'fault' })
  t.match(roomCheck('state directory', '/data', 9 * 2 ** 20), { mark: 'warning', found: '/data has 9 MB left', remedy: 'make room there' })
})

t.test('a clock is compared with the date of an answer, where there is one', async (t) => {
  const server = createServer((_, response) => response.setHeader('date', new Date(NOW).toUTCString()).end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const api = `http://127.0.0.1:${(server.address() as { port: number }).port}`
  const at = async (ahead: number) => clockCheck({ apiRoot: api, proxy: null }, () => NOW + ahead, 10_000)
  t.match(await at(30_000), { mark: 'ok' })
  t.match(await at(-31_000), { mark: 'warning', found: "31 s behind Telegram's" })
  t.match(await at(301_000), { mark: 'fault', found: "301 s ahead of Telegram's" })
  server.removeAllListeners('request').on('request', (_, response) => void Object.assign(response, { sendDate: false }).end())
  t.match(await at(0), { mark: 'warning', found: 'not compared: no answer that is dated' })
  await new Promise((resolve) => server.close(resolve))
  t.match(await at(0), { mark: 'warning', found: 'not compared: no answer that is dated' })
})

t.test('its own container is known by what is mounted, else by a host name that is an id', (t) => {
  const id = 'a1'.repeat(32)
  t.equal(ownId('nas', `612 598 8:1 /var/lib/docker/containers/${id}/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n`), id)
  t.equal(ownId('a1a1a1a1a1a1', ''), 'a1a1a1a1a1a1')
  t.equal(ownId('nas', '25 30 0:23 / /sys rw - sysfs sysfs rw\n'), null)
  t.end()
})

t.test('the table shows no secret, no control character, and lists of a bounded length', (t) => {
  const row = { mark: 'fault', name: 'x', found: 'the token 1:secret \u001b[2J and POSTGRES_PASSWORD=hunter2', remedy: 'not 1:secret', paste: ['curl 1:secret'] } as const
  t.equal(tableOf([row], { json: false, secrets: ['1:secret'] }), '✗ x  the token [secret] [2J and POSTGRES_PASSWORD=[removed]\n     → not [secret]\n       curl [secret]\n\n1 fault, no warnings\n')
  t.same(JSON.parse(tableOf([row], { json: true, secrets: ['1:secret'] })), [{ mark: 'fault', name: 'x', found: 'the token [secret]  [2J and POSTGRES_PASSWORD=[removed]', remedy: 'not [secret]', paste: ['curl [secret]'] }])
  const schedule = `${'a '.repeat(35)}"0 0 3 * * *" ${'b'.repeat(100)} c`
  t.equal(tableOf([{ ...row, found: schedule, remedy: schedule, paste: [schedule] }], { json: false, secrets: [] }), [
    `✗ x  ${'a '.repeat(35).trim()}`, '     "0 0 3 * * *"', `     ${'b'.repeat(100)}`, '     c',
    `     → ${'a '.repeat(35).trim()}`, '       "0 0 3 * * *"', `       ${'b'.repeat(100)}`, '       c', `       ${schedule}`, '', '1 fault, no warnings', '',
  ].join('\n'), 'lines end at 80, a schedule and a command are not broken')
  t.equal(listed(Array.from({ length: 14 }, (_, n) => String(n))), '0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more')
  t.end()
})
