// A deployment for the doctor to look at: a fake engine with Watchtower and the sidecar, a fake Bot API, a state that a
// sidecar holds; healthy, until a test breaks something.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { diagnose } from '../../src/doctor/doctor.js'
import { tableOf } from '../../src/doctor/table.js'
import type { Check } from '../../src/doctor/check.js'
import { saveState } from '../../src/state/file.js'
import { takeLock } from '../../src/state/lock.js'
import { emptyState } from '../../src/state/state.js'
import { type BotApi, createBotApi, type FakeChat } from '../fakes/bot-api.js'
import { container, createDockerApi, type DockerApi, type FakeContainer, image } from '../fakes/docker-api.js'
import { CHAT, compose, TOPIC, WATCHTOWER } from '../world.js'

export const NOW = Date.parse('2026-11-26T12:00:00Z')
export const LEFT_ALONE = { 'com.centurylinklabs.watchtower.enable': 'false' }
/** As docker-compose.services.yml has them. */
const SETTINGS = ['WATCHTOWER_MONITOR_ONLY=true', 'WATCHTOWER_SCHEDULE=0 0 3 * * *', 'WATCHTOWER_POLL_INTERVAL=86400', 'WATCHTOWER_CLEANUP=false', 'TZ=Europe/Paris', 'DOCKER_API_VERSION=1.41']
const BANNER = [
  'Watchtower 1.7.1', 'Using no notifications', 'Checking all containers (except explicitly disabled with label)',
  'Scheduling first run: 2026-11-27 03:00:00 +0100 CET', 'Note that the first check will be performed in 14 hours, 0 minutes, 0 seconds',
]

export interface Deployment {
  api: DockerApi
  bot: BotApi
  chat: FakeChat
  watchtower: FakeContainer
  stateDir: string
  /** the variables of the doctor */
  env: Record<string, string>
  /** the clock of this machine, milliseconds since 1970 */
  now: number
}

export interface Diagnosed {
  text: string
  json: Check[]
  exits: number
}

export async function deployment(t: Test): Promise<Deployment> {
  const chat: FakeChat = { id: CHAT, title: 'Home', is_forum: true, topics: [TOPIC], member: { status: 'administrator' } }
  const api = await createDockerApi()
  const bot = await createBotApi({ chats: [chat], clock: () => NOW })
  const stateDir = mkdtempSync(join(tmpdir(), 'wt-doctor-'))
  chmodSync(api.socketPath, 0o660)
  const watchtower = container({ name: 'watchtower', image: 'containrrr/watchtower:1.7.1', labels: { ...WATCHTOWER, ...LEFT_ALONE }, env: [...SETTINGS] })
  watchtower.Path = '/watchtower'
  watchtower.HostConfig.LogConfig.Config = { 'max-size': '10m', 'max-file': '3' }
  const sidecar = container({ name: 'watchtower-telegram', image: 'compose_watchtower-telegram', labels: { ...LEFT_ALONE }, args: ['/app/watchtower-telegram.cjs'] })
  sidecar.Path = 'node'
  api.containers.push(watchtower, sidecar)
  for (const [service, ref] of [['postgres', 'postgres:16'], ['redis', 'redis:7-alpine'], ['caddy', 'caddy:latest']] as const) {
    api.images.push(image({ ref, repoDigests: [`${ref.split(':')[0]}@sha256:${'d'.repeat(64)}`] }))
    api.containers.push(container({ name: `friday-${service}`, image: ref, labels: compose(service) }))
  }
  api.log('watchtower').write(...BANNER.map((text) => ({ at: '2026-11-26T11:00:00.000000000Z', stream: 'stderr' as const, text: `time="2026-11-26T12:00:00+01:00" level=info msg="${text}"` })))
  await saveState(stateDir, emptyState)
  const lock = await takeLock(stateDir, () => JSON.stringify({ healthy: true, faults: [], doing: 'following watchtower, Docker answered 3 s ago, 0 to send' }))
  t.teardown(async () => {
    lock.release()
    await api.close()
    await bot.close()
    rmSync(stateDir, { recursive: true, force: true })
  })
  const env = { TELEGRAM_BOT_TOKEN: bot.token, TELEGRAM_CHAT_ID: String(CHAT), TOPIC_SYSTEM_ID: String(TOPIC), TELEGRAM_API_URL: bot.url, DOCKER_HOST: api.host, STATE_DIR: stateDir, TZ: 'Europe/Paris' }
  return { api, bot, chat, watchtower, stateDir, env, now: NOW }
}

/** The doctor's word in both forms, with what differs from run to run replaced. Fails the test where a message was sent or a secret is shown. */
export async function diagnosed(t: Test, d: Deployment): Promise<Diagnosed> {
  const { checks, secrets } = await diagnose(() => d.now, d.env)
  const same = (text: string): string =>
    text.replaceAll(d.api.socketPath, '/var/run/docker.sock').replaceAll(d.stateDir, '/data').replaceAll(d.bot.url, 'https://api.telegram.org').replace(/user \d+ and group \d+/, 'user 0 and group 999').replace(/user \d+ may/, 'user 1000 may').replace(/chown \d+/, 'chown 1000')
  const [text, json] = [false, true].map((json) => tableOf(checks, { json, secrets })) as [string, string]
  t.notMatch(`${text}${json}`, d.bot.token, 'no secret')
  t.same(d.bot.requests.filter(({ method }) => /send(?!ChatAction)|edit|delete/i.test(method)), [], 'no message')
  t.same(d.api.requests.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`).filter((request) => request !== `POST /containers/${'0'.repeat(64)}/start`), [], 'no write')
  // lines are as long as what stands in them
  const text80 = tableOf(JSON.parse(same(JSON.stringify(checks))), { json: false, secrets })
  return { text: text80, json: JSON.parse(same(json)), exits: checks.some(({ mark }) => mark === 'fault') ? 1 : 0 }
}
