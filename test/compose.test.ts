// The promises of the compose files, checked twice: on the files as they are parsed, with every variable
// at its default, and on what docker-compose makes of them.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { parse } from 'yaml'

type Volume = string | { source?: string, target?: string, read_only?: boolean }
type Service = {
  image?: string, container_name?: string, restart?: string, user?: string, read_only?: boolean, mem_limit?: string
  environment?: Record<string, string>, labels?: Record<string, string>, volumes?: Volume[], ports?: unknown[]
  group_add?: string[], cap_drop?: string[], security_opt?: string[], secrets?: unknown[]
  logging?: { driver: string, options: Record<string, string> }
  build?: { context: string, dockerfile: string, args: Record<string, string> }
}
type Stack = { services: Record<string, Service>, secrets?: Record<string, { file: string }>, volumes?: Record<string, unknown> }

const folder = fileURLToPath(new URL('../compose/', import.meta.url))
const read = (name: string): string => readFileSync(folder + name, 'utf8')
const STACK = ['docker-compose.yml', 'docker-compose.services.yml']
const OVERLAY = 'docker-compose.shoutrrr.yml'
const OTHERS = ['docker-compose.proxy.yml', 'docker-compose.scopes.yml', 'docker-compose.fork.yml']
const VARIABLE = /\$\{([A-Z_]+)(?::([-?])([^}]*))?\}/g
const LABEL = 'com.centurylinklabs.watchtower'
const SOCKET = '/var/run/docker.sock'

const parsed = (name: string): Stack =>
  parse(read(name).replace(VARIABLE, (_, _name, sort, value) => sort === '-' ? value : '')) as Stack

const service = (stack: Stack, name: string): Service => {
  const found = stack.services[name]
  if (found === undefined) throw new Error(`no service ${name}`)
  return found
}

/** The volume whose target is the Docker socket, as source:target:mode in both spellings of Compose. */
const socketOf = ({ volumes = [] }: Service): string[] => volumes
  .map(volume => typeof volume === 'string' ? volume : `${volume.source}:${volume.target}:${volume.read_only ? 'ro' : 'rw'}`)
  .filter(volume => volume.includes('docker.sock'))

/** Bytes of a size as Compose writes it: 200M or 209715200. */
const bytes = (size: unknown): number => parseInt(String(size), 10) * (/m$/i.test(String(size)) ? 2 ** 20 : 1)

