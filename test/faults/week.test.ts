// A week of the program in a minute, on a fake clock: cut streams, restarts, outages. Nothing is lost, nothing
// is said twice, and nothing that the process holds grows.
import { getEventListeners } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { globalAgent } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import v8 from 'node:v8'
import vm from 'node:vm'
import t, { type Test } from 'tap'
import type { Config } from '../../src/config.js'
import { runDaemon } from '../../src/daemon.js'
import { socketAgent } from '../../src/docker/agent.js'
import { createLog } from '../../src/logger.js'
import { createBotApi } from '../fakes/bot-api.js'
import { container, createDockerApi, stamp } from '../fakes/docker-api.js'
import { CHAT, TIMING, WATCHTOWER } from '../world.js'
import { foundLine, invariant, updateName } from './counter.js'
import { installSteppedClock } from './stepped-clock.js'
import { type Fault, faultTable } from './table.js'

v8.setFlagsFromString('--expose-gc')
const gc = vm.runInNewContext('gc') as () => void

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const MONDAY = Date.parse('2026-11-23T00:00:00Z')
/** What the engine's proxy allows a stream. */
const CUT_EVERY = 10 * MINUTE

/** What one process holds, and its state file. */
interface Footprint {
  descriptors: number
  /** of the event loop: sockets, servers, requests */
  resources: number
  timers: number
  /** of the signal that ends the program, and signals that depend on it */
  onSignal: number
  heapBytes: number
  stateBytes: number
}

/** Listeners of a signal and of those made from it with AbortSignal.any, and what Node keeps to know these. */
function heldBy(signal: AbortSignal): number {
  const sets = Object.getOwnPropertySymbols(signal).filter((key) => /Dependant/.test(String(key))).map((key) => (signal as unknown as Record<symbol, Set<WeakRef<AbortSignal>>>)[key])
  const made = sets.flatMap((set) => [...(set ?? [])])
  const listeners = [signal, ...made.map((one) => one.deref())].map((one) => (one ? getEventListeners(one, 'abort').length : 0))
  return made.length + listeners.reduce((sum, count) => sum + count, 0)
}

async function createWeek(t: Test) {
  const api = await createDockerApi()
  api.containers.push(container({ name: 'watchtower', image: 'containrrr/watchtower:1.7.1', labels: WATCHTOWER }))
  const bot = await createBotApi({ chats: [{ id: CHAT, title: 'Home' }] })
  const stateDir = mkdtempSync(join(tmpdir(), 'wt-state-'))
  const clock = installSteppedClock(MONDAY)
  const config: Config = {
    telegram: { token: bot.token, chat: CHAT, topic: null, apiRoot: bot.url, proxy: null },
    docker: { type: 'unix', path: api.socketPath },
    watchtower: null, host: null, remindMs: 0, quiet: null, style: { language: 'en', timeZone: 'UTC', template: null }, stateDir, logLevel: 'debug',
    timing: { ...TIMING, reconcileMs: 5 * MINUTE, paceMs: 1_000 },
  }
  const warnings: string[] = []
  const warned = ({ name, message }: Error): void => void warnings.push(`${name}: ${message}`)
  process.on('warning', warned)
  const loud: { at: number; event: string }[] = []
  const log = createLog('debug', [bot.token], {
    write(text: string) {
      const { level, event } = JSON.parse(text) as { level: string; event: string }
      if (!['debug', 'info'].includes(level)) loud.push({ at: Date.now(), event })
    },
  })
  let abort = new AbortController()
  let running = Promise.resolve(0)
  t.teardown(async () => {
    clock.uninstall()
    process.off('warning', warned)
    abort.abort()
    await running
    await api.close()
    await bot.close()
    rmSync(stateDir, { recursive: true })
  })

  /** Watchtower's lines, in one burst, a microsecond apart. */
  function say(name: string, ...messages: string[]): void {
    const at = new Date().toISOString().slice(0, 19)
    api.log(name).write(...messages.map((text, n) => ({ at: stamp(Date.now(), n * 1000), stream: 'stderr' as const, text: `time="${at}Z" level=info msg=${text}` })))
  }

  return {
    api, bot, clock, loud, warnings, say,
    start(): void {
      abort = new AbortController()
      running = runDaemon(config, log, abort.signal)
    },
    async stop(): Promise<number> {
      abort.abort()
      return running
    },
    cut(): void {
      api.log('watchtower').destroy()
      api.events.destroy()
    },
    /** After so many garbage collections; heapBytes is worth comparing after some. */
    async footprint(collections = 1): Promise<Footprint> {
      // what the fakes recorded is not the program's, and neither are connections that wait for their next request
      for (const recorded of [api.requests, api.log('watchtower').queries, bot.requests]) recorded.splice(0)
      for (const { freeSockets } of [globalAgent, socketAgent]) for (const socket of Object.values(freeSockets).flat()) socket?.destroy()
      await clock.settled()
      for (let round = 0; round < collections; round += 1) {
        gc()
        await clock.settled()
      }
      return {
        descriptors: readdirSync('/proc/self/fd').length,
        resources: process.getActiveResourcesInfo().length,
        timers: clock.timers(),
        onSignal: heldBy(abort.signal),
        heapBytes: process.memoryUsage().heapUsed,
        stateBytes: statSync(join(stateDir, 'state.json')).size,
      }
    },
  }
}

