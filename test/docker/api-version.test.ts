import t from 'tap'
import { apiVersionFor } from '../../src/docker/api-version.js'
import { createDocker } from '../../src/docker/client.js'
import { container, createDockerApi, image } from '../fakes/docker-api.js'

const id = 'a'.repeat(64)
const never = new AbortController().signal

t.test('1.41 is asked for, or the nearest that the engine takes', (t) => {
  const of = (ApiVersion: unknown, MinAPIVersion?: unknown) => apiVersionFor({ ApiVersion, MinAPIVersion })
  t.equal(of('1.41', '1.12'), 'v1.41')
  t.equal(of('1.51', '1.24'), 'v1.41')
  t.equal(of('1.52', '1.44'), 'v1.44', 'the first of Engine 29')
  t.equal(of('1.40', '1.12'), 'v1.40')
  t.equal(of('1.24'), 'v1.24')
  t.equal(of('2.0', '2.0'), 'v2.0')
  for (const odd of [null, 'OK', {}, { ApiVersion: 1.41 }, { ApiVersion: '1.41/../x' }, { ApiVersion: '1.51', MinAPIVersion: '' }]) t.equal(apiVersionFor(odd), undefined)
  t.end()
})

/** Everything that the program asks an engine. */
async function askAll(api: Awaited<ReturnType<typeof createDockerApi>>): Promise<string[]> {
  api.containers.push(container({ name: 'web', image: 'nginx:1.25', id }))
  api.images.push(image({ ref: 'nginx:1.25', id: `sha256:${'b'.repeat(64)}` }))
  const docker = createDocker({ type: 'unix', path: api.socketPath }, 20_000, never)
  const stop = new AbortController()
  await docker.ping()
  await docker.version()
  await docker.list({ label: ['x'], name: ['^/web$'] })
  await docker.inspectContainer(id)
  await docker.inspectImage('b'.repeat(64))
  for (const follow of [false, true]) (await docker.logs(id, { since: '1.000000001', follow, signal: stop.signal }))?.on('error', () => {})
  ;(await docker.events(stop.signal)).on('error', () => {})
  stop.abort()
  return api.requests.map(({ path }) => path.replace(/\?.*/, ''))
}

t.test('an engine that takes nothing newer than 1.41, and one that takes nothing older than 1.44, answer everything', async (t) => {
  for (const [apiVersion, minApiVersion, prefix] of [['1.41', '1.12', '/v1.41'], ['1.40', '1.12', '/v1.40'], ['1.52', '1.44', '/v1.44']] as const) {
    const api = await createDockerApi()
    t.teardown(() => api.close())
    Object.assign(api, { apiVersion, minApiVersion })
    t.same(await askAll(api), [
      '/_ping', '/version', '/version', `${prefix}/containers/json`, `${prefix}/containers/${id}/json`, `${prefix}/images/${'b'.repeat(64)}/json`,
      `${prefix}/containers/${id}/logs`, `${prefix}/containers/${id}/logs`, `${prefix}/events`,
    ])
  }
})

t.test('an engine that comes back as another is asked anew', async (t) => {
  const api = await createDockerApi()
  t.teardown(() => api.close())
  const docker = createDocker({ type: 'unix', path: api.socketPath }, 20_000, never)
  const versions = (): string[] => api.requests.splice(0).map(({ path }) => /^\/v[\d.]+/.exec(path)?.[0] ?? path)
  await docker.list()
  Object.assign(api, { apiVersion: '1.52', minApiVersion: '1.44' })
  await t.rejects(docker.list(), /client version 1\.41 is too old/)
  await docker.list()
  await api.down()
  await t.rejects(docker.ping())
  await t.rejects(docker.list(), 'and what cannot be asked is asked again')
  Object.assign(api, { apiVersion: '1.41', minApiVersion: '1.12' })
  await api.up()
  await docker.list()
  t.same(versions(), ['/version', '/v1.41', '/v1.41', '/version', '/v1.44', '/version', '/v1.41'])
})

t.test('where the version is not told, as behind a proxy that keeps it back, paths have none', async (t) => {
  const api = await createDockerApi()
  t.teardown(() => api.close())
  api.override('/version', { type: 'answer', status: 403, body: 'no' })
  await createDocker({ type: 'unix', path: api.socketPath }, 20_000, never).list()
  t.same(api.requests.map(({ path }) => path.replace(/\?.*/, '')), ['/version', '/containers/json'])
})
