import { setImmediate as turn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { sleep } from '../../src/bell.js'
import { createDocker } from '../../src/docker/client.js'
import { createCursor, type Cursor } from '../../src/docker/cursor.js'
import { tail, type TailOptions } from '../../src/docker/tail.js'
import { untilLost } from '../../src/docker/watchdog.js'
import { until } from '../engine/processes.js'
import { container, createDockerApi, type DockerApi, stamp } from '../fakes/docker-api.js'

const T0 = Date.parse('2026-11-25T03:00:00Z')

interface World {
  api: DockerApi
  texts: string[]
  told: string[]
  /** resolves when so many lines were read */
  read(n: number): Promise<void>
  /** resolves when the tail has ended */
  end: Promise<void>
  write(...texts: string[]): void
}

interface Setting {
  cursor?: Cursor
  reconcileMs?: number
  timeoutMs?: number
  tty?: boolean
  /** added to every wait, in milliseconds */
  slowly?: number
  before?(api: DockerApi): void
  caughtUp?(api: DockerApi): void
}

/** A tail of a running container `w` on a fake engine. */
async function tailed(t: Test, { cursor = createCursor(), reconcileMs = 60_000, timeoutMs = 20_000, tty = false, slowly = 0, before = () => {}, caughtUp = () => {} }: Setting = {}): Promise<World> {
  const api = await createDockerApi()
  api.containers.push(container({ name: 'w', image: 'watchtower', tty }))
  const stop = new AbortController()
  const texts: string[] = []
  const told: string[] = []
  const watchers = new Set<() => void>()
  let clock = T0
  const write = (...lines: string[]): void => api.log('w').write(...lines.map((text) => ({ at: stamp((clock += 1_000)), stream: 'stderr' as const, text })))
  before(api)
  const options: TailOptions = {
    id: 'w', cursor, signal: stop.signal, reconcileMs, timeoutMs,
    // what has come by then is seen, however long this process was kept from looking
    sleep: (ms, signal) => sleep(ms + slowly, signal).then(() => turn()).then(() => turn()),
    onLine(line) {
      texts.push(line.text)
      for (const check of watchers) check()
    },
    onCaughtUp() {
      told.push('caught up')
      caughtUp(api)
    },
    onEngineError: (message) => void told.push(message),
    onContainer: () => {}, onStalled: () => void told.push('stalled'),
  }
  const end = tail(createDocker({ type: 'unix', path: api.socketPath }, timeoutMs, stop.signal), options)
  end.catch(() => {})
  t.teardown(async () => {
    stop.abort()
    await end.catch(() => {})
    await api.close()
  })
  return {
    api, texts, told, end, write,
    read: (n) => new Promise((resolve) => {
      const check = (): void => {
        if (texts.length < n) return
        watchers.delete(check)
        resolve()
      }
      watchers.add(check)
      check()
    }),
  }
}

t.test('what was there is read, then what comes, each line once', async (t) => {
  const w = await tailed(t, { before: (api) => api.log('w').write({ at: stamp(T0), stream: 'stderr', text: 'old' }) })
  await w.api.log('w').waitForFollowers(1)
  w.write('a', 'b')
  await w.read(3)
  w.write('c')
  await w.read(4)
  t.same(w.texts, ['old', 'a', 'b', 'c'])
  t.same(w.told, ['caught up'])
})

t.test('a following stream that is silent while the log grows is noticed by the next plain read, and opened again', async (t) => {
  const w = await tailed(t, { reconcileMs: 200 })
  await w.api.log('w').waitForFollowers(1)
  w.api.log('w').stalled = true
  w.write('unseen')
  await w.read(1)
  w.api.log('w').stalled = false
  await until(() => w.told.includes('stalled'), 60_000)
  t.same(w.told, ['caught up', 'stalled'])
  await w.api.log('w').waitForFollowers(1)
  w.write('seen')
  await w.read(2)
  t.same(w.texts, ['unseen', 'seen'])
})

t.test('what a read from a time leaves out is read from the start, and nothing is taken twice', async (t) => {
  const w = await tailed(t, { reconcileMs: 200 })
  await w.api.log('w').waitForFollowers(1)
  w.write('a', 'b')
  await w.read(2)
  Object.assign(w.api.log('w'), { stalled: true, leavesOut: stamp(T0 + 4_000) })
  w.write('left out', 'd')
  await w.read(4)
  t.same(w.texts, ['a', 'b', 'left out', 'd'])
  w.api.log('w').leavesOut = stamp(T0 + 3_600_000)
  w.write('e')
  await w.read(5)
  t.same(w.texts, ['a', 'b', 'left out', 'd', 'e'], 'a read that gives nothing at all')
})

t.test('a following stream that is only late is not opened again', async (t) => {
  const w = await tailed(t, { reconcileMs: 200, slowly: 400 })
  await w.api.log('w').waitForFollowers(1)
  w.api.log('w').stalled = true
  w.write('unseen')
  await w.read(1)
  w.api.log('w').stalled = false
  w.write('late')
  await w.read(2)
  w.write('later')
  await w.read(3)
  t.same(w.texts, ['unseen', 'late', 'later'])
  t.same(w.told, ['caught up'])
})

t.test('a container that is gone before its log could be asked for, or followed, is no fault', async (t) => {
  const gone = await tailed(t, { before: (api) => void api.containers.splice(0) })
  await gone.end
  t.same(gone.told, [])
  const removed = await tailed(t, { caughtUp: (api) => void api.containers.splice(0) })
  await removed.end
  t.same(removed.told, ['caught up'])
})

t.test('the log of a container with a terminal is read without frames and carriage returns', async (t) => {
  const w = await tailed(t, { tty: true, before: (api) => api.log('w').write({ at: stamp(T0), stream: 'stdout', text: 'time="old"' }) })
  await w.api.log('w').waitForFollowers(1)
  w.write('time="new"')
  await w.read(2)
  t.same(w.texts, ['time="old"', 'time="new"'])
})

t.test('a stream that is cut or ends while the container runs is opened again, and nothing is lost in between', async (t) => {
  const w = await tailed(t)
  for (const [n, how] of (['destroy', 'end', 'destroy'] as const).entries()) {
    await w.api.log('w').waitForFollowers(1)
    w.api.log('w')[how]()
    w.write(`after ${n}`)
    await w.read(n + 1)
  }
  t.same(w.texts, ['after 0', 'after 1', 'after 2'])
  t.same(w.told, ['caught up'])
})

t.test('the last lines of a container that is removed at once are those that the stream brought', async (t) => {
  for (const [status, message] of [[404, 'No such container: w'], [409, 'can not get logs from container which is dead or marked for removal']] as const) {
    const w = await tailed(t)
    await w.api.log('w').waitForFollowers(1)
    w.api.override(/\/logs$/, { type: 'answer', status, body: { message } })
    w.write('last words')
    w.api.remove('w')
    await w.end
    t.same(w.texts, ['last words'], message)
  }
})

t.test('a line of which Docker has written only a part is read when it is whole, and as it is when the container ends', async (t) => {
  const w = await tailed(t)
  const part = (ms: number, text: string, stream: 'stdout' | 'stderr' = 'stderr', partial = true): void => w.api.log('w').write({ at: stamp(T0 + ms), stream, text, partial })
  await w.api.log('w').waitForFollowers(1)
  part(0, 'x'.repeat(16_384))
  part(1, 'of another stamp', 'stderr', false)
  await w.read(2)
  t.same(w.texts.map((text) => text.length), [16_384, 16], 'which ends it')
  part(5_000, 'y'.repeat(16_384), 'stdout')
  part(9_000, 'meanwhile', 'stderr', false)
  await w.read(3)
  t.equal(w.texts[2], 'meanwhile')
  part(5_000, 'end', 'stdout', false)
  await w.read(4)
  t.equal(w.texts[3], `${'y'.repeat(16_384)}end`, 'it is asked for again until it is whole, however far the other stream is')
  part(9_500, 'without an end')
  w.api.stop('w')
  await w.end
  t.same(w.texts.slice(4), ['without an end'])
})

t.test('a body that stops in its middle is given up after the bound, and the tail fails', async (t) => {
  const w = await tailed(t, { timeoutMs: 300, before: (api) => api.override(/\/logs$/, { type: 'answer', status: 200, body: '\x02\0\0\0\0\0\0\x05he', headers: { 'content-length': '400' } }) })
  await t.rejects(w.end, { code: 'ETIMEDOUT' })
  const hung = await tailed(t, { timeoutMs: 300, before: (api) => api.override(/\/logs$/, { type: 'hang' }) })
  await t.rejects(hung.end, { code: 'ETIMEDOUT' })
})

t.test('a later process goes on where the position says, without a line lost or read twice', async (t) => {
  const cursor = createCursor()
  const w = await tailed(t, { cursor })
  await w.api.log('w').waitForFollowers(1)
  w.write('a', 'b')
  await w.read(2)
  const position = cursor.position()
  w.write('c')
  await w.read(3)
  const texts: string[] = []
  const stop = new AbortController()
  await tail(createDocker({ type: 'unix', path: w.api.socketPath }, 20_000, stop.signal), {
    id: 'w', cursor: createCursor(position), signal: stop.signal, reconcileMs: 60_000, timeoutMs: 20_000, sleep,
    onLine: ({ text }) => void texts.push(text), onCaughtUp: () => stop.abort(), onEngineError() {}, onContainer() {}, onStalled() {},
  }).catch(() => {})
  t.same(texts, ['c'])
})

t.test('a flood is read to its end, though the stream is given up', async (t) => {
  const w = await tailed(t)
  await w.api.log('w').waitForFollowers(1)
  w.write(...Array.from({ length: 12_000 }, (_, n) => `line ${n}`))
  await w.read(12_000)
  t.same(w.texts.filter((text, n) => text !== `line ${n}`), [])
})

t.test('an engine without a good ping for so long is lost; until then its fault is told, and its return', async (t) => {
  const api = await createDockerApi()
  t.teardown(() => api.close())
  const stop = new AbortController()
  const host = { type: 'unix', path: api.socketPath } as const
  const faults: (string | null)[] = []
  const docker = createDocker(host, 20_000, stop.signal)
  const lost = untilLost(docker, host, 4_000, (fault) => void faults.push(fault), stop.signal)
  while (faults.length === 0) await sleep(20, stop.signal)
  await api.down()
  t.equal(await lost, true)
  t.same(faults[0], null)
  t.match(faults.at(-1), /no Docker socket/)
  t.ok(faults.length > 2)
  const ended = untilLost(docker, host, 60_000, () => {}, stop.signal)
  stop.abort()
  t.equal(await ended, false)
})
