// The stage of a fault row: a fake engine with a Watchtower, a fake Bot API and a state directory, on which the built
// program is started as often as the row needs. Watchtower's lines are as it writes them: a check names all that is pending.
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { until } from '../engine/processes.js'
import { type ApiRequest, type BotApi, createBotApi, type SentMessage } from '../fakes/bot-api.js'
import { ownPort } from '../fakes/loopback.js'
import { container, createDockerApi, type DockerApi, stamp } from '../fakes/docker-api.js'
import { count, foundLine, invariant, told, updateName } from './counter.js'
import { CHAT, environmentFor, type SidecarProcess, startProcess, TOPIC } from './sidecar-process.js'

export const WATCHTOWER = { 'com.centurylinklabs.watchtower': 'true' }
/** The waits of the program, scaled: it behaves alike, only sooner. */
const SCALED = { RECONCILE_EVERY: '300ms', DOCKER_TIMEOUT: '5s', TELEGRAM_TIMEOUT: '5s', RETRY_PACE: '10ms', LOG_LEVEL: 'debug' }
const MAX_RSS = 150 * 2 ** 20
/** It promises 5 s, 4 of them for an answer of Telegram's; the rest is what a busy machine takes. */
const STOPPED_MS = 20_000

/** A line as Watchtower's logger prints it. */
export function record(message: string, fields = ''): string {
  return `time="${new Date().toISOString().slice(0, 19)}Z" level=info msg=${JSON.stringify(message)}${fields}`
}

export const found = (name: string): string => record(foundLine(name, Number(name.slice(4))))
export const done = (updates: number): string => record('Session done', ` Failed=0 Scanned=${updates} Updated=${updates} notify=no`)

export interface Stage {
  api: DockerApi
  /** the fake Bot API; another one after `telegramUp`, with the messages of the one before */
  bot: BotApi
  stateDir: string
  /** every name given out: the counter asks for each */
  injected: string[]
  /** added to the stamps of lines, in ms; default 0 */
  clockMs: number
  /** called with each request to the Bot API before anything is performed */
  onRequest(request: ApiRequest): void
  /** names for n more updates, which are pending from now on in the checks of a container */
  names(n: number, on?: string): string[]
  /** a stamp later than all before */
  now(): string
  /** writes raw lines to a container's log */
  say(lines: readonly string[], on?: string): void
  /** writes a whole check with n more updates; `again: false` leaves out those that are pending since before */
  check(n?: number, options?: { on?: string; again?: boolean }): string[]
  start(env?: Record<string, string>, nodeArguments?: readonly string[]): SidecarProcess
  /** SIGTERM, and the end of it: exit code 0, and no wait but the last send's 4 s; gives the milliseconds it took. before: called while it still lives */
  stop(process: SidecarProcess, before?: (process: SidecarProcess) => void): Promise<number>
  kill(process: SidecarProcess): Promise<void>
  /** resolves with the accepted messages once every name given out, or these, stands in one */
  told(names?: readonly string[], timeoutMs?: number): Promise<SentMessage[]>
  /** resolves after n whole plain reads of a log from now on */
  reads(n?: number, on?: string): Promise<void>
  telegramDown(): Promise<void>
  telegramUp(): Promise<void>
  /** what the sidecar says of itself at its lock; null where nothing answers */
  health(): Promise<{ healthy: boolean; faults: string[] } | null>
  /** the counter's verdict, and what holds in every row: no token in any output, no end of its own, bounded memory */
  verdict(options?: { mayRepeat?: boolean }): string
  close(): Promise<void>
}

/** Resolves once check holds; fails saying what was waited for. */
export async function eventually(check: () => boolean | Promise<boolean>, what: string | (() => string), timeoutMs = 30_000): Promise<void> {
  if (!(await until(check, timeoutMs))) throw new Error(`within ${timeoutMs} ms not: ${typeof what === 'string' ? what : what()}`)
}

