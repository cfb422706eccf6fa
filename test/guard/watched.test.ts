import t from 'tap'
import { type Vitals, vitalsOf } from '../../src/guard/vitals.js'
import { checked, type Look, looked, type Watched } from '../../src/guard/watched.js'

const MINUTE = 60_000
const NOW = Date.parse('2026-11-26T12:00:00Z')
const one = (changes: Partial<Vitals> = {}): Vitals => ({ id: 'w', name: 'watchtower', place: 'watchtower', swarm: null, status: 'running', startedAt: NOW - 60 * MINUTE, finishedAt: null, exitCode: 0, restarts: 0, oneOff: false, ...changes })
const look = (before: Watched[], minutes: number, vitals: Vitals[], more: Partial<Look> = {}) =>
  looked(before, { now: NOW + minutes * MINUTE, lateMs: 0, first: false, vitals, candidates: new Map(), checkedAt: () => null, awaitedUntil: (_, from) => from + 24 * 60 * MINUTE, bounds: { steadyMs: MINUTE, downAfterMs: 5 * MINUTE }, ...more })
const seen = look([], 0, [one()]).watched

t.test('one that stays up is watched from the first look on, with the last check that was ever seen', (t) => {
  const entry: Watched = { key: 'w', place: 'watchtower', id: 'w', name: 'watchtower', swarm: null, startedAt: NOW - 60 * MINUTE, restarts: 0, since: NOW, checkedAt: null, lostMs: 0, downSince: null, anew: null, brokeOff: null }
  t.same(seen, [entry])
  t.same(look([], 0, [one()], { checkedAt: () => 7 }).watched, [{ ...entry, checkedAt: 7 }])
  t.equal(look(seen, 1, [one()]).watched[0]?.since, NOW)
  t.end()
})

t.test('one that does not stay up is watched once it took as long as it takes to be told', (t) => {
  const young = one({ startedAt: NOW })
  const first = look([], 0, [young])
  t.same([first.watched, [...first.candidates]], [[], [['watchtower', NOW]]])
  t.same(look([], 4, [one({ startedAt: NOW + 4 * MINUTE })], { candidates: first.candidates }).watched, [])
  t.match(look([], 5, [one({ status: 'restarting', startedAt: NOW + 5 * MINUTE })], { candidates: first.candidates }).watched, [{ downSince: NOW }])
  t.same(look([], 5, [one({ status: 'stopped' }), one({ id: 'v', name: 'other', place: 'other', startedAt: null })], { candidates: new Map([['watchtower', NOW]]) }).watched.map(({ name }) => name), ['other'], 'an old one beside another never is')
  t.match(look([], 5, [one({ status: 'stopped' })], { candidates: new Map([['watchtower', NOW]]) }).watched, [{ name: 'watchtower', downSince: NOW }])
  t.end()
})

t.test('of two in one place the younger counts; what never ran keeps the time that was known', (t) => {
  const [old, young] = [one({ id: 'old', startedAt: NOW - 90 * MINUTE }), one({ id: 'young' })]
  for (const vitals of [[old, young], [young, old]]) t.same(look([], 0, vitals).watched.map(({ id }) => id), ['young'])
  t.match(look(seen, 1, [one({ status: 'stopped', startedAt: null })]).watched, [{ startedAt: NOW - 60 * MINUTE, downSince: NOW + MINUTE }])
  t.end()
})

t.test('it is down from the look that saw it so, until it has stayed up', (t) => {
  const down = look(seen, 1, [one({ status: 'stopped' })]).watched
  t.equal(down[0]?.downSince, NOW + MINUTE)
  t.equal(look(down, 3, []).watched[0]?.downSince, NOW + MINUTE, 'gone is no better')
  t.equal(look(down, 3, [one({ startedAt: NOW + 2.5 * MINUTE })]).watched[0]?.downSince, NOW + MINUTE)
  t.equal(look(down, 4, [one({ startedAt: NOW + 2.5 * MINUTE })]).watched[0]?.downSince, null)
  t.equal(look(down, 4, [one({ startedAt: NOW + 90 * MINUTE })]).watched[0]?.downSince, null, 'a start that lies ahead was before the clock was set back')
  t.match(look(down, 64, [one({ status: 'stopped' })], { lateMs: 60 * MINUTE }).watched, [{ downSince: NOW + 61 * MINUTE, lostMs: 60 * MINUTE }], 'a sleep does not count')
  t.end()
})

t.test('a start begins the wait anew, a crash of its own does not', (t) => {
  const restarted = { startedAt: NOW + 2 * MINUTE, finishedAt: NOW + 2 * MINUTE - 1_000 }
  t.match(look(seen, 3, [one(restarted)]).watched, [{ since: NOW + 2 * MINUTE, restarts: 0 }])
  t.match(look(seen, 3, [one({ ...restarted, restarts: 1 })]).watched, [{ since: NOW, restarts: 1 }])
  t.match(look(seen, 3, [one({ startedAt: NOW + 2 * MINUTE, finishedAt: NOW - 10 * MINUTE, restarts: 1 })]).watched, [{ since: NOW + 2 * MINUTE }], 'the engine was away')
  t.end()
})

t.test('a start before this process looked counts from its first look: the clock may have been set since', (t) => {
  const early = one({ startedAt: NOW + 2 * MINUTE, finishedAt: NOW })
  t.match(look(seen, 90, [early], { first: true }).watched, [{ startedAt: NOW + 2 * MINUTE, since: NOW + 90 * MINUTE }])
  t.match(look(seen, 90, [early]).watched, [{ since: NOW + 2 * MINUTE }])
  t.equal(look(seen, 90, [one()], { first: true }).watched[0]?.since, NOW, 'one that was not started goes on')
  t.end()
})

