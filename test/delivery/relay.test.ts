import t from 'tap'
import { done, emptyOutbox, enqueueNotice, type Outbox } from '../../src/delivery/outbox.js'
import { createRelay, type RelayEvent } from '../../src/delivery/relay.js'
import type { Failed, Outcome, Ready } from '../../src/delivery/telegram.js'

const sent: Outcome = { type: 'sent', messageIds: [1], notes: [], movedTo: null, chat: 1, link: null }
const transient: Failed = { type: 'transient', reason: 'ECONNREFUSED', retryAfterMs: null, unknown: false }
const lostAnswer: Failed = { ...transient, reason: 'no answer', unknown: true }
const permanent: Failed = { type: 'permanent', reason: '403: kicked', remedy: 'add the bot again' }
const ready: Ready = { type: 'ready', bot: 'bot', chat: 'Home', forum: true }

interface Options {
  probes?: (Ready | Failed)[]
  random?: number
  /** aborts during the send of this number */
  stopAt?: number
  /** changes what it finds at the start */
  before?: (outbox: Outbox) => Outbox
}

/** Sends these notices with these outcomes in turn, then `sent`, on a clock that only waits move; ends when all is sent. */
async function relayed(texts: readonly string[], outcomes: readonly Outcome[], { probes = [], random = 0, stopAt = Infinity, before = (outbox) => outbox }: Options = {}) {
  const abort = new AbortController()
  let clock = 1_000_000
  let outbox = before(texts.reduce((box, text) => enqueueNotice(box, { html: text, text, buttons: [] }, clock), emptyOutbox))
  const log = { sends: [] as string[], onDisk: [] as string[], waits: [] as number[], events: [] as RelayEvent[], probed: 0 }
  const left = [...outcomes]
  const relay = createRelay({
    render: ({ content }) => (content.type === 'notice' ? [{ message: content.message, placed: null }] : []),
    language: 'en',
    outbox: {
      get: () => outbox,
      change(transition) {
        outbox = transition(outbox)
        if (outbox.entries.length === 0) abort.abort()
      },
      accepted() {
        this.change(done)
      },
      editRefused() {
        this.change(done)
      },
      flush: async () => void log.onDisk.push(outbox.entries[0]?.state ?? 'empty'),
    },
    async send({ text }) {
      log.sends.push(text)
      if (log.sends.length >= stopAt) abort.abort()
      return left.shift() ?? sent
    },
    async probe() {
      log.probed += 1
      return probes.shift() ?? ready
    },
    async sleep(ms) {
      log.waits.push(ms)
      clock += ms
    },
    // the least time between two messages is nothing that a test waits for
    now: () => (clock += 1_000),
    random: () => random,
    paceMs: 1_000,
    onEvent: (event) => void log.events.push(event),
  })
  await relay.run(abort.signal)
  return { ...log, outbox }
}

t.test('messages are sent in order, each until it is accepted, and every request stands on disk before it is made', async (t) => {
  const { sends, events, onDisk } = await relayed(['a', 'b'], [transient, sent, transient])
  t.same(sends, ['a', 'a', 'b', 'b'])
  t.same(events.map((event) => [event.type, 'attempts' in event && event.attempts]), [['retry', 1], ['sent', 2], ['retry', 1], ['sent', 2]])
  t.same(onDisk, ['sending', 'sending', 'pending', 'sending', 'sending', 'empty', 'empty'])
})

