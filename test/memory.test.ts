import t, { type Test } from 'tap'
import { createDocker } from '../src/docker/client.js'
import { createMemory, type Memory } from '../src/memory.js'
import { container, createDockerApi, type DockerApi, image, madeUpId } from './fakes/docker-api.js'

async function remembering(t: Test): Promise<{ api: DockerApi; memory: Memory; asked(what: string): number }> {
  const api = await createDockerApi()
  t.teardown(() => api.close())
  const memory = createMemory(createDocker({ type: 'unix', path: api.socketPath }, 20_000, new AbortController().signal))
  return { api, memory, asked: (what) => api.requests.filter(({ path }) => path.includes(what)).length }
}
const made = (name: string, seed: string, created: string, ref = 'nginx:1') => ({ ...container({ name, image: ref, id: madeUpId(seed) }), Created: created })

t.test('each container and each image is looked at once, and what is no container or no image is passed over', async (t) => {
  const { api, memory, asked } = await remembering(t)
  api.images.push(image({ ref: 'nginx:1' }), image({ ref: 'nginx:2' }))
  api.containers.push(made('a', 'a', '2026-11-01T00:00:00Z'), made('b', 'b', '2026-11-01T00:00:00Z'), made('c', 'c', '2026-11-01T00:00:00Z', 'gone:1'))
  api.override(`/containers/${madeUpId('b')}/json`, { type: 'answer', status: 200, body: { odd: true }, times: 1 })
  const next = madeUpId('image nginx:2').slice(0, 12)
  await memory.look([next])
  await memory.look([next])
  await memory.look()
  t.same(memory.before(null).containers.map(({ name }) => name).sort(), ['a', 'b', 'c'])
  t.same(memory.before(null).images.map(({ repoTags }) => repoTags), [['nginx:1'], ['nginx:2']])
  t.same([asked(`${madeUpId('a')}/json`), asked(`${madeUpId('b')}/json`), asked(`${madeUpId('image nginx:1')}/json`), asked(`${next}/json`)], [1, 2, 1, 1])
})

t.test('of a name the newest counts that was made before a time; what is gone is remembered, but not there now', async (t) => {
  const { api, memory } = await remembering(t)
  const [old, next] = [made('web', 'old', '2026-11-01T00:00:00Z'), made('web', 'next', '2026-11-20T00:00:00Z')]
  api.containers.push(next)
  await memory.look()
  api.containers.splice(0, 1, old, { ...made('odd', 'odd', 'no time'), Name: '/odd' })
  await memory.look()
  const ids = (at: string | null): string[] => memory.before(at).containers.map(({ id }) => id)
  t.same(ids(null), [next.Id, madeUpId('odd')])
  t.same(ids('2026-11-10T00:00:00Z'), [old.Id, madeUpId('odd')])
  t.same(memory.now().map(({ id }) => id), [old.Id, madeUpId('odd')])
})

t.test('of two thousand containers those are forgotten first that are gone', async (t) => {
  const { api, memory } = await remembering(t)
  const many = Array.from({ length: 2_000 }, (_, n) => made(`c${n}`, `c${n}`, '2026-11-01T00:00:00Z'))
  api.images.push(image({ ref: 'nginx:1' }))
  api.containers.push(...many)
  await memory.look()
  api.containers.splice(1, 2)
  api.containers.push(made('one more', 'one more', '2026-11-01T00:00:00Z'))
  await memory.look()
  const names = memory.before(null).containers.map(({ name }) => name)
  t.same([names.length, names.slice(0, 3), names.at(-1)], [2_000, ['c0', 'c2', 'c3'], 'one more'])
})
