import t from 'tap'
import { begin, enqueueEdits, type Entry, nextStep } from '../../src/delivery/outbox.js'
import { renderEntry } from '../../src/life/render.js'
import { type News, updateKey } from '../../src/report/announce.js'
import type { Update } from '../../src/report/update.js'
import { accepted, commit, editRefused, emptyState, observed, pendingOf, raise, settle, State } from '../../src/state/state.js'
import { engine, PLAIN, service, short, update } from '../report/made-up.js'

const DAY = 86_400_000
const HOUR = 3_600_000
const NOW = Date.parse('2026-11-25T03:00:00Z')
const news = (...updates: Update[]): News => ({ host: null, updates, failedChecks: [] })
const check = (state: State, now: number, some: News = news(), remindMs = 7 * DAY): State =>
  commit(state, { container: { id: 'w', name: 'watchtower' }, checkpoint: null, announced: state.announced, updates: some.updates, news: some, stillFailing: [], now, stateLost: false, remindMs })
const begun = (state: State): State => ({ ...state, outbox: begin(state.outbox, NOW, state.outbox.entries[0]?.parts ?? renderEntry(state.outbox.entries[0] as Entry, state.tracked, state.ledger, { ...PLAIN, now: NOW })) })
const kinds = ({ outbox }: State): string[] => outbox.entries.map(({ content }) => content.type)

t.test('what is pending is said again after its time, an hour early, once, and never if so asked', (t) => {
  const told = { ...check(emptyState, NOW, news(update())), outbox: emptyState.outbox }
  t.same(kinds(check(told, NOW + 7 * DAY - HOUR - 1)), [])
  const reminded = check(told, NOW + 7 * DAY - HOUR)
  t.same(kinds(reminded), ['reminder'])
  t.same(kinds(check(reminded, NOW + 7 * DAY)), ['reminder'], 'not again at the next check')
  t.same(kinds(check(reminded, NOW + 14 * DAY)), ['reminder'], 'one that was not sent yet makes room')
  t.same(kinds(check(told, NOW + 99 * DAY, news(), 0)), [])
  t.same(kinds(check({ ...told, tracked: [] }, NOW + 99 * DAY)), [], 'nothing is pending')
  t.end()
})

t.test('a message with news mentions the rest, and puts the reminder off', (t) => {
  const told = { ...check(emptyState, NOW, news(update())), outbox: emptyState.outbox }
  const more = check(told, NOW + 6 * DAY, news(update({ service: 'redis' })))
  t.match(more.outbox.entries, [{ content: { type: 'news', stillPending: [{ update: { service: 'postgres' }, since: NOW }] } }])
  t.same(kinds(check(more, NOW + 8 * DAY)), ['news'])
  t.same(pendingOf(more.tracked).map((one) => one.update.service), ['postgres', 'redis'])
  t.end()
})

t.test('what was applied before it was told is not told any more', (t) => {
  const waiting = check(emptyState, NOW, news(update({ newImageId: short('new') })))
  const gone = observed(waiting, engine(), NOW)
  t.same(kinds(gone), ['news'], 'a recreation takes seconds')
  t.same(kinds(observed(gone, engine(), NOW + 25 * HOUR)), [])
  t.end()
})

t.test('what waits gives way to a newer image of its service, wherever it stands in the queue', (t) => {
  const first = check(emptyState, NOW, news(update(), update({ service: 'redis' })))
  const between = raise(first, { key: 'x', message: { html: 'x', text: 'x', buttons: [] } }, NOW)
  const { outbox, announced } = check({ ...between, announced: { ...between.announced, updates: [updateKey(update())] } }, NOW + DAY, news(update({ newImageId: short('newer'), newVersion: '16.3' })))
  t.match(outbox.entries, [{ content: { news: { updates: [{ service: 'redis' }] } } }, {}, { content: { news: { updates: [{ newVersion: '16.3' }] } } }])
  t.same(announced.updates, [], 'it is news if it comes back')
  t.end()
})

