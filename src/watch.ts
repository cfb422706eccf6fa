// Watches the Watchtowers: whether they run, and whether their checks come. Takes the Docker client and
// what is read of their logs, changes the state. Looks now and then, and when something changed.
import { createBell } from './bell.js'
import type { Config } from './config.js'
import type { Docker } from './docker/client.js'
import { findWatchtowers, isOneOff } from './docker/discover.js'
import { type Announcement, announcementOf } from './guard/banner.js'
import { dueAfter, type Plan, planOf } from './guard/overdue.js'
import { isTelling, type Settings, settingsOf } from './guard/settings.js'
import { type Vitals, vitalsOf } from './guard/vitals.js'
import { afterCheck, checkOf, judge, judgeGone, type Known, type Verdict } from './guard/watching.js'
import { watchMessage } from './guard/watch-message.js'
import { looked } from './guard/watched.js'
import type { Log } from './logger.js'
import { raise, settle, type State } from './state/state.js'
import type { Store } from './state/store.js'
import type { Sealed } from './tell.js'
import type { WatchtowerEvent } from './watchtower/event.js'

export interface Watch {
  /** A check ended. */
  sealed(sealed: Pick<Sealed, 'container' | 'session'>): void
  /** A log was read to its end: what it says of checks is known from now on. */
  attached(id: string): void
  /** A Watchtower is attached to; answer: its container's inspect answer. */
  inspected(id: string, answer: unknown): void
  saw(id: string, event: WatchtowerEvent, at: string | null): void
  /** A container was removed, and what there was of its log is read. */
  gone(container: { id: string; name: string }): void
  /** Something on the engine may have changed. */
  ring(): void
  /** Resolves when the signal aborts. */
  run(signal: AbortSignal): Promise<void>
}

export interface WatchOptions {
  docker: Docker
  config: Pick<Config, 'watchtower' | 'host' | 'style'> & { timing: Pick<Config['timing'], 'downAfterMs' | 'overdueAfterMs'> }
  log: Log
  store: Store
  /** There may be something new to send. */
  onNews(): void
}

/** How often it looks, unless something must be noticed sooner: a minute more or less does not matter to a person. */
const LOOK_MS = 30_000
/** A look that comes later than this was kept from looking: the machine slept, its clock was set, or the engine was away. Less is within every grace. */
const LATE_MS = 5 * 60_000
/** It looks so many times within a bound that a user sets. */
const LOOKS_WITHIN = 10
/** Of a banner that names no version: 1.1's and older do not. */
const UNNAMED = '1.1'
/** Well again is what stays up for this part of the time after which it is told of. */
const STEADY_PART = 5

