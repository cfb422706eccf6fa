import t from 'tap'
import { settingsOf, type Settings } from '../../src/guard/settings.js'
import { container } from '../fakes/docker-objects.js'

const answer = (args: string[] = [], env: string[] = []): object => ({ ...container({ name: 'watchtower', image: 'containrrr/watchtower', args, env }), Path: '/watchtower' })
const settings = (args: string[] = [], env: string[] = []): Settings => settingsOf(answer(args, env)) as Settings
const UNSET = { value: false, from: null }

t.test('without any setting Watchtower updates all it sees, once a day', async (t) => {
  t.same(settings(), {
    monitorOnly: UNSET, runOnce: UNSET, schedule: { value: null, from: null }, interval: { value: null, from: null },
    logLevel: { value: 'info', from: null }, logFormat: { value: 'auto', from: null }, noPull: UNSET, noRestart: UNSET, cleanup: UNSET,
    labelPrecedence: UNSET, labelEnable: UNSET, scope: { value: null, from: null }, rollingRestart: UNSET, includeRestarting: UNSET,
    includeStopped: UNSET, reviveStopped: UNSET, apiVersion: { value: null, from: null }, notifications: { value: [], from: null },
    httpApiUpdate: UNSET, httpApiPolls: UNSET, timeZone: { value: null, from: null }, names: [], disabled: { value: [], from: null },
    tty: false, log: { driver: 'json-file', maxSize: null, maxFile: null, compress: false },
  })
})

t.test('monitor-only is read as pflag and viper read it', async (t) => {
  const given: [args: string[], env: string[], expected: Settings['monitorOnly']][] = [
    [['--monitor-only'], [], { value: true, from: '--monitor-only' }],
    [['--monitor-only=true'], [], { value: true, from: '--monitor-only' }],
    [['--monitor-only=1'], [], { value: true, from: '--monitor-only' }],
    [['--monitor-only=false'], ['WATCHTOWER_MONITOR_ONLY=true'], { value: false, from: '--monitor-only' }],
    [['--monitor-only', 'false'], [], { value: true, from: '--monitor-only' }],
    [['--monitor-only', '--monitor-only=false'], [], { value: false, from: '--monitor-only' }],
    [['-m'], [], { value: true, from: '--monitor-only' }],
    [['-m=false'], [], { value: false, from: '--monitor-only' }],
    [['-cm'], [], { value: true, from: '--monitor-only' }],
    [['-mc'], [], { value: true, from: '--monitor-only' }],
    [['-cm=f'], [], { value: false, from: '--monitor-only' }],
    [['-dcRm', 'web'], [], { value: true, from: '--monitor-only' }],
    [['-i', '-m'], [], UNSET],
    [['-im'], [], UNSET],
    [['--schedule', '--monitor-only'], [], UNSET],
    [['--', '--monitor-only'], [], UNSET],
    [['web', '--monitor-only'], [], { value: true, from: '--monitor-only' }],
    [[], ['WATCHTOWER_MONITOR_ONLY=true'], { value: true, from: 'WATCHTOWER_MONITOR_ONLY' }],
    [[], ['WATCHTOWER_MONITOR_ONLY=1'], { value: true, from: 'WATCHTOWER_MONITOR_ONLY' }],
    [[], ['WATCHTOWER_MONITOR_ONLY=T'], { value: true, from: 'WATCHTOWER_MONITOR_ONLY' }],
    [[], ['WATCHTOWER_MONITOR_ONLY=yes'], { value: false, from: 'WATCHTOWER_MONITOR_ONLY' }],
    [[], ['WATCHTOWER_MONITOR_ONLY=on'], { value: false, from: 'WATCHTOWER_MONITOR_ONLY' }],
    [[], ['WATCHTOWER_MONITOR_ONLY="true"'], { value: false, from: 'WATCHTOWER_MONITOR_ONLY' }],
    [[], ['WATCHTOWER_MONITOR_ONLY='], UNSET],
    [[], ['watchtower_monitor_only=true'], UNSET],
    [['--monitor-only=banana'], [], { value: false, from: '--monitor-only' }],
  ]
  for (const [args, env, expected] of given) t.same(settings(args, env).monitorOnly, expected, `${args} ${env}`)
})

