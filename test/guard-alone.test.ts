// The guard by itself, beside a fake engine: what it is told, and what comes into the state.
import { install } from '@sinonjs/fake-timers'
import t, { type Test } from 'tap'
import { createDocker } from '../src/docker/client.js'
import { createGuard, type Guard } from '../src/guard.js'
import { createLog } from '../src/logger.js'
import { emptyState, type State } from '../src/state/state.js'
import { createStore } from '../src/state/store.js'
import { container, createDockerApi, type DockerApi, type FakeContainer } from './fakes/docker-api.js'
import { session } from './report/made-up.js'
import { WATCHTOWER } from './world.js'

interface Alone {
  api: DockerApi
  guard: Guard
  /** a Watchtower is attached to */
  add(name: string, env: string[], more?: Partial<FakeContainer>): Promise<{ id: string; name: string }>
  /** resolves when all is done that it was told so far */
  idle(): Promise<void>
  raised(): string[]
  /** first lines of the messages so far */
  said(): string[]
  state(): State
}

async function alone(t: Test): Promise<Alone> {
  const api = await createDockerApi()
  const { signal } = new AbortController()
  t.teardown(() => api.close())
  const docker = createDocker({ type: 'unix', path: api.socketPath }, 20_000, signal)
  const store = createStore(emptyState, { save: async () => {}, sleep: async () => {}, onFault: () => {} }, signal)
  const log = createLog('error', [], { write() {} })
  const guard = createGuard({ docker, config: { host: null, style: { language: 'en', timeZone: 'UTC', template: null } }, log, store, signal, onNews() {} })
  const idle = (): Promise<void> => guard.tell({ id: 'none', name: 'none' }, session())
  return {
    api, guard, idle,
    async add(name, env, more = {}) {
      const one = { ...container({ name, image: 'containrrr/watchtower:1.7.1', labels: WATCHTOWER, env }), ...more }
      if (!api.containers.some(({ Id }) => Id === one.Id)) api.containers.push(one)
      guard.onContainer({ id: one.Id, name }, one)
      await idle()
      return { id: one.Id, name }
    },
    raised: () => store.get().raised,
    said: () => store.get().outbox.entries.map(({ content }) => (content.type === 'notice' ? (content.message.text.split('\n')[0] as string) : content.type)),
    state: () => store.get(),
  }
}

const MONITOR_ONLY = 'WATCHTOWER_MONITOR_ONLY=true'
const PRECEDENCE = 'WATCHTOWER_LABEL_TAKE_PRECEDENCE=true'
const exempt = container({ name: 'web', image: 'nginx', labels: { 'com.centurylinklabs.watchtower.monitor-only': 'false' } })
const replaced = (name: string) => session({ replaced: [{ container: name, state: 'recreated', at: '2026-11-23T20:00:01.000000001Z' }] })

t.test('of a one-off check only what is dangerous is told', async (t) => {
  const w = await alone(t)
  w.api.containers.push(exempt)
  await w.add('once', [MONITOR_ONLY, PRECEDENCE, 'WATCHTOWER_RUN_ONCE=true', 'WATCHTOWER_LOG_LEVEL=warn', 'WATCHTOWER_NO_PULL=true'])
  t.same(w.said(), ['🚨 Watchtower may update a container'])
})

t.test('an engine that does not list its containers settles nothing', async (t) => {
  const w = await alone(t)
  w.api.containers.push(exempt)
  const one = await w.add('watchtower', [MONITOR_ONLY, PRECEDENCE])
  w.api.override('/containers/json', { type: 'answer', status: 500, body: { message: 'broken' } })
  w.guard.look([one])
  await w.idle()
  t.same(w.said(), ['🚨 Watchtower may update a container'])
  w.api.override('/containers/json', null)
  w.api.containers.splice(w.api.containers.indexOf(exempt), 1)
  w.guard.look([one])
  await w.idle()
  t.same(w.said(), ['🚨 Watchtower may update a container', '✅ Watchtower is monitor-only'])
})

t.test('what made blind is mended without a word; that it updates no more is said once it does nothing of the kind', async (t) => {
  const w = await alone(t)
  w.api.containers.push(exempt)
  await w.add('watchtower', ['WATCHTOWER_LOG_LEVEL=warn'])
  t.same(w.said(), ['🚨 Watchtower is not monitor-only', '⚠️ Watchtower hides its updates'])
  await w.add('watchtower', [MONITOR_ONLY, PRECEDENCE])
  t.same(w.said().slice(2), ['🚨 Watchtower may update a container'], 'one danger for another')
  await w.add('watchtower', [MONITOR_ONLY])
  t.same(w.said().slice(3), ['✅ Watchtower is monitor-only'])
  t.same(w.raised(), [])
})

t.test('a log that cannot be read is told of once, and only of one that runs', async (t) => {
  const w = await alone(t)
  const stopped = container({ name: 'old', image: 'x', status: 'exited' }).State
  const old = await w.add('old', [], { State: stopped })
  const one = await w.add('watchtower', [MONITOR_ONLY])
  for (const container of [old, one, one, { id: 'unknown', name: 'unknown' }]) w.guard.onUnreadable(container)
  await w.add('never', [], { State: { ...stopped, StartedAt: '0001-01-01T00:00:00Z' } })
  t.same(w.said(), ['⚠️ Watchtower’s log cannot be read'])
})

