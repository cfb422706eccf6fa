// The messages of the guard. Takes Findings and Incidents, gives Messages within Telegram's limits; every foreign value
// in them is harmless text.
import { GUARD_TEXTS } from '../report/guard-texts.js'
import { escape, readHtml } from '../report/html.js'
import type { Message } from '../report/message.js'
import { commandIn, type Language, TEXTS } from '../report/texts.js'
import { momentOf } from '../report/times.js'
import { changeFor, type Finding, stopCommand } from './findings.js'
import type { ImageName, Incident } from './incident.js'
import type { Settings } from './settings.js'

/** How alarms are written. */
export interface AlarmStyle {
  host: string | null
  language: Language
  /** IANA name */
  timeZone: string
  /** milliseconds since 1970 */
  now: number
}

/** Characters of a foreign value. */
const MAX_FIELD = 120
/** Characters of a sentence of a finding, and of an incident. */
const MAX_SENTENCE = { finding: 1_000, incident: 300 }
/** Characters of a line to paste; a longer one is left out, for half a command is worse than none. */
const MAX_LINE = 400
/** Characters of the incidents of one message: with the longest of each and all around them it stays below Telegram's 4096. */
const MAX_INCIDENTS = 1_800

/** A setting that is dangerous or makes blind, with its remedy. */
export function findingMessage({ code, what, remedy, paste }: Finding, { language, host }: AlarmStyle): Message {
  const { headline, labels } = GUARD_TEXTS[language]
  return message(headline[code], host, language, [escape(what, MAX_SENTENCE.finding), `${labels.remedy} ${escape(remedy, MAX_SENTENCE.finding)}${block(paste, language)}`])
}

/** It is monitor-only again. */
export function settledMessage(watchtower: string, { language, host }: AlarmStyle): Message {
  const { headline, settled } = GUARD_TEXTS[language]
  return message(headline['monitor-only-again'], host, language, [sentence(settled(watchtower))])
}

/** Containers that a Watchtower replaced. settings: its own; null where they are not known. */
export function incidentMessage(incidents: readonly [Incident, ...Incident[]], watchtower: string, settings: Settings | null, style: AlarmStyle): Message {
  const { headline, steps } = GUARD_TEXTS[style.language]
  const state = incidents.some((one) => one.state === 'recreated') ? 'recreated' : 'stopped'
  const told: { facts: string; way: string[] }[] = []
  let room = MAX_INCIDENTS
  for (const one of incidents) {
    const next = { facts: factsOf(one, watchtower, style), way: wayOf(one, style.language) }
    const { length } = seen([next.facts, ...next.way].join(''))
    if (told.length > 0 && length > room) break
    told.push(next)
    room -= length
  }
  const more = incidents.length - told.length
  const change = settings && changeFor(settings, style.language)
  const check = settings === null ? steps.unknown : change === null ? steps.monitorOnly : steps.change(change)
  const first = [`${steps.stop}${block([stopCommand(watchtower)], style.language)}`, sentence(check)]
  return message(headline[state], style.host, style.language, [
    ...told.map(({ facts }) => facts),
    ...(more > 0 ? [sentence(steps.more(more))] : []),
    [...first, ...new Set(told.flatMap(({ way }) => way))].join('\n'),
  ])
}

function factsOf({ container, state, at, image, old, new: next, unchanged }: Incident, watchtower: string, { language, timeZone, now }: AlarmStyle): string {
  const { labels, replaced, stopped, unknownOld, unchanged: same } = GUARD_TEXTS[language]
  const field = (label: string, value: string | null): string[] => (value === null ? [] : [`${label} ${escape(value, MAX_FIELD)}`])
  return [
    ...field(labels.container, container),
    ...field(labels.image, image),
    ...(unchanged ? [] : field(labels.old, imageName(old) ?? unknownOld)),
    ...field(labels.new, unchanged ? same : imageName(next)),
    ...field(labels.at, at === null ? null : when(at, language, timeZone, now)),
    sentence(state === 'recreated' ? replaced(watchtower) : stopped(watchtower)),
  ].join('\n')
}

/** The last steps: starting it again, and the way back. */
function wayOf({ state, unchanged, back, pulls, start }: Incident, language: Language): string[] {
  const { steps } = GUARD_TEXTS[language]
  const isWhole = back.length > 0 && back.every((line) => line.length <= MAX_LINE)
  return [
    ...(state === 'stopped' && start.length > 0 ? [`${steps.start}${block(start, language)}`] : []),
    ...(unchanged ? [] : [isWhole ? `${pulls ? steps.backPulled : steps.back}${block(back, language)}` : steps.backUnknown]),
  ]
}

const imageName = (image: ImageName | null): string | null => image && (image.version === null || image.version.includes(image.id) ? (image.version ?? image.id) : `${image.version} (${image.id})`)

function when(at: string, language: Language, timeZone: string, now: number): string {
  const { day, at: said } = TEXTS[language]
  const [moment, today] = [momentOf(Date.parse(at), timeZone), momentOf(now, timeZone)]
  const isToday = moment.year === today.year && moment.month === today.month && moment.day === today.day
  return said(moment.clock, isToday ? null : day(moment, today.year))
}

function message(headline: string, host: string | null, language: Language, paragraphs: readonly string[]): Message {
  const on = host === null ? '' : TEXTS[language].headline.on(host)
  const html = [escape(headline + on, MAX_FIELD), ...paragraphs].join('\n\n')
  return { html, text: seen(html), buttons: [] }
}

const sentence = (text: string): string => escape(text, MAX_SENTENCE.incident)
const seen = (html: string): string => (readHtml(html) as { text: string }).text

/** Lines to paste, after a sentence. */
function block(lines: readonly string[], language: Language): string {
  const fitting = lines.filter((line) => line.length <= MAX_LINE)
  return fitting.length === 0 ? '' : `\n<pre>${fitting.map((line) => escape(commandIn(language, line), MAX_LINE)).join('\n')}</pre>`
}