t.test('waits double up to their cap, with jitter; a told wait is obeyed and does not count', async (t) => {
  t.same((await relayed(['a'], Array.from({ length: 8 }, () => transient))).waits, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
  const told = await relayed(['a'], [transient, { ...transient, retryAfterMs: 100 }, transient], { random: 1 })
  t.same(told.waits, [1_250, 2_500])
  t.ok(told.outbox.notBefore > 1_000_000, 'it is kept for the next start')
})

t.test('what a person must mend is told once per reason and retried rarely', async (t) => {
  const { events, waits } = await relayed(['a'], [permanent, permanent, permanent, permanent, permanent, permanent, { ...permanent, reason: '401: Unauthorized' }])
  t.same(events.map((event) => ('reason' in event ? event.reason : event.type)), ['403: kicked', '401: Unauthorized', 'sent'])
  t.same(waits.map((ms) => ms / 60_000), [15, 30, 60, 120, 240, 360, 360])
})

t.test('a message whose answer was lost is sent again once, marked, when Telegram answers again', async (t) => {
  const { sends, waits, probed } = await relayed(['a', 'b'], [lostAnswer], { probes: [transient, lostAnswer, ready] })
  t.match(sends, ['a', /^↻ Possible repeat: .*lost\.\n\na$/, 'b'])
  t.same(waits, [30_000, 1_000, 2_000])
  t.equal(probed, 3)
})

t.test('where a person must act before the repeat, that is told, and the repeat waits for it', async (t) => {
  const { sends, events, waits } = await relayed(['a'], [lostAnswer], { probes: [permanent, ready] })
  t.match(sends, ['a', /^↻ Possible repeat/])
  t.match(events, [{ type: 'retry', reason: 'no answer' }, { type: 'failed', reason: '403: kicked', remedy: 'add the bot again' }, { type: 'sent' }])
  t.same(waits, [30_000, 900_000])
})

t.test('a message that Telegram takes in no form is told and does not hold up the next', async (t) => {
  const { sends, events } = await relayed(['a', 'b'], [{ type: 'refused', reason: '400: odd' }])
  t.same(sends, ['a', 'b'])
  t.match(events, [{ type: 'set-aside', reason: '400: odd', message: { text: 'a' } }, { type: 'sent' }])
})

t.test('a send that the end of the program cuts off stays sending; one that failed surely does not', async (t) => {
  t.match((await relayed(['a'], [lostAnswer], { stopAt: 1 })).outbox.entries, [{ state: 'sending', mayRepeat: false }])
  t.match((await relayed(['a'], [transient], { stopAt: 1 })).outbox.entries, [{ state: 'pending', parts: null }])
})

t.test('what a check found waits for its part of the jitter, unless an alarm is behind it or it was begun', async (t) => {
  const news = (content: object): Outbox['entries'][number] => ({ queuedAt: 1_000_000, content, stateLost: false, parts: null, accepted: 0, state: 'pending', mayRepeat: false, attempts: 0 }) as Outbox['entries'][number]
  const found = news({ type: 'news', news: { host: 'nas', updates: [], failedChecks: [] }, stillPending: [] })
  const heldFor = async (entries: Outbox['entries'], now: number): Promise<number> => {
    const abort = new AbortController()
    let [outbox, waited, clock] = [{ ...emptyOutbox, entries }, 0, now]
    const timers = t.intercept(globalThis, 'setTimeout', { value: (ring: () => void, ms: number) => {
      waited += ms
      clock += ms
      queueMicrotask(ring)
    } })
    const relay = createRelay({
      outbox: { get: () => outbox, change: (transition) => void (outbox = transition(outbox)), accepted: () => abort.abort(), editRefused: () => {}, flush: async () => {} },
      render: () => [{ message: { html: 'x', text: 'x', buttons: [] }, placed: null }], language: 'en', send: async () => sent, probe: async () => ready,
      sleep: async () => {}, now: () => clock, random: () => 0.5, paceMs: 1, jitterMs: 60_000, onEvent: () => {},
    })
    await relay.run(abort.signal)
    timers.restore()
    return waited
  }
  t.equal(await heldFor([found], 1_000_000), 30_000)
  t.equal(await heldFor([news({ type: 'reminder', host: null, stillPending: [] })], 1_020_000), 10_000)
  t.equal(await heldFor([found], 1_030_000), 0, 'over')
  t.equal(await heldFor([found], 900_000), 0, 'a clock that was set back')
  t.equal(await heldFor([{ ...found, attempts: 1 }], 1_000_000), 0)
  t.equal(await heldFor([found, news({ type: 'notice', message: { html: 'x', text: 'x', buttons: [] } })], 1_000_000), 0)
})
