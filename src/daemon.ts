// The only wiring: Watchtowers are followed, their sessions become messages, messages reach Telegram,
// and what must not be forgotten is in the state. Runs until the signal aborts or Docker is lost.
import { setMaxListeners } from 'node:events'
import { sleep } from './bell.js'
import type { Config } from './config.js'
import { createRelay, type RelayEvent } from './delivery/relay.js'
import { enqueueNotice, recovered } from './delivery/outbox.js'
import { createTelegram, type Telegram } from './delivery/telegram.js'
import { createDocker } from './docker/client.js'
import { untilLost } from './docker/watchdog.js'
import { createGuard } from './guard.js'
import { createHealth, type Health } from './health.js'
import type { Log } from './logger.js'
import { isQuiet } from './life/quiet.js'
import { renderEntry } from './life/render.js'
import { damagedNotice } from './report/notice.js'
import type { Style } from './report/message.js'
import { loadState, prepareDirectory, saveState, StateError } from './state/file.js'
import { inUse, type Lock, takeLock } from './state/lock.js'
import { accepted, editRefused, emptyState, known, type State } from './state/state.js'
import { createStore } from './state/store.js'
import { createTeller } from './tell.js'
import { createTidy } from './tidy.js'
import { createObserver } from './observer.js'
import { createWatch } from './watch.js'
import { followWatchtowers } from './watchtowers.js'

/** An unanswered send gets this long after the signal; the exit is promised within 5 s. */
const LAST_SEND_MS = 4_000
/** What following a log does not need starts so much later: it would take the processor from what does. */
const FOLLOWING_MS = 100
/** First wait and cap between two looks at token and chat, in paces: while Telegram cannot be reached, and while a person must act. */
const CHECK_PACES = { transient: { first: 1, cap: 60 }, permanent: { first: 900, cap: 21_600 } }

/** Follows every Watchtower and sends its reports. Resolves to the exit code: 0 after the signal, 1 where it cannot start or go on. */
export async function runDaemon(config: Config, log: Log, signal: AbortSignal): Promise<number> {
  const health = createHealth(Date.now, (faults) => {
    if (faults.length > 0) log.warn('health.red', { faults }, faults.join('; '))
    else log.info('health.green', {}, 'all is well again')
  }, config.timing.jitterMs)
  let lock: Lock | null = null
  let exitCode = 1
  try {
    await prepareDirectory(config.stateDir)
    lock = await takeLock(config.stateDir, () => JSON.stringify(health.answer()))
    if (!lock.held) log.warn('state.unlocked', {}, `the file system of STATE_DIR ${config.stateDir} takes no lock: make sure that no other watchtower-telegram uses it`)
    exitCode = await run(config, log, signal, health, lock, await open(config, log))
  } catch (error) {
    if (!(error instanceof StateError)) throw error
    log.fatal('state.unusable', {}, error.message)
  } finally {
    lock?.release()
  }
  return exitCode
}

interface Opened {
  state: State
  /** what is told first may have been told before */
  stateLost: boolean
}

/** Reads the state and writes it at once, so that what is wrong with the directory shows now. */
async function open({ stateDir, style }: Config, log: Log): Promise<Opened> {
  const now = new Date()
  const { state: loaded, damage } = await loadState(stateDir, now.toISOString())
  let state = loaded ?? emptyState
  state = { ...state, outbox: recovered(state.outbox, damage !== null) }
  if (damage) {
    log.error('state.corrupt', { ...damage }, `the state file was damaged${damage.setAside.length > 0 ? ` and is kept as ${damage.setAside.join(', ')}` : ''}; going on from ${damage.from === 'backup' ? 'its backup' : 'what is pending now'}`)
    state = { ...state, outbox: enqueueNotice(state.outbox, damagedNotice(damage.from, style.language), now.getTime()) }
  }
  await saveState(stateDir, state)
  return { state, stateLost: damage !== null }
}

