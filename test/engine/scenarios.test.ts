// docker-compose.proxy.yml and docker-compose.scopes.yml on a real engine, with the networks that they make; that nothing
// leaves an internal one is iptables' work, which this engine leaves alone. Stand-ins:
// Watchtower's image, HAProxy's (Debian's own program), and the sidecar's, which is the built program on this machine's Node.
import { chownSync, cpSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { createServer, connect } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createBotApi, type BotApi } from '../fakes/bot-api.js'
import { engineTest, librariesOf, nodeFiles, type Engine } from './engine.js'
import { haproxyMissing } from './haproxy.js'
import { until, which } from './processes.js'
import { checkLines, standInWatchtower } from './watchtower.js'

const repository = join(import.meta.dirname, '../..')
const CHAT = -1001234567890
const SOCKET_GROUP = 4242
const SUBNET = '10.231.77'
const FILES = ['docker-compose.yml', 'docker-compose.services.yml', 'docker-compose.scopes.yml', 'docker-compose.proxy.yml', 'test.yml'].flatMap((file) => ['-f', file])

/** The fake Bot API for who is on the project's network: there the host is the gateway, once the network is made. */
async function reachable(t: Test, bot: BotApi, port: number): Promise<void> {
  const server = createServer((socket) => {
    const target = connect(Number(new URL(bot.url).port), '127.0.0.1')
    socket.on('error', () => {}).on('close', () => target.destroy()).pipe(target)
    target.on('error', () => {}).on('close', () => socket.destroy()).pipe(socket)
  })
  await new Promise<void>((resolve, reject) => server.on('error', reject).listen(port, `${SUBNET}.1`, resolve))
  t.teardown(() => server.close())
}

async function makeImages(engine: Engine): Promise<void> {
  const program = Object.fromEntries(['watchtower-telegram.cjs', 'program.cjs'].map((name) => [`/app/${name}`, { from: join(repository, 'dist', name) }]))
  await engine.buildImage({ ref: 'sidecar:1', files: { ...(await nodeFiles()), ...program }, env: { STATE_DIR: '/data' }, entrypoint: ['node', '/app/watchtower-telegram.cjs'], cmd: [] })
  const haproxy = realpathSync(which('haproxy') ?? '')
  await engine.buildImage({ ref: 'haproxy:3.2-alpine', files: { '/usr/sbin/haproxy': { from: haproxy }, ...(await librariesOf(haproxy)) }, cmd: ['/usr/sbin/haproxy', '-W', '-db', '-f', '/usr/local/etc/haproxy/haproxy.cfg'], user: '99:99' })
  for (const ref of ['redis:7-alpine', 'caddy:latest']) await engine.buildImage({ ref })
  await engine.publish({ ref: 'postgres:16', env: { PG_VERSION: '16.1' } })
  await engine.pull('postgres:16')
}

