import t from 'tap'
import { createBell, sleep } from '../src/bell.js'

const never = new AbortController().signal

t.test('a ring ends the wait, also one that came before, even before the first', async (t) => {
  const early = createBell()
  early.ring()
  t.equal(await early.wait(Infinity, never), true)
  const bell = createBell()
  const waiting = bell.wait(Infinity, never)
  bell.ring()
  await waiting
  bell.ring()
  bell.ring()
  await bell.wait(Infinity, never)
  const started = performance.now()
  await bell.wait(20, never)
  t.ok(performance.now() - started >= 15, 'two rings before are one')
})

t.test('an abort ends the wait, and a wait after it returns at once', async (t) => {
  const abort = new AbortController()
  const waiting = sleep(60_000, abort.signal)
  abort.abort()
  await waiting
  await sleep(60_000, abort.signal)
  t.pass('both resolved')
})
