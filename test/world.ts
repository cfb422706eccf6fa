// A daemon in this process between a fake engine and a fake Bot API, with its log lines at hand.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Config, Timing } from '../src/config.js'
import { runDaemon } from '../src/daemon.js'
import { createLog } from '../src/logger.js'
import { ask, lockPath } from '../src/state/ask.js'
import { until } from './engine/processes.js'
import { type BotApi, createBotApi } from './fakes/bot-api.js'
import { container, createDockerApi, type DockerApi, image, madeUpId, stamp } from './fakes/docker-api.js'

/** the chat that the fake Bot API knows */
export const CHAT = -1001234567890
export const TOPIC = 7
export const WATCHTOWER = { 'com.centurylinklabs.watchtower': 'true' }
export const compose = (service: string): Record<string, string> => ({
  'com.docker.compose.project': 'friday',
  'com.docker.compose.service': service,
  'com.docker.compose.project.working_dir': '/opt/friday',
  'com.docker.compose.project.config_files': '/opt/friday/docker-compose.yml',
})
const oldImage = image({ ref: null, id: `sha256:${madeUpId('postgres 16.1')}`, env: ['PG_VERSION=16.1-1.pgdg120+1'], repoDigests: [`postgres@sha256:${madeUpId('d1')}`] })
const newImage = image({ ref: 'postgres:16', id: `sha256:${madeUpId('postgres 16.2')}`, env: ['PG_VERSION=16.2-1.pgdg120+2'] })
export const found = `Found new postgres:16 image (${newImage.Id.slice(7, 19)})`

/** The program's own defaults, but for the pace, at which no test could wait. */
export const TIMING: Timing = { idleMs: 600_000, reconcileMs: 30_000, dockerTimeoutMs: 20_000, dockerLostMs: 300_000, downAfterMs: 300_000, overdueAfterMs: null, telegramTimeoutMs: 60_000, paceMs: 10, jitterMs: 0 }

export interface World {
  api: DockerApi
  bot: BotApi
  config: Config
  /** the log lines so far */
  events(name: string): Record<string, any>[]
  /** starts the daemon, again after a stop too; the promise resolves to its exit code */
  start(): Promise<number>
  stop(): Promise<number>
  /** resolves once the daemon answers so to the health check, as JSON: its first looks at Docker and at Telegram come in any order */
  answers(pattern: RegExp): Promise<void>
  /** the same, that it is healthy */
  well(): Promise<void>
  /** writes Watchtower's lines, stamped one after the other */
  say(name: string, ...messages: string[]): void
  /** resolves with all lines of an event once there are so many; rejects after a minute */
  waitFor(name: string, count?: number): Promise<Record<string, any>[]>
}

/** Only what never comes takes longer: a machine may be ten times slower than this, and a write that failed is tried again after up to 30 s. */
const COMES_MS = 60_000

/** A fake engine with Watchtower and an outdated postgres, a fake Bot API with a topic, and the daemon, not started yet. */
export async function createWorld(t: Test, overrides: Partial<Omit<Config, 'timing'>> & { timing?: Partial<Timing> } = {}): Promise<World> {
  const api = await createDockerApi()
  const bot = await createBotApi({ chats: [{ id: CHAT, title: 'Home', is_forum: true, topics: [TOPIC] }] })
  const stateDir = mkdtempSync(join(tmpdir(), 'wt-state-'))
  const lines: Record<string, any>[] = []
  const listeners = new Set<() => void>()
  const log = createLog('debug', [bot.token], {
    write(line: string) {
      lines.push(JSON.parse(line))
      for (const listener of listeners) listener()
    },
  })
  const config: Config = {
    telegram: { token: bot.token, chat: CHAT, topic: TOPIC, apiRoot: bot.url, proxy: null },
    docker: { type: 'unix', path: api.socketPath },
    watchtower: null,
    host: null,
    style: { language: 'en', timeZone: 'UTC', template: null },
    remindMs: 7 * 86_400_000,
    quiet: null,
    stateDir,
    logLevel: 'debug',
    ...overrides,
    timing: { ...TIMING, ...overrides.timing },
  }
  api.images.push(oldImage, newImage)
  api.containers.push(
    container({ name: 'watchtower', image: 'containrrr/watchtower:1.7.1', labels: WATCHTOWER }),
    container({ name: 'friday-postgres', image: 'postgres:16', imageId: oldImage.Id, labels: compose('postgres') }),
  )
  let abort = new AbortController()
  let running = Promise.resolve(0)
  let clock = Date.parse('2026-11-23T03:00:00Z')
  const self: World = {
    api,
    bot,
    config,
    events: (name) => lines.filter((line) => line.event === name),
    start() {
      abort = new AbortController()
      running = runDaemon(config, log, abort.signal)
      return running
    },
    async stop() {
      abort.abort()
      return running
    },
    async answers(pattern) {
      const path = lockPath(config.stateDir)
      let answer: string | null = null
      if (!(await until(async () => pattern.test((answer = await ask(path)) ?? ''), COMES_MS))) throw new Error(`it does not answer ${pattern}, but ${answer}`)
    },
    well: () => self.answers(/"healthy":true/),
    say(name, ...messages) {
      api.log(name).write(...messages.map((text) => ({ at: stamp((clock += 1000), 123456), stream: 'stderr' as const, text: text.startsWith('raw:') ? text.slice(4) : `time="2026-11-23T03:00:00Z" level=info msg="${text}"` })))
    },
    async waitFor(name, count = 1) {
      if (self.events(name).length < count) {
        await new Promise<void>((resolve, reject) => {
          const timer = setTimeout(() => reject(new Error(`${name} ×${count} did not come; came: ${lines.map((l) => l.event).join(' ')}`)), COMES_MS)
          const check = (): void => {
            if (self.events(name).length < count) return
            clearTimeout(timer)
            listeners.delete(check)
            resolve()
          }
          listeners.add(check)
        })
      }
      return self.events(name)
    },
  }
  t.teardown(async () => {
    await self.stop()
    await api.close()
    await bot.close()
    rmSync(stateDir, { recursive: true })
  })
  return self
}

export const done = 'raw:time="2026-11-23T03:00:05Z" level=info msg="Session done" Failed=0 Scanned=2 Updated=1 notify=no'
export const MESSAGE = `🔔 Docker Update Available

Service: postgres
Current: 16.1
New: 16.2

Command:
docker compose pull postgres
docker compose up -d postgres

Roll back:
docker tag ${oldImage.Id.slice(7, 19)} postgres:16
docker compose up -d postgres
Pinned: ${oldImage.RepoDigests[0]}`
