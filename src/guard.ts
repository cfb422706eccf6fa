// The guard on watch: Watchtowers that may update, or that hide what they do, are told of at once, and so is every
// container that one of them replaced. Takes what the sources see, changes the state; the engine is only looked at.
import { sleep } from './bell.js'
import type { Config } from './config.js'
import type { Docker } from './docker/client.js'
import { type AlarmStyle, findingMessage, incidentMessage, settledMessage } from './guard/alarm.js'
import { type Finding, findingsOf } from './guard/findings.js'
import { incidentKey, incidentsOf, type Incident, violationsOf } from './guard/incident.js'
import { type Settings, settingsOf } from './guard/settings.js'
import { vitalsOf } from './guard/vitals.js'
import type { Log } from './logger.js'
import { createMemory } from './memory.js'
import { type ContainerFacts, containerFacts } from './report/facts.js'
import type { Watchable } from './report/watched.js'
import { raise, settle } from './state/state.js'
import type { Store } from './state/store.js'
import type { CheckSession, Replaced } from './watchtower/session.js'

type Container = { id: string; name: string }

export interface Guard {
  /** A Watchtower is attached to; answer: its container's inspect answer. */
  onContainer(container: Container, answer: unknown): void
  /** Docker cannot read its log. */
  onUnreadable(container: Container): void
  /** A check that has not ended has replaced or stopped one more container. */
  onReplacing(container: Container, check: Pick<CheckSession, 'found' | 'replaced'>): void
  /** Resolves when what a sealed session replaced is told, or was. */
  tell(container: Container, session: CheckSession): Promise<void>
  /** Something changed; present: the Watchtowers that there are. */
  look(present: readonly Container[]): void
}

export interface GuardOptions {
  docker: Docker
  config: Pick<Config, 'host' | 'style'>
  log: Log
  store: Store
  signal: AbortSignal
  /** There may be something new to send. */
  onNews(): void
}

/** Watchtower stops a container, for 10 s if it must, and creates it within seconds; one that is away for longer is told as stopped. */
const STOPPED_MS = 60_000
/** A Watchtower that is recreated is away for seconds; one that is gone for longer has nothing to settle. */
const ABSENT_MS = 60_000
/** Watchtowers whose settings are remembered, those that are gone first forgotten: what they did may still be told. */
const MAX_WATCHED = 100

interface Watched {
  container: Container
  /** what is told of it counts for the container that takes its place, too: its name, but for a Swarm task, which has another each time */
  place: string
  settings: Settings
  facts: ContainerFacts
  /** one that ended before this program began, or whose place another took, does nothing any more */
  active: boolean
  unreadable: boolean
  oneOff: boolean
}