const time = (day: number, hour: number, minute = 0): number => MONDAY + (day * 24 + hour) * HOUR + minute * MINUTE
const MIB = 2 ** 20
/** What the heap may differ by after collections: V8 compiles more and more of the code, 1.5 MiB were seen. */
const HEAP_BOUND = 3 * MIB
/** What a state remembers of an update that was told, and of a container that is gone. */
const STATE_BYTES = { update: 560, container: 500 }
const COUNTED = ['descriptors', 'resources', 'timers', 'onSignal'] as const

const row: Fault = {
  row: 59, fault: 'Clean idle 7 days (soak, accelerated)', expected: 'no fd/listener leak', timeoutMs: 800_000,
  async run(t) {
    const w = await createWeek(t)
    const { api, bot, clock } = w
    const names: string[] = []
    const fresh = (count: number): string[] => Array.from({ length: count }, () => names[names.push(updateName(names.length)) - 1] as string)
    const quoted = (all: readonly string[]): string[] => all.map((name) => `"${foundLine(name)}"`)
    const done = '"Session done" Failed=0 Scanned=9 Updated=0 notify=no'
    let cuts = 0
    let restarts = 0
    let young: Footprint

    /** Says again what was found last, and so many new ones; the proxy cuts in the middle of it. */
    async function check(news: number): Promise<void> {
      const [first = '', ...rest] = quoted([...names.slice(-3), ...fresh(news)])
      w.say('watchtower', first)
      await clock.until(Date.now() + 1_500)
      w.cut()
      w.say('watchtower', ...rest, done)
    }

    async function oneOff(): Promise<void> {
      api.containers.push(container({ name: 'check-now', image: 'containrrr/watchtower:1.7.1', labels: WATCHTOWER, args: ['--run-once'] }))
      api.start('check-now')
      w.say('check-now', '"Watchtower 1.7.1"', ...quoted(fresh(2)), done)
      await clock.until(Date.now() + 4_000)
      api.stop('check-now')
      api.remove('check-now')
    }

    async function restartWatchtower(): Promise<void> {
      api.stop('watchtower')
      await clock.until(Date.now() + 20_000)
      api.start('watchtower')
      w.say('watchtower', '"Watchtower 1.7.1"')
    }

    async function restart(): Promise<void> {
      const old = await w.footprint()
      for (const what of COUNTED) t.ok(old[what] <= young[what], `${what} did not grow within 12 h: ${young[what]}, ${old[what]}`)
      t.equal(await w.stop(), 0, 'the end is clean')
      w.start()
      restarts += 1
      await clock.until(Date.now() + 2 * MINUTE)
      young = await w.footprint()
    }

    const plan = new Map<number, () => unknown>()
    for (let day = 0; day < 7; day += 1) {
      plan.set(time(day, 3), () => check(day === 2 ? 0 : 2)).set(time(day, 9), restart).set(time(day, 21), restart)
    }
    // Wednesday is clean; Thursday Telegram is away until Friday, when it asks for a wait of seven hours
    let messages = 0
    plan.set(time(2, 0), () => (messages = bot.messages.length))
    plan.set(time(3, 0), () => t.equal(bot.messages.length, messages, 'a day of cuts and restarts without news is silent'))
    plan.set(time(3, 1), () => bot.always('*', { type: 'error', status: 503, description: 'Service Unavailable' }))
    plan.set(time(3, 15), oneOff)
    plan.set(time(4, 1), () => bot.always('*', null))
    plan.set(time(4, 2), () => {
      t.equal(bot.messages.length, messages + 2, 'the outage over, its backlog is delivered')
      bot.next('sendMessage', { type: 'too-many-requests', retryAfter: 7 * 3600 })
    })
    plan.set(time(4, 9, 50), () => t.equal(bot.messages.length, messages + 2, 'the wait that Telegram asked for is kept, across a restart'))
    plan.set(time(4, 10, 10), () => t.equal(bot.messages.length, messages + 3, 'and no longer'))
    plan.set(time(5, 12), restartWatchtower)

    w.say('watchtower', '"Watchtower 1.7.1"')
    w.start()
    await clock.until(time(0, 0, 2))
    young = await w.footprint()
    let early = young
    let namesEarly = 0
    for (let at = time(0, 0); at < time(7, 0); at += CUT_EVERY) {
      await plan.get(at)?.()
      await clock.settled()
      w.cut()
      cuts += 1
      await clock.until(at + MINUTE / 2)
      await clock.leap(at + CUT_EVERY, 2 * MINUTE)
      if (at + CUT_EVERY !== time(2, 0)) continue
      early = await w.footprint(4)
      namesEarly = names.length
    }
    const late = await w.footprint(4)
    t.equal(await w.stop(), 0, 'the end is clean')

    for (const what of COUNTED) t.ok(late[what] <= early[what], `${what} did not grow from day 2 to day 7: ${early[what]}, ${late[what]}`)
    const heap = (late.heapBytes - early.heapBytes) / MIB
    t.ok(late.heapBytes - early.heapBytes <= HEAP_BOUND, `the heap did not grow: ${heap.toFixed(2)} MiB`)
    const remembered = (names.length - namesEarly) * STATE_BYTES.update + STATE_BYTES.container
    t.ok(late.stateBytes - early.stateBytes <= remembered, `the state grew by no more than what was told since: ${early.stateBytes}, ${late.stateBytes}`)
    t.same(w.warnings, [], 'Node warns of nothing')
    t.same(w.loud.filter(({ at }) => at < time(3, 1) || at > time(4, 10, 5)), [], 'neither cuts nor restarts are worth a warning')
    t.same(w.loud.filter(({ event }) => !/^(report\.(retry|unsent)|telegram\.unreachable)$/.test(event)), [], 'Telegram is all there is to warn of')
    const grown = COUNTED.map((what) => `${what === 'onSignal' ? 'listeners' : what} ${early[what]} → ${late[what]}`).join(', ')
    return `${invariant(t, bot, names)}; ${cuts} cuts, ${restarts} restarts; day 2 → 7: ${grown}, heap ${heap < 0 ? '' : '+'}${heap.toFixed(2)} MiB, state ${early.stateBytes} → ${late.stateBytes} bytes`
  },
}

await faultTable(t, [row])