t.test('all that matters is read from flags and from variables, and says from which', async (t) => {
  const args = [
    '-R', '-s', '0 0 3 * * *', '--log-level=Warn', '-l', 'JSON', '--no-pull', '--no-restart', '-c', '--label-take-precedence', '-e', '--scope', 'prod', '--rolling-restart',
    '--include-restarting', '-S', '--revive-stopped', '-a1.44', '--http-api-update', '--http-api-periodic-polls', '-x', 'a,b', '-x=c', '-m', 'web', 'db',
  ]
  const flagged = settings(args, [])
  const set = (flag: string): Settings['cleanup'] => ({ value: true, from: flag })
  t.same(flagged, {
    ...settings(),
    monitorOnly: set('--monitor-only'), runOnce: set('--run-once'), schedule: { value: '0 0 3 * * *', from: '--schedule' }, logLevel: { value: 'warn', from: '--log-level' },
    logFormat: { value: 'json', from: '--log-format' }, noPull: set('--no-pull'), noRestart: set('--no-restart'), cleanup: set('--cleanup'),
    labelPrecedence: set('--label-take-precedence'), labelEnable: set('--label-enable'), scope: { value: 'prod', from: '--scope' }, rollingRestart: set('--rolling-restart'),
    includeRestarting: set('--include-restarting'), includeStopped: set('--include-stopped'), reviveStopped: set('--revive-stopped'), apiVersion: { value: '1.44', from: '--api-version' },
    httpApiUpdate: set('--http-api-update'), httpApiPolls: set('--http-api-periodic-polls'), names: ['web', 'db'], disabled: { value: ['a', 'b', 'c'], from: '--disable-containers' },
  })
  const env = [
    'WATCHTOWER_RUN_ONCE=true', 'WATCHTOWER_SCHEDULE=@daily', 'WATCHTOWER_POLL_INTERVAL=3600', 'WATCHTOWER_LOG_LEVEL=error', 'WATCHTOWER_LOG_FORMAT=Pretty', 'WATCHTOWER_NO_PULL=1',
    'WATCHTOWER_LABEL_TAKE_PRECEDENCE=true', 'WATCHTOWER_SCOPE=test', 'DOCKER_API_VERSION=1.41', 'WATCHTOWER_HTTP_API_ENDPOINTS=health update', 'TZ=Europe/Paris',
    'WATCHTOWER_DISABLE_CONTAINERS=/a, b',
  ]
  const by = (variable: string): Settings['cleanup'] => ({ value: true, from: variable })
  t.same(settings([], env), {
    ...settings(),
    runOnce: by('WATCHTOWER_RUN_ONCE'), schedule: { value: '@daily', from: 'WATCHTOWER_SCHEDULE' }, interval: { value: '3600', from: 'WATCHTOWER_POLL_INTERVAL' },
    logLevel: { value: 'error', from: 'WATCHTOWER_LOG_LEVEL' }, logFormat: { value: 'pretty', from: 'WATCHTOWER_LOG_FORMAT' }, noPull: by('WATCHTOWER_NO_PULL'),
    labelPrecedence: by('WATCHTOWER_LABEL_TAKE_PRECEDENCE'), scope: { value: 'test', from: 'WATCHTOWER_SCOPE' }, apiVersion: { value: '1.41', from: 'DOCKER_API_VERSION' },
    httpApiUpdate: by('WATCHTOWER_HTTP_API_ENDPOINTS'), timeZone: { value: 'Europe/Paris', from: 'TZ' }, disabled: { value: ['/a', 'b'], from: 'WATCHTOWER_DISABLE_CONTAINERS' },
  })
  t.same(settings(args, env), { ...flagged, interval: { value: '3600', from: 'WATCHTOWER_POLL_INTERVAL' }, timeZone: { value: 'Europe/Paris', from: 'TZ' } }, 'flags win')
})

t.test('a variable that Compose passes on and the host does not set is named without a value, and is not set', async (t) => {
  t.same(settings([], ['TZ', 'WATCHTOWER_SCHEDULE', 'WATCHTOWER_POLL_INTERVAL', 'WATCHTOWER_LOG_LEVEL', 'WATCHTOWER_MONITOR_ONLY', 'WATCHTOWER_NOTIFICATION_URL', 'DOCKER_API_VERSION']), settings())
})

