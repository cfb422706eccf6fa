// A real dockerd that listens with --tlsverify, reached as DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say.
import { join } from 'node:path'
import t from 'tap'
import { createDocker, probeWrite } from '../../src/docker/client.js'
import { describeDockerError } from '../../src/docker/fault.js'
import { engineChecks } from '../../src/doctor/engine.js'
import { dockerHostFrom } from '../../src/docker-host.js'
import { certPath, createAuthority } from '../certificates.js'
import { ownPort } from '../fakes/loopback.js'
import { type Engine, engineTest } from './engine.js'

const never = new AbortController().signal

function reach(host: string, env: NodeJS.ProcessEnv) {
  const read = dockerHostFrom({ DOCKER_HOST: host, ...env })
  if ('fault' in read) throw new Error(read.fault)
  return { host: read.host, docker: createDocker(read.host, 5_000, never) }
}

async function said(host: string, env: NodeJS.ProcessEnv): Promise<string> {
  const reached = reach(host, env)
  return reached.docker.ping().then(() => 'it answers', (error) => describeDockerError(error, reached.host))
}

await engineTest(t, 'an engine over TLS', async (t, engine: Engine) => {
  const authority = createAuthority(join(engine.directory, 'authority'))
  const stranger = createAuthority(join(engine.directory, 'stranger'))
  const [client, foreign] = [authority.issue('client'), stranger.issue('client')]
  const expired = authority.issue('old-client', { expired: true })
  const paths = (name: string, files: Parameters<typeof certPath>[1]): NodeJS.ProcessEnv => ({ DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certPath(join(engine.directory, name), files) })
  const right = paths('right', { ca: authority.cert, own: client })
  const port = await ownPort()
  const host = `tcp://127.0.0.1:${port}`
  const serve = async (server: { cert: string; key: string }): Promise<void> => {
    await engine.dockerd.stop()
    await engine.dockerd.start({ tlsverify: true, tlscacert: authority.cert, tlscert: server.cert, tlskey: server.key }, host)
  }
  await serve(authority.issue('server'))
  await engine.buildImage({ ref: 'web:1', cmd: ['/bin/sh', '-c', 'echo hello; sleep 3600'] })
  const id = await engine.run('--name', 'web', 'web:1')

  await t.test('is asked for everything as over its socket: list, inspect, log, events', async (t) => {
    const { docker, host: over } = reach(host, right)
    t.match(await docker.list(), [{ id, name: 'web', running: true }])
    t.match(await docker.inspectContainer(id), { Name: '/web' })
    const log = await docker.logs(id, { since: null, follow: false, signal: never })
    t.match(Buffer.concat((await log?.toArray()) ?? []).toString('latin1'), /hello/)
    const stop = new AbortController()
    const events = (await docker.events(stop.signal)).on('error', () => {})
    await engine.docker(['stop', '-t', '0', 'web'])
    t.match(String((await events.take(1).toArray())[0]), /"die"/)
    stop.abort()
    t.same(await probeWrite(over, 5_000, never), { reached: true, status: 404 })
    t.match((await engineChecks(docker, over, 5_000, never)).checks, [{ name: 'socket', mark: 'ok', found: `127.0.0.1:${port} answers over TLS; who has key.pem may use it` }, { name: 'writes', mark: 'warning' }, { name: 'engine', mark: 'ok' }])
  })

  await t.test('is not trusted, or does not trust, with a sentence for each', async (t) => {
    t.equal(await said(host, right), 'it answers')
    t.match(await said(host, paths('wrong ca', { ca: stranger.cert, own: client })), /^the certificate of 127\.0\.0\.1:\d+ was not issued by the CA of ca\.pem \(\w+\): put the engine's own CA/)
    t.match(await said(host, paths('no client', { ca: authority.cert })), /asks for a client certificate: put cert\.pem and key\.pem into DOCKER_CERT_PATH$/)
    t.match(await said(host, paths('foreign', { ca: authority.cert, own: foreign })), /refuses the client certificate: cert\.pem in DOCKER_CERT_PATH must be there, not expired/)
    t.match(await said(host, paths('expired', { ca: authority.cert, own: expired })), /refuses (cert\.pem, which has expired|the client certificate: .*not expired)/)
    t.match(await said(host, {}), /speaks TLS: set DOCKER_TLS_VERIFY=1/)
    t.match(await said('tcp://localhost:1', right), /nothing listens at localhost:1/)
  })

  await t.test('that asks for no certificate is root to everyone, as the doctor says', async (t) => {
    const server = authority.issue('open-server')
    await engine.dockerd.stop()
    await engine.dockerd.start({ tls: true, tlsverify: false, tlscert: server.cert, tlskey: server.key }, host)
    const open = reach(host, paths('open', { ca: authority.cert }))
    t.match((await engineChecks(open.docker, open.host, 5_000, never)).checks[0], { mark: 'warning', found: /asks nobody for a certificate/, remedy: /--tlsverify/ })
  })

  await t.test('with a certificate that has expired, or is for another name, is told apart', async (t) => {
    await serve(authority.issue('old-server', { expired: true }))
    t.match(await said(host, right), /^the certificate of 127\.0\.0\.1:\d+ has expired: renew it there/)
    await serve(authority.issue('elsewhere', { host: 'DNS:elsewhere' }))
    t.match(await said(host, right), /is for another name: set DOCKER_HOST to a name that it is for/)
    await engine.dockerd.stop()
    await engine.dockerd.start({}, host)
    t.match(await said(host, right), /does not speak TLS: unset DOCKER_TLS_VERIFY/)
  })
}, 600_000)
