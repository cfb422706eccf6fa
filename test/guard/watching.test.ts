import t from 'tap'
import { type Plan, planOf } from '../../src/guard/overdue.js'
import { type Settings, settingsOf } from '../../src/guard/settings.js'
import type { Vitals } from '../../src/guard/vitals.js'
import { afterCheck, checkOf, judge, judgeGone, type Known, type Situation } from '../../src/guard/watching.js'
import type { Watched } from '../../src/guard/watched.js'
import type { CheckSession } from '../../src/watchtower/session.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const NOW = Date.parse('2026-11-26T12:00:00Z')
const plan: Plan = { schedule: { type: 'every', text: '3600', ms: HOUR }, untold: false, oneWay: true, zoneKnown: false, graceMs: HOUR / 2, gapMs: HOUR, firstRun: null, logLevel: 'info' }
const watched = (changes: Partial<Watched> = {}): Watched => ({
  key: 'k', place: 'wt', id: 'w', name: 'wt', swarm: null, startedAt: NOW, restarts: 0, since: NOW, checkedAt: null, lostMs: 0, downSince: null, anew: null, brokeOff: null, ...changes,
})
const vitals = (changes: Partial<Vitals> = {}): Vitals => ({ id: 'w', name: 'wt', place: 'wt', swarm: null, status: 'running', startedAt: NOW, finishedAt: null, exitCode: 0, restarts: 0, oneOff: false, ...changes })
const situation = (changes: Partial<Situation> = {}, known: Partial<Known> = {}): Situation => ({
  now: NOW, begunAt: NOW - HOUR, bounds: { steadyMs: MINUTE, downAfterMs: 5 * MINUTE, overdueAfterMs: null }, watched: [watched()], staying: [vitals()], oneOffs: [], absentSince: null, raised: [], wanted: null,
  known: () => ({ attached: true, idle: null, lastError: null, oneOff: null, version: null, announced: null, ...known }), planFor: () => plan, ...changes,
})

t.test('a healthy one says nothing', (t) => {
  t.same(judge(situation()), [])
  t.same(judge(situation({}, { idle: false })), [])
  t.end()
})

t.test('one that is down says how, once it was for long enough, and nothing else', (t) => {
  const down = (now: number, staying: Vitals[], known: Partial<Known> = {}) => judge(situation({ now, staying, watched: [watched({ downSince: NOW, since: NOW - 9 * HOUR })] }, known))
  t.same(down(NOW + 5 * MINUTE - 1, []), [])
  t.same(down(NOW + 5 * MINUTE, [], { lastError: 'EOF' }), [{ type: 'raise', key: 'down:k', alarm: { type: 'gone', name: 'wt', swarm: null, since: NOW, error: 'EOF' } }])
  t.same(down(NOW + 5 * MINUTE, [vitals({ status: 'stopped', finishedAt: NOW, exitCode: 2 })]), [{ type: 'raise', key: 'down:k', alarm: { type: 'stopped', name: 'wt', swarm: null, at: NOW, exitCode: 2, error: null } }])
  for (const status of ['running', 'restarting'] as const) t.same(down(NOW + 5 * MINUTE, [vitals({ status, restarts: 4 })]), [{ type: 'raise', key: 'down:k', alarm: { type: 'looping', name: 'wt', restarts: 4, error: null } }])
  t.same(judge(situation({ now: NOW + 6 * MINUTE, watched: [watched({ downSince: NOW })], raised: ['down:k'] })), [], 'it is said once')
  t.same(judge(situation({ raised: ['down:k'] })), [{ type: 'settle', key: 'down:k', alarm: { type: 'up', name: 'wt', next: NOW + HOUR } }])
  t.end()
})

t.test('one is overdue only when its log was read, and settled by a check alone', (t) => {
  const now = NOW + 1.5 * HOUR
  t.same(judge(situation({ now }, { attached: false })), [])
  t.same(judge(situation({ now, planFor: () => null })), [])
  t.same(judge(situation({ now })), [{ type: 'raise', key: 'overdue:k', alarm: { type: 'overdue', name: 'wt', swarm: null, due: NOW + HOUR, checkedAt: null, reason: { type: 'silent' } } }])
  t.same(judge(situation({ raised: ['overdue:k'] })), [])
  const check = checkOf({ end: 'done', endedAt: new Date(now).toISOString(), error: null, scanned: 3, found: [], failures: [] } as unknown as CheckSession, 0)
  t.same(check, { at: now, ok: true, idle: false, error: null })
  t.same(afterCheck([watched()], 'w', check, plan, now), { watched: [watched({ since: now, checkedAt: now })], verdicts: [{ type: 'settle', key: 'overdue:k', alarm: { type: 'checks-again', name: 'wt', at: now, next: now + HOUR } }] })
  const broken = checkOf({ end: 'aborted', endedAt: null, error: 'EOF', scanned: null, found: [], failures: [] } as unknown as CheckSession, now)
  t.same(afterCheck([watched()], 'w', broken, null, now), { watched: [watched({ brokeOff: { at: now, times: 1, error: 'EOF' } })], verdicts: [] })
  t.same(afterCheck([], 'w', check, plan, now), { watched: [], verdicts: [] })
  t.end()
})

