// The sidecar in this process, between a real engine and the fake Bot API, for engine tests.
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Timing } from '../../src/config.js'
import { runDaemon } from '../../src/daemon.js'
import type { DockerHost } from '../../src/docker/client.js'
import { createLog } from '../../src/logger.js'
import { type BotApi, createBotApi } from '../fakes/bot-api.js'
import type { Engine } from './engine.js'
import { TIMING } from '../world.js'
import { until } from './processes.js'

export const CHAT = -1001234567890
export const TOPIC = 7

export interface Sidecar {
  bot: BotApi
  /** the log lines so far with this event name */
  events(name: string): Record<string, any>[]
  /** resolves with them once there are n; fails after 60 s */
  waitFor(name: string, n?: number): Promise<Record<string, any>[]>
  stop(): Promise<void>
}

/** Starts it, with the chat and the state of an earlier one if its bot is given; the test's end stops it. */
export async function startSidecar(t: Test, engine: Engine, options: { docker?: DockerHost; watchtower?: string; idleMs?: number; remindMs?: number; bot?: BotApi; timing?: Partial<Timing> } = {}): Promise<Sidecar> {
  const bot = options.bot ?? await createBotApi({ chats: [{ id: CHAT, title: 'Home', is_forum: true, topics: [TOPIC] }] })
  const lines: Record<string, any>[] = []
  const log = createLog('debug', [bot.token], { write: (line: string) => void lines.push(JSON.parse(line)) })
  const abort = new AbortController()
  const running = runDaemon(
    {
      telegram: { token: bot.token, chat: CHAT, topic: TOPIC, apiRoot: bot.url, proxy: null },
      docker: options.docker ?? { type: 'unix', path: engine.socketPath },
      watchtower: options.watchtower ?? null,
      host: null,
      style: { language: 'en', timeZone: 'UTC', template: null },
      remindMs: options.remindMs ?? 7 * 86_400_000,
      quiet: null,
      stateDir: join(engine.directory, 'state'),
      timing: { ...TIMING, ...(options.idleMs !== undefined && { idleMs: options.idleMs }), ...options.timing },
      logLevel: 'debug',
    },
    log,
    abort.signal,
  )
  const stop = async (): Promise<void> => {
    abort.abort()
    await running
  }
  t.teardown(async () => {
    await stop()
    await bot.close()
  })
  const events = (name: string): Record<string, any>[] => lines.filter((line) => line.event === name)
  return {
    bot,
    events,
    async waitFor(name, n = 1) {
      if (!(await until(() => events(name).length >= n, 60_000))) throw new Error(`${name} ×${n} did not come; came: ${lines.map((line) => `${line.event}: ${line.msg}`).join('\n')}`)
      return events(name)
    },
    stop,
  }
}