t.test('a start after all that was waited for a check excuses it once: from then on the check is awaited whatever is started', (t) => {
  const [MINUTES_A_DAY, one24h] = [24 * 60, (minutes: number, more: Partial<Vitals> = {}) => one({ startedAt: NOW + minutes * MINUTE, finishedAt: NOW + (minutes - 3) * MINUTE, ...more })]
  const startedAt = (before: Watched[], minutes: number, more: Partial<Look> = {}): Watched[] => look(before, minutes + 1, [one24h(minutes)], more).watched
  const soon = startedAt(seen, 60)
  t.match(soon, [{ since: NOW + 60 * MINUTE, anew: { from: NOW, once: false } }])
  t.match(startedAt(soon, MINUTES_A_DAY - 1), [{ anew: { from: NOW, once: false } }])
  const late = startedAt(soon, MINUTES_A_DAY, { lateMs: 0 })
  t.match(late, [{ since: NOW + MINUTES_A_DAY * MINUTE, anew: { from: NOW + MINUTES_A_DAY * MINUTE, once: true } }])
  t.match(startedAt(late, 9 * MINUTES_A_DAY), [{ since: NOW + 9 * MINUTES_A_DAY * MINUTE, anew: { from: NOW + MINUTES_A_DAY * MINUTE, once: true } }])
  t.match(startedAt(soon, MINUTES_A_DAY + 9, { lateMs: 10 * MINUTE }), [{ lostMs: 10 * MINUTE, anew: { once: false } }], 'time in which nobody looked does not count')
  t.match(startedAt(soon, MINUTES_A_DAY + 10, { lateMs: 10 * MINUTE }), [{ lostMs: 10 * MINUTE, anew: { once: true } }])
  t.match(startedAt(soon, 9 * MINUTES_A_DAY, { awaitedUntil: () => null }), [{ anew: { from: NOW, once: false } }], 'where none is awaited none is missed')
  t.match(checked(late, 'w', { at: NOW + 9, ok: true, error: null }), [{ anew: null }])
  t.end()
})

t.test('one that takes the place of another goes on under its key, by name, by Compose service, or because the other went', (t) => {
  t.match(look(seen, 3, [one({ id: 'v', startedAt: NOW + MINUTE })]).watched, [{ key: 'w', id: 'v', since: NOW + MINUTE, downSince: null }])
  const both = look(seen, 1, [one({ name: '0a1b_watchtower', place: '0a1b_watchtower', status: 'stopped' }), one({ id: 'v', startedAt: NOW + MINUTE })])
  t.match(both.watched, [{ key: 'w', id: 'v' }])
  t.same([...both.candidates.keys()], ['0a1b_watchtower'])
  const gone = look(seen, 1, []).watched
  t.match(look(gone, 3, [one({ id: 'v', name: 'wt', place: 'wt', startedAt: NOW + MINUTE })], { candidates: new Map([['wt', NOW + 2 * MINUTE]]) }).watched, [{ key: 'w', id: 'v', name: 'wt', downSince: null, anew: { from: NOW, once: false } }])
  t.match(look(seen, 1, [one({ name: 'renamed', place: 'renamed' })]).watched, [{ key: 'w', id: 'w', name: 'renamed' }])
  t.end()
})

t.test('a check that came to its end begins the wait anew, one that broke off is kept with its error', (t) => {
  const broke = checked(checked(seen, 'w', { at: NOW + 1, ok: false, error: 'EOF' }), 'w', { at: NOW + 2, ok: false, error: null })
  t.match(broke, [{ since: NOW, brokeOff: { at: NOW + 2, times: 2, error: 'EOF' } }])
  t.match(look(broke, 1, [one({ id: 'v' })]).watched, [{ brokeOff: null }])
  t.match(checked(broke, 'w', { at: NOW + 3, ok: true, error: null }), [{ since: NOW + 3, checkedAt: NOW + 3, brokeOff: null, lostMs: 0 }])
  t.same(checked(seen, 'other', { at: NOW + 3, ok: true, error: null }), seen)
  t.end()
})

t.test('vitals are read from what inspect answers, whatever it is', (t) => {
  const answer = { Id: 'w', Name: '/watchtower', RestartCount: 2, State: { Running: true, Restarting: true, ExitCode: 1, StartedAt: '2026-11-26T12:00:00.5Z', FinishedAt: '0001-01-01T00:00:00Z' }, Config: { Labels: { 'com.docker.compose.project': 'friday', 'com.docker.compose.service': 'wt' } } }
  t.same(vitalsOf(answer), { id: 'w', name: 'watchtower', place: '["friday","wt",null]', swarm: null, status: 'restarting', startedAt: NOW + 500, finishedAt: null, exitCode: 1, restarts: 2, oneOff: false })
  t.match(vitalsOf({ Id: 'w', Name: '/watchtower', State: { Running: false }, Config: {} }), { place: 'watchtower', swarm: null, status: 'stopped', startedAt: null, exitCode: 0, restarts: 0, oneOff: false })
  const task = { 'com.docker.swarm.task.name': 'hosts_watchtower.3xk2.9qz7', 'com.docker.swarm.service.name': 'hosts_watchtower' }
  t.match(vitalsOf({ ...answer, Config: { Labels: task } }), { place: 'hosts_watchtower.3xk2', swarm: 'hosts_watchtower' }, 'the next task has another id')
  for (const odd of [null, {}, { Id: 'w' }, []]) t.equal(vitalsOf(odd), null)
  t.end()
})
