// A daemon on a fake clock beside a Watchtower that a test starts, stops and lets check, with the messages it sends.
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Config, Timing } from '../src/config.js'
import { runDaemon } from '../src/daemon.js'
import { createLog } from '../src/logger.js'
import { type BotApi, createBotApi } from './fakes/bot-api.js'
import { container, createDockerApi, type DockerApi, type FakeContainer, madeUpId, stamp } from './fakes/docker-api.js'
import { installSteppedClock, type SteppedClock } from './faults/stepped-clock.js'
import { CHAT, TIMING, WATCHTOWER } from './world.js'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

export interface Watching {
  api: DockerApi
  bot: BotApi
  stateDir: string
  clock: SteppedClock
  /** moves the clock: in steps of minutes, at the end through every timer */
  reach(ms: number): Promise<void>
  /** the texts sent so far, from the nth on */
  said(from?: number): string[]
  /** the log's events that are worth a warning */
  loud: string[]
  /** Watchtower's lines, at this time of the clock */
  say(name: string, ...lines: string[]): void
  /** a check that looked at so many containers */
  check(scanned?: number, name?: string): void
  /** adds a Watchtower that starts now */
  add(name: string, options?: { env?: string[]; seed?: string; args?: string[]; labels?: Record<string, string> }): FakeContainer
  /** changes: of the configuration, for this run */
  start(changes?: Partial<Config>): void
  stop(): Promise<number>
}

/** Nothing runs yet; the clock stands at this time. aheadMs: the engine is another machine, over tcp, and its clock is that far ahead. */
export async function createWatching(t: Test, at: string, options: { timing?: Partial<Timing>; host?: string; watchtower?: string; aheadMs?: number } = {}): Promise<Watching> {
  const api = await createDockerApi()
  api.aheadMs = options.aheadMs ?? 0
  const elsewhere = createServer((socket) => void socket.pipe(connect(api.socketPath)).on('error', () => socket.destroy()).pipe(socket).on('error', () => {}))
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
  const engineNow = (): number => Date.now() + api.aheadMs
  const bot = await createBotApi({ chats: [{ id: CHAT, title: 'Home' }] })
  const stateDir = mkdtempSync(join(tmpdir(), 'wt-state-'))
  const clock = installSteppedClock(Date.parse(at))
  const config: Config = {
    telegram: { token: bot.token, chat: CHAT, topic: null, apiRoot: bot.url, proxy: null },
    docker: options.aheadMs === undefined ? { type: 'unix', path: api.socketPath } : { type: 'tcp', host: '127.0.0.1', port: (elsewhere.address() as AddressInfo).port },
    watchtower: options.watchtower ?? null, host: options.host ?? null, remindMs: 0, quiet: null, style: { language: 'en', timeZone: 'UTC', template: null }, stateDir, logLevel: 'debug',
    timing: { ...TIMING, reconcileMs: 5 * MINUTE, paceMs: 1_000, dockerLostMs: 7 * DAY, ...options.timing },
  }
  const loud: string[] = []
  const log = createLog('debug', [bot.token], {
    write(text: string) {
      const { level, event } = JSON.parse(text) as { level: string; event: string }
      if (!['debug', 'info'].includes(level)) loud.push(event)
    },
  })
  let abort = new AbortController()
  let running = Promise.resolve(0)
  t.teardown(async () => {
    clock.uninstall()
    abort.abort()
    await running
    await api.close()
    elsewhere.close()
    await bot.close()
    rmSync(stateDir, { recursive: true })
  })
  const self: Watching = {
    api, bot, stateDir, clock, loud,
    async reach(ms) {
      await clock.leap(ms - 2 * MINUTE, 4 * MINUTE)
      await clock.until(ms)
    },
    said: (from = 0) => bot.messages.slice(from).map(({ text }) => text),
    say(name, ...lines) {
      const time = new Date(engineNow()).toISOString().slice(0, 19)
      api.log(name).write(...lines.map((line, n) => ({ at: stamp(engineNow(), n * 1000), stream: 'stderr' as const, text: `time="${time}Z" ${line}` })))
    },
    check: (scanned = 9, name = 'watchtower') => self.say(name, `level=info msg="Session done" Failed=0 Scanned=${scanned} Updated=0 notify=no`),
    add(name, { env = [], seed = name, args = [], labels = {} } = {}) {
      const one = container({ name, image: 'containrrr/watchtower:1.7.1', labels: { ...WATCHTOWER, ...labels }, env, args, id: madeUpId(seed) })
      one.State.StartedAt = new Date(engineNow()).toISOString()
      api.containers.push(one)
      api.events.pushFor(one, 'start')
      return one
    },
    start(changes = {}) {
      abort = new AbortController()
      running = runDaemon({ ...config, ...changes }, log, abort.signal)
    },
    async stop() {
      abort.abort()
      return running
    },
  }
  return self
}