async function run(config: Config, log: Log, outer: AbortSignal, health: Health, lock: Lock, { state, stateLost }: Opened): Promise<number> {
  const { timing } = config
  const lost = new AbortController()
  const signal = AbortSignal.any([outer, lost.signal])
  // every wait and every stream listens: with some Watchtowers that is more than Node takes for sound
  setMaxListeners(0, signal)
  const docker = createDocker(config.docker, timing.dockerTimeoutMs, signal)
  const store = createStore(
    state,
    {
      async save(next) {
        if (lock.lost()) {
          if (!lost.signal.aborted) log.fatal('state.unusable', {}, inUse(config.stateDir).message)
          lost.abort()
          throw inUse(config.stateDir)
        }
        await saveState(config.stateDir, next)
      },
      sleep,
      onFault(fault) {
        if (fault === null) log.info('state.saved', {}, 'the state is on disk again')
        else if (!health.faults().includes(fault)) log.error('state.unsaved', {}, `${fault}; going on from memory, a restart now would tell again what it does not find there`)
        health.set('state', fault)
      },
    },
    signal,
  )
  health.outbox = () => store.get().outbox
  const moved = state.movedChat?.from === config.telegram.chat ? state.movedChat.to : null
  const telegram = createTelegram({ ...config.telegram, chat: moved ?? config.telegram.chat, timeoutMs: timing.telegramTimeoutMs, language: config.style.language })
  let templateFault: string | null = null
  const style: Style = {
    ...config.style,
    // said once, however often the message is made
    onTemplateError(fault) {
      if (fault !== templateFault) log.error('template.failed', { fault }, `MESSAGE_TEMPLATE_FILE: ${fault}; the built-in message takes its place`)
      templateFault = fault
    },
  }
  const lastSend = new AbortController()
  signal.addEventListener('abort', () => setTimeout(() => lastSend.abort(), LAST_SEND_MS).unref())
  const relay = createRelay({
    outbox: {
      get: () => store.get().outbox,
      change: (transition) => store.change((before) => ({ ...before, outbox: transition(before.outbox) })),
      accepted({ messageIds: [messageId = null, ...more], chat, link, movedTo }) {
        store.change((before) => ({
          ...accepted(before, { chat, messageId: more.length > 0 ? null : messageId, link, now: Date.now() }),
          movedChat: movedTo === null ? before.movedChat : { from: config.telegram.chat, to: movedTo },
        }))
      },
      editRefused: () => store.change(editRefused),
      flush: store.flush,
    },
    render(entry, now) {
      const { tracked, ledger } = store.get()
      return renderEntry(entry, tracked, ledger, { ...style, now })
    },
    language: config.style.language,
    send(message, content) {
      const shown = content.type === 'edit' ? store.get().ledger.shown.find(({ id }) => id === content.shown) : null
      if (shown) return telegram.edit(message, shown, lastSend.signal)
      const silent = content.type === 'reminder' || (content.type === 'news' && isQuiet(config.quiet, Date.now(), config.style.timeZone))
      return telegram.send(message, silent, lastSend.signal)
    },
    probe: () => telegram.check(lastSend.signal),
    sleep,
    now: Date.now,
    random: Math.random,
    paceMs: timing.paceMs,
    jitterMs: timing.jitterMs,
    onEvent: (event) => logDelivery(log, health, event),
  })
  const tidy = createTidy(signal)
  const observer = createObserver(docker, store, relay.wake)
  const watch = createWatch({ docker, config, log, store, onNews: relay.wake })
  const guard = createGuard({ docker, config, log, store, signal, onNews: relay.wake })
  const teller = createTeller({ docker, config, log, store, signal, look: observer.look, guard, onNews: relay.wake })

  const onPing = (fault: string | null): void => {
    if (fault === null) health.seen('ping')
    health.set('docker', fault)
  }

  log.info('started', { host: config.host, watchtower: config.watchtower, stateDir: config.stateDir }, 'watchtower-telegram started')
  tidy()
  const following = sleep(FOLLOWING_MS, signal)
  await Promise.all([
    followWatchtowers({
      docker, config, log, cursors: state.cursors, stateLost, signal,
      onSealed(sealed) {
        watch.sealed(sealed)
        tidy()
        return teller.tell(sealed)
      },
      onEmpty: (container) => store.change((before) => known(before, container)),
      onChange() {
        watch.ring()
        void observer.look()
      },
      health, guard, watch,
    }),
    relay.run(signal),
    following.then(() => checkTelegram(telegram, config, log, health, signal)),
    following.then(() => watch.run(signal)),
    following.then(() => untilLost(docker, config.docker, timing.dockerLostMs, onPing, signal)).then((wasLost) => {
      if (wasLost) log.fatal('docker.lost', {}, `Docker has not answered for ${timing.dockerLostMs / 1000} s: ending, so that a restart finds its socket again`)
      lost.abort()
    }),
  ])
  await teller.settled()
  await store.flush()
  const unsent = store.get().outbox.entries.length
  if (unsent > 0) log.warn('report.unsent', { messages: unsent }, `${unsent} messages were not sent: they are kept for the next start`)
  log.info('stopped', {}, 'watchtower-telegram stopped')
  return outer.aborted ? 0 : 1
}

