// The rows of schedule and time zone; the common ones are whole tables in deployments.test.ts.
import t from 'tap'
import { type Given, NOW, type Row, rows } from './setting-rows.js'

t.test('schedule: when the next check is, or why there is none', (t) => {
  const cases: [Given, Row][] = [
    [{}, { mark: 'ok', found: 'every 24 h: next check 2026-11-27 13:00 (Europe/Paris)' }],
    [{ startedAt: NOW - 3_600_000 }, { mark: 'ok', found: 'every 24 h: next check 2026-11-27 12:00 (Europe/Paris)' }],
    [{ env: ['WATCHTOWER_POLL_INTERVAL=1h'] }, { mark: 'fault', found: '"1h" is no number of seconds, and Watchtower takes it for none: it checks every second', remedy: /^give seconds, like WATCHTOWER_POLL_INTERVAL=86400/ }],
    [{ args: ['--interval', '1h'] }, { mark: 'fault', found: /^"1h" cannot be read/ }],
    [{ args: ['--interval', '299'] }, { mark: 'warning', found: /^it checks again after 299 s: next check / }],
    [{ args: ['-s', '* 0 3 * * *'] }, { mark: 'warning', found: /^it checks again after 1 s: next check / }],
    [{ args: ['--interval', '300'] }, { mark: 'ok', found: 'every 5 min: next check 2026-11-26 13:05 (Europe/Paris)' }],
    [{ args: ['-s', '@every 1m30s'] }, { mark: 'warning', found: 'it checks again after 90 s: next check 2026-11-26 13:01 (Europe/Paris)' }],
    [{ env: ['WATCHTOWER_SCHEDULE=0 0 3 * * *', 'TZ=America/New_York'] }, { mark: 'ok', found: '"0 0 3 * * *": next check 2026-11-27 09:00 (Europe/Paris)' }],
    [{ args: ['-s', '@daily'] }, { mark: 'ok', found: '"@daily": next check 2026-11-27 01:00 (Europe/Paris)' }],
    [{ args: ['-s', '0 3 * * *'], version: '1.21.0' }, { mark: 'ok', found: '"0 3 * * *": next check 2026-11-27 04:00 (Europe/Paris)' }],
    [{ args: ['-s', '0 3 * * *'] }, { mark: 'fault', found: '"0 3 * * *" has five fields, and Watchtower takes the first for seconds: next check 2026-11-26 13:03 (Europe/Paris)' }],
    [{ args: ['-s', 'bogus'] }, { mark: 'fault', found: /^"bogus" cannot be read \(.*\): Watchtower does not start, an interval is no fallback$/ }],
    [{ args: ['-s', '0 0 0 31 2 *'] }, { mark: 'fault', found: '"0 0 0 31 2 *" never comes' }],
    [{ args: ['--run-once'] }, { mark: 'warning', found: 'it checks once and ends (--run-once)' }],
    [{ env: ['WATCHTOWER_HTTP_API_UPDATE=true'] }, { mark: 'warning', found: 'it checks only when a request to its HTTP API asks for it' }],
  ]
  for (const [given, row] of cases) t.match(rows(given).schedule, row, JSON.stringify(given))
  t.end()
})

t.test('a schedule whose quotes Compose kept is told from one that is wrong', (t) => {
  t.match(rows({ env: ['WATCHTOWER_SCHEDULE="0 0 3 * * *"'] }).schedule, { mark: 'fault', found: '"0 0 3 * * *" has quotes that are part of it: Watchtower does not start', remedy: 'write it without the quotes and recreate it' })
  t.match(rows({ env: ['WATCHTOWER_SCHEDULE="0 0 3 * * *"'], version: '1.21.0' }).schedule, { mark: 'ok', found: /^"0 0 3 \* \* \*": next check / }, 'the fork leaves them out')
  t.match(rows({ env: ['WATCHTOWER_SCHEDULE=0 0 3'] }).schedule, { mark: 'fault', remedy: /^write six fields, seconds first, / })
  t.end()
})

