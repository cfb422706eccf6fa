// What settings mean, from real inspect answers; the whole tables are in deployments.test.ts.
import t from 'tap'
import { type Given, type Row, rows } from './setting-rows.js'

t.test('monitor-only: by variable or flag, and where labels overrule it', (t) => {
  t.match(rows({})['monitor-only'], { mark: 'fault', found: /^watchtower stops and replaces containers by itself at its next check: nothing tells it to monitor only$/, remedy: /Until then, stop it:$/, paste: ['docker stop watchtower'] })
  t.match(rows({ args: ['--monitor-only'] })['monitor-only'], { mark: 'ok', found: 'it is on (--monitor-only)' })
  t.match(rows({ args: ['--monitor-only', '--label-take-precedence'] })['monitor-only'], { mark: 'fault', found: /with --label-take-precedence a container’s own label wins, and db carries / })
  t.end()
})

t.test('conflicts: what keeps Watchtower from its work', (t) => {
  const cases: [Given, Row][] = [
    [{ args: ['-s', '@daily', '-i', '300'] }, { mark: 'fault', found: 'both a schedule (--schedule) and an interval (--interval): Watchtower does not start', remedy: 'remove --interval and recreate it' }],
    [{ args: ['-s', '@daily', '-i', '86400'] }, { mark: 'ok', found: 'none' }],
    [{ env: ['WATCHTOWER_ROLLING_RESTART=1', 'WATCHTOWER_MONITOR_ONLY=1'] }, { mark: 'fault', remedy: 'remove WATCHTOWER_ROLLING_RESTART and recreate it' }],
    [{ others: ['lab'] }, { mark: 'warning', found: 'it has no scope: each time it starts it removes lab', remedy: 'give every Watchtower a WATCHTOWER_SCOPE of its own, and recreate it' }],
    [{ others: ['lab'], args: ['--scope', 'main'] }, { mark: 'ok', found: 'none' }],
    [{ others: ['lab'], args: ['--scope', 'none'] }, { mark: 'warning', found: 'its scope, none, is that of lab too, by their labels: each time it starts only the newest is left', remedy: /WATCHTOWER_SCOPE of its own and the label com\.centurylinklabs\.watchtower\.scope with the same value/ }],
    [{ others: ['lab'], args: ['--scope', 'none'], scopes: { lab: '' } }, { mark: 'warning' }],
    [{ others: ['lab'], args: ['--scope', 'none'], scopes: { lab: 'lab' } }, { mark: 'ok', found: 'none' }],
    [{ others: ['lab'], args: ['--scope', 'main'], scopes: { watchtower: 'main', lab: 'main' } }, { mark: 'warning', found: /^its scope, main, is that of lab too/ }],
    [{ others: ['lab', 'den'], args: ['--scope', 'main'], scopes: { lab: 'main', den: 'main' } }, { mark: 'warning', found: /^its scope, main, is that of lab, den too/ }],
    // the fork's scope is that of its own label, else it is in none
    [{ others: ['lab'], version: '1.21.0' }, { mark: 'warning', found: /^its scope, none, is that of lab too/ }],
    [{ others: ['lab'], version: '1.21.0', scopes: { lab: 'lab' } }, { mark: 'ok', found: 'none' }],
    [{ others: ['lab'], version: '1.21.0', scopes: { watchtower: 'main' } }, { mark: 'ok', found: 'none' }],
    [{ others: ['lab'], version: '1.7.1', scopes: { lab: 'lab' } }, { mark: 'warning', found: /^it has no scope/ }],
    [{ args: ['-l', 'Logfmt'] }, { mark: 'ok', found: 'none' }],
    [{ args: ['-l', 'text'] }, { mark: 'fault', found: 'the log format text (--log-format), which there is not: Watchtower does not start', remedy: /^remove --log-format and recreate it; .* WATCHTOWER_LOG_FORMAT one of auto, logfmt, json, pretty$/ }],
    [{ args: ['--no-pull'] }, { mark: 'warning', found: /^With --no-pull watchtower finds an update only after something else has pulled it$/ }],
  ]
  for (const [given, row] of cases) t.match(rows(given).conflicts, row, JSON.stringify(given))
  t.end()
})