export function createWatch({ docker, config, log, store, onNews }: WatchOptions): Watch {
  const { downAfterMs, overdueAfterMs } = config.timing
  const everyMs = Math.min(LOOK_MS, downAfterMs / LOOKS_WITHIN, (overdueAfterMs ?? Infinity) / LOOKS_WITHIN)
  const bounds = { downAfterMs, steadyMs: downAfterMs / STEADY_PART, overdueAfterMs }
  const bell = createBell()
  const began = Date.now()
  const known = new Map<string, Known>()
  const settings = new Map<string, Settings | null>()
  /** made anew when more is known: it takes milliseconds */
  const plans = new Map<string, { version: string | null; announced: Announcement | null; plan: Plan }>()
  /** whose check, that has not ended, was asked for over the HTTP API */
  const asked = new Set<string>()
  /** the last check that ended before the first look: until then nobody knows what is watched */
  const early = new Map<string, Parameters<Watch['sealed']>[0]>()
  let candidates = new Map<string, number>()
  let lookedAt: number | null = null
  let absentSince: number | null = null

  /** The engine's clock: what is compared with it are times of containers, logs and schedules. */
  const clock = (): number => Date.now() + docker.aheadMs()
  const begunAt = (): number => began + docker.aheadMs()

  function knownOf(id: string): Known {
    const one = known.get(id) ?? { attached: false, idle: null, lastError: null, oneOff: null, version: null, announced: null }
    known.set(id, one)
    return one
  }

  function tell(state: State, verdicts: readonly Verdict[]): State {
    const now = Date.now()
    const writing = { host: config.host, language: config.style.language, timeZone: config.style.timeZone, now }
    return verdicts.reduce((before, { type, key, alarm }) => {
      const message = alarm && watchMessage(alarm, writing)
      const after = type === 'raise' && message ? raise(before, { key, message }, now) : settle(before, { key, message }, now)
      if (after === before) return before
      const said = message?.text.replace(/\n+/g, ' ') ?? 'an alarm is over'
      if (type === 'raise') log.warn('watch.alarm', { key, alarm }, said)
      else log.info('watch.over', { key, alarm }, said)
      return after
    }, state)
  }

  function change(transition: (state: State) => State): void {
    const before = store.get()
    const after = transition(before)
    if (JSON.stringify([after.watched, after.raised]) === JSON.stringify([before.watched, before.raised])) return
    // computed once: what it logs is said once
    store.change(() => after)
    if (after.outbox !== before.outbox) onNews()
  }

  function planFor(state: State, id: string, now: number): Plan | null {
    const one = settings.get(id)
    if (!one) return null
    const { version, announced } = knownOf(id)
    const before = state.cursors.find((cursor) => cursor.id === id)?.checkpoint?.context
    const its = version ?? before?.version ?? (before?.endless === true ? UNNAMED : null)
    const made = plans.get(id)
    if (made && made.version === its && made.announced === announced) return made.plan
    const plan = planOf(one, its, announced, now)
    plans.set(id, { version: its, announced, plan })
    return plan
  }

  function read(id: string, answer: unknown): Vitals | null {
    if (!settings.has(id)) settings.set(id, settingsOf(answer))
    return vitalsOf(answer)
  }

  const runsOnce = (id: string): boolean => settings.get(id)?.runOnce.value === true

  async function look(): Promise<void> {
    const found = await findWatchtowers(docker, config.watchtower)
    const staying: Vitals[] = []
    const oneOffs: Vitals[] = []
    for (const one of found) {
      const once = isOneOff(one) || runsOnce(one.id)
      // of a one-off check only its end is of interest, and only if it said why
      if (once && (one.running || !known.get(one.id)?.lastError)) continue
      const vitals = read(one.id, await docker.inspectContainer(one.id))
      if (!vitals) continue
      if (once || runsOnce(one.id)) {
        knownOf(one.id).oneOff = { ended: vitals.status === 'stopped' }
        oneOffs.push(vitals)
      } else staying.push(vitals)
    }
    const now = clock()
    const first = lookedAt === null
    const gap = now - (lookedAt ?? now)
    const lateMs = gap > LATE_MS ? Math.round(gap - everyMs) : 0
    lookedAt = now
    // of a name one-off checks say nothing: they are followed besides
    const isThere = config.watchtower === null ? found.length > 0 : found.some((one) => !isOneOff(one))
    absentSince = isThere ? null : Math.min(now, (absentSince ?? now) + lateMs)
    change((state) => {
      const mine = state.watched.filter(({ name, id }) => config.watchtower === null || name === config.watchtower || id.startsWith(config.watchtower))
      const checkedAt = (id: string): number | null => Date.parse(state.cursors.find((one) => one.id === id)?.checkpoint?.position.since ?? '') || null
      const awaitedUntil = (id: string, from: number): number | null => {
        const plan = planFor(state, id, now)
        return plan && (dueAfter(from, plan, overdueAfterMs)?.by ?? null)
      }
      const after = looked(mine, { now, lateMs, first, vitals: staying, candidates, checkedAt, awaitedUntil, bounds })
      candidates = after.candidates
      const current = [...early.values()].reduce(counted, { ...state, watched: after.watched })
      early.clear()
      const verdicts = judge({
        now, begunAt: begunAt(), bounds, watched: current.watched, staying, oneOffs, absentSince: mine.length > 0 || (config.watchtower === null && state.cursors.length > 0) ? null : absentSince,
        wanted: config.watchtower, raised: current.raised, known: knownOf, planFor: (id) => planFor(state, id, now),
      })
      return tell(current, verdicts)
    })
    const kept = new Set([...found.map(({ id }) => id), ...store.get().watched.map(({ id }) => id)])
    for (const map of [known, settings, plans, asked]) for (const id of map.keys()) if (!kept.has(id) && !known.get(id)?.oneOff) map.delete(id)
  }

  function counted(state: State, { container: { id }, session }: Parameters<Watch['sealed']>[0]): State {
    const now = clock()
    const check = checkOf(session, now)
    // what is asked for may be a few images; of one that makes no other checks it is all there is to go by
    const isPart = asked.delete(id) && settings.get(id)?.httpApiPolls.value === true
    if (check.ok) Object.assign(knownOf(id), { lastError: null, ...(!isPart && { idle: check.idle }) })
    const { watched, verdicts } = afterCheck(state.watched, id, check, planFor(state, id, now), now)
    return tell({ ...state, watched }, verdicts)
  }

  return {
    sealed(one) {
      if (lookedAt === null) return void early.set(one.container.id, one)
      change((state) => counted(state, one))
      bell.ring()
    },
    attached(id) {
      knownOf(id).attached = true
      bell.ring()
    },
    inspected(id, answer) {
      const vitals = read(id, answer)
      const own = settings.get(id)
      // at a level that tells no end nobody knows whether there was one
      if (!vitals || !own || !(vitals.oneOff || own.runOnce.value) || !isTelling(own.logLevel.value)) return
      // what ended before is history
      if (vitals.status !== 'stopped' || (vitals.finishedAt ?? 0) >= begunAt()) knownOf(id).oneOff ??= { ended: false }
    },
    gone(container) {
      change((state) => tell(state, judgeGone(container, knownOf(container.id))))
      knownOf(container.id).oneOff = null
      bell.ring()
    },
    saw(id, event, at) {
      const one = knownOf(id)
      if (event.type === 'started') Object.assign(one, { version: event.version ?? UNNAMED, lastError: null })
      else if (event.type === 'asked') asked.add(id)
      else if (event.type === 'scheduled' && at !== null) one.announced = announcementOf(event.message, Date.parse(at))
      else if (event.type === 'error') one.lastError = event.message
      else if (event.type === 'session-aborted' && !event.consequence) one.lastError = event.error
    },
    ring: bell.ring,
    async run(signal) {
      // for the engine's clock; one that does not answer is told of elsewhere: the time until it does is not counted
      await docker.ping().catch(() => {})
      while (!signal.aborted) {
        await look().catch(() => {})
        await bell.wait(everyMs, signal)
      }
    },
  }
}