await engineTest(t, 'two Watchtowers in scopes, and the sidecar behind the strict proxy', async (t, engine) => {
  const absent = haproxyMissing()
  if (absent !== null && process.env.ENGINE_REQUIRED !== '1') return t.comment(absent)
  const bot = await createBotApi({ chats: [{ id: CHAT }] })
  t.teardown(() => bot.close())
  const daily = await standInWatchtower(engine, t, { always: true })
  const weekly = daily.createFeed()
  await makeImages(engine)
  chownSync(engine.socketPath, 0, SOCKET_GROUP)
  const cwd = join(engine.directory, 'scenarios')
  mkdirSync(join(cwd, 'secrets'), { recursive: true })
  for (const name of ['docker-compose.yml', 'docker-compose.services.yml', 'docker-compose.scopes.yml', 'docker-compose.proxy.yml', 'socket-proxy.cfg']) cpSync(join(repository, 'compose', name), join(cwd, name))
  writeFileSync(join(cwd, 'secrets/telegram_bot_token'), bot.token)
  const port = 20_000 + (process.pid % 20_000)
  const state = join(cwd, 'state')
  mkdirSync(state)
  chownSync(state, 1000, 1000)
  const socket = `${engine.socketPath}:/var/run/docker.sock:ro`
  writeFileSync(join(cwd, '.env'), `TELEGRAM_CHAT_ID=${CHAT}\nDOCKER_GID=${SOCKET_GROUP}\nTELEGRAM_API_URL=http://${SUBNET}.1:${port}\n`)
  writeFileSync(join(cwd, 'test.yml'), JSON.stringify({
    services: {
      watchtower: { volumes: [socket, daily.mount] }, 'watchtower-weekly': { volumes: [socket, weekly.mount] },
      'docker-proxy': { volumes: [socket] }, caddy: { labels: { 'com.centurylinklabs.watchtower.scope': 'weekly' } }, 'watchtower-telegram': { image: 'sidecar:1', volumes: [`${state}:/data`] },
    },
    networks: { default: { ipam: { config: [{ subnet: `${SUBNET}.0/24` }] } } },
  }))
  await engine.compose([...FILES, 'up', '-d', '--no-build'], { cwd })
  t.teardown(() => engine.compose([...FILES, 'down', '--timeout', '0'], { cwd, allowFailure: true }))
  await reachable(t, bot, port)
  const log = async (): Promise<string> => (await engine.docker(['logs', 'watchtower-telegram'])).stdout
  const inside = async (script: string): Promise<string> => (await engine.docker(['exec', 'watchtower-telegram', 'node', '-e', script])).stdout.trim()

  await t.test('the sidecar finds both Watchtowers through the proxy', async () => {
    const both = async (): Promise<boolean> => ((await log()).match(/"watchtower\.attached"/g)?.length ?? 0) === 2
    if (!(await until(both, 60_000))) throw new Error(`${await log()}\n${(await engine.docker(['logs', 'docker-proxy'])).stdout}`)
  })

  await t.test('it has no socket, and the proxy gives it nothing else', async (t) => {
    t.match(await inside("require('net').connect('/var/run/docker.sock').on('error', (e) => console.log(e.code)).on('connect', () => console.log('open'))"), /^(ENOTSOCK|ECONNREFUSED)$/)
    const status = (path: string): Promise<string> => inside(`require('http').get('http://docker-proxy:2375${path}', (r) => { console.log(r.statusCode); process.exit() })`)
    t.equal(await status('/_ping'), '200')
    for (const path of ['/info', '/containers/watchtower/export', '/v1.41/images/json']) t.equal(await status(path), '403', path)
  })

  await t.test('the proxy is on its network alone, which is internal, and has no port', async (t) => {
    const { NetworkSettings, HostConfig } = await engine.inspect('docker-proxy')
    t.same(Object.keys(NetworkSettings.Networks), ['scenarios_docker-proxy'])
    t.same(HostConfig.PortBindings ?? {}, {})
    t.equal(JSON.parse((await engine.docker(['network', 'inspect', 'scenarios_docker-proxy'])).stdout)[0].Internal, true)
  })

  await t.test('what either Watchtower finds is told', async (t) => {
    await engine.publish({ ref: 'postgres:16', env: { PG_VERSION: '16.2' } })
    daily.feed(...checkLines([{ image: 'postgres:16', id: await engine.pull('postgres:16') }], 1))
    t.match((await bot.waitForMessages(1, 60_000))[0]?.text, /Service: postgres\nCurrent: 16\.1\nNew: 16\.2\n/)
    await engine.publish({ ref: 'caddy:latest', env: { CADDY_VERSION: 'v2.8.4' } })
    weekly.feed(...checkLines([{ image: 'caddy:latest', id: await engine.pull('caddy:latest') }], 1))
    t.match((await bot.waitForMessages(2, 60_000))[1]?.text, /Service: caddy\n[^]*New: v2\.8\.4\n/)
  })
}, 600_000)
