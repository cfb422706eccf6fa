// Every Watchtower of the engine is found, followed, and followed again when it comes back. Takes the
// Docker client, gives their sealed sessions. Runs until the signal aborts; no fault of Docker ends it.
import { createBell, sleep } from './bell.js'
import type { Config } from './config.js'
import type { Docker } from './docker/client.js'
import { describeDockerError } from './docker/fault.js'
import { findWatchtowers, watchContainers } from './docker/discover.js'
import type { Guard } from './guard.js'
import type { Health } from './health.js'
import type { Log } from './logger.js'
import { createSource, type Source } from './source.js'
import type { State } from './state/state.js'
import type { Sealed } from './tell.js'
import type { Watch } from './watch.js'

/** First wait and cap between attempts to reach the engine again. */
const RECONNECT_MS = { first: 1_000, cap: 30_000 }
/** A source that broke off is attached again no sooner. */
const REATTACH_MS = 1_000

interface Followed {
  name: string
  source: Source
  active: boolean
  /** its log was read to the end once, as long as this process lives */
  read: boolean
  fault: string | null
}

export interface WatchtowersOptions {
  docker: Docker
  config: Config
  log: Log
  /** where earlier processes left off */
  cursors: State['cursors']
  /** what is told first may have been told before the state was lost */
  stateLost: boolean
  signal: AbortSignal
  onSealed(sealed: Sealed): void | Promise<void>
  /** A log was read to its end, and no check has ended in it. */
  onEmpty(container: { id: string; name: string }): void
  /** Something on the engine may have changed. */
  onChange(): unknown
  /** Sees what each of them was told to do, and does. */
  guard: Pick<Guard, 'onContainer' | 'onUnreadable' | 'onReplacing' | 'look'>
  /** Sees what is in their logs. */
  watch: Pick<Watch, 'attached' | 'inspected' | 'saw' | 'gone'>
  /** is told what became of each Watchtower */
  health: Pick<Health, 'seen' | 'watch'>
}

/** Resolves after the signal aborts. */
export async function followWatchtowers({ docker, config, log, cursors, stateLost, signal, onSealed, onEmpty, onChange, health, guard, watch }: WatchtowersOptions): Promise<void> {
  const bell = createBell()
  const followed = new Map<string, Followed>()
  let history = cursors.length === 0

  function follow(id: string, name: string): Followed {
    const one: Followed = {
      name,
      active: false,
      read: false,
      fault: null,
      source: createSource(docker, {
        id,
        saved: cursors.find((saved) => saved.id === id)?.checkpoint ?? null,
        history,
        idleMs: config.timing.idleMs,
        reconcileMs: config.timing.reconcileMs,
        timeoutMs: config.timing.dockerTimeoutMs,
        onSession: (session, checkpoint, missed) => onSealed({ container: { id, name: one.name }, session, checkpoint, missed, stateLost: stateLost && missed && !one.read }),
        onAttached: (empty) => {
          if (empty) onEmpty({ id, name: one.name })
          one.read = true
          one.fault = null
          watch.attached(id)
          health.watch(id, one.name, 'following')
          log.info('watchtower.attached', { container: one.name, id }, `following ${one.name}`)
        },
        onEvent: (event, at) => watch.saw(id, event, at),
        onContainer: (answer) => {
          guard.onContainer({ id, name: one.name }, answer)
          watch.inspected(id, answer)
        },
        onReplacing: (check) => guard.onReplacing({ id, name: one.name }, check),
        onEngineError: (message) => {
          if (message !== one.fault) log.warn('log.broken', { container: one.name, error: message }, `Docker could not read on in the log of ${one.name}`)
          one.fault = message
        },
        onStalled: () => log.debug('log.stalled', { container: one.name }, `the stream of ${one.name} was silent while its log grew: opening it again`),
      }),
    }
    followed.set(id, one)
    return one
  }

  async function attach(id: string, one: Followed): Promise<void> {
    one.active = true
    health.watch(id, one.name, 'reading')
    try {
      await one.source.attach(signal)
      health.watch(id, one.name, 'waiting')
      if (!signal.aborted) log.info('watchtower.stopped', { container: one.name }, `${one.name} stopped: waiting for it to start`)
    } catch (error) {
      await detached(id, one, error)
    }
    await sleep(REATTACH_MS, signal)
    one.active = false
    bell.ring()
  }

  /** An engine that does not answer at all is told of, and waited for, in the loop below. */
  async function detached(id: string, one: Followed, error: unknown): Promise<void> {
    const { code, statusCode, stack } = error as NodeJS.ErrnoException & { statusCode?: number }
    if (signal.aborted || (statusCode === undefined && code !== undefined)) return
    if (statusCode === undefined) log.error('failed', { stack }, `the log of ${one.name} could not be followed: please report this`)
    const fault = describeDockerError(error, config.docker)
    if (fault !== one.fault && statusCode !== undefined) log.error('log.unreadable', { container: one.name }, `the log of ${one.name} cannot be read: ${fault}`)
    one.fault = fault
    if (statusCode === 501) guard.onUnreadable({ id, name: one.name })
    health.watch(id, one.name, { fault })
    await sleep(RECONNECT_MS.cap, signal)
  }

  let absent = false
  async function look(): Promise<void> {
    const found = await findWatchtowers(docker, config.watchtower)
    const wanted = config.watchtower === null ? 'no container with the label com.centurylinklabs.watchtower=true' : `no container named ${config.watchtower}`
    if (found.length === 0 && !absent) log.warn('watchtower.absent', {}, `${wanted}: start Watchtower, it is picked up then`)
    absent = found.length === 0
    for (const { id, name, running } of found) {
      const one = followed.get(id) ?? follow(id, name)
      one.name = name
      if (!one.active && (running || !one.read)) void attach(id, one)
    }
    history = false
    guard.look(found)
    for (const [id, one] of followed) {
      if (one.active || found.some((c) => c.id === id)) continue
      followed.delete(id)
      health.watch(id, one.name, null)
      watch.gone({ id, name: one.name })
    }
    health.seen('looked')
    onChange()
  }

  let fault: string | null = null
  let attempts = 0
  function onOpen(): void {
    if (attempts === 0 || fault !== null) log.info('docker.connected', {}, 'Docker answers')
    fault = null
    attempts = 0
  }

  for (; !signal.aborted; attempts += 1) {
    try {
      await watchContainers(docker, bell, onOpen, look, signal)
    } catch (error) {
      const next = describeDockerError(error, config.docker)
      if (next !== fault && !signal.aborted) log.error('docker.unreachable', {}, next)
      fault = next
    }
    await sleep(Math.min(RECONNECT_MS.cap, RECONNECT_MS.first * 2 ** Math.min(attempts, 10)), signal)
  }
}
