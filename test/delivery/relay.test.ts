import t from 'tap'
import { createRelay, type RelayEvent } from '../../src/delivery/relay.js'
import type { Outcome } from '../../src/delivery/telegram.js'
import type { Message } from '../../src/report/message.js'

const message = (name: string): Message => ({ html: name, text: name })
const sent: Outcome = { type: 'sent', messageIds: [1], notes: [] }
const transient: Outcome = { type: 'transient', reason: 'ECONNREFUSED', retryAfterMs: null, unknown: false }
const permanent: Outcome = { type: 'permanent', reason: '403: kicked', remedy: 'add the bot again' }

/** A relay whose sends give these outcomes in turn, then `sent`; it runs until everything is sent or the outcomes say stop. */
function relayWith(outcomes: readonly Outcome[], { random = 0, stopAfter = Infinity } = {}) {
  const abort = new AbortController()
  const log = { sends: [] as string[], waits: [] as number[], events: [] as RelayEvent[] }
  const left = [...outcomes]
  const relay = createRelay({
    async send({ text }) {
      log.sends.push(text)
      if (log.sends.length >= stopAfter) abort.abort()
      return left.shift() ?? sent
    },
    sleep: async (ms) => void log.waits.push(ms),
    random: () => random,
    onEvent(event) {
      log.events.push(event)
      if (event.type === 'sent' && relay.waiting() === 0) abort.abort()
    },
  })
  return { relay, log, abort }
}

t.test('messages are sent in order, each until it is accepted', async (t) => {
  const { relay, log, abort } = relayWith([transient, sent, transient])
  relay.enqueue([message('a'), message('b')])
  t.equal(relay.waiting(), 2)
  await relay.run(abort.signal)
  t.same(log.sends, ['a', 'a', 'b', 'b'])
  t.same(log.events.map(({ type, attempts }) => [type, attempts]), [['retry', 1], ['sent', 2], ['retry', 1], ['sent', 2]])
  t.equal(relay.waiting(), 0)
})

t.test('waits double up to their cap, with jitter; a told wait is obeyed and does not count', async (t) => {
  const plain = relayWith(Array.from({ length: 8 }, () => transient))
  plain.relay.enqueue([message('a')])
  await plain.relay.run(plain.abort.signal)
  t.same(plain.log.waits, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
  const told = relayWith([transient, { ...transient, retryAfterMs: 7_000 }, transient], { random: 1 })
  told.relay.enqueue([message('a')])
  await told.relay.run(told.abort.signal)
  t.same(told.log.waits, [1_250, 8_000, 2_500])
})

t.test('what a person must mend is told once per reason and retried rarely', async (t) => {
  const { relay, log, abort } = relayWith([permanent, permanent, permanent, permanent, permanent, permanent, { ...permanent, reason: '401: Unauthorized' }])
  relay.enqueue([message('a')])
  await relay.run(abort.signal)
  t.same(log.events.map((event) => (event.type === 'sent' ? 'sent' : event.reason)), ['403: kicked', '401: Unauthorized', 'sent'])
  t.same(log.waits.map((ms) => ms / 60_000), [15, 30, 60, 120, 240, 360, 360])
})

t.test('a message that comes while nothing waits is sent at once; an abort ends the run with the rest unsent', async (t) => {
  const { relay, log, abort } = relayWith([sent, transient], { stopAfter: 2 })
  const run = relay.run(abort.signal)
  relay.enqueue([message('a'), message('b'), message('c')])
  await run
  t.same(log.sends, ['a', 'b'])
  t.equal(relay.waiting(), 2)
})
