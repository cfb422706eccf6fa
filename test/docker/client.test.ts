import { createServer } from 'node:http'
import t from 'tap'
import { createDocker, guarded, probeWrite, ReadOnlyError } from '../../src/docker/client.js'
import { container, createDockerApi, image } from '../fakes/docker-api.js'

const id = 'a'.repeat(64)
const never = new AbortController().signal

t.test('every request that could change anything is refused before it reaches the socket', async (t) => {
  const api = await createDockerApi()
  t.teardown(() => api.close())
  const dockerode = guarded({ type: 'unix', path: api.socketPath })
  const one = dockerode.getContainer(id)
  const attempts: Record<string, () => Promise<unknown>> = {
    create: () => dockerode.createContainer({ Image: 'x' }),
    start: () => one.start(),
    stop: () => one.stop(),
    restart: () => one.restart(),
    kill: () => one.kill(),
    pause: () => one.pause(),
    rename: () => one.rename({ name: 'y' }),
    update: () => one.update({}),
    remove: () => one.remove(),
    exec: () => one.exec({ Cmd: ['sh'] }),
    attach: () => one.attach({ stream: true, hijack: true, stdin: true }),
    'read archive': () => one.getArchive({ path: '/etc' }),
    'write archive': () => one.putArchive(Buffer.from(''), { path: '/' }),
    export: () => one.export(),
    top: () => one.top(),
    stats: () => one.stats({ stream: false }),
    pull: () => dockerode.pull('postgres:16'),
    tag: () => dockerode.getImage('x').tag({ repo: 'y' }),
    'remove image': () => dockerode.getImage('x').remove(),
    'save image': () => dockerode.getImage('x').get(),
    info: () => dockerode.info(),
    prune: () => dockerode.pruneContainers(),
    volumes: () => dockerode.listVolumes(),
    secrets: () => dockerode.listSecrets(),
  }
  for (const [name, attempt] of Object.entries(attempts)) await t.rejects(attempt(), ReadOnlyError, name)
  t.same(api.requests, [])
})

t.test('every other method and every path around the list is refused', async (t) => {
  const api = await createDockerApi()
  t.teardown(() => api.close())
  const { modem } = guarded({ type: 'unix', path: api.socketPath })
  const dial = (method: string, path: string, more = {}): Promise<unknown> =>
    new Promise((resolve, reject) => modem.dial({ method, path, statusCodes: { 200: true }, ...more }, (error: unknown, answer) => (error ? reject(error) : resolve(answer))))
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'TRACE', 'CONNECT', 'get']) {
    for (const path of ['/_ping', '/version', '/containers/json?', `/containers/${id}/json`]) await t.rejects(dial(method, path), ReadOnlyError, `${method} ${path}`)
  }
  const around = [
    '', '/', '/info', '/containers/x/export', '/containers/x/archive?', '/containers/x/attach/ws?', '/containers/x/top?', '/containers//json',
    '/containers/../info', '/containers/x/json/../../../info', '/images/../containers/x/export/json', '/images/a//b/json', '/images/./json', '/images/a/./json', '/containers/%2e%2e/json',
    '/containers/x%2fexport/json', '/containers/x/json?path=..', '/v1.41/_ping', ' /_ping', '/_ping\n', 'http://elsewhere/_ping', '//elsewhere/_ping',
    '/images/get?names=x', '/exec/x/json', '/events', '/containers/json/x', `/containers/${'0'.repeat(64)}/start`,
  ]
  for (const path of around) await t.rejects(dial('GET', path), ReadOnlyError, JSON.stringify(path))
  await t.rejects(dial('POST', `/containers/${'0'.repeat(64)}/start`), ReadOnlyError, 'the write that the doctor alone may make')
  await t.rejects(dial('GET', '/_ping', { hijack: true }), ReadOnlyError, 'a hijacked connection')
  await t.rejects(dial('GET', '/_ping', { openStdin: true }), ReadOnlyError, 'an open standard input')
  t.same(api.requests, [])
})