/** Says what is wrong with token and chat, once, until nothing is; an outage is waited for, for it may hide that they are. */
async function checkTelegram(telegram: Telegram, { telegram: { topic }, timing: { paceMs } }: Config, log: Log, health: Health, signal: AbortSignal): Promise<void> {
  let told: string | null = null
  for (let doubled = 1; !signal.aborted; doubled *= 2) {
    const answer = await telegram.check(signal)
    if (signal.aborted) return
    if (answer.type === 'ready') {
      log.info('telegram.ready', answer, `messages go to ${answer.chat} as @${answer.bot}`)
      health.seen('accepted')
      health.set('telegram', null)
      if (topic !== null && !answer.forum) log.warn('telegram.no-topics', {}, 'TOPIC_SYSTEM_ID is set, but the chat has no topics: turn them on in the group')
      return
    }
    const fault = answer.type === 'permanent' ? `${answer.reason}; ${answer.remedy}` : answer.reason
    if (fault !== told) log.error('telegram.unreachable', answer, `Telegram: ${fault}`)
    told = fault
    if (answer.type === 'permanent') health.set('telegram', fault)
    const { first, cap } = CHECK_PACES[answer.type]
    await sleep(Math.min(first * doubled, cap) * paceMs, signal)
  }
}

function logDelivery(log: Log, health: Health, event: RelayEvent): void {
  if (event.type !== 'retry' && event.type !== 'failed') health.seen('delivered')
  switch (event.type) {
    case 'sent':
      health.seen('accepted')
      health.set('telegram', null)
      log.info('report.sent', { messageIds: event.messageIds, attempts: event.attempts }, 'sent to Telegram')
      for (const note of event.notes) log.warn('report.rerouted', {}, note)
      return
    case 'retry': {
      const { reason, waitMs, attempts } = event
      log.warn('report.retry', { reason, waitMs, attempts }, `not sent yet: ${reason}`)
      return
    }
    case 'failed': {
      const { reason, remedy, waitMs, attempts } = event
      log.error('report.failed', { reason, waitMs, attempts }, `Telegram refuses: ${reason}; ${remedy}`)
      health.set('telegram', `${reason}; ${remedy}`)
      return
    }
    case 'not-edited':
      log.warn('report.not-edited', { reason: event.reason }, `a message could not be edited: ${event.reason}; what is pending in it is told again with the next check`)
      return
    default: {
      const { reason, message } = event satisfies { type: 'set-aside' }
      log.error('report.set-aside', { reason, text: message.text }, `Telegram takes this message in no form: ${reason}`)
    }
  }
}
