import t from 'tap'
import { begin, done, emptyOutbox, type Entry, enqueueNews, enqueueNotice, nextStep, notSent, type Outbox, recovered, type Render, type Step, unknown, waitFor } from '../../src/delivery/outbox.js'
import { emptyLedger } from '../../src/life/ledger.js'
import { renderEntry } from '../../src/life/render.js'
import type { News } from '../../src/report/announce.js'
import { PLAIN, update } from '../report/made-up.js'

const NOW = Date.parse('2026-11-23T03:00:00Z')
const SECOND = 1_000
const HOUR = 3_600 * SECOND
const DAY = 24 * HOUR

const render: Render = (entry, now) => renderEntry(entry, [], emptyLedger, { ...PLAIN, now })
const step = (outbox: Outbox, now: number, apartMs: number): Step => nextStep(outbox, now, apartMs, render, 'en')
const started = (outbox: Outbox, now: number): Outbox => begin(outbox, now, outbox.entries[0]?.parts ?? render(outbox.entries[0] as Entry, now))
const withNews = (outbox: Outbox, some: News, now: number, stateLost: boolean): ReturnType<typeof enqueueNews> => enqueueNews(outbox, some, [], now, stateLost)
const news = (...services: string[]): News => ({ host: null, updates: services.map((service) => update({ service, containers: [service] })), failedChecks: [] })
const queued = (...services: string[]): Outbox => withNews(emptyOutbox, news(...services), NOW, false).outbox
const noticed = (...texts: string[]): Outbox => texts.reduce((outbox, text) => enqueueNotice(outbox, { html: text, text, buttons: [] }, NOW), emptyOutbox)
/** The text that would be sent now. */
const next = (outbox: Outbox, now = NOW + 2 * SECOND): string => {
  const what = step(outbox, now, SECOND)
  return what.type === 'send' ? what.message.text : what.type
}

t.test('an empty outbox has nothing to do, and nothing that happens to it makes work', (t) => {
  const changed = [emptyOutbox, done(emptyOutbox), notSent(emptyOutbox), unknown(emptyOutbox), recovered(emptyOutbox, true), withNews(emptyOutbox, news(), NOW, true).outbox]
  for (const outbox of changed) t.same(step(outbox, NOW, SECOND), { type: 'idle' })
  t.end()
})

t.test('no more than twenty messages a minute, counted from the oldest of the last twenty', (t) => {
  let outbox = noticed(...Array.from({ length: 45 }, (_, n) => `message ${n}`))
  let now = NOW
  const sentAt: number[] = []
  while (outbox.entries.length > 0) {
    const next = step(outbox, now, 100)
    if (next.type === 'wait') now += next.ms
    else {
      sentAt.push(now)
      outbox = done(started(outbox, now))
    }
  }
  t.equal(sentAt.length, 45)
  for (const at of sentAt) t.ok(sentAt.filter((other) => other >= at && other < at + 60 * SECOND).length <= 20)
  t.ok(sentAt.slice(1, 20).every((at, n) => at - (sentAt[n] as number) === 100), 'the first twenty are only the least time apart')
  t.equal(now - NOW, 2 * 60 * SECOND + 400, 'and nobody waits longer than he must')
  t.end()
})

t.test('messages are the asked time apart, at most a second', (t) => {
  const outbox = done(started(noticed('a', 'b'), NOW))
  t.same(step(outbox, NOW, 300), { type: 'wait', ms: 300 })
  t.same(step(outbox, NOW, HOUR), { type: 'wait', ms: SECOND })
  t.equal(next(outbox, NOW + SECOND), 'b')
  t.end()
})

t.test('a told wait is kept to the millisecond', (t) => {
  const outbox = waitFor(noticed('a'), DAY, NOW)
  t.same(step(outbox, NOW, SECOND), { type: 'wait', ms: DAY })
  t.same(step(outbox, NOW + DAY - 1, SECOND), { type: 'wait', ms: 1 })
  t.equal(next(outbox, NOW + DAY), 'a')
  t.equal(next(outbox, NOW - 1), 'a', 'unless the clock was set back meanwhile: then Telegram may ask again')
  t.end()
})

t.test('sends that lie ahead, because the clock was set back, hold up nothing', (t) => {
  const ahead = Array.from({ length: 20 }, (_, n) => NOW + HOUR + n)
  t.equal(next({ ...noticed('a'), sends: ahead }, NOW), 'a')
  t.end()
})

