// compose/docker-stack.yml on a real Swarm of one node, as compose/README.md says. Stand-ins: the network, which is the
// host's, Watchtower's image where the real one is not given, and the sidecar's image, which is the built program on
// this machine's Node.
import { chownSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createBotApi, type BotApi } from '../fakes/bot-api.js'
import { engineTest, nodeFiles, type Engine } from './engine.js'
import { until } from './processes.js'
import { checkLines, standInWatchtower, type WatchtowerImage } from './watchtower.js'

const repository = join(import.meta.dirname, '../..')
const CHAT = -1001234567890
const SOCKET_GROUP = 4242
const SIDECAR = 'registry.example.org/watchtower-telegram:1'

/** A directory with the stack file and the secret; brings the stack up. */
async function deploy(t: Test, engine: Engine): Promise<{ bot: BotApi; watchtower: WatchtowerImage }> {
  const bot = await createBotApi({ chats: [{ id: CHAT }] })
  t.teardown(() => bot.close())
  const watchtower = await standInWatchtower(engine, t, { always: true })
  const program = Object.fromEntries(['watchtower-telegram.cjs', 'program.cjs'].map((name) => [`/app/${name}`, { from: join(repository, 'dist', name) }]))
  await engine.buildImage({ ref: SIDECAR, files: { ...(await nodeFiles()), ...program }, env: { STATE_DIR: '/data' }, entrypoint: ['node', '/app/watchtower-telegram.cjs'], cmd: [], user: '1000:1000' })
  chownSync(engine.socketPath, 0, SOCKET_GROUP)
  const cwd = join(engine.directory, 'stack')
  mkdirSync(join(cwd, 'secrets'), { recursive: true })
  cpSync(join(repository, 'compose/docker-stack.yml'), join(cwd, 'docker-stack.yml'))
  writeFileSync(join(cwd, 'secrets/telegram_bot_token'), `${bot.token}\n`)
  writeFileSync(join(cwd, 'message.mustache'), '{{headline}}\n{{#updates}}\n{{name}} from {{current}} to {{new}}\n{{/updates}}\n')
  const state = join(cwd, 'state')
  mkdirSync(state)
  chownSync(state, 1000, 1000)
  const socket = `${engine.socketPath}:/var/run/docker.sock:ro`
  writeFileSync(join(cwd, 'test.yml'), JSON.stringify({
    version: '3.8',
    services: {
      watchtower: { networks: ['outside'], volumes: [socket, watchtower.mount] },
      'watchtower-telegram': {
        networks: ['outside'], volumes: [socket, `${state}:/data`], environment: { TELEGRAM_API_URL: bot.url, SEND_JITTER: '1s', MESSAGE_TEMPLATE_FILE: '/message.mustache' },
        configs: [{ source: 'template', target: '/message.mustache' }],
      },
    },
    configs: { template: { file: './message.mustache' } },
    networks: { outside: { external: true, name: 'host' } },
  }))
  await engine.docker(['swarm', 'init', '--advertise-addr', '127.0.0.1', '--listen-addr', '127.0.0.1:0'])
  t.teardown(() => engine.docker(['swarm', 'leave', '--force'], { allowFailure: true }))
  const env = { PATH: process.env.PATH ?? '', DOCKER_HOST: engine.host, DOCKER_CONFIG: join(engine.directory, 'client'), SIDECAR_IMAGE: SIDECAR, TELEGRAM_CHAT_ID: String(CHAT), DOCKER_GID: String(SOCKET_GROUP) }
  await engine.docker(['stack', 'deploy', '--resolve-image', 'never', '-c', 'docker-stack.yml', '-c', 'test.yml', 'watchtower'], { cwd, env })
  return { bot, watchtower }
}

const containersOf = async (engine: Engine, service: string): Promise<string[]> =>
  (await engine.docker(['ps', '-q', '--no-trunc', '--filter', `label=com.docker.swarm.service.name=${service}`])).stdout.split('\n').filter(Boolean)

await engineTest(t, 'a Swarm stack', async (t, engine) => {
  const { bot, watchtower } = await deploy(t, engine)
  const logOf = async (id: string): Promise<string> => {
    const { stdout, stderr } = await engine.docker(['logs', id])
    return stdout + stderr
  }
  let sidecar = ''

  await t.test('runs Watchtower and the sidecar on the node, and the one follows the other', async (t) => {
    const follows = async (): Promise<boolean> => {
      sidecar = (await containersOf(engine, 'watchtower_watchtower-telegram'))[0] ?? ''
      return sidecar !== '' && (await logOf(sidecar)).includes('"watchtower.attached"')
    }
    if (!(await until(follows, 60_000))) throw new Error(`${(await engine.docker(['service', 'ps', '--no-trunc', 'watchtower_watchtower-telegram', 'watchtower_watchtower'], { allowFailure: true })).stdout}\n${sidecar === '' ? '' : await logOf(sidecar)}`)
    t.equal((await containersOf(engine, 'watchtower_watchtower')).length, 1)
  })

  await t.test('gives it its secret, its rights and its limits, and neither is watched', async (t) => {
    const { Config, HostConfig } = await engine.inspect(sidecar)
    t.match({ Config, HostConfig }, { Config: { User: `1000:${SOCKET_GROUP}` }, HostConfig: { ReadonlyRootfs: true, CapDrop: ['ALL'], Memory: 150 * 2 ** 20 } })
    t.notMatch(JSON.stringify(Config), bot.token)
    t.match((await engine.docker(['exec', sidecar, 'sh', '-c', 'id -u; id -g; ls -ln /run/secrets'])).stdout, /^1000\n4242\n[^]*-r-------- +1 1000 /)
    for (const id of [sidecar, ...(await containersOf(engine, 'watchtower_watchtower'))]) t.equal((await engine.inspect(id)).Config.Labels['com.centurylinklabs.watchtower.enable'], 'false')
  })

  await t.test('tells an update on this node, with the name of the node, by the template that is a Swarm config', async (t) => {
    await engine.publish({ ref: 'redis:7', env: { REDIS_VERSION: '7.2.3' } })
    await engine.pull('redis:7')
    await engine.run('--name', 'cache', 'redis:7')
    await engine.publish({ ref: 'redis:7', env: { REDIS_VERSION: '7.2.4' } })
    watchtower.feed(...checkLines([{ image: 'redis:7', id: await engine.pull('redis:7') }], 1))
    const [message] = await bot.waitForMessages(1, 60_000).catch(async (error: Error) => {
      throw new Error(`${error.message}; ${await logOf(sidecar)}`)
    })
    t.match(message?.text, new RegExp(`on ${hostname()}\\ncache from 7\\.2\\.3 to 7\\.2\\.4$`))
  })

  await t.test('as README.md says: a service is pinned by its digest, which shows no update, unless it is deployed with --resolve-image never', async (t) => {
    const run = async (name: string, image: string, ...more: string[]): Promise<string> => {
      await engine.docker(['service', 'create', '--detach', '--quiet', '--network', 'host', '--name', name, ...more, image])
      t.ok(await until(async () => (await containersOf(engine, name)).length === 1, 60_000), name)
      return (await engine.inspect((await containersOf(engine, name))[0] ?? '')).Config.Image
    }
    const ref = `${engine.registry}/library/redis:7`
    const digest = (await engine.inspect('redis:7')).RepoDigests[0]?.split('@')[1]
    t.equal(await run('pinned', ref), `${ref}@${digest}`)
    t.equal(await run('floating', 'redis:7', '--no-resolve-image'), 'redis:7')
  })
}, 600_000)
