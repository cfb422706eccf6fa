// What a message is rendered from: plain text fields, shortened and in the message's language, and yes-or-no fields.
// Documented for templates in compose/README.md.
import type { Block, Placed } from './block.js'
import type { FailedCheck } from './failure.js'
import { clean } from './html.js'
import { commandIn, type Language, type Texts, TEXTS, versionIn } from './texts.js'
import { daysBetween, momentOf } from './times.js'
import type { Update } from './update.js'
import { majorChanged } from './version.js'

export interface View {
  headline: string
  host: string | null
  total: number
  part: number
  parts: number
  severalParts: boolean
  severalProjects: boolean
  allApplied: boolean
  reminder: boolean
  details: boolean
  updates: UpdateView[]
  failed: FailedView[]
  stillPending: StillPendingView[]
}

export interface UpdateView {
  first: boolean
  name: string
  service: string | null
  image: string
  project: string | null
  directory: string | null
  current: string
  new: string
  major: boolean
  releaseNotes: string | null
  since: string | null
  before: string | null
  commands: string | null
  rollback: string | null
  pinned: string | null
  pending: boolean
  applied: boolean
  rolledBack: boolean
  superseded: boolean
  removed: boolean
  when: string | null
  healthy: boolean
  unhealthy: boolean
  unhealthySince: string | null
  newer: string | null
  newerLink: string | null
}

export interface FailedView {
  first: boolean
  names: string
  reason: string
  still: boolean
  recovered: boolean
  remedy: string | null
}

export interface StillPendingView {
  first: boolean
  name: string
  current: string
  new: string
  age: string
}

/** What fields may take, in UTF-16 units, and whether there is room for what folds away. */
export interface Bounds {
  field: number
  /** of a command; 0 leaves commands out */
  line: number
  details: boolean
}

export interface Writing {
  language: Language
  timeZone: string
  /** milliseconds since 1970 */
  now: number
}

const MAX_URL = 512
const MAX_DETAIL = 160
/** Characters of names in one line of failures. */
const MAX_NAMES = 1_000

/** The view of one part. */
export function viewOf(placed: Placed, writing: Writing, bounds: Bounds): View {
  const { host, blocks, index, count, total, severalProjects, reminder } = placed
  const texts = TEXTS[writing.language]
  return {
    headline: headlineOf(placed, texts, bounds),
    host: host === null ? null : clean(host, bounds.field),
    total,
    part: index + 1,
    parts: count,
    severalParts: count > 1,
    severalProjects,
    allApplied: allApplied(blocks),
    reminder,
    details: bounds.details,
    updates: blocks.map((block, at) => updateView(block, at === 0, placed, writing, bounds)),
    failed: failureLines(placed.failedChecks, texts, bounds).map(({ checks, ...line }, at) => ({ first: at === 0, ...line })),
    stillPending: placed.stillPending.map(({ update, since }, at) => ({
      first: at === 0, ...namesOf(update, placed, writing, bounds), age: texts.days(daysBetween(since, writing.now, writing.timeZone)),
    })),
  }
}

function headlineOf({ host, blocks, failedChecks, index, count, total, reminder }: Placed, { headline }: Texts, { field }: Bounds): string {
  const over = failedChecks.every(({ standing }) => standing === 'recovered')
  const applied = blocks.filter(({ standing }) => standing.type === 'applied').length
  const waiting = applied === 0 || blocks.some(({ standing }) => standing.type === 'pending')
  // another part's updates may wait all the same
  const told = allApplied(blocks) && blocks.length === total ? headline.applied(total) : headline.appliedOf(applied, total)
  const whole = total === 0 ? (over ? headline.checkedAgain : headline.check) : reminder ? headline.stillPending(total) : waiting ? headline.available(total) : `${blocks.some(isUnhealthy) ? '⚠️' : '✅'} ${told}`
  return `${whole}${host === null ? '' : headline.on(clean(host, field))}${count > 1 ? ` (${index + 1}/${count})` : ''}`
}

/** A container that is gone needs no update. */
function allApplied(blocks: readonly Block[]): boolean {
  const types = new Set(blocks.map(({ standing }) => standing.type))
  return types.delete('applied') && (types.delete('removed'), types.size === 0)
}

function isUnhealthy({ standing }: Block): boolean {
  return standing.type === 'applied' && standing.health === 'unhealthy'
}

/** What tells an update in one line. */
export function namesOf(update: Update, { severalProjects }: Pick<Placed, 'severalProjects'>, { language }: Pick<Writing, 'language'>, { field }: Pick<Bounds, 'field'>): { name: string; current: string; new: string } {
  const { project, currentVersion, newVersion, newImageId } = update
  const texts = TEXTS[language]
  const version = (known: string): string => versionIn(language, clean(known, field))
  return {
    name: severalProjects && project !== null ? `${nameOf(update, field)} (${clean(project, field)})` : nameOf(update, field),
    current: currentVersion === null ? texts.unknown : version(currentVersion),
    new: newVersion === null ? texts.image(newImageId) : version(newVersion),
  }
}

