// The first five minutes of a new user: README.md's commands as they stand there, pasted block by block beside a fresh
// copy of the repository, down to the first message. Stand-ins: the base image, the network, Watchtower, and
// docker-compose 1.29 for `docker compose`.
import { chmodSync, chownSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import t from 'tap'
import { createBotApi } from '../fakes/bot-api.js'
import { BASE_IMAGE, buildBaseImage } from './base-image.js'
import { engineTest } from './engine.js'
import { execute, until, which } from './processes.js'
import { checkLines, standInWatchtower } from './watchtower.js'

const repository = join(import.meta.dirname, '../..')
const CHAT = -1001234567890
const TOPIC = 42
const SOCKET_GROUP = 4242

const BLOCKS = [...readFileSync(join(repository, 'README.md'), 'utf8').matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, text = '']) => text)

/** The one block that has this in it. */
function block(part: string): string {
  const [found = '', ...more] = BLOCKS.filter((text) => text.includes(part))
  if (found === '' || more.length > 0) throw new Error(`${more.length + 1} blocks of README.md have ${part}`)
  return found
}

const DOCKER = `#!/bin/sh
[ "$1" = compose ] || exec ${which('docker')} "$@"
shift
while [ "$1" = -f ]; do files="$files -f $2"; shift 2; done
exec docker-compose $files -f test.yml "$@"
`

await engineTest(t, 'from a copy of the repository to the first message', async (t, engine) => {
  const bot = await createBotApi({ chats: [{ id: CHAT, is_forum: true, topics: [TOPIC] }] })
  t.teardown(() => bot.close())
  const watchtower = await standInWatchtower(engine, t, { always: true })
  await buildBaseImage(engine)
  await engine.publish({ ref: 'postgres:16', env: { PG_VERSION: '16.1' } })
  for (const ref of ['redis:7-alpine', 'caddy:latest']) await engine.publish({ ref })
  chownSync(engine.socketPath, 0, SOCKET_GROUP)
  const project = join(engine.directory, 'watchtower-telegram')
  cpSync(repository, project, { recursive: true, filter: (path) => !['node_modules', 'dist', '.git', '.tap'].includes(basename(path)) })
  const folder = join(project, 'compose')
  const [network, socket] = [{ network_mode: 'host' }, `${engine.socketPath}:/var/run/docker.sock:ro`]
  writeFileSync(join(folder, 'test.yml'), JSON.stringify({ services: {
    postgres: network, redis: network, caddy: network,
    watchtower: { ...network, volumes: [socket, watchtower.mount] }, 'watchtower-telegram': { ...network, volumes: [socket], build: { network: 'none' } },
  } }))
  const programs = join(engine.directory, 'programs')
  mkdirSync(programs)
  writeFileSync(join(programs, 'docker'), DOCKER)
  chmodSync(join(programs, 'docker'), 0o755)
  const env = { ...process.env, PATH: `${programs}:${process.env.PATH}`, DOCKER_HOST: engine.host, DOCKER_CONFIG: join(engine.directory, 'client'), DOCKER_BUILDKIT: '0', COMPOSE_DOCKER_CLI_BUILD: '0' } as Record<string, string>
  const paste = async (text: string, cwd: string, input = ''): Promise<string> => (await execute('bash', ['-e', '-c', text], { cwd, env, input, timeoutMs: 240_000 })).stdout
  const started = performance.now()
  const said = (what: string): void => void t.comment(`${((performance.now() - started) / 1000).toFixed(0)} s: ${what}`)

  t.match(await paste(block('npm run demo'), project), /Service: postgres\nCurrent: 16\.1\nNew: 16\.2\n/)
  said('the demo')

  await paste(block('cp example.env'), project, `${bot.token}\n`)
  const settings: Record<string, string | number> = { TELEGRAM_CHAT_ID: CHAT, TOPIC_SYSTEM_ID: TOPIC, DOCKER_GID: SOCKET_GROUP, TELEGRAM_API_URL: bot.url, BASE_IMAGE }
  writeFileSync(join(folder, '.env'), readFileSync(join(folder, '.env'), 'utf8').replace(/^([A-Z_]+)=.*$/gm, (line, name) => (name in settings ? `${name}=${settings[name]}` : line)))
  await paste(block('up -d'), folder)
  said('up')

  t.match(await paste(block('test-message'), folder), /^✓ sidecar +following watchtower/m, 'the doctor finds nothing to mend')
  t.match(bot.messages, [{ chat_id: CHAT, message_thread_id: TOPIC }], 'the test message is in the topic')
  said('the test message')

  await engine.publish({ ref: 'postgres:16', env: { PG_VERSION: '16.2' } })
  watchtower.feed(...checkLines([{ image: 'postgres:16', id: await engine.pull('postgres:16') }], 3))
  t.match((await bot.waitForMessages(2, 60_000))[1]?.text, /Service: postgres\nCurrent: 16\.1\nNew: 16\.2\n/)
  said('the first report')

  t.match(await paste(block('docker inspect $('), project), /Service: postgres\nCurrent: 16\.1\nNew: 16\.2\n/, 'what the own log would send')

  // both read one feed: the nightly one is out of the way
  await paste('docker stop watchtower', folder)
  const attached = async (): Promise<number> => (await paste('docker logs watchtower-telegram', folder)).match(/"watchtower\.attached"/g)?.length ?? 0
  const before = await attached()
  const checked = paste(block('--run-once'), folder)
  t.ok(await until(async () => (await attached()) > before, 60_000), 'the check by hand is followed')
  await engine.publish({ ref: 'postgres:16', env: { PG_VERSION: '16.3' } })
  watchtower.feed(...checkLines([{ image: 'postgres:16', id: await engine.pull('postgres:16') }], 3))
  watchtower.exit(0)
  await checked
  t.match((await bot.waitForMessages(3, 60_000))[2]?.text, /Service: postgres\nCurrent: 16\.1\nNew: 16\.2 → 16\.3/)
}, 600_000)
