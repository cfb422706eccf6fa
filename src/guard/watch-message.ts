// The messages about a Watchtower that does not check: what is wrong, its last error in plain words, the remedy.
// Takes a WatchAlarm, gives a Message.
import { cleanDetail } from '../report/failure.js'
import { clean, escapeHtml } from '../report/html.js'
import type { Message } from '../report/message.js'
import type { Language } from '../report/texts.js'
import { TEXTS } from '../report/texts.js'
import { momentOf } from '../report/times.js'
import { WATCH_TEXTS, type WatchTexts } from '../report/watch-texts.js'
import { causeOf } from './cause.js'
import type { Reason } from './overdue.js'

/** Times are milliseconds since 1970; error: as Watchtower logged it; swarm: the Swarm service that it is a task of. */
export type WatchAlarm =
  | { type: 'stopped'; name: string; swarm: string | null; at: number | null; exitCode: number; error: string | null }
  | { type: 'looping'; name: string; restarts: number; error: string | null }
  | { type: 'gone'; name: string; swarm: string | null; since: number; error: string | null }
  /** wanted: the configured name; null where any would do */
  | { type: 'absent'; wanted: string | null }
  /** due: when it should have checked; null where that is not known */
  | { type: 'overdue'; name: string; swarm: string | null; due: number | null; checkedAt: number | null; reason: Reason }
  | { type: 'idle'; name: string }
  | { type: 'one-off'; name: string; exitCode: number | null; error: string }
  /** next: when it checks next; null where that is not known */
  | { type: 'up'; name: string; next: number | null }
  | { type: 'found'; name: string }
  | { type: 'checks-again'; name: string; at: number; next: number | null }

export interface Writing {
  host: string | null
  language: Language
  timeZone: string
  /** milliseconds since 1970 */
  now: number
}

/** Characters of a name, and of a quoted error, in a message. */
const MAX_NAME = 128
const MAX_ERROR = 400

/** The message. Credentials in what it quotes are removed. */
export function watchMessage(alarm: WatchAlarm, writing: Writing): Message {
  const texts = WATCH_TEXTS[writing.language]
  const { headline, what, error: logged = null, reason = null, remedy } = contentOf(alarm, writing, texts)
  const error = logged === null ? null : cleanDetail(logged)
  const { labels, on } = texts
  const cause = error === null ? null : causeOf(error)
  const mend = cause === null ? remedy : texts.causes[cause.type](clean(cause.value, MAX_NAME))
  const lines = [
    `${texts.headline[headline]}${writing.host === null ? '' : on(clean(writing.host, MAX_NAME))}`,
    '',
    what,
    ...(reason === null ? [] : [`${labels.reason} ${reason}`]),
    ...(error === null ? [] : [`${labels.lastError} ${clean(error, MAX_ERROR)}`]),
    ...(mend === undefined ? [] : ['', `${labels.remedy} ${mend}`]),
  ]
  const text = lines.join('\n')
  return { html: escapeHtml(text), text, buttons: [] }
}

interface Alarm {
  headline: keyof WatchTexts['headline']
  what: string
  reason?: string
  error?: string | null
  remedy?: string
}

function contentOf(alarm: WatchAlarm, writing: Writing, texts: WatchTexts): Alarm {
  const { remedies, meanwhile } = texts
  const name = 'name' in alarm ? clean(alarm.name, MAX_NAME) : ''
  // what Swarm runs is started by Swarm alone
  const ofSwarm = 'swarm' in alarm && alarm.swarm !== null ? remedies.swarm(clean(alarm.swarm, MAX_NAME)) : null
  const when = (at: number): string => timeIn(at, writing)
  const then = (next: number | null): string => (next === null ? '' : texts.next(when(next)))
  switch (alarm.type) {
    case 'stopped':
      return { headline: 'down', what: `${texts.stopped(name, alarm.at === null ? null : when(alarm.at), alarm.exitCode)} ${meanwhile}`, error: alarm.error, remedy: ofSwarm ?? remedies.start(name) }
    case 'looping':
      return { headline: 'down', what: `${texts.looping(name, alarm.restarts)} ${meanwhile}`, error: alarm.error, remedy: remedies.look(name) }
    case 'gone':
      return { headline: 'down', what: `${texts.gone(name, when(alarm.since))} ${meanwhile}`, error: alarm.error, remedy: ofSwarm ?? remedies.create }
    case 'absent':
      return { headline: 'absent', what: `${texts.absent(alarm.wanted)} ${meanwhile}`, remedy: alarm.wanted === null ? remedies.create : remedies.wanted }
    case 'overdue':
      return { headline: 'overdue', what: texts.overdue(name, alarm.due === null ? null : when(alarm.due), alarm.checkedAt === null ? null : when(alarm.checkedAt)), ...reasonIn(alarm.reason, name, ofSwarm, texts) }
    case 'idle':
      return { headline: 'idle', what: texts.idle(name), remedy: remedies.idle }
    case 'one-off':
      return { headline: 'oneOff', what: texts.oneOff(name, alarm.exitCode), error: alarm.error }
    case 'up':
      return { headline: 'up', what: `${texts.up(name)}${then(alarm.next)}` }
    case 'found':
      return { headline: 'found', what: texts.found(name) }
    default: {
      const { at, next } = alarm satisfies { type: 'checks-again' }
      return { headline: 'checksAgain', what: `${texts.checksAgain(name, when(at))}${then(next)}` }
    }
  }
}

function reasonIn(reason: Reason, name: string, ofSwarm: string | null, { reasons, remedies }: WatchTexts): Pick<Alarm, 'reason' | 'error' | 'remedy'> {
  const field = (text: string): string => clean(text, MAX_NAME)
  switch (reason.type) {
    case 'log-level':
      return { reason: reasons.logLevel(field(reason.level)), remedy: remedies.logLevel }
    case 'broke-off':
      return { reason: reasons.brokeOff, error: reason.error, remedy: remedies.look(name) }
    case 'schedule-unreadable':
      return { reason: reasons.unreadable(field(reason.text), field(reason.why)), remedy: remedies.schedule }
    case 'never':
      return { reason: reasons.never(field(reason.text)), remedy: remedies.schedule }
    case 'not-up':
      return { reason: reasons.notUp, remedy: remedies.notUp }
    case 'started-anew':
      return { reason: reasons.startedAnew, remedy: remedies.startedAnew }
    case 'restarts':
      return { reason: reasons.restarts(reason.times), remedy: remedies.look(name) }
    case 'error':
      return { reason: reasons.error, error: reason.error, remedy: remedies.look(name) }
    default:
      reason satisfies { type: 'silent' }
      return { reason: reasons.silent, remedy: ofSwarm ?? remedies.restart(name) }
  }
}

/** The day and the clock: an alarm is read at any time. */
function timeIn(ms: number, { language, timeZone, now }: Writing): string {
  const { at, day } = TEXTS[language]
  const [moment, { year }] = [momentOf(ms, timeZone), momentOf(now, timeZone)]
  return at(moment.clock, day(moment, year))
}