t.test('when it checks next is left out where that depends on a version that is not known', (t) => {
  const daily = (version: string | null, ...env: string[]): Plan => planOf(settingsOf({ Config: { Env: ['TZ=UTC', ...env] } }) as Settings, version, null, NOW)
  const next = (plan: Plan): unknown => judge(situation({ raised: ['down:k'], planFor: () => plan })).map(({ alarm }) => alarm && 'next' in alarm && alarm.next)
  t.same(next(daily('1.14.0', 'WATCHTOWER_SCHEDULE=0 3 * * *')), [NOW + 15 * HOUR])
  t.same(next(daily(null, 'WATCHTOWER_SCHEDULE=0 3 * * *')), [null])
  t.same(next(daily(null, 'WATCHTOWER_SCHEDULE=0 0 3 * * *')), [NOW + 15 * HOUR], 'six fields have one meaning')
  t.same(next(daily(null)), [NOW + 24 * HOUR])
  t.end()
})

t.test('a check of nothing is said, and one of something after it', (t) => {
  t.same(judge(situation({}, { idle: true })), [{ type: 'raise', key: 'idle:k', alarm: { type: 'idle', name: 'wt' } }])
  t.same(judge(situation({ raised: ['idle:k'] })), [], 'it stays so until a check is seen')
  t.same(judge(situation({ raised: ['idle:k'], watched: [watched({ checkedAt: NOW })], planFor: () => null }, { idle: false })), [{ type: 'settle', key: 'idle:k', alarm: { type: 'checks-again', name: 'wt', at: NOW, next: null } }])
  t.same(judge(situation({ raised: ['idle:k'], planFor: () => ({ ...plan, schedule: null }) }, { idle: false })).length, 1)
  t.end()
})

t.test('what was told of one that is not asked for any more is over, and nothing is said', (t) => {
  const raised = ['down:other', 'overdue:other', 'idle:other', 'one-off:other', 'absent of another kind']
  t.same(judge(situation({ raised })), ['down', 'overdue', 'idle'].map((kind) => ({ type: 'settle', key: `${kind}:other`, alarm: null })))
  t.end()
})

t.test('a one-off check that was removed is told of by its last words, unless it came to its end', (t) => {
  const failed = { attached: true, idle: null, lastError: 'EOF', oneOff: { ended: false }, version: null, announced: null }
  const told = (changes: Partial<Known>) => judgeGone({ id: 'o', name: 'once' }, { ...failed, ...changes })
  t.same(told({}), [{ type: 'raise', key: 'one-off:o', alarm: { type: 'one-off', name: 'once', exitCode: null, error: 'EOF' } }])
  t.same(told({ version: '1.7.1' }).length, 1)
  for (const well of [{ oneOff: null }, { oneOff: { ended: true } }, { idle: false }, { idle: true }, { lastError: null }, { version: '1.3.0' }]) t.same(told(well), [], JSON.stringify(well))
  t.end()
})

t.test('none at all, and a one-off check that failed', (t) => {
  const none = { watched: [], staying: [], wanted: 'wt' }
  t.same(judge(situation({ ...none, absentSince: NOW - 5 * MINUTE + 1 })), [])
  t.same(judge(situation({ ...none, absentSince: NOW - 5 * MINUTE })), [{ type: 'raise', key: 'absent', alarm: { type: 'absent', wanted: 'wt' } }])
  t.same(judge(situation({ ...none, raised: ['absent'] })), [{ type: 'settle', key: 'absent', alarm: null }])
  t.same(judge(situation({ raised: ['absent'] })), [{ type: 'settle', key: 'absent', alarm: { type: 'found', name: 'wt' } }])
  const failed = (changes: Partial<Vitals>, lastError: string | null = 'EOF') => judge(situation({ oneOffs: [vitals({ id: 'o', name: 'once', status: 'stopped', finishedAt: NOW, exitCode: 1, ...changes })] }, { lastError }))
  t.same(failed({}), [{ type: 'raise', key: `one-off:o:${NOW}`, alarm: { type: 'one-off', name: 'once', exitCode: 1, error: 'EOF' } }])
  t.same([failed({ exitCode: 0 }), failed({ exitCode: 130 }), failed({ finishedAt: NOW - 2 * HOUR }), failed({ finishedAt: null }), failed({}, null)], [[], [], [], [], []], 'neither one that ended well, nor history, nor one that was stopped')
  t.end()
})