t.test('one that was stopped long ago is not judged, whatever changes', async (t) => {
  const w = await alone(t)
  const old = await w.add('old', [MONITOR_ONLY, PRECEDENCE], { State: container({ name: 'old', image: 'x', status: 'exited' }).State })
  w.api.containers.push(exempt)
  w.guard.look([old])
  await w.idle()
  t.same(w.said(), [])
})

t.test('an answer that is none of a container says nothing', async (t) => {
  const w = await alone(t)
  const whole = container({ name: 'watchtower', image: 'x', env: [] })
  for (const odd of [null, {}, { Config: {} }, { ...whole, State: { Status: 'running' } }]) w.guard.onContainer({ id: whole.Id, name: 'watchtower' }, odd)
  await w.idle()
  t.same(w.said(), [])
})

t.test('an incident names the setting at fault where it is known, also of one that is gone or was stopped long ago', async (t) => {
  const w = await alone(t)
  const told = async (container: { id: string; name: string }): Promise<string> => {
    await w.guard.tell(container, replaced('friday-web'))
    const content = w.state().outbox.entries.at(-1)?.content
    return (content?.type === 'notice' && /^2\. .*$/m.exec(content.message.text)?.[0]) || ''
  }
  const gone = await w.add('gone', [MONITOR_ONLY, PRECEDENCE])
  const stopped = await w.add('stopped', [], { State: container({ name: 'stopped', image: 'x', status: 'exited' }).State })
  w.guard.look([])
  t.equal(await told(gone), '2. Remove WATCHTOWER_LABEL_TAKE_PRECEDENCE from its environment.')
  t.equal(await told(stopped), '2. Set WATCHTOWER_MONITOR_ONLY=true in its environment.')
  t.equal(await told(await w.add('well', [MONITOR_ONLY])), '2. Its settings say monitor-only: look for another way in which it was started.')
  t.match(await told({ id: 'unseen', name: 'unseen' }), /^2\. Its settings are not known/)
  const last = await w.add('last', [])
  const next = await w.add('next', [])
  for (let n = 0; n < 100; n += 1) await w.add(`more ${n}`, [MONITOR_ONLY])
  w.guard.look([last])
  t.match(await told(last), /^2\. Set/, 'what is there is not forgotten')
  t.match(await told(next), /^2\. Its settings are not known/, 'of a hundred that are gone the oldest are')
})

const taskOf = (w: Alone) => (id: string, env: string[], State?: FakeContainer['State']): Promise<{ id: string; name: string }> => {
  const name = `hosts_watchtower.node1.${id}`
  const one = container({ name, image: 'containrrr/watchtower:1.7.1', labels: { ...WATCHTOWER, 'com.docker.swarm.task.name': name, 'com.docker.swarm.service.name': 'hosts_watchtower' }, env })
  return w.add(name, env, { Config: one.Config, ...(State && { State }) })
}

t.test('a Swarm task that takes the place of another has nothing told again, and settles what is mended', async (t) => {
  const w = await alone(t)
  const task = taskOf(w)
  const first = await task('a1', ['WATCHTOWER_LOG_LEVEL=warn'])
  const second = await task('b2', ['WATCHTOWER_LOG_LEVEL=warn'])
  t.equal(w.said().length, 2, 'once: it may update, and it hides what it does')
  w.guard.look([first, second])
  await task('c3', [MONITOR_ONLY])
  t.same(w.said().slice(2), ['✅ Watchtower is monitor-only'])
  t.same(w.raised(), [])
})

t.test('the task before it, which stays in the history, is not judged any more', async (t) => {
  const w = await alone(t)
  const task = taskOf(w)
  w.api.containers.push(exempt)
  const first = await task('a1', [MONITOR_ONLY, PRECEDENCE])
  const second = await task('b2', [MONITOR_ONLY])
  w.guard.look([first, second])
  await w.idle()
  // attached to once more, as after a restart of the engine
  const stopped = { ...container({ name: 'x', image: 'x', status: 'exited' }).State, StartedAt: new Date(Date.now() + 1_000).toISOString() }
  await task('a1', [MONITOR_ONLY, PRECEDENCE], stopped)
  t.same(w.said(), ['🚨 Watchtower may update a container', '✅ Watchtower is monitor-only'])
})

t.test('what was told of one that is gone is over after a minute without a word, and not before', async (t) => {
  const clock = install({ now: Date.parse('2026-11-23T12:00:00Z'), toFake: ['Date'] })
  t.teardown(() => clock.uninstall())
  const w = await alone(t)
  const one = await w.add('watchtower', [])
  const look = async (afterMs: number, present: readonly { id: string; name: string }[]): Promise<number> => {
    clock.setSystemTime(Date.now() + afterMs)
    w.guard.look(present)
    await w.idle()
    return w.raised().length
  }
  t.same([await look(0, []), await look(59_000, []), await look(500, [one]), await look(0, []), await look(59_999, [])], [1, 1, 1, 1, 1])
  t.same([await look(1, []), await look(1, [])], [0, 0])
  t.same(w.said(), ['🚨 Watchtower is not monitor-only'])
})
