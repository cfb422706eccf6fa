// compose/socket-proxy.cfg in Debian's HAProxy before a real engine: what passes, what does not, and that the sidecar
// needs nothing else. Requests are written byte by byte, for a client would tidy them.
import { readFileSync, writeFileSync } from 'node:fs'
import http2 from 'node:http2'
import { connect } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { ownPort } from '../fakes/loopback.js'
import { type Engine, engineTest } from './engine.js'
import { haproxyMissing } from './haproxy.js'
import { killDaemon, startDaemon, until, which } from './processes.js'
import { startSidecar } from './sidecar.js'
import { check, composeUp, image, runWatchtower } from './stack.js'
import { standInWatchtower } from './watchtower.js'

const CONFIG = readFileSync(join(import.meta.dirname, '../../compose/socket-proxy.cfg'), 'utf8')

async function startProxy(t: Test, engine: Engine): Promise<number> {
  const port = await ownPort()
  const config = join(engine.directory, 'socket-proxy.cfg')
  writeFileSync(config, CONFIG.replace('bind :2375', `bind 127.0.0.1:${port}`).replace('/var/run/docker.sock', engine.socketPath))
  const child = startDaemon(which('haproxy') ?? 'haproxy', ['-db', '-f', config], join(engine.directory, 'socket-proxy.log'), { PATH: process.env.PATH ?? '' })
  t.teardown(() => killDaemon(child))
  if (!(await until(async () => (await ask(port, 'GET /_ping')) === 200, 60_000))) throw new Error('haproxy did not start')
  return port
}

/** The status of the answer; 0 where there is none. */
function ask(port: number, line: string, ...headers: string[]): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${line} HTTP/1.1\r\nHost: docker\r\n${headers.map((header) => `${header}\r\n`).join('')}\r\n`))
    socket.setTimeout(60_000, () => socket.destroy())
    socket.on('error', () => {}).on('close', () => resolve(0))
    socket.once('data', (chunk) => {
      resolve(Number(/^HTTP\/1\.\d (\d+)/.exec(chunk.toString('latin1'))?.[1] ?? 0))
      socket.destroy()
    })
  })
}

/** The status of a GET with a body of unknown length over HTTP/2 without TLS; 0 where HTTP/2 is not spoken. */
function overHttp2(port: number): Promise<number> {
  return new Promise((resolve) => {
    const session = http2.connect(`http://127.0.0.1:${port}`)
    const request = session.request({ ':method': 'GET', ':path': '/_ping' }, { endStream: false })
    for (const end of [session, request]) end.on('error', () => resolve(0))
    request.on('response', ({ ':status': status }) => {
      resolve(status ?? 0)
      session.destroy()
    })
    request.end('body')
  })
}

