// The only wiring: Watchtowers are found and followed, their sessions become reports, reports become
// messages. Runs until the signal aborts; no fault of Docker or Telegram ends it.
import { createBell, sleep } from './bell.js'
import type { Config } from './config.js'
import { createTelegram } from './delivery/telegram.js'
import { createRelay, type RelayEvent } from './delivery/relay.js'
import { createDocker, describeDockerError } from './docker/client.js'
import { gatherFacts } from './docker/inspect.js'
import { findWatchtowers, watchContainers } from './docker/discover.js'
import type { Log } from './logger.js'
import { newsOf, nothingAnnounced } from './report/announce.js'
import type { Facts } from './report/facts.js'
import { messagesOf } from './report/message.js'
import { reportOf } from './report/report.js'
import { createSource, type Source } from './source.js'
import type { CheckSession } from './watchtower/session.js'

/** An unanswered send gets this long after the signal; the exit is promised within 5 s. */
const LAST_SEND_MS = 4_000
/** First wait and cap between attempts to reach the engine again. */
const RECONNECT_MS = { first: 1_000, cap: 30_000 }
/** A source that broke off is attached again no sooner. */
const REATTACH_MS = 1_000
/** Waits between attempts to learn the facts; after the last the report does without. */
const FACTS_RETRY_MS = [1_000, 5_000]

interface Followed {
  name: string
  source: Source
  active: boolean
  /** its log was read to the end once, as long as this process lives */
  read: boolean
  fault: string | null
}

