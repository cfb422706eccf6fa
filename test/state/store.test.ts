import t from 'tap'
import { emptyState, type State } from '../../src/state/state.js'
import { createStore } from '../../src/state/store.js'

const to = (chat: number) => (state: State): State => ({ ...state, movedChat: { from: 1, to: chat } })
const chatOf = (state: State): number => state.movedChat?.to ?? 0

/** A store whose writes end when the test says so, and whose waits end at once. */
function world() {
  const writes: { chat: number; end(error?: Error): void }[] = []
  const log = { faults: [] as (string | null)[], waits: [] as number[] }
  const stop = new AbortController()
  const waiting: (() => void)[] = []
  const store = createStore(
    emptyState,
    {
      save: (state) => new Promise((resolve, reject) => writes.push({ chat: chatOf(state), end: (error) => (error ? reject(error) : resolve()) })),
      sleep: (ms) => {
        log.waits.push(ms)
        return new Promise((resolve) => waiting.push(resolve))
      },
      onFault: (fault) => void log.faults.push(fault),
    },
    stop.signal,
  )
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  return { store, writes, log, stop, wake: () => waiting.splice(0).forEach((resolve) => resolve()), turn }
}

t.test('changes are seen at once and written one at a time, each write holding all so far', async (t) => {
  const { store, writes, turn } = world()
  store.change(to(1))
  store.change(to(2))
  store.change(to(3))
  t.equal(chatOf(store.get()), 3)
  t.same(writes.map(({ chat }) => chat), [1], 'the first is under way')
  let flushed = false
  const flush = store.flush().then(() => (flushed = true))
  writes[0]?.end()
  await turn()
  t.same(writes.map(({ chat }) => chat), [1, 3], 'what came meanwhile shares the next')
  t.equal(flushed, false)
  writes[1]?.end()
  await flush
  await store.flush()
  t.equal(writes.length, 2, 'nothing new, nothing written')
})

t.test('a write that fails loses nothing, is told, and is tried again until it works', async (t) => {
  const { store, writes, log, wake, turn } = world()
  store.change(to(1))
  writes[0]?.end(new Error('there is no space left'))
  await store.flush()
  t.equal(chatOf(store.get()), 1)
  t.same(log, { faults: ['there is no space left'], waits: [1_000] })
  wake()
  await turn()
  writes[1]?.end(new Error('there is no space left'))
  await turn()
  t.same(log.waits, [1_000, 2_000])
  wake()
  await turn()
  writes[2]?.end()
  await turn()
  t.same(log.faults, ['there is no space left', 'there is no space left', null])
  t.equal(writes.at(-1)?.chat, 1)
})

t.test('changes that fail as well do not put off the next try', async (t) => {
  const { store, writes, log, wake, turn } = world()
  for (let chat = 1; chat <= 5; chat += 1) {
    store.change(to(chat))
    writes[chat - 1]?.end(new Error('there is no space left'))
    await store.flush()
  }
  t.same(log.waits, [1_000])
  wake()
  await turn()
  writes[5]?.end(new Error('there is no space left'))
  await turn()
  t.same(log.waits, [1_000, 2_000])
})

t.test('after the end nothing is tried again', async (t) => {
  const { store, writes, stop, wake, turn } = world()
  store.change(to(1))
  stop.abort()
  writes[0]?.end(new Error('x'))
  await turn()
  wake()
  await turn()
  t.equal(writes.length, 1)
})
