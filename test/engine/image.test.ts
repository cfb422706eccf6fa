// The sidecar as it is deployed: compose/Dockerfile built on a real engine and the compose files brought up as
// compose/README.md says, with example.env. Only the base image and the network are stand-ins: nothing leaves 127.0.0.1.
import { chmodSync, chownSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { createBotApi, type BotApi } from '../fakes/bot-api.js'
import { BASE_IMAGE, buildBaseImage, NOT_CACHED } from './base-image.js'
import { engineTest, type Engine } from './engine.js'
import { until } from './processes.js'
import { checkLines, standInWatchtower, type WatchtowerImage } from './watchtower.js'

const repository = fileURLToPath(new URL('../../', import.meta.url))
const CHAT = -1001234567890
const TOPIC = 42
const REVISION = 'e7f63bb0c0ffee'
const SOCKET_GROUP = 4242 // no group of this number anywhere: only group_add can let the sidecar in
const FILES = ['docker-compose.yml', 'docker-compose.services.yml', 'test.yml'].flatMap((file) => ['-f', file])

/** A copy of the repository with .env and the secret as the README tells; gives its compose folder. */
function layOutProject(engine: Engine, api: BotApi, watchtower: WatchtowerImage): string {
  const project = join(engine.directory, 'project')
  for (const name of ['src', 'compose', 'package.json', 'package-lock.json', 'tsconfig.json', '.dockerignore']) {
    cpSync(join(repository, name), join(project, name), { recursive: true })
  }
  const folder = join(project, 'compose')
  const settings: Record<string, string> = {
    TELEGRAM_CHAT_ID: String(CHAT), TOPIC_SYSTEM_ID: String(TOPIC), TELEGRAM_API_URL: api.url, BASE_IMAGE,
    DOCKER_GID: String(SOCKET_GROUP), WATCHTOWER_SCHEDULE: '@every 3s', // only the real Watchtower reads it
  }
  const example = readFileSync(join(folder, 'example.env'), 'utf8')
  writeFileSync(join(folder, '.env'), example.replace(/^([A-Z_]+)=.*$/gm, (line, name) => name in settings ? `${name}=${settings[name]}` : line))
  mkdirSync(join(folder, 'secrets'), { mode: 0o700, recursive: true })
  writeFileSync(join(folder, 'secrets/telegram_bot_token'), `${api.token}\n`, { mode: 0o444 })

  const socket = `${engine.socketPath}:/var/run/docker.sock:ro`
  const network = { network_mode: 'host' }
  writeFileSync(join(folder, 'test.yml'), JSON.stringify({ services: {
    postgres: network, redis: network, caddy: network,
    watchtower: { ...network, volumes: [socket, watchtower.mount], environment: { HTTPS_PROXY: 'http://127.0.0.1:9' } },
    'watchtower-telegram': { ...network, volumes: [socket], build: { network: 'none', args: { REVISION } }, healthcheck: { interval: '1s' } },
  } }))
  return folder
}

/** Every line the sidecar logged so far; throws on one that is not JSON. */
async function logOf(engine: Engine): Promise<Record<string, any>[]> {
  const { stdout, stderr } = await engine.docker(['logs', 'watchtower-telegram'])
  return `${stdout}${stderr}`.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line))
}

/** Evaluates an expression with Node inside the running sidecar. */
const inside = async (engine: Engine, expression: string): Promise<any> => {
  const script = `console.log(JSON.stringify(${expression}))`
  return JSON.parse((await engine.docker(['exec', 'watchtower-telegram', 'node', '-e', script])).stdout)
}

const attempt = (path: string): string =>
  `(() => { try { require('fs').writeFileSync('${path}', 'x'); return 'written' } catch (error) { return error.code } })()`

