import fc from 'fast-check'
import t from 'tap'
import { dueAfter, dueOf, type Plan, planOf, reasonOf } from '../../src/guard/overdue.js'
import { nextRun } from '../../src/guard/schedule.js'
import { settingsOf } from '../../src/guard/settings.js'
import type { Vitals } from '../../src/guard/vitals.js'
import { checked, looked, type Watched } from '../../src/guard/watched.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const NOW = Date.parse('2026-11-26T12:00:00Z')
const at = (text: string): number => Date.parse(text)
const settings = (...env: string[]) => settingsOf({ Config: { Env: env } }) ?? t.bailout('no settings')
const plan = (...env: string[]): Plan => planOf(settings(...env) as never, '1.7.1', null, NOW)
const watched = (changes: Partial<Watched> = {}): Watched => ({
  key: 'w', place: 'watchtower', id: 'w', name: 'watchtower', swarm: null, startedAt: NOW, restarts: 0, since: NOW, checkedAt: null, lostMs: 0, downSince: null, anew: null, brokeOff: null, ...changes,
})

t.test('a check is due at its time and told of after a tenth of the gap, half an hour at least, six hours at most', (t) => {
  t.same(dueOf(watched(), plan('WATCHTOWER_SCHEDULE=0 0 3 * * *', 'TZ=Europe/Paris'), null), { at: at('2026-11-27T02:00:00Z'), by: at('2026-11-27T04:24:00Z') })
  t.same(dueOf(watched(), plan('WATCHTOWER_SCHEDULE=0 0 * * * *', 'TZ=UTC'), null), { at: NOW + HOUR, by: NOW + 1.5 * HOUR })
  t.same(dueOf(watched(), plan('WATCHTOWER_SCHEDULE=@weekly', 'TZ=UTC'), null), { at: at('2026-11-29T00:00:00Z'), by: at('2026-11-29T06:00:00Z') })
  t.same(dueOf(watched(), plan('WATCHTOWER_POLL_INTERVAL=3600'), null), { at: NOW + HOUR, by: NOW + 1.5 * HOUR })
  t.same(dueOf(watched({ lostMs: 5 * HOUR }), plan(), null), { at: NOW + 24 * HOUR, by: NOW + 31.4 * HOUR }, 'time in which nobody looked does not count')
  t.end()
})

t.test('where the zone is not known the longest gap is waited, the banner counts where there is one', (t) => {
  t.same(dueOf(watched(), plan('WATCHTOWER_SCHEDULE=0 0 3 * * *'), null), { at: NOW + 24 * HOUR, by: NOW + 27.4 * HOUR }, 'and the hour of a summer time that ends')
  const read = planOf(settings('WATCHTOWER_SCHEDULE=odd') as never, '1.7.1', { type: 'first-run', at: NOW + HOUR, offset: null }, NOW)
  t.same(dueOf(watched(), read, null), { at: NOW + HOUR, by: NOW + 1.5 * HOUR })
  t.same(dueOf(watched({ since: NOW + HOUR }), read, null), { at: null, by: NOW + HOUR + 8 * 24 * HOUR })
  t.end()
})

t.test('of a version that is not known the reading with the longest gap is waited', (t) => {
  const gap = (schedule: string, version: string | null) => planOf(settings(`WATCHTOWER_SCHEDULE=${schedule}`) as never, version, null, NOW).gapMs
  t.same([gap('0 3 * * *', '1.7.1'), gap('0 3 * * *', '1.14.0'), gap('0 3 * * *', null)], [HOUR, 24 * HOUR, 24 * HOUR])
  t.same([gap('30 3 * * 0', '1.7.1'), gap('30 3 * * 0', null)], [null, 7 * 24 * HOUR], 'one of them cannot be read')
  t.equal(gap('0 0 3 * * *', null), 24 * HOUR)
  const due = (...env: string[]) => dueOf(watched(), planOf(settings('WATCHTOWER_SCHEDULE=0 3 * * *', ...env) as never, null, null, NOW), null)
  t.same([due('TZ=UTC'), due()], [{ at: null, by: NOW + 17.4 * HOUR }, { at: null, by: NOW + 27.4 * HOUR }], 'when it should have come is not told')
  t.end()
})

t.test('nothing is awaited from one that checks when it is asked to, and of a version that tells no end', (t) => {
  t.equal(dueOf(watched(), plan('WATCHTOWER_HTTP_API_UPDATE=true'), null), null)
  t.not(dueOf(watched(), plan('WATCHTOWER_HTTP_API_UPDATE=true', 'WATCHTOWER_HTTP_API_PERIODIC_POLLS=true'), null), null)
  for (const bound of [null, 2 * HOUR]) t.equal(dueOf(watched(), planOf(settings() as never, '1.3.0', null, NOW), bound), null)
  t.equal(dueOf(watched(), planOf(settings() as never, '1.7.1', { type: 'no-runs' }, NOW), null), null)
  t.same(dueOf(watched(), plan('WATCHTOWER_HTTP_API_UPDATE=true'), 2 * HOUR), { at: null, by: NOW + 2 * HOUR }, 'unless the user says how long')
  t.end()
})

