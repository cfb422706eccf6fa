// What in a Watchtower's settings is dangerous, or makes this program blind. Takes its settings and what is around it,
// gives Findings, each with one remedy; alarms are made of them, and the doctor can print them.
import { GUARD_TEXTS, type FindingCode, type FindingValues } from '../report/guard-texts.js'
import { commandsFor } from '../report/commands.js'
import { isOneOff, placeOf } from '../report/place.js'
import type { ContainerFacts } from '../report/facts.js'
import { goBoolean } from '../report/flags.js'
import { commandIn, type Language } from '../report/texts.js'
import { WATCHTOWER_LABEL, type Watchable, watchedBy } from '../report/watched.js'
import { isTelling, type Setting, type Settings } from './settings.js'

export interface Finding {
  code: FindingCode
  /** fault: containers are updated, or nobody is told of updates; warning: some may be missed */
  severity: 'fault' | 'warning'
  /** services, or containers outside Compose, that it is about, besides Watchtower's own */
  about: string[]
  /** a sentence */
  what: string
  /** a sentence; ends in a colon where there is something to paste */
  remedy: string
  /** lines to paste */
  paste: string[]
}

export interface Around {
  watchtower: ContainerFacts
  /** all of the engine */
  containers: readonly Watchable[]
  /** Docker has answered that it cannot read the log */
  unreadable: boolean
  language: Language
}

/** Lines that one container makes in one check at most: found, the pair of warnings of a HEAD request, a failure; at debug level its whole way. */
const LINES = { info: 4, debug: 12 }
/** Lines of the banner and the end. */
const OTHER_LINES = 10
/** A long line, in json-file's wrapping. */
const LINE_BYTES = 400
/** One session that was not read to its end, and the one that comes meanwhile. */
const SESSIONS = 2
/** Containers that are named. */
const MAX_NAMES = 12

/** All that is wrong, what matters most first. */
export function findingsOf(settings: Settings, around: Around): Finding[] {
  const { watchtower, containers, unreadable, language } = around
  const texts = GUARD_TEXTS[language]
  const watched = containers.filter(watchedBy(watchtower))
  const found: Finding[] = []

  function add(code: FindingCode, severity: Finding['severity'], { value, from }: Setting<unknown>, about: readonly string[] = []): void {
    const named = about.length > MAX_NAMES ? [...about.slice(0, MAX_NAMES), '…'] : about
    const values: FindingValues = { watchtower: watchtower.name, from: from ?? '', value: String(value), names: named.join(', '), services: watched.length }
    found.push({ code, severity, about: [...about], what: texts.what[code](values), ...remedyOf(code, changeOf(code, from, language), watchtower, language) })
  }

  if (!settings.monitorOnly.value) add('not-monitor-only', 'fault', settings.monitorOnly)
  else if (settings.labelPrecedence.value) {
    const exempt = watched.filter(({ labels }) => goBoolean(labels.get(`${WATCHTOWER_LABEL}.monitor-only`)) === false)
    // by their services: Compose recreates a container under a name of its own first
    if (exempt.length > 0) add('label-precedence', 'fault', settings.labelPrecedence, [...new Set(exempt.map((one) => placeOf(one).service))].sort())
  }
  if (!isTelling(settings.logLevel.value)) add('log-level', 'fault', settings.logLevel)
  if (unreadable || settings.log.driver === 'none') add('log-unreadable', 'fault', { value: settings.log.driver, from: null })
  else if (keptBytes(settings.log) < neededBytes(settings, watched.length)) {
    add('log-rotation', 'warning', { value: `${settings.log.maxFile ?? 1} × ${settings.log.maxSize}`, from: null })
  }
  if (settings.noPull.value) add('no-pull', 'warning', settings.noPull)
  return found
}

/** What to change in the settings of a Watchtower that replaces containers, without an end; null where they say monitor-only. */
export function changeFor({ monitorOnly, labelPrecedence }: Settings, language: Language): string | null {
  if (!monitorOnly.value) return changeOf('not-monitor-only', monitorOnly.from, language)
  return labelPrecedence.value ? changeOf('label-precedence', labelPrecedence.from, language) : null
}

function changeOf(code: FindingCode, from: string | null, language: Language): string {
  return GUARD_TEXTS[language].change[code](from?.startsWith('--') === true, from ?? '')
}

/** What two checks may write. */
function neededBytes({ logLevel }: Settings, services: number): number {
  const lines = logLevel.value === 'debug' || logLevel.value === 'trace' ? LINES.debug : LINES.info
  return SESSIONS * LINE_BYTES * (OTHER_LINES + services * lines)
}

/** What is left right after a rotation, when the oldest file went; unlimited where nothing rotates. */
function keptBytes({ driver, maxSize, maxFile }: Settings['log']): number {
  if (maxSize === null || (driver !== 'json-file' && driver !== 'local')) return Infinity
  // go-units, FromHumanSize: decimal
  const [, number, unit = ''] = /^(\d{1,9}(?:\.\d{1,9})?) ?([kmgtp]?)i?b?$/i.exec(maxSize) ?? []
  if (number === undefined) return Infinity
  const files = Number(maxFile ?? (driver === 'local' ? 5 : 1))
  return Number(number) * 1000 ** ' kmgtp'.indexOf(unit.toLowerCase() || ' ') * Math.max(1, files - 1)
}

function remedyOf(code: FindingCode, change: string, watchtower: ContainerFacts, language: Language): Pick<Finding, 'remedy' | 'paste'> {
  const { then, oneOff } = GUARD_TEXTS[language]
  const dangerous = code === 'not-monitor-only'
  const { service, project } = placeOf(watchtower)
  if (project === null) return dangerous ? { remedy: change + then.stop, paste: [stopCommand(watchtower.name)] } : { remedy: change + then.byHand, paste: [] }
  const itsService = { ...watchtower, labels: new Map([...watchtower.labels].filter(([label]) => label !== 'com.docker.compose.oneoff')) }
  const up = commandsFor(watchtower.imageRef, [itsService], [itsService], new Set()).at(-1) as string
  // what `up` would recreate is not what a one-off check runs in
  if (isOneOff(watchtower) && up.endsWith(` up -d ${service}`)) {
    return { remedy: oneOff, paste: [`${up.slice(0, -` up -d ${service}`.length)} run --rm ${service} --run-once --monitor-only`] }
  }
  return { remedy: change + then.compose, paste: [commandIn(language, up)] }
}

/** Names of containers need no quotes (moby names/names.go); what is none is not pasted. */
export function stopCommand(container: string): string {
  return `docker stop ${container.replace(/[^\w.-]/g, '')}`
}
