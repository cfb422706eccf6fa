// The rows of a Watchtower's settings, from real inspect answers; the whole tables are in deployments.test.ts.
import t from 'tap'
import type { Check } from '../../src/doctor/check.js'
import { settingsChecks } from '../../src/doctor/settings.js'
import { settingsOf } from '../../src/guard/settings.js'
import { containerFacts } from '../../src/report/facts.js'
import { container } from '../fakes/docker-api.js'

const NOW = Date.parse('2026-11-26T12:00:00Z')

/** What is looked for in a row. */
type Row = { [Part in keyof Check]?: Check[Part] | RegExp }

interface Given {
  env?: string[]
  args?: string[]
  version?: string | null
  engine?: [string, string]
  startedAt?: number | null
  log?: Record<string, string>
}

function rows({ env = [], args = [], version = '1.7.1', engine = ['1.12', '1.41'], startedAt = null, log = {} }: Given): Record<string, Check> {
  const watchtower = container({ name: 'watchtower', image: 'containrrr/watchtower', env, args })
  watchtower.Path = '/watchtower'
  watchtower.HostConfig.LogConfig.Config = log
  const self = containerFacts(watchtower)!
  const db = containerFacts(container({ name: 'db', image: 'postgres:16', labels: { 'com.centurylinklabs.watchtower.monitor-only': 'false' } }))
  const checks = settingsChecks(settingsOf(watchtower)!, { version, engine: { MinAPIVersion: engine[0], ApiVersion: engine[1] }, watchtower: self, containers: db ? [db] : [], startedAt, now: NOW, timeZone: 'Europe/Paris' })
  return Object.fromEntries(checks.map((check) => [check.name, check]))
}

t.test('monitor-only: by variable or flag, and where labels overrule it', (t) => {
  t.match(rows({})['monitor-only'], { mark: 'fault', found: /^watchtower stops and replaces containers by itself at its next check: nothing tells it to monitor only$/, remedy: /Until then, stop it: docker stop watchtower$/ })
  t.match(rows({ args: ['--monitor-only'] })['monitor-only'], { mark: 'ok', found: 'it is on (--monitor-only)' })
  t.match(rows({ args: ['--monitor-only', '--label-take-precedence'] })['monitor-only'], { mark: 'fault', found: /with --label-take-precedence a container’s own label wins, and db carries / })
  t.end()
})

t.test('schedule: when the next check is, or why there is none', (t) => {
  const cases: [Given, Row][] = [
    [{}, { mark: 'ok', found: 'every 86400 s: next check 2026-11-27 13:00 (Europe/Paris)' }],
    [{ startedAt: NOW - 3_600_000 }, { mark: 'ok', found: 'every 86400 s: next check 2026-11-27 12:00 (Europe/Paris)' }],
    [{ args: ['--interval', '300'] }, { mark: 'ok', found: 'every 300 s: next check 2026-11-26 13:05 (Europe/Paris)' }],
    [{ env: ['WATCHTOWER_SCHEDULE=0 0 3 * * *', 'TZ=America/New_York'] }, { mark: 'ok', found: '0 0 3 * * *: next check 2026-11-27 09:00 (Europe/Paris)' }],
    [{ args: ['-s', '@daily'] }, { mark: 'ok', found: '@daily: next check 2026-11-27 01:00 (Europe/Paris)' }],
    [{ args: ['-s', '0 3 * * *'], version: '1.21.0' }, { mark: 'ok', found: '0 3 * * *: next check 2026-11-27 04:00 (Europe/Paris)' }],
    [{ args: ['-s', '0 3 * * *'] }, { mark: 'fault', found: '0 3 * * * has five fields, and Watchtower takes the first for seconds: next check 2026-11-26 13:03 (Europe/Paris)' }],
    [{ args: ['-s', 'bogus'] }, { mark: 'fault', found: /^bogus cannot be read \(.*\): Watchtower does not start, an interval is no fallback$/ }],
    [{ args: ['-s', '0 0 0 31 2 *'] }, { mark: 'fault', found: '0 0 0 31 2 * never comes' }],
    [{ args: ['--run-once'] }, { mark: 'warning', found: 'it checks once and ends (--run-once)' }],
    [{ env: ['WATCHTOWER_HTTP_API_UPDATE=true'] }, { mark: 'warning', found: 'it checks only when a request to its HTTP API asks for it' }],
  ]
  for (const [given, row] of cases) t.match(rows(given).schedule, row, JSON.stringify(given))
  t.end()
})

