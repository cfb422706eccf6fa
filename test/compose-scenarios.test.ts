// What each further file of compose/ changes, as docker-compose 1.29 resolves it, and what the Swarm stack keeps of it.
// test/engine/scenarios.test.ts and test/engine/swarm.test.ts bring them up.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { parse } from 'yaml'

type Service = Record<string, any>
type Stack = { services: Record<string, Service>; networks?: Record<string, Record<string, unknown>> }

const folder = fileURLToPath(new URL('../compose/', import.meta.url))
const LABEL = 'com.centurylinklabs.watchtower'
const SOCKET = '/var/run/docker.sock'
const missing = spawnSync('docker-compose', ['version']).error !== undefined
const skip = missing && process.env.ENGINE_REQUIRED !== '1' ? 'docker-compose is not installed' : false

/** The default files and these after them. */
function resolve(t: Test, ...overlays: string[]): Stack {
  const files = ['docker-compose.yml', 'docker-compose.services.yml', ...overlays].flatMap((file) => ['-f', file])
  const { status, stdout, stderr } = spawnSync('docker-compose', ['--env-file', 'example.env', ...files, 'config'], { cwd: folder, encoding: 'utf8', env: { PATH: process.env.PATH } })
  t.equal(status, 0, stderr)
  return parse(stdout) as Stack
}

/** Where the socket is mounted from, by the volumes of a service. */
const socketOf = ({ volumes = [] }: Service): string[] => volumes.filter((volume: string) => volume.includes(`:${SOCKET}`))

t.test('with the proxy the sidecar has no socket, and shares a network that leads nowhere with what has', { skip }, (t) => {
  const before = resolve(t)
  const { services, networks } = resolve(t, 'docker-compose.proxy.yml')
  const [proxy, sidecar] = [services['docker-proxy'] ?? {}, services['watchtower-telegram'] ?? {}]
  t.equal(sidecar.environment.DOCKER_HOST, 'tcp://docker-proxy:2375')
  t.same(socketOf(sidecar), [`/dev/null:${SOCKET}:ro`])
  t.same(Object.keys(sidecar.networks), ['default', 'docker-proxy'], 'Telegram is reached through the one, Docker through the other')
  t.same(socketOf(proxy), [`${SOCKET}:${SOCKET}:ro`])
  t.same(Object.keys(proxy.networks), ['docker-proxy'])
  t.equal(networks?.['docker-proxy']?.internal, true)
  t.same([proxy.ports, proxy.read_only, proxy.cap_drop, proxy.security_opt, proxy.group_add], [undefined, true, ['ALL'], ['no-new-privileges:true'], ['999']])
  t.match(proxy.volumes, [/\/socket-proxy\.cfg:\/usr\/local\/etc\/haproxy\/haproxy\.cfg:ro$/, `${SOCKET}:${SOCKET}:ro`])
  t.same(services.watchtower, before.services.watchtower, 'Watchtower keeps its own access: it must pull')
  t.end()
})

t.test('with scopes two Watchtowers divide the containers, neither updates, and neither removes the other', { skip }, (t) => {
  const { services } = resolve(t, 'docker-compose.scopes.yml')
  const [first, second] = [services.watchtower ?? {}, services['watchtower-weekly'] ?? {}]
  t.equal(first.environment.WATCHTOWER_SCOPE, 'none')
  t.equal(second.environment.WATCHTOWER_SCOPE, 'weekly')
  t.equal(second.labels[`${LABEL}.scope`], 'weekly', 'its own label, or it would be of the other scope')
  t.notOk(`${LABEL}.scope` in first.labels)
  const { WATCHTOWER_SCOPE: _, WATCHTOWER_SCHEDULE: daily, ...settings } = first.environment
  const { WATCHTOWER_SCOPE: __, WATCHTOWER_SCHEDULE: weekly, ...others } = second.environment
  t.same(others, settings, 'otherwise they are set alike, monitor-only before all')
  t.same([daily, weekly], ['0 0 3 * * *', '0 0 4 * * 0'])
  t.same([second.image, second.mem_limit, second.logging, second.volumes, second.restart], [first.image, first.mem_limit, first.logging, first.volumes, first.restart])
  t.same(services['watchtower-telegram']?.environment.WATCHTOWER_CONTAINER, '', 'and the sidecar follows both')
  t.end()
})

t.test('with the fork only the image is another', { skip }, (t) => {
  const before = resolve(t).services
  const { services } = resolve(t, 'docker-compose.fork.yml')
  t.same(services, { ...before, watchtower: { ...before.watchtower, image: 'nickfedor/watchtower:1.21.0' } })
  t.end()
})

t.test('the scenarios go together', { skip }, (t) => {
  const { services } = resolve(t, 'docker-compose.fork.yml', 'docker-compose.scopes.yml', 'docker-compose.proxy.yml')
  t.same(Object.keys(services).sort(), ['caddy', 'docker-proxy', 'postgres', 'redis', 'watchtower', 'watchtower-telegram', 'watchtower-weekly'])
  for (const [name, { ports }] of Object.entries(services)) t.equal(ports, undefined, name)
  t.end()
})

t.test('the image carries the version of package.json', async (t) => {
  const { version } = JSON.parse(readFileSync(`${folder}../package.json`, 'utf8'))
  t.match(readFileSync(`${folder}Dockerfile`, 'utf8'), `\nARG VERSION=${version}\n`)
})

t.test('the Swarm stack has the settings of the default files, and nothing that Swarm would ignore', (t) => {
  const defaults = /\$\{[A-Z_]+:-([^}]*)\}/g
  const read = (name: string): Stack => parse(readFileSync(folder + name, 'utf8').replace(defaults, '$1')) as Stack
  const [stack, compose] = [read('docker-stack.yml').services, read('docker-compose.services.yml').services]
  const [watchtower, sidecar] = [stack.watchtower ?? {}, stack['watchtower-telegram'] ?? {}]
  t.same(watchtower.environment, compose.watchtower?.environment)
  t.same([watchtower.image, watchtower.labels, watchtower.logging], [compose.watchtower?.image, compose.watchtower?.labels, compose.watchtower?.logging])
  t.same([sidecar.labels, sidecar.logging, sidecar.read_only, sidecar.cap_drop], [compose['watchtower-telegram']?.labels, compose['watchtower-telegram']?.logging, true, ['ALL']])
  const { WATCHTOWER_CONTAINER: _, TELEGRAM_CHAT_ID: __, ...settings } = compose['watchtower-telegram']?.environment
  const { TELEGRAM_CHAT_ID: chat, ...given } = sidecar.environment
  t.same(given, { ...settings, HOST_LABEL: '{{.Node.Hostname}}' }, 'all but the one container to follow, whose name a Swarm chooses')
  t.equal(chat, '${TELEGRAM_CHAT_ID:?set TELEGRAM_CHAT_ID}')
  for (const [name, service] of Object.entries(stack)) {
    t.equal(service.deploy.mode, 'global', name)
    // docs.docker.com/reference/compose-file/legacy-versions: what docker stack deploy ignores or refuses
    t.same(Object.keys(service).filter((key) => ['build', 'container_name', 'restart', 'depends_on', 'group_add', 'mem_limit', 'security_opt', 'network_mode', 'ports'].includes(key)), [], name)
  }
  t.end()
})