t.test('a check that broke off is told of after the grace; without an error only after a crash, or the second time', (t) => {
  const broke = (changes: Partial<NonNullable<Watched['brokeOff']>>, restarts = 0) => dueOf(watched({ brokeOff: { at: NOW, times: 1, error: null, ...changes }, restarts }), plan('WATCHTOWER_POLL_INTERVAL=86400'), null)
  const soon = { at: NOW, by: NOW + 2.4 * HOUR }
  const regular = { at: NOW + 24 * HOUR, by: NOW + 26.4 * HOUR }
  t.same([broke({}), broke({ error: 'EOF' }), broke({ times: 2 }), broke({}, 1)], [regular, soon, soon, soon])
  t.end()
})

t.test('the likely reason', (t) => {
  const reason = (env: string[], changes: Partial<Watched> = {}, lastError: string | null = null) => reasonOf(watched(changes), plan(...env), lastError)
  t.same(
    [
      reason(['WATCHTOWER_LOG_LEVEL=warn']), reason([], { brokeOff: { at: NOW, times: 1, error: 'EOF' } }), reason(['WATCHTOWER_SCHEDULE=odd']), reason(['WATCHTOWER_SCHEDULE=0 0 3 31 2 *']),
      reason([], {}, 'x509'), reason([], { restarts: 2 }), reason(['WATCHTOWER_DEBUG=true']),
    ],
    [
      { type: 'log-level', level: 'warn' }, { type: 'broke-off', error: 'EOF' }, { type: 'schedule-unreadable', text: 'odd', why: 'expected 5 to 6 fields, found 1' }, { type: 'never', text: '0 0 3 31 2 *' },
      { type: 'error', error: 'x509' }, { type: 'restarts', times: 2 }, { type: 'silent' },
    ],
  )
  t.same(dueOf(watched(), plan('WATCHTOWER_SCHEDULE=0 0 3 31 2 *', 'TZ=UTC'), null), { at: null, by: NOW + HOUR / 2 }, 'one that never comes is told of at once')
  t.end()
})

t.test('whatever the schedule, no alarm while checks come on time, across restarts, upgrades, sleeps and outages', (t) => {
  const schedule = fc.oneof(
    fc.tuple(fc.integer({ min: 0, max: 59 }), fc.integer({ min: 0, max: 23 })).map(([minute, hour]) => `WATCHTOWER_SCHEDULE=0 ${minute} ${hour} * * *`),
    fc.constantFrom('WATCHTOWER_SCHEDULE=0 0 */6 * * *', 'WATCHTOWER_SCHEDULE=0 30 2 * * MON-FRI', 'WATCHTOWER_SCHEDULE=@every 1h30m', 'WATCHTOWER_SCHEDULE=0 4 * * *', 'WATCHTOWER_POLL_INTERVAL=7200', 'A='),
  )
  const step = fc.record({ type: fc.constantFrom('check', 'check', 'check', 'restart', 'upgrade', 'sleep', 'outage'), ms: fc.integer({ min: 1_000, max: 9 * HOUR }), tookMs: fc.integer({ min: 0, max: 25 * MINUTE }) })
  fc.assert(
    fc.property(schedule, fc.constantFrom('TZ=UTC', 'TZ=Europe/Paris', 'TZ=America/New_York', 'B='), fc.array(step, { maxLength: 40 }), (text, zone, steps) => {
      const own = plan(text, zone)
      // its own clock: a sleep stops it
      let [now, lostMs, restarts, id] = [at('2026-10-20T12:00:00Z'), 0, 0, 0]
      let one: Vitals = { id: 'w0', name: 'watchtower', place: 'watchtower', swarm: null, status: 'running', startedAt: now - 30 * 24 * HOUR, finishedAt: null, exitCode: 0, restarts: 0, oneOff: false }
      let from = now
      let list: Watched[] = []
      const awaitedUntil = (_: string, since: number) => dueAfter(since, own, null)?.by ?? null
      const look = (lateMs = 0): boolean => {
        list = looked(list, { now, lateMs, first: false, vitals: [one], candidates: new Map([['watchtower', now]]), checkedAt: () => null, awaitedUntil, bounds: { steadyMs: MINUTE, downAfterMs: 5 * MINUTE } }).watched
        const due = list[0] && dueOf(list[0], own, null)
        return !due || now < due.by
      }
      const reach = (until: number): boolean => {
        for (; now < until; now = Math.min(until, now + 10 * MINUTE)) if (!look()) return false
        return look()
      }
      const nextCheck = (): number => (nextRun(own.schedule ?? t.bailout('none') as never, from, from) ?? Infinity) + lostMs
      if (!look()) return false
      let starts = 0
      for (const { type, ms, tookMs } of steps) {
        starts = type === 'check' ? 0 : starts + (type === 'restart' || type === 'upgrade' ? 1 : 0)
        if (starts > 2) continue
        if (type === 'check') {
          if (!reach(nextCheck() + tookMs)) return false
          list = checked(list, one.id, { at: now, ok: true, error: null })
          from = now
          lostMs = 0
        } else {
          const until = Math.min(now + ms, nextCheck() - 1)
          if (type === 'sleep' || type === 'outage') {
            now += ms
            lostMs += ms
            if (!look(ms)) return false
          } else if (until > now) {
            if (!reach(until)) return false
            id += type === 'upgrade' ? 1 : 0
            one = { ...one, id: `w${id}`, startedAt: now, finishedAt: now - 1_000, restarts }
            from = now
            lostMs = 0
          }
          if (!look()) return false
        }
      }
      return true
    }),
    { numRuns: 150 },
  )
  t.end()
})