/** Runs work for each item, at most so many at a time. */
export async function inParallel<T>(items: Iterable<T>, atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  const waiting = items[Symbol.iterator]()
  const worker = async (): Promise<void> => {
    for (let next = waiting.next(); !next.done; next = waiting.next()) await work(next.value)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

/** With a Watchtower of that name that has logged nothing yet; no name, no Watchtower. The end of the test closes it. */
export async function createStage(t: Test, { watchtower = 'watchtower', stateDir }: { watchtower?: string | null; stateDir?: string } = {}): Promise<Stage> {
  const api = await createDockerApi()
  if (watchtower !== null) api.containers.push(container({ name: watchtower, image: 'containrrr/watchtower:1.7.1', labels: WATCHTOWER }))
  const options = { port: await ownPort(), chats: [{ id: CHAT, title: 'Home', is_forum: true, topics: [TOPIC] }], onRequest: (request: ApiRequest) => stage.onRequest(request) }
  const directory = mkdtempSync('/tmp/wt-state-')
  const pending = new Map<string, string[]>()
  const processes: SidecarProcess[] = []
  const stopped = new Set<SidecarProcess>()
  let [ms, nanos] = [0, 0]
  let named = 0

  const stage: Stage = {
    api, bot: await createBotApi(options), stateDir: stateDir ?? directory, injected: [], clockMs: 0,
    onRequest: () => {},
    names(n, on = 'watchtower') {
      const names = Array.from({ length: n }, () => updateName((named += 1)))
      stage.injected.push(...names)
      pending.set(on, [...(pending.get(on) ?? []), ...names])
      return names
    },
    now() {
      const real = Date.now() + stage.clockMs
      nanos += 1_003
      if (real > ms || nanos >= 1_000_000) [ms, nanos] = [Math.max(real, ms + 1), 229]
      return stamp(ms, nanos)
    },
    say: (lines, on = 'watchtower') => api.log(on).write(...lines.map((text) => ({ at: stage.now(), stream: 'stderr' as const, text }))),
    check(n = 1, { on = 'watchtower', again = true } = {}) {
      const fresh = stage.names(n, on)
      const all = again ? (pending.get(on) ?? []) : fresh
      stage.say([...all.map(found), done(all.length)], on)
      return fresh
    },
    start(env = {}, nodeArguments = []) {
      const process = startProcess(t, { ...environmentFor(stage.bot, api.host, stage.stateDir), ...SCALED, ...env }, nodeArguments)
      processes.push(process)
      return process
    },
    async stop(process, before = () => {}) {
      before(process)
      const asked = performance.now()
      stopped.add(process)
      process.child.kill('SIGTERM')
      t.equal(await process.exit, 0, 'exits 0 on SIGTERM')
      const took = Math.round(performance.now() - asked)
      t.ok(took < STOPPED_MS, `exits soon after SIGTERM: ${took} ms`)
      return took
    },
    async kill(process) {
      process.child.kill('SIGKILL')
      await process.exit
    },
    async told(names = stage.injected, timeoutMs = 30_000) {
      const said = (): string => processes.at(-1)?.lines().slice(-8).map((line) => line.msg).join(' | ') ?? 'nothing'
      await eventually(() => count(stage.bot, names).lost.length === 0, () => `all told: ${told(count(stage.bot, names))}; the sidecar said ${said()}`, timeoutMs)
      return stage.bot.messages
    },
    async reads(n = 2, on = 'watchtower') {
      // a read that begins before now may miss what was written just now, one that has begun may not be over
      const { queries } = api.log(on)
      const plain = (): number => queries.filter(({ follow }) => !['1', 'true'].includes(follow ?? '')).length
      const before = plain()
      await eventually(() => plain() > before + n, `${n} plain reads of ${on}`)
    },
    telegramDown: () => stage.bot.close(),
    async telegramUp() {
      const { messages, url, chats } = stage.bot
      stage.bot = await createBotApi({ ...options, chats, port: Number(new URL(url).port) })
      stage.bot.messages.push(...messages)
    },
    health: () => new Promise((resolve) => {
      let text = ''
      connect(join(stage.stateDir, 'lock')).on('data', (chunk) => (text += chunk)).on('error', () => resolve(null)).on('end', () => resolve(JSON.parse(text)))
    }),
    verdict(options) {
      for (const one of processes) {
        t.notOk(one.output().includes(stage.bot.token), 'no token in any output')
        t.doesNotThrow(() => one.lines(), 'only JSON lines on standard output')
        t.ok(one.rss() < MAX_RSS, `memory is bounded: ${one.rss()}`)
        if (!stopped.has(one)) t.not(one.child.exitCode, 0, 'never exits 0 by itself')
      }
      return invariant(t, stage.bot, stage.injected, options)
    },
    async close() {
      for (const { child } of processes) child.kill('SIGKILL')
      // or one would write into the directory while it is removed
      await Promise.all([...processes.map(({ exit }) => exit), api.close(), stage.bot.close()])
      rmSync(directory, { recursive: true, force: true })
    },
  }
  t.teardown(() => stage.close())
  return stage
}

/** A file of the state directory as it stands on the disk; null where there is none. */
export function stateFile(stage: Stage, name = 'state.json'): string | null {
  try {
    return readFileSync(join(stage.stateDir, name), 'utf8')
  } catch {
    return null
  }
}

/** What waits to be sent, as it stands on the disk; null while no state was saved. */
export function outboxOf(stage: Stage): { entries: { state: string }[]; notBefore: number } | null {
  const text = stateFile(stage)
  return text === null ? null : JSON.parse(text).state.outbox
}

/** Resolves once all that was told is noted as sent on the disk too. */
export const settled = (stage: Stage): Promise<void> => eventually(() => outboxOf(stage)?.entries.length === 0, 'nothing waits to be sent')

/** A stage on a machine whose clock and name service can be changed, while the sidecar runs too. */
export async function createMachine(t: Test): Promise<{ stage: Stage; set(clockMs: number, names?: boolean): void; start(env?: Record<string, string>): SidecarProcess }> {
  const stage = await createStage(t)
  const file = join(stage.stateDir, 'machine.json')
  const machine = { MACHINE_FILE: file, TELEGRAM_API_URL: stage.bot.url.replace('127.0.0.1', 'telegram.test') }
  const set = (clockMs: number, names = true): void => {
    stage.clockMs = clockMs
    // in one step, for the sidecar may be reading it
    writeFileSync(`${file}.new`, JSON.stringify({ clockMs, names }))
    renameSync(`${file}.new`, file)
  }
  set(0)
  return { stage, set, start: (env = {}) => stage.start({ ...machine, ...env }, ['--require', fileURLToPath(new URL('machine.cjs', import.meta.url))]) }
}

/** A stage and a sidecar that follows its Watchtower. */
export async function attached(t: Test, env: Record<string, string> = {}): Promise<{ stage: Stage; sidecar: SidecarProcess }> {
  const stage = await createStage(t)
  const sidecar = stage.start(env)
  await sidecar.waitFor('watchtower.attached')
  return { stage, sidecar }
}

/** Which names the report of each sealed check holds, by the container that it came from. */
export const sealed = (sidecar: SidecarProcess): string[][] => sidecar.events('session.sealed')
  .map(({ report }) => [report.watchtower.container, ...report.updates.map(({ image }: { image: string }) => image.slice(0, 9))])