const promises = (t: Test, stack: Stack): void => {
  const watchtower = service(stack, 'watchtower')
  const sidecar = service(stack, 'watchtower-telegram')
  const settings = watchtower.environment ?? {}
  const variables = sidecar.environment ?? {}

  t.test('there is one Watchtower, release 1.7.1, called watchtower', async t => {
    t.equal(watchtower.image, 'containrrr/watchtower:1.7.1')
    t.equal(watchtower.container_name, 'watchtower')
    t.equal(Object.values(stack.services).filter(({ image }) => image?.includes('watchtower:')).length, 1)
  })
  t.test('Watchtower only looks: monitor-only, and it removes no image', async t => {
    t.equal(settings.WATCHTOWER_MONITOR_ONLY, 'true')
    t.equal(settings.WATCHTOWER_CLEANUP, 'false')
  })
  t.test('Watchtower looks every night at three, in a time zone that can be set', async t => {
    t.equal(settings.WATCHTOWER_SCHEDULE, '0 0 3 * * *')
    t.equal(settings.WATCHTOWER_POLL_INTERVAL, '86400', 'any other interval beside a schedule is fatal')
    t.equal(settings.TZ, 'UTC')
  })
  t.test('Watchtower asks for an API version that current engines accept', async t => {
    t.equal(settings.DOCKER_API_VERSION, '1.41')
  })
  t.test('the Docker socket is read-only in both services', async t => {
    t.strictSame(socketOf(watchtower), [`${SOCKET}:${SOCKET}:ro`])
    t.strictSame(socketOf(sidecar), [`${SOCKET}:${SOCKET}:ro`])
  })
  t.test('Telegram is configured: chat, topic, and the token from a secret file', async t => {
    t.hasProps(variables, ['TELEGRAM_CHAT_ID', 'TOPIC_SYSTEM_ID'])
    t.equal(variables.TELEGRAM_BOT_TOKEN_FILE, '/run/secrets/telegram_bot_token')
    t.notOk('TELEGRAM_BOT_TOKEN' in variables, 'docker inspect would show it')
    t.match(JSON.stringify(sidecar.secrets), 'telegram_bot_token')
    t.match(stack.secrets?.telegram_bot_token?.file, /\/secrets\/telegram_bot_token$/)
  })
  t.test('Watchtower leaves itself and the sidecar alone', async t => {
    t.equal(watchtower.labels?.[`${LABEL}.enable`], 'false')
    t.equal(sidecar.labels?.[`${LABEL}.enable`], 'false')
  })
  t.test('the sidecar is never labelled as a Watchtower, which a starting Watchtower would remove', async t => {
    t.notOk(LABEL in (sidecar.labels ?? {}))
    t.notMatch(read('Dockerfile'), LABEL)
  })
  t.test('the sidecar is not root, but in the group of the socket', async t => {
    t.equal(sidecar.user, '1000:1000')
    t.match(read('Dockerfile'), /^USER 1000:1000$/m)
    t.strictSame(sidecar.group_add, ['999'])
  })
  t.test('the sidecar has a read-only root, no capability, and cannot gain privileges', async t => {
    t.equal(sidecar.read_only, true)
    t.strictSame(sidecar.cap_drop, ['ALL'])
    t.strictSame(sidecar.security_opt, ['no-new-privileges:true'])
  })
  t.test('the sidecar keeps its state in a volume', async t => {
    t.match(JSON.stringify(sidecar.volumes), /watchtower-telegram-state.*\/data/)
    t.ok('watchtower-telegram-state' in (stack.volumes ?? {}))
  })
  t.test('memory and logs are limited in both services', async t => {
    t.equal(bytes(watchtower.mem_limit), 200 * 2 ** 20)
    t.equal(bytes(sidecar.mem_limit), 150 * 2 ** 20)
    for (const { logging } of [watchtower, sidecar]) {
      t.strictSame(logging, { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '3' } })
    }
  })
  t.test('everything comes back after a reboot, and no host port is taken', async t => {
    for (const [name, { restart, ports }] of Object.entries(stack.services)) {
      t.equal(restart, 'unless-stopped', name)
      t.equal(ports, undefined, name)
    }
  })
  t.test('the sidecar is built from compose/Dockerfile on a base image that can be chosen', async t => {
    t.equal(sidecar.build?.dockerfile, 'compose/Dockerfile')
    t.strictSame(sidecar.build?.args, { BASE_IMAGE: 'node:24-slim', REVISION: 'unknown' })
    for (const [name, preset] of Object.entries(sidecar.build?.args ?? {})) t.match(read('Dockerfile'), `ARG ${name}=${preset}\n`)
  })
  t.test('Watchtower sends no notification of its own', async t => {
    t.strictSame(Object.keys(settings).filter(name => name.includes('NOTIFICATION')), [])
  })
  t.end()
}

const written = STACK.map(parsed)
t.test('as the files are written,', t => {
  promises(t, {
    services: Object.assign({}, ...written.map(({ services }) => services)),
    secrets: Object.assign({}, ...written.map(({ secrets }) => secrets)),
    volumes: Object.assign({}, ...written.map(({ volumes }) => volumes)),
  })
})

/** What docker-compose understands of these files, with example.env as it is delivered and nothing else set. */
const resolve = (files: string[], env: Record<string, string> = {}): { stack: Stack | null, error: string } => {
  const args = ['--env-file', 'example.env', ...files.flatMap(file => ['-f', file]), 'config']
  const { status, stdout, stderr } = spawnSync('docker-compose', args, {
    cwd: folder, encoding: 'utf8', env: { PATH: process.env.PATH, ...env },
  })
  return { stack: status === 0 ? parse(stdout) as Stack : null, error: stderr ?? 'docker-compose is not installed' }
}

const missing = spawnSync('docker-compose', ['version']).error !== undefined
const skip = missing && process.env.ENGINE_REQUIRED !== '1' ? 'docker-compose is not installed' : false

