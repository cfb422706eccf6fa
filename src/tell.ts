// A sealed session becomes news: facts are gathered, the report is made and logged, and what is new
// goes into the state in one change. Takes sessions one after the other.
import { sleep } from './bell.js'
import type { Config } from './config.js'
import type { Docker } from './docker/client.js'
import { describeDockerError } from './docker/fault.js'
import { gatherFacts } from './docker/inspect.js'
import type { Guard } from './guard.js'
import type { Log } from './logger.js'
import { newsOf, wasFailing } from './report/announce.js'
import type { Facts } from './report/facts.js'
import { namesIn } from './report/failure.js'
import { reportOf } from './report/report.js'
import type { Checkpoint } from './source.js'
import { commit } from './state/state.js'
import type { Store } from './state/store.js'
import type { CheckSession } from './watchtower/session.js'

/** Attempts to learn the facts from an engine that answers at all; after the last the report does without. */
const MAX_ATTEMPTS = 3
/** Wait between them. */
const RETRY_MS = 2_000
/** Sessions that wait to be told; beyond that the reading waits for them. */
const MAX_WAITING = 50

/** A sealed session, as its source gives it. */
export interface Sealed {
  container: { id: string; name: string }
  session: CheckSession
  checkpoint: Checkpoint | null
  missed: boolean
  /** what it says may have been told before the state was lost */
  stateLost: boolean
}

export interface Teller {
  /** Takes the next session; a promise means that too many wait. */
  tell(sealed: Sealed): void | Promise<void>
  /** Resolves when all that were taken are told. */
  settled(): Promise<void>
}

export interface TellerOptions {
  docker: Docker
  config: Config
  log: Log
  store: Store
  signal: AbortSignal
  /** Learns what became of what is pending, so that nobody is reminded of what is done. */
  look(): Promise<void>
  /** Tells what the session replaced, before it is accounted for. */
  guard: Pick<Guard, 'tell'>
  /** There may be something new to send. */
  onNews(): void
}

export function createTeller({ docker, config, log, store, signal, look, guard, onNews }: TellerOptions): Teller {
  let work = Promise.resolve()
  let waiting = 0

  async function tellOne({ container, session, checkpoint, missed, stateLost }: Sealed): Promise<void> {
    const facts = session.found.length + session.failures.length === 0 && !wasFailing(store.get().announced, container.name) ? null : await factsFor(session)
    await guard.tell(container, session)
    await look()
    if (signal.aborted) return
    const { report, failedChecks } = reportOf(session, facts, { host: config.host, container: container.name }, missed)
    const { news, stillFailing, announced } = newsOf(store.get().announced, container.name, report, failedChecks, facts && namesIn(facts))
    // before a word of it: a log that cannot be written must not lose it
    store.change((state) => commit(state, { container, checkpoint, announced, updates: report.updates, news, stillFailing, now: Date.now(), stateLost, remindMs: config.remindMs }))
    onNews()
    log.info('session.sealed', { report }, `${container.name}: check ${session.end}, ${report.updates.length} services with updates, ${report.failures.length} not checked`)
    for (const update of news.updates) log.info('update.found', { update }, `${update.service || update.image}: ${update.currentVersion ?? 'unknown'} → ${update.newVersion ?? update.newImageId}`)
    for (const failed of news.failedChecks) {
      if (failed.standing === 'recovered') log.info('check.recovered', { failed }, `${failed.name} was checked again`)
      else log.warn('check.failed', { failed }, `${failed.name} could not be checked: ${failed.reason}`)
    }
  }

  async function factsFor(session: CheckSession): Promise<Facts | null> {
    for (let attempts = 0; !signal.aborted; ) {
      try {
        const facts = await gatherFacts(docker, session.found.map((found) => found.newImageId), attempts === MAX_ATTEMPTS - 1)
        if (facts.unclear) log.error('facts.missing', {}, `reporting without ${facts.unclear.map(({ name }) => name).join(', ')}: the engine answers for other containers only`)
        return facts
      } catch (error) {
        // an engine that is away is waited for: the session is in its log all the while
        attempts += await docker.ping().then(() => 1, () => 0)
        if (attempts === MAX_ATTEMPTS) {
          log.error('facts.missing', {}, `reporting without service names: ${describeDockerError(error, config.docker)}`)
          return null
        }
        await sleep(RETRY_MS, signal)
      }
    }
    return null
  }

  return {
    tell(sealed) {
      waiting += 1
      work = work
        // after the signal it is left to the next start, which reads it again
        .then(() => (signal.aborted ? undefined : tellOne(sealed)))
        .catch((error: unknown) => log.error('report.lost', { stack: (error as Error).stack }, 'a session could not be reported: please report this'))
        .finally(() => (waiting -= 1))
      return waiting > MAX_WAITING ? work : undefined
    },
    settled: () => work,
  }
}
