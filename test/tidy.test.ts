import { install } from '@sinonjs/fake-timers'
import t, { type Test } from 'tap'
import { createTidy } from '../src/tidy.js'

/** Counts what V8 is asked for, on a clock of its own. */
function watched(t: Test, given = true): { clock: ReturnType<typeof install>; asked: () => number } {
  let asked = 0
  t.intercept(globalThis, 'gc', { value: given ? () => void (asked += 1) : undefined })
  const clock = install({ toFake: ['setTimeout', 'clearTimeout'] })
  t.teardown(() => clock.uninstall())
  return { clock, asked: () => asked }
}

t.test('memory is given back three seconds after work, once for all that was done until then', async (t) => {
  const { clock, asked } = watched(t)
  const tidy = createTidy(new AbortController().signal)
  tidy()
  await clock.tickAsync(2_000)
  tidy()
  await clock.tickAsync(999)
  t.equal(asked(), 0)
  await clock.tickAsync(1)
  t.equal(asked(), 2, 'in two rounds')
  await clock.tickAsync(60_000)
  t.equal(asked(), 2)
  tidy()
  await clock.tickAsync(3_000)
  t.equal(asked(), 4, 'and again after the next')
})

t.test('a program that ends does not tidy up', async (t) => {
  const { clock, asked } = watched(t)
  const end = new AbortController()
  createTidy(end.signal)()
  end.abort()
  await clock.tickAsync(3_000)
  t.equal(asked(), 0)
})

t.test('where Node does not let the program ask, nothing waits', async (t) => {
  const { clock } = watched(t, false)
  createTidy(new AbortController().signal)()
  t.equal(clock.countTimers(), 0)
})