/** Follows every Watchtower and sends its reports; resolves after the signal aborts. */
export async function runDaemon(config: Config, log: Log, signal: AbortSignal): Promise<void> {
  const docker = createDocker(config.docker)
  const telegram = createTelegram(config.telegram)
  const lastSend = new AbortController()
  const relay = createRelay({
    send: (message) => telegram.send(message, lastSend.signal),
    sleep,
    random: Math.random,
    onEvent: (event) => logDelivery(log, event),
  })
  const bell = createBell()
  const followed = new Map<string, Followed>()
  let announced = nothingAnnounced
  let work = Promise.resolve()

  async function tell(session: CheckSession, container: string): Promise<void> {
    const facts = session.found.length + session.failures.length === 0 ? null : await factsFor(session)
    const { report, failedChecks } = reportOf(session, facts, { host: config.host, container })
    log.info('session.sealed', { report }, `${container}: check ${session.end}, ${report.updates.length} services with updates, ${report.failures.length} not checked`)
    for (const replaced of report.replaced) log.error('container.replaced', { container, replaced }, `${container} replaced ${replaced.container}: it is not monitor-only`)
    const { news, announced: next } = newsOf(announced, container, report, failedChecks)
    for (const update of news.updates) log.info('update.found', { update }, `${update.service || update.image}: ${update.currentVersion ?? 'unknown'} → ${update.newVersion ?? update.newImageId}`)
    for (const failed of news.failedChecks) log.warn('check.failed', { failed }, `${failed.name} could not be checked: ${failed.reason}`)
    // the one commit point: what is announced and what is queued change together
    announced = next
    relay.enqueue(messagesOf(news))
  }

  async function factsFor(session: CheckSession): Promise<Facts | null> {
    for (const waitMs of [...FACTS_RETRY_MS, null]) {
      try {
        return await gatherFacts(docker, session.found.map((found) => found.newImageId))
      } catch (error) {
        if (waitMs === null || signal.aborted) log.error('facts.missing', {}, `reporting without service names: ${describeDockerError(error, config.docker)}`)
        else await sleep(waitMs, signal)
      }
    }
    return null
  }

  function follow(id: string, name: string): Followed {
    const one: Followed = {
      name,
      active: false,
      read: false,
      fault: null,
      source: createSource(docker, {
        id,
        idleMs: config.idleMs,
        onSession: (session) => {
          work = work.then(() => tell(session, one.name)).catch((error: unknown) => log.error('report.lost', { error: String(error) }, 'a session could not be reported: please report this'))
        },
        onAttached: () => {
          one.read = true
          log.info('watchtower.attached', { container: one.name, id }, `following ${one.name}`)
        },
        onEngineError: (message) => {
          if (message !== one.fault) log.warn('log.broken', { container: one.name, error: message }, `Docker could not read on in the log of ${one.name}`)
          one.fault = message
        },
      }),
    }
    followed.set(id, one)
    return one
  }

  async function attach(one: Followed): Promise<void> {
    one.active = true
    try {
      await one.source.attach(signal)
      one.fault = null
      if (!signal.aborted) log.info('watchtower.stopped', { container: one.name }, `${one.name} stopped: waiting for it to start`)
    } catch (error) {
      // an engine that does not answer at all is told of, and waited for, in watchDocker
      if ((error as { statusCode?: number }).statusCode !== undefined && !signal.aborted) {
        const fault = describeDockerError(error, config.docker)
        if (fault !== one.fault) log.error('log.unreadable', { container: one.name }, `the log of ${one.name} cannot be read: ${fault}`)
        one.fault = fault
        await sleep(RECONNECT_MS.cap, signal)
      }
    }
    await sleep(REATTACH_MS, signal)
    one.active = false
    bell.ring()
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
      if (!one.active && (running || !one.read)) void attach(one)
    }
    for (const [id, one] of followed) if (!one.active && !found.some((c) => c.id === id)) followed.delete(id)
  }

  async function watchDocker(): Promise<void> {
    let fault: string | null = null
    for (let attempts = 0; !signal.aborted; attempts += 1) {
      try {
        await docker.ping()
        if (attempts === 0 || fault !== null) log.info('docker.connected', {}, 'Docker answers')
        fault = null
        attempts = 0
        await watchContainers(docker, bell, look, signal)
      } catch (error) {
        const next = describeDockerError(error, config.docker)
        if (next !== fault && !signal.aborted) log.error('docker.unreachable', {}, next)
        fault = next
      }
      await sleep(Math.min(RECONNECT_MS.cap, RECONNECT_MS.first * 2 ** Math.min(attempts, 10)), signal)
    }
  }

  signal.addEventListener('abort', () => setTimeout(() => lastSend.abort(), LAST_SEND_MS).unref())
  log.info('started', { host: config.host, watchtower: config.watchtower }, 'watchtower-telegram started')
  void telegram.check(signal).then((answer) => {
    if (answer.type === 'ready') log.info('telegram.ready', answer, `messages go to ${answer.chat} as @${answer.bot}`)
    else if (!signal.aborted) log.error('telegram.unreachable', answer, `Telegram: ${answer.reason}${answer.type === 'permanent' ? `; ${answer.remedy}` : ''}`)
    if (answer.type === 'ready' && config.telegram.topic !== null && !answer.forum) log.warn('telegram.no-topics', {}, 'TOPIC_SYSTEM_ID is set, but the chat has no topics: turn them on in the group')
  })
  await Promise.all([watchDocker(), relay.run(signal)])
  if (relay.waiting() > 0) log.warn('report.unsent', { messages: relay.waiting() }, `${relay.waiting()} messages were not sent`)
  log.info('stopped', {}, 'watchtower-telegram stopped')
}

function logDelivery(log: Log, event: RelayEvent): void {
  switch (event.type) {
    case 'sent':
      log.info('report.sent', { messageIds: event.messageIds, attempts: event.attempts }, 'sent to Telegram')
      for (const note of event.notes) log.warn('report.rerouted', {}, note)
      return
    case 'retry':
      log.warn('report.retry', { reason: event.reason, waitMs: event.waitMs, attempts: event.attempts }, `not sent yet: ${event.reason}`)
      return
    case 'failed':
      log.error('report.failed', { reason: event.reason, waitMs: event.waitMs, attempts: event.attempts }, `Telegram refuses: ${event.reason}; ${event.remedy}`)
      return
    default:
      event satisfies never
  }
}