async function bringUp(t: Test, engine: Engine): Promise<{ api: BotApi, watchtower: WatchtowerImage, folder: string }> {
  const api = await createBotApi({ chats: [{ id: CHAT, is_forum: true, topics: [TOPIC] }] })
  t.teardown(() => api.close())
  const watchtower = await standInWatchtower(engine, t)
  await buildBaseImage(engine)
  await engine.publish({ ref: 'postgres:16', env: { PG_VERSION: '16.1' } })
  await engine.pull('postgres:16')
  for (const ref of ['redis:7-alpine', 'caddy:latest']) await engine.buildImage({ ref })
  chownSync(engine.socketPath, 0, SOCKET_GROUP)
  const folder = layOutProject(engine, api, watchtower)
  const { code, stdout, stderr } = await engine.compose([...FILES, 'up', '-d'], { cwd: folder, timeoutMs: 180_000, allowFailure: true })
  const output = stdout + stderr
  if (output.includes('ENOTCACHED')) throw new Error(NOT_CACHED)
  if (code !== 0) throw new Error(`docker-compose up failed: ${output.slice(-3000)}`)
  return { api, watchtower, folder }
}

await engineTest(t, 'the deployed sidecar', async (t, engine) => {
  const { api, watchtower, folder } = await bringUp(t, engine)

  await t.test('attaches to Watchtower', async (t) => {
    const attached = async (): Promise<boolean> => (await logOf(engine)).some(({ event }) => event === 'watchtower.attached')
    t.ok(await until(attached, 60_000))
  })

  await t.test('is not root, holds no capability and can gain none', async (t) => {
    t.strictSame(await inside(engine, '[process.getuid(), process.getgid(), process.getgroups().includes(4242)]'), [1000, 1000, true])
    t.match(await inside(engine, 'require("fs").readFileSync("/proc/1/status", "utf8")'), /^CapEff:\t0+$[^]*^CapBnd:\t0+$[^]*^NoNewPrivs:\t1$/m)
  })

  await t.test('says that it is healthy, as Docker asks it and as anyone can', async (t) => {
    t.ok(await until(async () => (await engine.inspect('watchtower-telegram')).State.Health?.Status === 'healthy', 60_000))
    const { code, stdout } = await engine.docker(['exec', 'watchtower-telegram', 'node', '/app/watchtower-telegram.cjs', 'healthcheck'])
    t.match({ code, stdout }, { code: 0, stdout: /^healthy: following watchtower, Docker answered \d+ s ago, 0 to send\n$/ })
  })

  await t.test('can be looked at by the doctor inside it, which finds nothing to mend and sends nothing', async (t) => {
    const { code, stdout } = await engine.docker(['exec', 'watchtower-telegram', 'node', '/app/watchtower-telegram.cjs', 'doctor'], { allowFailure: true })
    t.equal(code, 0, stdout)
    t.match(stdout, /^✓ sidecar +following watchtower/m)
    t.match(stdout, /^✓ self-exclusion +Watchtower leaves itself and the sidecar alone$/m)
    t.equal(api.messages.length, 0)
  })

  await t.test('can write to its state volume and nowhere else', async (t) => {
    t.equal(await inside(engine, attempt('/data/probe')), 'written')
    t.equal(await inside(engine, attempt('/app/probe')), 'EROFS')
    t.equal(await inside(engine, attempt('/tmp/probe')), 'EROFS')
  })

  await t.test('has a limit of memory, which Docker enforces', async (t) => {
    t.equal((await engine.inspect('watchtower-telegram')).HostConfig.Memory, 150 * 2 ** 20)
    t.equal((await engine.inspect('watchtower')).HostConfig.Memory, 200 * 2 ** 20)
  })

  await t.test('is two files in its image, without source, packages or secret', async (t) => {
    t.strictSame(await inside(engine, 'require("fs").readdirSync("/app")'), ['program.cjs', 'program.code', 'watchtower-telegram.cjs'])
    t.notMatch(JSON.stringify(await engine.inspect('watchtower-telegram')), api.token)
  })

  await t.test('says of what version and revision it is', async (t) => {
    const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
    t.match((await engine.inspect('watchtower-telegram')).Config.Labels, {
      'org.opencontainers.image.title': 'watchtower-telegram', 'org.opencontainers.image.licenses': 'MIT',
      'org.opencontainers.image.version': version, 'org.opencontainers.image.revision': REVISION,
    })
  })

  await t.test('tells the topic about a new image, and the container stays the one it was', async (t) => {
    const container = (await engine.compose([...FILES, 'ps', '-q', 'postgres'], { cwd: folder })).stdout.trim()
    const before = await engine.inspect(container)
    const published = await engine.publish({ ref: 'postgres:16', env: { PG_VERSION: '16.2' } })
    if (watchtower.kind === 'stand-in') {
      t.equal(await engine.pull('postgres:16'), published)
      watchtower.feed(...checkLines([{ image: 'postgres:16', id: published }], 3))
    }
    const [message] = await api.waitForMessages(1, 60_000).catch(async (error: Error) => {
      throw new Error(`${error.message}; the sidecar said: ${JSON.stringify((await logOf(engine)).slice(-20))}`)
    })
    t.match(message, { chat_id: CHAT, message_thread_id: TOPIC })
    t.match(message?.text, /Service: postgres\nCurrent: 16\.1\nNew: 16\.2\n/)
    const after = await engine.inspect(container)
    t.strictSame([after.Image, after.State.StartedAt], [before.Image, before.State.StartedAt])
    const events = (await logOf(engine)).map(({ event }) => event)
    for (const event of ['session.sealed', 'update.found', 'report.sent']) t.ok(events.includes(event), event)
    t.notMatch(JSON.stringify(await logOf(engine)), api.token)
  })

  await t.test('ends with 0 by itself when it is stopped, before Docker would kill it', async (t) => {
    await engine.compose([...FILES, 'stop', 'watchtower-telegram'], { cwd: folder })
    t.equal((await engine.inspect('watchtower-telegram')).State.ExitCode, 0)
  })

  await t.test('runs without Compose too, by the command of compose/README.md', async (t) => {
    const command = /docker run (-d --name watchtower-telegram [^]*?) watchtower-telegram\n/.exec(readFileSync(join(repository, 'compose/README.md'), 'utf8'))?.[1] ?? ''
    const here: [string, string][] = [['--name watchtower-telegram', '--name by-hand'], ['999', String(SOCKET_GROUP)], ['"$PWD/compose/secrets/telegram_bot_token:/run/secrets/telegram_bot_token:ro"', `${join(folder, 'secrets/telegram_bot_token')}:/run/secrets/telegram_bot_token:ro`], ['-1001234567890', String(CHAT)], ['/var/run/docker.sock:', `${engine.socketPath}:`]]
    const args = here.reduce((text, [there, instead]) => text.replace(there, instead), command).replaceAll('\\\n', ' ').trim().split(/\s+/)
    await engine.docker(['run', ...args, '--network', 'host', '-e', `TELEGRAM_API_URL=${api.url}`, (await engine.inspect('watchtower-telegram')).Image])
    const { code, stdout } = await engine.docker(['exec', 'by-hand', 'node', '/app/watchtower-telegram.cjs', 'doctor'], { allowFailure: true })
    t.equal(code, 0, stdout)
    await engine.docker(['rm', '-f', 'by-hand'])
  })

  const says = async (pattern: RegExp): Promise<boolean> => {
    await engine.docker(['restart', 'watchtower-telegram'])
    return until(async () => (await logOf(engine)).some((line) => pattern.test(JSON.stringify(line))), 60_000)
  }

  await t.test('names the remedy if it may not read the token file', async (t) => {
    chmodSync(join(folder, 'secrets/telegram_bot_token'), 0o400)
    t.ok(await says(/TELEGRAM_BOT_TOKEN_FILE.*user 1000 may not read.*chmod/))
    chmodSync(join(folder, 'secrets/telegram_bot_token'), 0o444)
  })

  await t.test('names the remedy if it may not use the Docker socket', async (t) => {
    chownSync(engine.socketPath, 0, SOCKET_GROUP + 1)
    t.ok(await says(/no permission to use .*docker\.sock.*seen from here 4243 \(DOCKER_GID=4243 in \.env/))
  })
}, 600_000)
