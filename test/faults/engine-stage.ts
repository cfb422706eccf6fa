// The stage for faults on a real engine: stand-in Watchtowers, the built program beside them, the fake Bot API, and a
// note of every update that was injected.
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { type Engine, engineMissing, startEngine } from '../engine/engine.js'
import { until } from '../engine/processes.js'
import { standInWatchtower, watchtowerLine } from '../engine/watchtower.js'
import { type BotApi, createBotApi } from '../fakes/bot-api.js'
import { count, foundLine, invariant, updateName } from './counter.js'
import { CHAT, environmentFor, MEMORY_BOUND, peakMemory, type SidecarProcess, startProcess, TOPIC } from './sidecar-process.js'
import { type Fault, faultTable } from './table.js'

export interface EngineFault extends Omit<Fault, 'run' | 'impossible'> {
  run(t: Test, engine: Engine): Promise<string>
  /** what this row needs besides an engine and does not find here, or null */
  missing?(): string | null
}

/** Runs rows on one engine that they share. Where none can run they say why, or fail with it if ENGINE_REQUIRED=1. */
export async function engineFaults(t: Test, faults: readonly EngineFault[]): Promise<void> {
  const required = process.env.ENGINE_REQUIRED === '1'
  const engine = engineMissing() === null ? await startEngine() : null
  t.teardown(() => engine?.stop())
  t.setTimeout(faults.reduce((sum, { timeoutMs = 120_000 }) => sum + timeoutMs, 60_000))
  await faultTable(t, faults.map(({ missing, run, ...fault }) => {
    const reason = engineMissing() ?? missing?.() ?? null
    if (reason !== null && !required) return { ...fault, impossible: reason }
    return {
      ...fault,
      run: (inner: Test) => {
        if (reason !== null || !engine) throw new Error(`ENGINE_REQUIRED=1, but: ${reason}`)
        return run(inner, engine)
      },
    }
  }))
}

/** One stand-in Watchtower. */
export interface Tower {
  id: string
  /** prints these lines as they are */
  print(...lines: string[]): void
  /** prints a whole check that finds n updates nobody found before, with more lines before its end; gives their names */
  check(n?: number, ...more: string[]): string[]
  /** prints only what such a check finds: its session stays open */
  open(n?: number): string[]
  /** prints the end of a check */
  close(): void
  /** ends the container with this exit code, once all is printed */
  exit(code: number): void
  /** resolves once this text is in the last lines that the engine has of it; fails after 60 s */
  logged(text: string): Promise<void>
}

export interface Stage {
  bot: BotApi
  stateDir: string
  /** every update printed so far */
  injected: readonly string[]
  /** runs a Watchtower with these arguments of `docker run`, at the end of the test it is removed */
  tower(...args: string[]): Promise<Tower>
  /** starts the program, again on the same state; resolves once it has attached to so many Watchtowers (default 1) */
  start(env?: Readonly<Record<string, string>>, attached?: number): Promise<SidecarProcess>
  /** the program that was started last */
  program(): SidecarProcess
  /** SIGTERM to the program, which must end with 0 */
  stop(): Promise<void>
  /** its exit code, when it ends by itself; fails if it has not within 60 s */
  ended(): Promise<number | string>
  /** checks that all that was injected gets told, default within 60 s */
  told(timeoutMs?: number): Promise<void>
  /** waits until all is told, restarts the program, and gives the verdict of the counter once it has read everything again */
  judge(options?: { mayRepeat?: boolean, timeoutMs?: number }): Promise<string>
}

export interface StageOptions {
  /** number in the matrix; the names of its updates begin with it */
  row: number
  /** the value for DOCKER_HOST, default the engine's socket */
  host?: string
  env?: Readonly<Record<string, string>>
  nodeArguments?: readonly string[]
  /** how Watchtower's lines look, default as stock 1.7.1 prints them into a log */
  style?(line: string): string
}

