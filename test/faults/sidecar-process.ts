// The built program as a process of its own, for faults that only a process can have.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import type { BotApi } from '../fakes/bot-api.js'

const PROGRAM = fileURLToPath(new URL('../../dist/watchtower-telegram.cjs', import.meta.url))
export const CHAT = -1001234567890
export const TOPIC = 7
/** Most that the program may ever hold in memory. */
export const MEMORY_BOUND = 150e6

export interface SidecarProcess {
  child: ChildProcess
  /** resolves to the exit code, or the signal's name */
  exit: Promise<number | string>
  /** all log lines so far; throws on one that is not JSON */
  lines(): Record<string, any>[]
  events(name: string): Record<string, any>[]
  /** resolves with the lines of this event once there are n */
  waitFor(name: string, n?: number, timeoutMs?: number): Promise<Record<string, any>[]>
  /** both streams, raw */
  output(): string
  /** resident memory in bytes, 0 once it has ended */
  rss(): number
}

/** Where it finds Docker and Telegram, and where it keeps its state. */
export function environmentFor(bot: BotApi, dockerHost: string, stateDir: string): Record<string, string> {
  return {
    TELEGRAM_BOT_TOKEN: bot.token, TELEGRAM_CHAT_ID: String(CHAT), TOPIC_SYSTEM_ID: String(TOPIC), TELEGRAM_API_URL: bot.url,
    DOCKER_HOST: dockerHost, STATE_DIR: stateDir,
  }
}

/** tap gives its loader to every Node that a test starts: 25 MB and a thread that are not the program's. */
const NOT_TAPS = ['-u', 'NODE_OPTIONS', '-u', 'NODE_V8_COVERAGE']

/** Starts it with these variables and no other that it reads; the test's end kills it. */
export function startProcess(t: Test, env: Record<string, string>, nodeArguments: readonly string[] = []): SidecarProcess {
  const child = spawn('env', [...NOT_TAPS, process.execPath, ...nodeArguments, PROGRAM, 'run'], { env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent', ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => void child.kill('SIGKILL'))
  let output = ''
  let stdout = ''
  const watchers = new Set<() => void>()
  // a chunk may end within a character
  child.stdout?.setEncoding('utf8').on('data', (chunk) => {
    output += chunk
    stdout += chunk
    for (const check of watchers) check()
  })
  child.stderr?.setEncoding('utf8').on('data', (chunk) => (output += chunk))
  let parsed: Record<string, any>[] = []
  let read = 0
  const lines = (): Record<string, any>[] => {
    const end = stdout.lastIndexOf('\n') + 1
    if (end > read) parsed = parsed.concat(stdout.slice(read, end).split('\n').filter(Boolean).map((line) => JSON.parse(line)))
    read = end
    return parsed
  }
  const events = (name: string): Record<string, any>[] => lines().filter((line) => line.event === name)
  const exit = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string)
  return {
    child, exit, lines, events,
    output: () => output,
    waitFor: (name, n = 1, timeoutMs = 30_000) => new Promise((resolve, reject) => {
      const check = (): void => {
        const found = events(name)
        if (found.length < n) return
        clearTimeout(timer)
        watchers.delete(check)
        resolve(found)
      }
      const timer = setTimeout(() => {
        watchers.delete(check)
        reject(new Error(`${name} ×${n} did not come within ${timeoutMs} ms; came: ${lines().map((line) => `${line.event}: ${line.msg}`).join('\n')}`))
      }, timeoutMs)
      watchers.add(check)
      check()
    }),
    rss() {
      try {
        return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
      } catch {
        return 0
      }
    },
  }
}

/** Milliseconds for which its main thread has had a processor, sched-stats.rst of Linux; 0 once it has ended. */
export function workedMs({ child }: SidecarProcess): number {
  try {
    return Number(readFileSync(`/proc/${child.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6
  } catch {
    return 0
  }
}

/** The most it has held so far, in bytes; 0 once it has ended. */
export function peakMemory({ child }: SidecarProcess): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
  } catch {
    return 0
  }
}