t.test('a message that cannot be edited is told and not remembered; one that is gone already is no loss', (t) => {
  const sent = accepted(begun(check(emptyState, NOW, news(update()))), { chat: 1, messageId: null, link: null, now: NOW })
  t.same([kinds(sent), sent.ledger.shown], [[], []])
  const gone = { ...emptyState, outbox: enqueueEdits(emptyState.outbox, [7], NOW) }
  t.same(renderEntry(gone.outbox.entries[0] as Entry, [], gone.ledger, { ...PLAIN, now: NOW }), [])
  t.same(nextStep(gone.outbox, NOW, 0, () => [], 'en'), { type: 'drop' })
  t.same(editRefused(gone), emptyState)
  t.end()
})

t.test('a time in a message is read beside the day that it was sent: of another day it says which', (t) => {
  const sent = accepted(begun(check(emptyState, NOW, news(update({ newImageId: short('new') })))), { chat: 1, messageId: 1, link: null, now: NOW })
  const seen = (created: number): string => {
    const applied = { ...service('postgres', 'postgres:16', 'new'), Created: new Date(created).toISOString() }
    const { outbox, tracked, ledger } = observed(sent, engine(applied), created)
    return renderEntry(outbox.entries[0] as Entry, tracked, ledger, { ...PLAIN, now: created })[0]?.message.text.split('\n')[2] ?? ''
  }
  t.equal(seen(NOW + HOUR), '✅ postgres 16.1 → 16.2, applied 04:00')
  t.equal(seen(NOW + 3 * DAY), '✅ postgres 16.1 → 16.2, applied 28 Nov 03:00')
  t.end()
})

t.test('without an entry under way nothing can be accepted or refused', (t) => {
  t.same(accepted(emptyState, { chat: 1, messageId: 1, link: null, now: NOW }), emptyState)
  t.same(editRefused(emptyState), emptyState)
  t.end()
})

t.test('an alarm is told once until it is settled, and that it is well again only to who was told', (t) => {
  const message = (text: string) => ({ html: text, text, buttons: [] })
  const alarm = { key: 'overdue watchtower', message: message('overdue') }
  const well = { key: alarm.key, message: message('well') }
  const told = ({ outbox }: State) => outbox.entries.map(({ content }) => content.type === 'notice' && content.message.text)
  t.equal(settle(emptyState, well, NOW), emptyState)
  const raised = raise(emptyState, alarm, NOW)
  t.equal(raise(raised, alarm, NOW + DAY), raised)
  const settled = settle(raised, well, NOW + DAY)
  t.same(told(settled), ['overdue', 'well'])
  t.same(told(raise(settle(raised, { ...well, message: null }, NOW), alarm, NOW)), ['overdue', 'overdue'])
  const several = raise(emptyState, { ...alarm, along: ['another'] }, NOW)
  t.same([several.raised, told(several)], [[alarm.key, 'another'], ['overdue']], 'several at once in one message')
  t.equal(raise(several, { ...alarm, key: 'another' }, NOW), several)
  const many = Array.from({ length: 1100 }, (_, n) => `incident ${n}`).reduce((state, key) => raise(state, { key, message: message(key) }, NOW), emptyState)
  t.same([many.raised.length, many.raised[0]], [1000, 'incident 100'], 'the oldest are forgotten')
  t.end()
})

t.test('a Watchtower that an older version awaited is read, as one that was not started anew and is no Swarm task', (t) => {
  const older = { key: 'w', place: 'watchtower', id: 'w', name: 'watchtower', startedAt: NOW, restarts: 0, since: NOW, checkedAt: null, lostMs: 0, downSince: null, brokeOff: null }
  t.same(State.parse({ ...emptyState, watched: [older] }).watched, [{ ...older, swarm: null, anew: null }])
  t.end()
})