export async function createStage(t: Test, engine: Engine, options: StageOptions): Promise<Stage> {
  const { row, host = engine.host, nodeArguments = [], style = (line) => line } = options
  const bot = await createBotApi({ chats: [{ id: CHAT, title: 'Home', is_forum: true, topics: [TOPIC] }] })
  t.teardown(() => bot.close())
  const stateDir = mkdtempSync(join(engine.directory, 'state-'))
  const watchtower = await standInWatchtower(engine, t, { always: true })
  const injected: string[] = []
  const programs: SidecarProcess[] = []
  const givenUp = new Set<string>() // waited for in vain
  let peak = 0
  t.teardown(async () => {
    await engine.dockerd.start() // a row that failed may have left it down or frozen
    const { stdout } = await engine.docker(['ps', '--all', '--quiet'])
    const ids = stdout.split('\n').filter(Boolean)
    if (ids.length > 0) await engine.docker(['rm', '--force', ...ids])
  })

  async function tower(...args: string[]): Promise<Tower> {
    const feed = watchtower.createFeed()
    const id = await engine.run('--volume', feed.mount, ...args, watchtower.image)
    const finds = (n: number): { names: string[], lines: string[] } => {
      const first = injected.length
      const names = Array.from({ length: n }, (_, i) => updateName(row * 1000 + first + i))
      injected.push(...names)
      return { names, lines: names.map((name, i) => style(watchtowerLine(foundLine(name, row * 1000 + first + i)))) }
    }
    const end = (n: number): string => style(watchtowerLine('Session done', `Failed=0 Scanned=${n} Updated=${n} notify=no`))
    return {
      id,
      print: (...lines) => feed.feed(...lines),
      check: (n = 1, ...more) => {
        const { names, lines } = finds(n)
        feed.feed(...lines, ...more, end(n))
        return names
      },
      open: (n = 1) => {
        const { names, lines } = finds(n)
        feed.feed(...lines)
        return names
      },
      close: () => feed.feed(end(1)),
      exit: feed.exit,
      logged: async (text) => {
        const shows = async (): Promise<boolean> => {
          // in the moment of a rotation it may fail
          const { stdout, stderr } = await engine.docker(['logs', '--tail', '20', id], { allowFailure: true })
          return stdout.includes(text) || stderr.includes(text)
        }
        if (!(await until(shows, 60_000))) throw new Error(`the engine's log did not get: ${text}`)
      },
    }
  }

  const program = (): SidecarProcess => {
    const last = programs.at(-1)
    if (!last) throw new Error('the program was not started')
    return last
  }

  async function start(env: Readonly<Record<string, string>> = {}, attached = 1): Promise<SidecarProcess> {
    programs.push(startProcess(t, {
      ...environmentFor(bot, host, stateDir), RECONCILE_EVERY: '1s', RETRY_PACE: '100ms', LOG_LEVEL: 'debug', ...options.env, ...env,
    }, nodeArguments))
    await program().waitFor('watchtower.attached', attached, 60_000)
    return program()
  }

  async function stop(): Promise<void> {
    peak = Math.max(peak, peakMemory(program()))
    program().child.kill('SIGTERM')
    t.equal(await program().exit, 0, 'it ends with 0 on SIGTERM')
  }

  async function ended(): Promise<number | string> {
    const { child, exit } = program()
    if (!(await until(() => child.exitCode !== null || child.signalCode !== null, 60_000))) throw new Error(`it did not end by itself:\n${program().output().slice(-8000)}`)
    return exit
  }

  async function told(timeoutMs = 60_000): Promise<void> {
    if (givenUp.size > 0) timeoutMs = 5000 // the row has failed; the rest of it only says by how much
    const missing = (): string[] => count(bot, injected).lost.filter((name) => !givenUp.has(name))
    const all = await until(() => missing().length === 0, timeoutMs)
    t.ok(all, 'all is told')
    if (!all) t.comment(`not told: ${missing().join(', ')}; the program said:\n${program().output().slice(-8000)}`)
    for (const name of missing()) givenUp.add(name)
  }

  async function judge({ mayRepeat = false, timeoutMs = 60_000 }: { mayRepeat?: boolean, timeoutMs?: number } = {}): Promise<string> {
    await told(timeoutMs)
    await stop()
    const { stdout } = await engine.docker(['ps', '--quiet', '--filter', `ancestor=${watchtower.image}`])
    // what it takes for new now stands in the queue before this last update
    await start({}, stdout.split('\n').filter(Boolean).length)
    const last = await tower()
    last.check()
    await told(timeoutMs)
    await stop()
    for (const one of programs) {
      t.notOk(one.output().includes(bot.token), 'the token is in no output')
      t.notMatch(one.output(), /MaxListenersExceededWarning|UnhandledPromiseRejection/)
    }
    t.ok(peak < MEMORY_BOUND, `it held ${Math.round(peak / 1e6)} MB at most`)
    return invariant(t, bot, injected, { mayRepeat })
  }

  return { bot, stateDir, injected, tower, start, program, stop, ended, told, judge }
}
