// The program as its image starts it, and bare Node, as processes to be measured.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type BotApi, createBotApi } from '../fakes/bot-api.js'
import { container, createDockerApi, type DockerApi } from '../fakes/docker-api.js'

const CHAT = -1001234567890
/** Nothing that is waited for here takes longer. */
const LIMIT_MS = 60_000

/** The program installed as the image has it, for one Node. */
export interface Program {
  node: string
  /** Node's flags, and the program's file */
  command: string[]
  /** variables that the image sets */
  env: Record<string, string>
  remove(): void
}

export function installProgram(node: string): Program {
  const directory = mkdtempSync('/tmp/wt-bench-program-')
  for (const name of ['watchtower-telegram.cjs', 'program.cjs']) copyFileSync(join('dist', name), join(directory, name))
  const dockerfile = readFileSync('compose/Dockerfile', 'utf8')
  const flags = (/ENTRYPOINT \["node", (.*), "\/app/.exec(dockerfile)?.[1] ?? '').split(', ').filter(Boolean).map((flag) => JSON.parse(flag) as string)
  const env = Object.fromEntries([...dockerfile.matchAll(/\b(MALLOC_\w+)=(\w+)/g)].map(([, name, value]) => [name, value] as [string, string]))
  const command = [...flags, join(directory, 'watchtower-telegram.cjs')]
  execFileSync(node, [...command, '--write-code'], { env })
  return { node, command, env, remove: () => rmSync(directory, { recursive: true }) }
}

export interface Running {
  child: ChildProcess
  /** resolves when the program logs this event for the nth time */
  logged(event: string, n?: number): Promise<void>
  stop(): Promise<void>
}

export function startBare(node: string): Running {
  const child = spawn(node, ['-e', 'setInterval(() => {}, 1e9)'], { stdio: 'ignore', env: {} })
  return { child, logged: () => Promise.resolve(), stop: () => ended(child) }
}

export function startProgram(program: Program, env: Readonly<Record<string, string>>): Running {
  const child = spawn(program.node, [...program.command, 'run'], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...program.env, ...env } })
  const counts = new Map<string, number>()
  const watchers = new Set<() => void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { event } = JSON.parse(line) as { event: string }
    counts.set(event, (counts.get(event) ?? 0) + 1)
    for (const check of watchers) check()
  })
  return {
    child,
    logged: (event, n = 1) => new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${event} ×${n} did not come`)), LIMIT_MS)
      const check = (): void => {
        if ((counts.get(event) ?? 0) < n) return
        clearTimeout(timer)
        watchers.delete(check)
        resolve()
      }
      watchers.add(check)
      check()
    }),
    stop: () => ended(child),
  }
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('close', () => resolve())
    child.kill('SIGTERM')
  })
}

export interface World {
  bot: BotApi
  /** what the program reads to find Docker and Telegram */
  env: Record<string, string>
  close(): Promise<void>
}

/** A Bot API, and a state directory, for the engine at that address. */
export async function createWorld(dockerHost: string): Promise<World> {
  const bot = await createBotApi({ chats: [{ id: CHAT, title: 'Home' }] })
  const stateDir = mkdtempSync('/tmp/wt-bench-')
  return {
    bot,
    env: { TELEGRAM_BOT_TOKEN: bot.token, TELEGRAM_CHAT_ID: String(CHAT), TELEGRAM_API_URL: bot.url, DOCKER_HOST: dockerHost, STATE_DIR: stateDir },
    async close() {
      await bot.close()
      rmSync(stateDir, { recursive: true, force: true })
    },
  }
}

/** A scripted engine with a Watchtower and so many other containers. */
export async function createEngineWith(containers: number): Promise<DockerApi> {
  const api = await createDockerApi()
  api.containers.push(container({ name: 'watchtower', image: 'containrrr/watchtower:1.7.1', labels: { 'com.centurylinklabs.watchtower': 'true' } }))
  for (let n = 0; n < containers; n += 1) api.containers.push(container({ name: `app-${n}`, image: `app-${n}:1` }))
  return api
}

/** A field of /proc/PID/status in bytes, proc(5): VmRSS is what is held now, VmHWM the most that was. */
export function memoryOf({ child }: Running, field: 'VmRSS' | 'VmHWM'): number {
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * 1024
}

/** Processor time in milliseconds, of 10 each, proc(5). */
export function cpuOf({ child }: Running): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}