t.test('API version: what Watchtower asks for against what the engine takes', (t) => {
  const api = (version: string): string[] => [`DOCKER_API_VERSION=${version}`]
  const cases: [Given, Row][] = [
    [{}, { mark: 'ok', found: '1.25 (its default); this engine takes 1.12 to 1.41' }],
    [{ engine: ['1.40', '1.53'] }, { mark: 'fault', found: '1.25 (its default) is too old: this engine takes 1.40 to 1.53', remedy: 'set DOCKER_API_VERSION=1.41 in Watchtower\'s environment and recreate it' }],
    [{ engine: ['1.44', '1.52'], env: api('1.41') }, { mark: 'fault', remedy: 'set DOCKER_API_VERSION=1.44 in Watchtower\'s environment and recreate it' }],
    [{ engine: ['1.12', '1.43'], env: api('1.44') }, { mark: 'fault', found: '1.44 (DOCKER_API_VERSION) is too new: this engine takes 1.12 to 1.43', remedy: 'set DOCKER_API_VERSION=1.41 in Watchtower\'s environment and recreate it' }],
    [{ engine: ['1.12', '1.40'], env: api('1.44') }, { mark: 'fault', remedy: 'set DOCKER_API_VERSION=1.40 in Watchtower\'s environment and recreate it' }],
    [{ env: api('v1.41') }, { mark: 'ok', found: 'v1.41 (DOCKER_API_VERSION); this engine takes 1.12 to 1.41' }],
    [{ env: api('"1.41"') }, { mark: 'fault', found: '"1.41" (DOCKER_API_VERSION) is none: Watchtower does not start', remedy: 'set DOCKER_API_VERSION=1.41 in Watchtower\'s environment and recreate it' }],
    [{ version: null }, { mark: 'ok', found: /^1\.25/ }],
    [{ version: null, image: 'mine' }, { mark: 'ok', found: 'it depends on the version, which nothing tells. For stock: 1.25 (its default); this engine takes 1.12 to 1.41. For the fork from 1.14 on: it agrees on one with the engine', remedy: null }],
    [{ version: null, image: 'mine', engine: ['1.44', '1.52'] }, { mark: 'warning', found: /For stock: 1\.25 \(its default\) is too old/, remedy: /^set DOCKER_API_VERSION=1\.44 / }],
    [{ version: null, image: 'mine', engine: ['1.44', '1.52'], env: api('1.41') }, { mark: 'fault', found: /^1\.41 \(DOCKER_API_VERSION\) is too old/ }],
    [{ version: null, image: 'nickfedor/watchtower', engine: ['1.12', '1.43'] }, { mark: 'warning', found: /For an older fork: 1\.44 \(its default\) is too new/ }],
    [{ version: null, image: 'nickfedor/watchtower', engine: ['1.44', '1.52'] }, { mark: 'ok' }],
    [{ version: '1.21.0', env: api('"1.41"') }, { mark: 'ok', found: '1.41 (DOCKER_API_VERSION); this engine takes 1.12 to 1.41' }],
    [{ version: '1.8.8', engine: ['1.24', '1.47'] }, { mark: 'ok', found: /^1\.44/ }],
    [{ version: '1.21.0' }, { mark: 'ok', found: 'it agrees on one with the engine' }],
    [{ engine: ['2.0', '2.1'] }, { mark: 'fault', remedy: 'set DOCKER_API_VERSION=2.0 in Watchtower\'s environment and recreate it' }],
  ]
  for (const [given, row] of cases) t.match(rows(given)['API version'], row, JSON.stringify(given))
  t.end()
})

t.test('log level and size, cleanup and notifications', (t) => {
  t.match(rows({ args: ['--debug'] })['log level'], { mark: 'ok', found: 'debug' })
  t.match(rows({ args: ['--log-level', 'ERROR'] })['log level'], { mark: 'fault', found: /^--log-level is "error": the updates that watchtower finds are not in its log/ })
  t.match(rows({ log: { 'max-size': '1k' } })['log size'], { mark: 'warning', found: /^The log of watchtower keeps 1 × 1k, less than two checks/, remedy: /^set max-size to 10m/ })
  t.match(rows({ log: { 'max-size': '10m' } })['log size'], { mark: 'ok', found: '1 × 10m' })
  t.match(rows({})['log size'], { mark: 'ok', found: 'unlimited' })
  t.match(rows({ driver: 'local' })['log size'], { mark: 'ok', found: '5 × 20m' })
  t.match(rows({ driver: 'local', log: { 'max-file': '2' } })['log size'], { mark: 'ok', found: '2 × 20m' })
  t.match(rows({ driver: 'journald' })['log size'], { mark: 'ok', found: 'what journald keeps' })
  t.match(rows({ args: ['--cleanup'] }).cleanup, { mark: 'warning', remedy: 'remove --cleanup and recreate it' })
  t.match(rows({ env: ['WATCHTOWER_NOTIFICATIONS=email'] }).notifications, { mark: 'ok', found: 'Watchtower also tells by email' })
  t.match(rows({ env: ['WATCHTOWER_NOTIFICATION_URL=telegram://1:secret@telegram?chats=-1'] }).notifications, { mark: 'warning' })
  t.notMatch(JSON.stringify(rows({ env: ['WATCHTOWER_NOTIFICATION_URL=telegram://1:secret@telegram?chats=-1'] })), 'secret')
  t.end()
})