await engineTest(t, 'the strict socket proxy', async (t, engine) => {
  const missing = haproxyMissing()
  if (missing !== null && process.env.ENGINE_REQUIRED !== '1') return t.comment(missing)
  const port = await startProxy(t, engine)
  await engine.buildImage({ ref: 'team/web:1', cmd: ['/bin/sh', '-c', 'echo hello; sleep 3600'] })
  const id = await engine.run('--name', 'web', 'team/web:1')
  const imageId = (await engine.inspect('team/web:1')).Id as string
  const since = Math.floor(Date.now() / 1000)

  await t.test('lets every path through that the sidecar asks for, with and without a version', async (t) => {
    const listed = [
      '/_ping', '/version', `/events?since=${since}&until=${since}`, '/containers/json', '/containers/json?all=true&filters=%7B%7D', `/containers/${id}/json`, '/containers/web/json',
      `/containers/${id}/logs?stdout=1&stderr=1&timestamps=1&follow=0&since=1.000000001`, '/images/team/web:1/json', `/images/${imageId}/json`, `/images/${imageId.slice(7, 19)}/json`,
    ]
    for (const path of listed) for (const prefix of ['', '/v1.41']) t.equal(await ask(port, `GET ${prefix}${path}`), 200, `${prefix}${path}`)
  })

  await t.test('answers every other path with 403', async (t) => {
    const others = [
      '/info', '/', '/containers', `/containers/${id}/export`, `/containers/${id}/archive?path=/etc`, `/containers/${id}/attach/ws?stream=1&stdin=1`, `/containers/${id}/top`, `/containers/${id}/stats?stream=0`, `/containers/${id}/changes`,
      '/images/json', '/images/team/web:1/get', '/images/get?names=team/web:1', '/images/team/web:1/history', '/images/search?term=x', '/volumes', '/networks', '/secrets', '/configs', '/swarm', '/nodes', '/services', '/tasks', '/plugins',
      '/system/df', `/exec/${id}/json`, '/distribution/web/json', '/session', '/grpc', '/debug/pprof/', '/metrics',
    ]
    for (const path of others) for (const prefix of ['', '/v1.41']) t.equal(await ask(port, `GET ${prefix}${path}`), 403, `${prefix}${path}`)
  })

  await t.test('is not deceived by queries, encodings, slashes, dots, versions or absolute addresses', async (t) => {
    const tricks = [
      `/containers/${id}/export?/json`, `/containers/${id}/export?x=/containers/json`, `/containers/${id}/export;/json`, `/containers/${id}/export%3f/json`, `/containers/${id}%2fexport/json`, `/containers/${id}/%65xport`,
      `/containers/${id}/export%2f..%2fjson`, `/containers/${id}/json/../export`, `/containers/${id}/json/%2e%2e/export`, `/images/../containers/${id}/export/json`, `/images/a/..%2f..%2fcontainers/${id}/export/json`,
      `//containers/${id}/export`, `//containers/json`, `/containers//${id}/json`, `/images//json`, `/images/a//b/json`, '/v1.41//containers/json', '/v1.41/v1.41/_ping', '/v2/_ping', '/v1.9999/_ping', '/v1.41_ping', '/V1.41/_ping',
      '/_ping/', '/_PING', '/_ping%00', '/_ping%20', '/containers/json/', `/containers/${id}/logs/`, `/containers/${id}/json/export`, `/containers/.${id}/json`, '/containers/../info', '/images/json?/json', '/images//get?names=x/json',
      `http://docker/containers/${id}/export`, 'http://docker/info', 'http://docker//_ping/../info', '/_ping/../info', '/.', '/..', '/_ping;/../info', '/events/', '/version/..', '/images/./json', '/images/a/./json', '/images/.a/json',
    ]
    for (const path of tricks) t.equal(await ask(port, `GET ${path}`), 403, path)
    t.equal(await ask(port, 'GET http://docker/_ping'), 200, 'an absolute address of a listed path is that path')
  })

  await t.test('refuses every method but GET, whatever the headers say, and a GET that carries a body or would be upgraded', async (t) => {
    const zeros = '0'.repeat(64)
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'get', 'GETT']) {
      for (const path of ['/_ping', '/containers/json', `/containers/${id}/json`, `/containers/${id}/start`, `/containers/${zeros}/start`, `/containers/${id}/exec`, '/containers/create', '/build', '/images/create?fromImage=x', `/v1.41/containers/${id}/stop`]) {
        t.equal(await ask(port, `${method} ${path}`, 'Content-Length: 0'), 403, `${method} ${path}`)
      }
    }
    t.equal(await ask(port, `POST /containers/${id}/json`, 'X-HTTP-Method-Override: GET', 'Content-Length: 0'), 403)
    t.equal(await ask(port, `GET /containers/${id}/start`, 'X-HTTP-Method-Override: POST'), 403)
    t.equal(await ask(port, 'GET /_ping', 'Content-Length: 2'), 403)
    t.equal(await ask(port, 'GET /_ping', 'Transfer-Encoding: chunked'), 403)
    t.equal(await ask(port, 'GET /events', 'Connection: Upgrade', 'Upgrade: tcp'), 403)
    t.not(await ask(port, 'CONNECT docker:80'), 200)
    t.not(await overHttp2(port), 200, 'HTTP/2 has bodies without a header')
  })

  await t.test('so that nothing has happened to the container', async (t) => {
    const { stdout } = await engine.docker(['events', '--filter', 'type=container', '--since', String(since), '--until', String(Math.ceil(Date.now() / 1000)), '--format', '{{.Action}}'])
    t.same(stdout.split('\n').filter((action) => !['', 'create', 'start'].includes(action)), [])
    t.match(await engine.inspect('web'), { Id: id, State: { Running: true } })
  })

  await t.test('is all that the sidecar needs to tell an update', async (t) => {
    const refused = (): number => readFileSync(join(engine.directory, 'socket-proxy.log'), 'utf8').match(/ 403 /g)?.length ?? 0
    const before = refused()
    t.ok(before > 100, 'what was refused is in its log')
    const watchtower = await standInWatchtower(engine, t, { always: true })
    await engine.publish(image('postgres:16', { PG_VERSION: '16.1' }))
    await engine.pull('postgres:16')
    await composeUp(engine, 'friday', 'version: "2.4"\nservices:\n  postgres: { image: "postgres:16", network_mode: none }\n')
    await runWatchtower(engine, watchtower)
    const sidecar = await startSidecar(t, engine, { docker: { type: 'tcp', host: '127.0.0.1', port } })
    await sidecar.waitFor('watchtower.attached')
    await engine.publish(image('postgres:16', { PG_VERSION: '16.2' }))
    check(watchtower, [{ image: 'postgres:16', id: await engine.pull('postgres:16') }], 1)
    const [message] = await sidecar.bot.waitForMessages(1, 60_000)
    t.match(message?.text, /Service: postgres\nCurrent: 16\.1\nNew: 16\.2\n/)
    t.same(sidecar.events('facts.missing'), [])
    t.equal(refused(), before, 'nothing of the sidecar is')
  })
}, 600_000)

t.test('a followed log that is silent for days is not cut: no timeout ends an open answer sooner', async (t) => {
  const timeouts = [...CONFIG.matchAll(/^ +timeout (client|server) +(\d+)d$/gm)].map(([, side, days]) => [side, Number(days)])
  t.same(timeouts, [['client', 24], ['server', 24]], 'the longest that HAProxy takes')
})