/** The service, or the image where no service is known. */
export function nameOf({ service, image }: Update, field: number): string {
  return clean(service === '' ? image : service, field)
}

/** No field is spread into it: V8 makes such an object of this size a dictionary of 6 kB, and it is made some times for each part. */
function updateView({ update, standing, since, before }: Block, first: boolean, placed: Placed, writing: Writing, bounds: Bounds): UpdateView {
  const { field, line, details } = bounds
  const { service, image, project, directory, currentVersion, newVersion, currentImageId, releaseNotesUrl, commands, rollback, pinned } = update
  const texts = TEXTS[writing.language]
  const shell = (lines: readonly string[]): string | null => lines.map((one) => clean(commandIn(writing.language, one), line)).join('\n') || null
  const short = (value: string | null): string | null => value && clean(value, field)
  const names = namesOf(update, placed, writing, bounds)
  const rolledBack = standing.type === 'rolled-back'
  return {
    first,
    name: names.name,
    // what runs again is worth a name, even if only that of the image
    current: rolledBack && currentVersion === null && currentImageId !== null ? texts.image(currentImageId) : names.current,
    new: names.new,
    service: short(service) || null,
    image: clean(image, field),
    project: short(project),
    directory: short(directory),
    major: currentVersion !== null && newVersion !== null && majorChanged(currentVersion, newVersion),
    releaseNotes: urlOf(releaseNotesUrl),
    since: since === null ? null : dayOf(since, writing),
    before: before === null ? null : versionIn(writing.language, clean(before, field)),
    commands: line === 0 ? null : shell(commands),
    rollback: details && (standing.type === 'pending' || standing.type === 'applied') ? shell(rollback) : null,
    pinned: details ? short(pinned) : null,
    pending: standing.type === 'pending',
    applied: standing.type === 'applied',
    rolledBack,
    superseded: standing.type === 'superseded',
    removed: standing.type === 'removed',
    when: 'at' in standing ? texts.at(...timeOf(standing.at, writing)) : null,
    healthy: standing.type === 'applied' && standing.health === 'healthy',
    unhealthy: standing.type === 'applied' && standing.health === 'unhealthy',
    unhealthySince: standing.type === 'applied' && standing.unhealthySince !== null ? texts.from(...timeOf(standing.unhealthySince, writing)) : null,
    newer: standing.type === 'superseded' ? clean(standing.by, field) : null,
    newerLink: standing.type === 'superseded' ? urlOf(standing.link) : null,
  }
}

/** An address that Telegram takes; null for any other. */
export function urlOf(value: string | null): string | null {
  return value !== null && value.length <= MAX_URL && /^https?:\/\/[^\s]/.test(value) ? clean(value, MAX_URL) : null
}

function dayOf(at: number, { language, timeZone, now }: Writing): string {
  return TEXTS[language].day(momentOf(at, timeZone), momentOf(now, timeZone).year)
}

/** The clock, and the day unless it is today. */
function timeOf(at: number, writing: Writing): [clock: string, day: string | null] {
  const [then, now] = [momentOf(at, writing.timeZone), momentOf(writing.now, writing.timeZone)]
  const today = then.day === now.day && then.month === now.month && then.year === now.year
  return [then.clock, today ? null : dayOf(at, writing)]
}

/** One line of failures, and its checks. */
export type FailureLine = Omit<FailedView, 'first'> & { checks: FailedCheck[] }

const STANDINGS = [undefined, 'still', 'recovered'] as const

/** One line per reason, however many containers share it, new ones first; its checks in lists that fit a line. */
export function failureLines(failedChecks: readonly FailedCheck[], { reasons, noReason, recovered, failureRemedies }: Texts, { field }: Bounds): FailureLine[] {
  const byReason = new Map<string, FailureLine[]>()
  for (const check of failedChecks.toSorted((a, b) => STANDINGS.indexOf(a.standing) - STANDINGS.indexOf(b.standing))) {
    const over = check.standing === 'recovered'
    const reason = clean(over ? recovered : check.reason === 'other' ? check.detail || noReason : reasons[check.reason], MAX_DETAIL)
    const name = clean(check.name, field)
    const key = `${check.standing} ${reason}`
    const lines = byReason.get(key) ?? []
    const last = lines.at(-1)
    if (last !== undefined && last.names.length + name.length < MAX_NAMES) {
      last.names += `, ${name}`
      last.checks.push(check)
    } else lines.push({ names: name, reason, still: check.standing === 'still', recovered: over, remedy: check.standing === undefined && check.reason !== 'other' ? failureRemedies[check.reason] : null, checks: [check] })
    byReason.set(key, lines)
  }
  return [...byReason.values()].flat()
}