t.test('what it needs passes: ping, list, inspect, images, logs, events', async (t) => {
  const api = await createDockerApi()
  t.teardown(() => api.close())
  api.containers.push(container({ name: 'web', image: 'nginx:1.25', id }))
  api.images.push(image({ ref: 'team/app:1', id: `sha256:${'b'.repeat(64)}` }))
  const docker = createDocker({ type: 'unix', path: api.socketPath }, 20_000, never)
  await docker.ping()
  t.match(await docker.version(), { ApiVersion: '1.41' })
  t.match(await docker.list({ name: ['^/web$'] }), [{ id, name: 'web', running: true }])
  t.same(await docker.list({ label: ['absent=true'] }), [])
  t.match(await docker.inspectContainer(id), { Id: id })
  t.match(await docker.inspectImage('b'.repeat(12)), { RepoTags: ['team/app:1'] })
  t.equal(await docker.inspectContainer('gone'), null)
  t.equal(await docker.inspectImage('gone:1'), null)
  t.equal(await docker.logs('gone', { since: null, follow: true, signal: new AbortController().signal }), null)
  const stop = new AbortController()
  const events = await docker.events(stop.signal)
  events.on('error', () => {})
  stop.abort()
  t.same(
    api.requests.map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`),
    ['GET /_ping', 'GET /version', 'GET /version', ...['containers/json', 'containers/json', `containers/${id}/json`, `images/${'b'.repeat(12)}/json`, 'containers/gone/json', 'images/gone:1/json', 'containers/gone/logs', 'events'].map((path) => `GET /v1.41/${path}`)],
  )
})

t.test("the doctor's one write starts nothing, tells an engine from what refuses it, and is bounded", async (t) => {
  const api = await createDockerApi()
  t.teardown(() => api.close())
  const host = { type: 'unix', path: api.socketPath } as const
  const path = `/containers/${'0'.repeat(64)}/start`
  t.same(await probeWrite(host, 20_000, never), { reached: true, status: 404 })
  t.same(api.requests, [{ method: 'POST', path }])
  const answers: [number, string | object, boolean][] = [[403, '<html>403 Forbidden</html>', false], [405, { message: 'read-only' }, false], [404, 'page not found', false], [204, '', false], [503, 'No server is available', false]]
  for (const [status, body, reached] of answers) {
    api.override(path, { type: 'answer', status, body })
    t.same(await probeWrite(host, 20_000, never), { reached, status }, String(status))
  }
  api.override(path, { type: 'answer', status: 302, body: '', headers: { location: '/containers/x/export' } })
  await t.rejects(probeWrite(host, 20_000, never), 'a redirect is not followed')
  t.ok(api.requests.every((request) => request.path === path))
  api.override(path, { type: 'hang' })
  await t.rejects(probeWrite(host, 50, never), { code: 'ETIMEDOUT' })
  api.override(path, { type: 'cut' })
  await t.rejects(probeWrite(host, 20_000, never), { code: 'ECONNRESET' })
})

t.test('an engine on TCP is reached as well', async (t) => {
  const paths: (string | undefined)[] = []
  const server = createServer((request, response) => {
    paths.push(request.url)
    response.end('OK')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  await createDocker({ type: 'tcp', host: '127.0.0.1', port }, 20_000, never).ping()
  t.same(paths, ['/_ping'])
})

t.test('a container without names or labels is listed by its id, one that is paused or restarting is running', async (t) => {
  const api = await createDockerApi()
  t.teardown(() => api.close())
  const states = ['running', 'paused', 'restarting', 'exited', 'created', 'dead']
  api.override('/containers/json', { type: 'answer', status: 200, body: states.map((State) => ({ Id: State, Names: [], Labels: null, Command: 'x', State })) })
  t.same(
    await createDocker({ type: 'unix', path: api.socketPath }, 20_000, never).list(),
    states.map((state, n) => ({ id: state, name: state, labels: {}, command: 'x', running: n < 3, health: null })),
  )
  api.override('/containers/json', { type: 'answer', status: 200, body: [{ Id: 'a', Names: ['/app/db', '/db'], Labels: null, Command: 'x', State: 'running' }] })
  t.same((await createDocker({ type: 'unix', path: api.socketPath }, 20_000, never).list()).map(({ name }) => name), ['db'], 'not the name by which a link knows it')
  const words = ['Up 3 days (healthy)', 'Up 2 seconds (health: starting)', 'Up 1 hour (unhealthy)', 'Up 1 hour (Paused)', 'Exited (1) 2 hours ago']
  api.override('/containers/json', { type: 'answer', status: 200, body: words.map((Status) => ({ Id: Status, Names: [], Labels: null, Command: 'x', State: 'running', Status })) })
  t.same((await createDocker({ type: 'unix', path: api.socketPath }, 20_000, never).list()).map(({ health }) => health), ['healthy', 'starting', 'unhealthy', null, null])
})

t.test('a redirect is not followed', async (t) => {
  const api = await createDockerApi()
  t.teardown(() => api.close())
  api.override('/_ping', { type: 'answer', status: 302, body: '', headers: { location: '/containers/x/export' } })
  await t.rejects(createDocker({ type: 'unix', path: api.socketPath }, 20_000, never).ping())
  t.same(api.requests.map(({ path }) => path), ['/_ping'])
})

t.test('the environment of dockerode is overruled', async (t) => {
  const api = await createDockerApi()
  t.teardown(() => api.close())
  const before = process.env.DOCKER_HOST
  process.env.DOCKER_HOST = 'tcp://127.0.0.1:9'
  t.teardown(() => (before === undefined ? delete process.env.DOCKER_HOST : (process.env.DOCKER_HOST = before)))
  await createDocker({ type: 'unix', path: api.socketPath }, 20_000, never).ping()
  t.equal(api.requests.length, 1)
})