t.test('five fields: what they do is said for each Watchtower that it may be, and is no fault unless it is one for all', (t) => {
  const five = (given: Given): Row | undefined => rows({ args: ['-s', '0 3 * * *'], version: null, ...given }).schedule
  t.match(five({ image: 'containrrr/watchtower:latest' }), { mark: 'fault', found: /^"0 3 \* \* \*" has five fields/ }, 'no stock release reads them otherwise')
  t.match(five({ image: 'ghcr.io/nicholas-fedor/watchtower' }), {
    mark: 'warning',
    found: 'it depends on the version, which nothing tells. For the fork from 1.14 on: "0 3 * * *": next check 2026-11-27 04:00 (Europe/Paris). For an older fork: "0 3 * * *" has five fields, and Watchtower takes the first for seconds: next check 2026-11-26 13:03 (Europe/Paris)',
    remedy: 'give six: "0 0 3 * * *" is what crontab means by yours; then recreate it',
  })
  t.match(five({ image: 'nickfedor/watchtower:1.13' }), { mark: 'fault' })
  t.match(five({ image: 'nickfedor/watchtower:arm64v8-1.14.0' }), { mark: 'ok' })
  t.match(five({ image: 'mine', args: ['-s', '0 3 * *'] }), { mark: 'fault', found: /^"0 3 \* \*" cannot be read/ }, 'whichever it is')
  t.match(five({ image: 'mine', args: ['-s', 'CRON_TZ=Europe/Paris bogus'] }), { mark: 'fault', found: /For stock: .* takes no TZ= .* For the fork from 1\.14 on: .* found 1\)/ }, 'each for a reason of its own')
  t.match(five({ image: 'mine', args: ['-s', 'CRON_TZ=Europe/Paris 0 0 3 * * *'] }), { mark: 'warning', found: /For stock: .* cannot be read \(this Watchtower takes no TZ= in a schedule\).* For the fork from 1\.14 on: .*next check 2026-11-27 03:00/ })
  t.end()
})

t.test('time zone: the variable, else what the banner shows, else UTC; a name that Go does not find counts for nothing', (t) => {
  const cases: [Given, Row, RegExp][] = [
    [{ env: ['TZ=Europe/Paris'] }, { mark: 'ok', found: 'Europe/Paris (TZ)' }, /03:00 \(/],
    [{}, { mark: 'ok', found: 'TZ is not set: UTC' }, /04:00 \(/],
    [{ zone: { type: 'offset', minutes: 0 } }, { mark: 'ok', found: 'TZ is not set: UTC, says its banner' }, /04:00 \(/],
    [{ zone: { type: 'offset', minutes: -210 } }, { mark: 'ok', found: 'TZ is not set: UTC-03:30, says its banner' }, /07:30 \(/],
    [{ zone: { type: 'offset', minutes: 120 } }, { mark: 'ok', found: 'TZ is not set: UTC+02:00, says its banner' }, /02:00 \(/],
    [{ zone: { type: 'named', name: 'Asia/Tokyo' } }, { mark: 'ok', found: 'TZ is not set: Asia/Tokyo, says its banner' }, /19:00 \(/],
    [{ zone: { type: 'offset', minutes: 120 }, env: ['TZ=Europe/Paris'] }, { mark: 'ok', found: 'Europe/Paris (TZ)' }, /03:00 \(/],
    [{ env: ["TZ='Europe/Paris'"] }, { mark: 'warning', found: "TZ is 'Europe/Paris', which names no time zone: Watchtower counts in UTC", remedy: 'write TZ=Europe/Paris without the quotes and recreate it' }, /04:00 \(/],
    [{ env: ['TZ="Paris"'] }, { mark: 'warning', remedy: /^give the name of one as the IANA lists them/ }, /04:00 \(/],
    [{ env: ['TZ=CET-1CEST'] }, { mark: 'warning', remedy: /^give the name of one as the IANA lists them/ }, /04:00 \(/],
  ]
  for (const [{ env = [], ...given }, row, next] of cases) {
    const seen = rows({ ...given, env: ['WATCHTOWER_SCHEDULE=0 0 3 * * *', ...env] })
    t.match(seen['time zone'], row, JSON.stringify([env, given]))
    t.match(seen.schedule, { mark: 'ok', found: next })
  }
  t.end()
})