t.test('conflicts: what keeps Watchtower from its work', (t) => {
  const cases: [Given, Row][] = [
    [{ args: ['-s', '@daily', '-i', '300'] }, { mark: 'fault', found: 'both a schedule (--schedule) and an interval (--interval): Watchtower does not start', remedy: 'remove --interval' }],
    [{ args: ['-s', '@daily', '-i', '86400'] }, { mark: 'ok', found: 'none' }],
    [{ env: ['WATCHTOWER_ROLLING_RESTART=1', 'WATCHTOWER_MONITOR_ONLY=1'] }, { mark: 'fault', remedy: 'remove WATCHTOWER_ROLLING_RESTART' }],
    [{ args: ['--no-pull'] }, { mark: 'warning', found: /^With --no-pull watchtower finds an update only after something else has pulled it$/ }],
  ]
  for (const [given, row] of cases) t.match(rows(given).conflicts, row, JSON.stringify(given))
  t.end()
})

t.test('API version: what Watchtower asks for against what the engine takes', (t) => {
  const api = (version: string): string[] => [`DOCKER_API_VERSION=${version}`]
  const cases: [Given, Row][] = [
    [{}, { mark: 'ok', found: '1.25 (its default); this engine takes 1.12 to 1.41' }],
    [{ engine: ['1.40', '1.53'] }, { mark: 'fault', found: '1.25 (its default) is too old: this engine takes 1.40 to 1.53', remedy: 'set DOCKER_API_VERSION=1.41 on Watchtower' }],
    [{ engine: ['1.44', '1.52'], env: api('1.41') }, { mark: 'fault', remedy: 'set DOCKER_API_VERSION=1.44 on Watchtower' }],
    [{ engine: ['1.12', '1.43'], env: api('1.44') }, { mark: 'fault', found: '1.44 (DOCKER_API_VERSION) is too new: this engine takes 1.12 to 1.43', remedy: 'set DOCKER_API_VERSION=1.41 on Watchtower' }],
    [{ engine: ['1.12', '1.40'], env: api('1.44') }, { mark: 'fault', remedy: 'set DOCKER_API_VERSION=1.40 on Watchtower' }],
    [{ version: null }, { mark: 'ok', found: /^1\.25/ }],
    [{ version: '1.8.8', engine: ['1.24', '1.47'] }, { mark: 'ok', found: /^1\.44/ }],
    [{ version: '1.21.0' }, { mark: 'ok', found: 'it agrees on one with the engine' }],
    [{ engine: ['2.0', '2.1'] }, { mark: 'fault', remedy: 'set DOCKER_API_VERSION=2.0 on Watchtower' }],
  ]
  for (const [given, row] of cases) t.match(rows(given)['API version'], row, JSON.stringify(given))
  t.end()
})

t.test('log level and size, cleanup and notifications', (t) => {
  t.match(rows({ args: ['--debug'] })['log level'], { mark: 'ok', found: 'debug' })
  t.match(rows({ args: ['--log-level', 'ERROR'] })['log level'], { mark: 'fault', found: /^--log-level is "error": the updates that watchtower finds are not in its log/ })
  t.match(rows({ log: { 'max-size': '1k' } })['log size'], { mark: 'warning', found: /^The log of watchtower keeps 1 × 1k, less than two checks/, remedy: /^Set max-size to 10m/ })
  t.match(rows({ log: { 'max-size': '10m' } })['log size'], { mark: 'ok', found: '1 × 10m' })
  t.match(rows({ args: ['--cleanup'] }).cleanup, { mark: 'warning', remedy: 'remove --cleanup' })
  t.match(rows({ env: ['WATCHTOWER_NOTIFICATIONS=email'] }).notifications, { mark: 'ok', found: 'Watchtower also tells by email' })
  t.match(rows({ env: ['WATCHTOWER_NOTIFICATION_URL=telegram://1:secret@telegram?chats=-1'] }).notifications, { mark: 'warning' })
  t.notMatch(JSON.stringify(rows({ env: ['WATCHTOWER_NOTIFICATION_URL=telegram://1:secret@telegram?chats=-1'] })), 'secret')
  t.end()
})