t.test('a message that waited an hour says when it was found, its further parts do not', (t) => {
  const many = queued(...Array.from({ length: 60 }, (_, n) => `service-${n}`))
  t.match(next(many, NOW + HOUR - 1), /^🔔 60 Docker Updates Available \(1\/\d\)/)
  const late = next(many, NOW + HOUR)
  t.match(late, /^⏱ Found 23 Nov 03:00, sent late: Telegram could not be reached\.\n\n🔔 60 Docker Updates Available \(1\/\d\)/)
  t.match(next(done(started(many, NOW + HOUR)), NOW + HOUR + SECOND), /^🔔 60 Docker Updates Available \(2\/\d\)/)
  t.equal(next(noticed('a notice'), NOW + 2 * HOUR), 'a notice', 'a notice is of no time')
  t.end()
})

t.test('all parts of a message are sent in order, then the entry is gone', (t) => {
  let outbox = queued(...Array.from({ length: 60 }, (_, n) => `service-${n}`))
  const texts: string[] = []
  for (let now = NOW; outbox.entries.length > 0; now += 10 * SECOND) {
    texts.push(next(outbox, now))
    outbox = done(started(outbox, now))
  }
  t.ok(texts.length > 1)
  t.same(texts.map((text) => text.split('\n')[0]), texts.map((_, n) => `🔔 60 Docker Updates Available (${n + 1}/${texts.length})`))
  t.end()
})

t.test('news that were surely not sent are joined with newer ones; those that may have been are not', (t) => {
  const failed = notSent(started(queued('a'), NOW))
  const joined = withNews(failed, news('b'), NOW, false)
  t.equal(joined.outbox.entries.length, 1)
  t.match(next(joined.outbox), /^🔔 2 Docker Updates Available/)
  const newer = withNews(queued('a'), { ...news('a'), updates: [update({ service: 'a', newVersion: '17.0', newImageId: '999999999999' })] }, NOW, false)
  t.match(next(newer.outbox), /^🔔 Docker Update Available[^]*New: 17\.0/)
  t.same(newer.replaced.map(({ newImageId }) => newImageId), ['dbc31cdc91c5'])
  for (const underWay of [started(queued('a'), NOW), unknown(started(queued('a'), NOW)), notSent(started(unknown(started(queued('a'), NOW)), NOW))]) {
    t.equal(withNews(underWay, news('b'), NOW, false).outbox.entries.length, 2)
  }
  t.equal(withNews(noticed('a notice'), news('b'), NOW, false).outbox.entries.length, 2)
  const failing = (...names: string[]): News => ({ host: null, updates: [], failedChecks: names.map((name) => ({ name, reason: 'denied', detail: '' })) })
  const twice = withNews(withNews(emptyOutbox, failing('x', 'y'), NOW, false).outbox, failing('y', 'z'), NOW, false).outbox
  t.match(next(twice), /Could not check: x, y, z, access denied/, 'of a failure that is told again the newer one')
  t.end()
})

t.test('a request whose end an earlier process did not see is repeated, marked; one not begun is not', (t) => {
  const text = next(queued('a'))
  t.equal(next(recovered(started(queued('a'), NOW), false)), `↻ Possible repeat: Telegram's answer to the first try was lost.\n\n${text}`)
  t.equal(next(recovered(queued('a'), false)), text)
  t.equal(next(recovered(notSent(started(queued('a'), NOW)), false)), text)
  t.end()
})

t.test('after a loss of the state all news that wait are marked, new ones and notices are not', (t) => {
  const lost = recovered(queued('a'), true)
  t.match(next(lost), /^↻ Possible repeat: the state file was damaged/)
  t.equal(next(recovered(noticed('a notice'), true)), 'a notice')
  t.match(next(recovered(started(queued('a'), NOW), true)), /^↻ Possible repeat: Telegram's answer/, 'the nearer reason is told')
  t.match(next(done(started(withNews(started(lost, NOW), news('b'), NOW, false).outbox, NOW))), /^🔔 Docker Update Available/)
  t.match(next(withNews(lost, news('b'), NOW, false).outbox), /^↻ Possible repeat/, 'unless they go with an old one')
  t.end()
})
