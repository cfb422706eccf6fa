// The doctor's whole table for deployments, healthy and broken, in both forms: fixtures/doctor/NAME.txt and NAME.json.
import { chmodSync, chownSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { asOrdinaryUser } from '../ordinary-user.js'
import { container, image } from '../fakes/docker-api.js'
import { CHAT, compose, WATCHTOWER } from '../world.js'
import { type Deployment, deployment, diagnosed, LEFT_ALONE } from './deployment.js'

const FOLDER = join('fixtures', 'doctor')
/** nobody's, as in asOrdinaryUser */
const NOBODY = 65_534

interface Broken {
  exits: 0 | 1
  by?(d: Deployment): void
  /** the doctor runs without the rights of root */
  ordinary?: true
}

const setting = ({ watchtower }: Deployment, name: string, value: string): void => {
  watchtower.Config.Env = [...watchtower.Config.Env.filter((line) => !line.startsWith(`${name}=`)), `${name}=${value}`]
}

/** With five fields, no API version of its own, on Docker 29, and a log that begins after the banner. */
function asFork(d: Deployment, labels: Record<string, string>, ref = 'nickfedor/watchtower:latest'): void {
  const { api, watchtower } = d
  Object.assign(api, { apiVersion: '1.52', minApiVersion: '1.44' })
  api.images.push(image({ ref, labels }))
  Object.assign(watchtower, { Image: api.images.at(-1)?.Id }, (watchtower.Config.Image = ref))
  setting(d, 'WATCHTOWER_SCHEDULE', '0 3 * * *')
  setting(d, 'DOCKER_API_VERSION', '')
  api.log('watchtower').clear()
}

const DEPLOYMENTS: Readonly<Record<string, Broken>> = {
  healthy: { exits: 0 },
  'behind-a-strict-proxy': { exits: 0, by: ({ api }) => api.override(/\/start$/, { type: 'answer', status: 403, body: '<html>403 Forbidden</html>' }) },
  'wrong-socket': { exits: 1, by: (d) => void (d.env.DOCKER_HOST = 'unix:///nowhere/docker.sock') },
  'token-refused': { exits: 1, by: (d) => void (d.env.TELEGRAM_BOT_TOKEN = '123456:another-made-up-token-for-tests') },
  'deleted-topic': { exits: 1, by: ({ chat }) => void (chat.topics = []) },
  'chat-unknown': { exits: 1, by: (d) => void (d.env.TELEGRAM_CHAT_ID = '-1009999999999') },
  'no-right-to-write': { exits: 1, by: ({ chat }) => void (chat.member = { status: 'restricted', is_member: true, can_send_messages: false }) },
  'no-watchtower': { exits: 1, by: ({ api, watchtower }) => void api.containers.splice(api.containers.indexOf(watchtower), 1) },
  'restarting-in-a-loop': {
    exits: 1,
    by({ api, watchtower }) {
      Object.assign(watchtower.State, { Status: 'restarting', Running: true })
      const text = 'Error response from daemon: client version 1.25 is too old. Minimum supported API version is 1.44, please upgrade your client to a newer version'
      api.log('watchtower').write({ at: '2026-11-26T11:59:00.000000000Z', stream: 'stderr', text: `time="2026-11-26T11:59:00Z" level=error msg="${text}"` })
    },
  },
  stopped: { exits: 1, by: ({ api }) => api.stop('watchtower') },
  'an-old-watchtower-beside': {
    exits: 0,
    by: ({ api }) => void api.containers.push(container({ name: 'watchtower_old', image: 'containrrr/watchtower:1.5.3', labels: { ...WATCHTOWER, ...LEFT_ALONE }, env: [], status: 'exited' })),
  },
  'fork-without-banner': { exits: 0, by: (d) => asFork(d, { 'org.opencontainers.image.version': '1.21.0', 'org.opencontainers.image.source': 'https://github.com/nicholas-fedor/watchtower' }) },
  'built-here-without-banner': { exits: 0, by: (d) => asFork(d, {}, 'registry.lan/tools/watchtower:latest') },
  'watches-nothing-yet': { exits: 0, by: ({ api }) => void api.containers.splice(2) },
  'quoted-time-zone': { exits: 0, by: (d) => setting(d, 'TZ', '"Europe/Paris"') },
  'log-driver-none': { exits: 1, by: ({ watchtower }) => void (watchtower.HostConfig.LogConfig = { Type: 'none', Config: {} }) },
  'not-monitor-only': { exits: 1, by: (d) => setting(d, 'WATCHTOWER_MONITOR_ONLY', 'false') },
  'five-field-cron': { exits: 1, by: (d) => setting(d, 'WATCHTOWER_SCHEDULE', '0 3 * * *') },
  'schedule-and-interval': { exits: 1, by: (d) => setting(d, 'WATCHTOWER_POLL_INTERVAL', '3600') },
  'old-api': {
    exits: 1,
    by(d) {
      setting(d, 'DOCKER_API_VERSION', '')
      Object.assign(d.api, { apiVersion: '1.52', minApiVersion: '1.44' })
    },
  },
  'log-level-warn': { exits: 1, by: (d) => setting(d, 'WATCHTOWER_LOG_LEVEL', 'warn') },
  'two-notifications-and-cleanup': {
    exits: 0,
    by(d) {
      setting(d, 'WATCHTOWER_NOTIFICATION_URL', `telegram://${d.bot.token}@telegram?chats=${CHAT}`)
      setting(d, 'WATCHTOWER_CLEANUP', 'true')
    },
  },
  'read-only-state': { exits: 1, ordinary: true, by: ({ stateDir }) => chmodSync(stateDir, 0o500) },
  'state-of-a-newer-version': { exits: 1, by: ({ stateDir }) => writeFileSync(join(stateDir, 'state.json'), '{"version":2,"sum":"","state":{}}') },
  'broken-template': { exits: 1, by: (d) => writeFileSync((d.env.MESSAGE_TEMPLATE_FILE = join(d.stateDir, 'message.mustache')), '{{#updates}}{{name}} {{colour}}{{/updates}}') },
  'bad-configuration': { exits: 1, by: (d) => void Object.assign(d.env, { TELEGRAM_CHAT_ID: 'here', QUIET_HOURS: 'at night', LOG_LEVEL: 'loud' }) },
  'nothing-but-swarm-and-pinned': {
    exits: 0,
    by({ api }) {
      api.containers.splice(2)
      api.images.push(image({ ref: 'app:1', repoDigests: [] }))
      api.containers.push(
        container({ name: 'web.1.x', image: `nginx:1.27@sha256:${'e'.repeat(64)}`, labels: { 'com.docker.swarm.task.id': 'x' } }),
        container({ name: 'friday-cache', image: `redis@sha256:${'e'.repeat(64)}`, labels: compose('cache') }),
        container({ name: 'friday-db', image: 'postgres:16.2', labels: compose('db') }),
        container({ name: 'friday-search', image: 'qdrant/qdrant:v1.7.3', labels: compose('search') }),
        container({ name: 'friday-app', image: 'app:1', labels: compose('app') }),
        container({ name: 'friday-old', image: 'mysql:8', labels: compose('old'), status: 'exited' }),
        container({ name: 'friday-mine', image: 'mysql:8', labels: { ...compose('mine'), 'com.centurylinklabs.watchtower.enable': 'false' } }),
      )
    },
  },
  'clock-ahead': { exits: 1, by: (d) => void (d.now += 3_600_000) },
  'sidecar-labelled-as-watchtower': { exits: 1, by: ({ api }) => void Object.assign(api.containers[1]?.Config.Labels ?? {}, { 'com.centurylinklabs.watchtower': 'true' }) },
}

for (const [name, { exits, by, ordinary }] of Object.entries(DEPLOYMENTS)) {
  await t.test(name, async (t) => {
    const d = await deployment(t)
    by?.(d)
    if (ordinary && process.getuid?.() === 0) for (const path of [d.api.socketPath, dirname(d.api.socketPath), d.stateDir, ...readdirSync(d.stateDir).map((file) => join(d.stateDir, file))]) chownSync(path, NOBODY, NOBODY)
    const seen = await (ordinary ? asOrdinaryUser(() => diagnosed(t, d)) : diagnosed(t, d))
    if (process.env.WRITE_FIXTURES) {
      writeFileSync(join(FOLDER, `${name}.txt`), seen.text)
      writeFileSync(join(FOLDER, `${name}.json`), `${JSON.stringify(seen.json, null, 2)}\n`)
    }
    t.equal(seen.text, readFileSync(join(FOLDER, `${name}.txt`), 'utf8'))
    t.same(seen.json, JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')))
    t.equal(seen.exits, exits)
  })
}

t.test('every fixture is of a deployment', async (t) => {
  t.same(readdirSync(FOLDER).sort(), Object.keys(DEPLOYMENTS).flatMap((name) => [`${name}.json`, `${name}.txt`]).sort())
})

t.test('every name of a row is documented, and every documented one is a row', async (t) => {
  const [, text = ''] = /^Names, which stay the same[^]*?: (`configuration`[^]*?)\. A name is left out/m.exec(readFileSync(join('compose', 'README.md'), 'utf8')) ?? []
  const documented = [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name as string)
  const rows = readdirSync(FOLDER).filter((file) => file.endsWith('.json')).flatMap((file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as { name: string }[])
  t.same([...new Set(rows.map(({ name }) => name))].sort(), documented.sort())
})