export function createGuard({ docker, config, log, store, signal, onNews }: GuardOptions): Guard {
  const watched = new Map<string, Watched>()
  const memory = createMemory(docker)
  const absentSince = new Map<string, number>()
  /** stopped containers that may still be created again, by their incidents' keys */
  const waiting = new Set<string>()
  const begun = Date.now()
  const style = (): AlarmStyle => ({ host: config.host, language: config.style.language, timeZone: config.style.timeZone, now: Date.now() })

  let work = Promise.resolve()
  /** One after the other, so that nothing is told twice. */
  function next(step: () => Promise<void> | void): Promise<void> {
    work = work.then(() => (signal.aborted ? undefined : step())).catch((error: unknown) => log.error('guard.failed', { stack: (error as Error).stack }, 'the guard could not look: please report this'))
    return work
  }

  const isRaised = (key: string): boolean => store.get().raised.includes(key)

  /** Whether the engine has to be known before this Watchtower touches it. */
  const mayUpdate = ({ settings }: Watched): boolean => !settings.monitorOnly.value || settings.labelPrecedence.value

  function findings({ settings, facts, unreadable, oneOff }: Watched, containers: readonly Watchable[]): Finding[] {
    const all = findingsOf(settings, { watchtower: facts, containers, unreadable, language: config.style.language })
    // how a one-off check logs is its service's, which is told of
    return oneOff ? all.filter(({ code }) => code === 'not-monitor-only' || code === 'label-precedence') : all
  }

  async function judge(one: Watched): Promise<void> {
    const { settings, container, place } = one
    const neighbours = settings.labelPrecedence.value || settings.log.maxSize !== null ? await neighboursNow() : []
    const wrong = findings(one, neighbours ?? [])
    const keys = wrong.map((finding) => keyOf(place, finding))
    for (const [index, finding] of wrong.entries()) {
      const key = keys[index] as string
      if (isRaised(key)) continue
      log[finding.severity === 'fault' ? 'error' : 'warn']('guard.finding', { container: container.name, code: finding.code, remedy: [finding.remedy, ...finding.paste].join(' ') }, finding.what)
      store.change((state) => raise(state, { key, message: findingMessage(finding, style()) }, Date.now()))
      onNews()
    }
    if (neighbours !== null) settleOthers(place, keys, wrong.some(isDangerous) ? null : container.name)
  }

  /** What was told of a Watchtower in this place and is not so any more. safe: its name, if nothing that is dangerous is. */
  function settleOthers(place: string, wrong: readonly string[], safe: string | null): void {
    for (const key of store.get().raised) {
      const [, told, code] = parsed(key)
      if (told !== place || wrong.includes(key)) continue
      const message = safe !== null && isDangerous({ code: code as Finding['code'] }) ? settledMessage(safe, style()) : null
      log.info('guard.settled', { container: place, code }, `${place}: ${code} is settled`)
      store.change((state) => settle(state, { key, message }, Date.now()))
      onNews()
    }
  }

  async function neighboursNow(): Promise<Watchable[] | null> {
    const listed = await docker.list().catch(() => null)
    // what is stopped now, for a restart or for long, may run again at the next check
    return listed && listed.map(({ name, labels }) => ({ name, labels: new Map(Object.entries(labels)), status: 'running' }))
  }

  async function tellReplaced(container: Container, replaced: readonly Replaced[], found: CheckSession['found']): Promise<void> {
    const untold = replaced.filter((one) => !isRaised(incidentKey(container.id, one)))
    const [first] = untold
    if (!first) return
    const one = watched.get(container.id)
    // what cannot be learned now is told without
    await memory.look(found.map(({ newImageId }) => newImageId)).catch(() => {})
    const incidents = incidentsOf(untold, found, {
      before: memory.before(first.at),
      now: memory.now(),
      announced: store.get().tracked.map(({ update }) => update),
      cleanup: one?.settings.cleanup.value === true,
    })
    const message = incidentMessage(incidents as [Incident, ...Incident[]], container.name, one?.settings ?? null, style())
    const [key = '', ...along] = untold.map((two) => incidentKey(container.id, two))
    for (const { container: name, state } of untold) log.error('container.replaced', { container: container.name, replaced: { container: name, state } }, `${container.name} ${state === 'recreated' ? 'replaced' : 'stopped'} ${name}: it is not monitor-only`)
    store.change((state) => raise(state, { key, along, message }, Date.now()))
    onNews()
  }

  return {
    onContainer(container, answer) {
      const [settings, facts, vitals] = [settingsOf(answer), containerFacts(answer), vitalsOf(answer)]
      if (!settings || !facts || !vitals) return
      const place = vitals.swarm === null ? container.name : vitals.place
      const others = [...watched.values()].filter((other) => other.container.id !== container.id && other.place === place)
      const active = vitals.status !== 'stopped' || ((vitals.startedAt ?? 0) - docker.aheadMs() >= begun && !others.some((other) => other.active))
      const one: Watched = { container, place, settings, facts, active, unreadable: watched.get(container.id)?.unreadable ?? false, oneOff: vitals.oneOff || settings.runOnce.value }
      watched.set(container.id, one)
      if (!active) return
      for (const other of others) other.active = false
      void next(() => judge(one))
      if (mayUpdate(one)) void next(() => memory.look().catch(() => {}))
    },
    onUnreadable({ id }) {
      const one = watched.get(id)
      if (!one?.active || one.unreadable) return
      one.unreadable = true
      void next(() => judge(one))
    },
    onReplacing(container, { found, replaced }) {
      const recreated = replaced.filter(({ state }) => state === 'recreated')
      if (recreated.length > 0) void next(() => tellReplaced(container, recreated, found))
      // without a find it may be the clean-up of an older Watchtower, which its banner or the session's end tells
      const stopped = found.length === 0 ? [] : replaced.filter((one) => one.state === 'stopped' && !waiting.has(incidentKey(container.id, one)))
      if (stopped.length === 0) return
      const keys = stopped.map((one) => incidentKey(container.id, one))
      for (const key of keys) waiting.add(key)
      void sleep(STOPPED_MS, signal).then(() => {
        for (const key of keys) waiting.delete(key)
        return next(() => tellReplaced(container, stopped, found))
      })
    },
    tell: (container, session) => next(() => tellReplaced(container, violationsOf(session), session.found)),
    look(present) {
      for (const [id, one] of watched) {
        const container = present.find((two) => two.id === id)
        if (!container && watched.size > MAX_WATCHED) watched.delete(id)
        if (!container || !one.active) continue
        one.container = container
        if (one.settings.labelPrecedence.value) void next(() => judge(one))
        if (mayUpdate(one)) void next(() => memory.look().catch(() => {}))
      }
      const now = Date.now()
      const places = new Set(store.get().raised.map((key) => parsed(key)[1]).filter((place) => place !== undefined))
      const filled = new Set(present.map(({ id, name }) => watched.get(id)?.place ?? name))
      for (const place of absentSince.keys()) if (!places.has(place) || filled.has(place)) absentSince.delete(place)
      for (const place of places) {
        if (filled.has(place)) continue
        if (now - (absentSince.get(place) ?? now) >= ABSENT_MS) settleOthers(place, [], null)
        if (!absentSince.has(place)) absentSince.set(place, now)
      }
    },
  }
}

const isDangerous = ({ code }: Pick<Finding, 'code'>): boolean => code === 'not-monitor-only' || code === 'label-precedence'

const keyOf = (place: string, { code, about }: Finding): string => JSON.stringify(['guard', place, code, ...about])

/** The parts of a key of this kind; none of any other. */
function parsed(key: string): string[] {
  return key.startsWith('["guard",') ? (JSON.parse(key) as string[]) : []
}
