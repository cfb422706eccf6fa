import t from 'tap'
import { emptyOutbox, enqueueNotice } from '../src/delivery/outbox.js'
import { createHealth } from '../src/health.js'

const START = 1_800_000_000_000
const notice = { html: 'x', text: 'x', buttons: [] }

/** A health at which all is well, its clock, and what it told. */
function healthy() {
  const clock = { now: START }
  const told: string[][] = []
  const health = createHealth(() => clock.now, (faults) => told.push(faults))
  for (const sign of ['ping', 'looked', 'accepted'] as const) health.seen(sign)
  health.watch('a', 'watchtower', 'following')
  return { health, clock, told }
}

t.test('at the start everything is still to come, and that is not healthy', (t) => {
  const health = createHealth(() => START, () => {})
  t.same(health.answer(), {
    healthy: false,
    faults: ['Docker has not answered yet', 'it has not looked for Watchtower yet', 'Telegram has not accepted token and chat yet: see the log of this container'],
    doing: 'waiting for a Watchtower, 0 to send',
    upMs: 0,
  })
  t.end()
})

t.test('it follows, or knowingly waits: both are healthy', (t) => {
  const { health, clock } = healthy()
  clock.now += 3_000
  t.same(health.answer(), { healthy: true, faults: [], doing: 'following watchtower, Docker answered 3 s ago, 0 to send', upMs: 3_000 })
  health.watch('b', 'friday_watchtower_run_1', 'waiting')
  t.match(health.answer(), { healthy: true, doing: /^following watchtower,/ }, 'a one-off check that is over')
  health.watch('a', 'watchtower', 'waiting')
  t.match(health.answer(), { healthy: true, doing: /^waiting for watchtower, friday_watchtower_run_1 to start,/ })
  health.watch('a', 'watchtower', null)
  health.watch('b', 'friday_watchtower_run_1', null)
  t.match(health.answer(), { healthy: true, doing: /^waiting for a Watchtower,/ })
  t.end()
})

t.test('a log that is not followed yet, or cannot be, is a fault', (t) => {
  const { health } = healthy()
  health.watch('a', 'watchtower', 'reading')
  t.match(health.answer(), { healthy: false, faults: ['it is not attached to watchtower yet: its log is being read'] })
  health.watch('a', 'watchtower', { fault: 'its log driver does not support reading' })
  t.match(health.answer(), { healthy: false, faults: ['the log of watchtower cannot be read: its log driver does not support reading'] })
  t.end()
})

t.test('pings that do not come any more are a fault, told once', (t) => {
  const { health, clock, told } = healthy()
  clock.now += 60_000
  t.equal(health.answer().healthy, true)
  clock.now += 1_000
  t.match(health.answer(), { healthy: false, faults: ['Docker last answered 61 s ago: restart this container'] })
  health.set('docker', 'no Docker socket')
  t.same(health.answer().faults, ['no Docker socket'])
  health.set('docker', 'no Docker socket')
  health.set('docker', null)
  health.set('docker', null)
  t.same(told, [['no Docker socket'], []])
  t.end()
})

t.test('a message that waits for a quarter of an hour, while none is delivered, is stuck', (t) => {
  const { health, clock } = healthy()
  const outbox = enqueueNotice(emptyOutbox, notice, START - 86_400_000)
  health.outbox = () => outbox
  clock.now += 50_000
  t.match(health.answer(), { healthy: true, doing: /, 1 to send$/ }, 'an old one that was found at the start')
  const later = (ms: number): void => {
    clock.now += ms
    health.seen('ping')
  }
  later(850_000)
  t.equal(health.answer().healthy, true)
  later(1_000)
  t.match(health.answer(), { healthy: false, faults: ['a message has been waiting to be sent for 901 s: see the log of this container'] })
  health.seen('delivered')
  t.equal(health.answer().healthy, true, 'a long queue that moves on')
  later(901_000)
  health.set('telegram', '401: Unauthorized; the bot token is wrong')
  t.same(health.answer().faults, ['401: Unauthorized; the bot token is wrong'], 'with its reason, where that is known')
  t.end()
})

t.test('a clock that is set back makes nobody ill', (t) => {
  const { health, clock } = healthy()
  health.outbox = () => enqueueNotice(emptyOutbox, notice, START)
  clock.now -= 86_400_000
  t.match(health.answer(), { healthy: true, doing: /Docker answered 0 s ago/ })
  t.end()
})

t.test('what is held back on purpose is not stuck', (t) => {
  const clock = { now: START }
  const health = createHealth(() => clock.now, () => {}, 3_600_000)
  for (const sign of ['looked', 'accepted'] as const) health.seen(sign)
  health.outbox = () => ({ entries: enqueueNotice(emptyOutbox, notice, START).entries })
  for (const [ms, healthy] of [[4_500_000, true], [1_000, false]] as const) {
    clock.now += ms
    health.seen('ping')
    t.equal(health.answer().healthy, healthy)
  }
  t.end()
})