t.test('debug and trace win over the log level', async (t) => {
  t.same(settings(['--debug', '--log-level', 'error']).logLevel, { value: 'debug', from: '--debug' })
  t.same(settings(['-d'], ['WATCHTOWER_TRACE=true']).logLevel, { value: 'trace', from: 'WATCHTOWER_TRACE' })
  t.same(settings(['--debug=false'], ['WATCHTOWER_DEBUG=true', 'WATCHTOWER_LOG_LEVEL=warn']).logLevel, { value: 'warn', from: 'WATCHTOWER_LOG_LEVEL' })
  t.same(settings(['--log-level', '']).logLevel, { value: 'info', from: '--log-level' })
})

t.test('of a notification only its kind is told, and nothing else of a secret', async (t) => {
  const secret = 'SECRET'
  const env = [`REPO_USER=${secret}`, `REPO_PASS=${secret}`, `WATCHTOWER_HTTP_API_TOKEN=${secret}`, `WATCHTOWER_NOTIFICATION_EMAIL_SERVER_PASSWORD=${secret}`]
  const told: [args: string[], env: string[], kinds: string[], from: string | null][] = [
    [[], [], [], null],
    [[], [`WATCHTOWER_NOTIFICATION_URL=telegram://1:${secret}@telegram?chats=-1,-2:3`], ['telegram'], 'WATCHTOWER_NOTIFICATION_URL'],
    [[], [`WATCHTOWER_NOTIFICATION_URL=telegram://1:${secret}@telegram discord://${secret}@1,generic+https://${secret}`], ['telegram', 'discord', 'generic'], 'WATCHTOWER_NOTIFICATION_URL'],
    [['--notification-url', `${secret}://${secret}`, '--notification-url=logger://'], [], ['other', 'logger'], '--notification-url'],
    [['-n', 'email, slack'], [`WATCHTOWER_NOTIFICATION_URL=slack://${secret}`], ['email', 'slack'], '--notifications'],
    [[], ['WATCHTOWER_NOTIFICATIONS=shoutrrr', `WATCHTOWER_NOTIFICATION_URL=/run/secrets/${secret}`], ['shoutrrr', 'other'], 'WATCHTOWER_NOTIFICATIONS'],
  ]
  for (const [args, more, value, from] of told) {
    const read = settings([...args, '--http-api-token', secret], [...env, ...more])
    t.same(read.notifications, { value, from })
    t.notMatch(JSON.stringify(read), /secret/i)
  }
})

t.test('the command is found behind an init, and in Entrypoint and Cmd where that is all there is', async (t) => {
  const of = (change: object): unknown => settingsOf({ ...answer(), ...change })?.monitorOnly.value
  t.equal(of({ Path: '/sbin/tini', Args: ['-m', '--', '/watchtower', '--interval', '30'] }), false)
  t.equal(of({ Path: '/sbin/tini', Args: ['--', '/watchtower', '-m'] }), true)
  t.equal(of({ Path: '/start.sh', Args: ['-m'] }), true, 'a script hands on what it is given')
  t.equal(settingsOf({ Config: { Entrypoint: ['/watchtower', '-m'], Cmd: ['web'] } })?.monitorOnly.value, true)
  t.equal(settingsOf({ Config: {} })?.monitorOnly.value, false)
  t.equal(settingsOf({ Path: '/watchtower', Config: {} })?.monitorOnly.value, false)
})

t.test('the log driver and how it rotates are read as they are written', async (t) => {
  const log = (LogConfig: object | null): unknown => settingsOf({ ...answer(), HostConfig: { LogConfig } })?.log
  t.same(log({ Type: 'local', Config: { 'max-size': '10m', 'max-file': '3', compress: 'true' } }), { driver: 'local', maxSize: '10m', maxFile: '3', compress: true })
  t.same(log({ Type: 'none', Config: null }), { driver: 'none', maxSize: null, maxFile: null, compress: false })
  t.same(log(null), { driver: 'json-file', maxSize: null, maxFile: null, compress: false })
})

t.test('what is no container gives nothing, whatever it is', async (t) => {
  for (const odd of [null, 7, 'x', [], {}, { Config: null }, { Config: { Env: 'x' } }]) t.equal(settingsOf(odd), null)
  t.same(settingsOf({ Config: { Env: ['', '=', 'WATCHTOWER_SCOPE'], Cmd: ['', '-', '-=', '--', '-s'] } })?.names, ['-', '-s'])
})