t.test('as docker-compose resolves them,', { skip }, t => {
  const { stack, error } = resolve(STACK)
  if (stack === null) throw new Error(`docker-compose config failed: ${error}`)
  promises(t, stack)
})

t.test('the revision of the image is what the shell that builds says', { skip }, async t => {
  const { stack } = resolve(STACK, { REVISION: 'e7f63bb' })
  t.equal(stack?.services['watchtower-telegram']?.build?.args.REVISION, 'e7f63bb')
})

const TOKEN = '123456:made-up-token-for-tests-not-real'
t.test('the shoutrrr overlay turns Watchtower\'s own notification on, in the chat and topic', { skip }, async t => {
  const env = { TELEGRAM_BOT_TOKEN: TOKEN, TELEGRAM_CHAT_ID: '-1001234567890', TOPIC_SYSTEM_ID: '42' }
  const { stack, error } = resolve([...STACK, OVERLAY], env)
  if (stack === null) throw new Error(`docker-compose config failed: ${error}`)
  const settings = service(stack, 'watchtower').environment ?? {}
  t.equal(settings.WATCHTOWER_NOTIFICATION_URL, `telegram://${TOKEN}@telegram?chats=-1001234567890:42`)
  t.equal(settings.WATCHTOWER_MONITOR_ONLY, 'true', 'and changes nothing else')
  t.notMatch(JSON.stringify(stack.services['watchtower-telegram']), TOKEN)
})

t.test('the shoutrrr overlay refuses to start without a token, which would be fatal to Watchtower', { skip }, async t => {
  const { stack, error } = resolve([...STACK, OVERLAY], { TELEGRAM_CHAT_ID: '-1001234567890' })
  t.equal(stack, null)
  t.match(error, 'set TELEGRAM_BOT_TOKEN in .env')
})

t.test('the shoutrrr overlay names what is stale, because the default template is silent in monitor-only', async t => {
  const settings = service(parsed(OVERLAY), 'watchtower').environment ?? {}
  t.equal(settings.WATCHTOWER_NOTIFICATION_REPORT, 'true')
  t.match(settings.WATCHTOWER_NOTIFICATION_TEMPLATE, /^\{\{- if \.Report -\}\}/, 'without this the start message is fatal')
  t.match(settings.WATCHTOWER_NOTIFICATION_TEMPLATE, '.Report.Stale')
})

const interpolated = [...STACK, OVERLAY, ...OTHERS, 'docker-stack.yml'].flatMap(name => [...read(name).matchAll(VARIABLE)])
const documented = new Map([...read('example.env').matchAll(/^#?([A-Z_]+)=(.*)$/gm)].map(([, name, value]) => [name, value]))

t.test('example.env documents every variable of the compose files, with the default they have', async t => {
  t.ok(interpolated.length > 10)
  for (const [, name = '', sort, value] of interpolated) {
    t.equal(documented.get(name), sort === '-' ? value : '', name)
  }
})

t.test('example.env speaks of every variable the program reads', async t => {
  const source = ['config', 'docker-host', 'telegram-proxy'].map(name => readFileSync(`${folder}../src/${name}.ts`, 'utf8')).join('\n')
  const constants = new Set([...source.matchAll(/const ([A-Z_]+)/g)].map(([, name]) => name))
  const names = new Set([...source.matchAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g)].map(([name]) => name).filter(name => !constants.has(name)))
  t.ok(names.has('TELEGRAM_CHAT_ID') && names.size > 8)
  for (const name of names) t.match(read('example.env'), new RegExp(`\\b${name}\\b`), name)
})

t.test('the table of README.md lists what example.env documents', async t => {
  const table = [...read('README.md').matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name)
  t.strictSame(table.sort(), [...documented.keys()].sort())
})

t.test('nothing but what the build needs gets into its context, so no secret does', async t => {
  const lines = readFileSync(`${folder}../.dockerignore`, 'utf8').split('\n').filter(line => line !== '' && !line.startsWith('#'))
  t.strictSame(lines, ['*', '!package.json', '!package-lock.json', '!tsconfig.json', '!src'])
})
