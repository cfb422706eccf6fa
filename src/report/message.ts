// Renders what there is to tell as Telegram messages. Takes Content, gives Parts, none over Telegram's limits, every
// update in exactly one of them.
import * as z from 'zod/mini'
import type { News } from './announce.js'
import type { Block, Placed, StillPending } from './block.js'
import { builtInTemplate } from './builtin.js'
import { Button, buttonsOf } from './buttons.js'
import type { FailedCheck } from './failure.js'
import { clean, escapeHtml } from './html.js'
import { parseTemplate, render, type Template, TemplateError } from './template.js'
import { type Language, TEXTS } from './texts.js'
import { type Bounds, failureLines, nameOf, type View, viewOf } from './view.js'

/** One Telegram message. */
export const Message = z.object({
  /** for HTML parse mode */
  html: z.string(),
  /** the same without markup, for a terminal and for when Telegram rejects the entities */
  text: z.string(),
  /** links below it, one in a row */
  buttons: z._default(z.array(Button), []),
})
export type Message = z.infer<typeof Message>

/** What one message, in as many parts as it takes, says. */
export interface Content {
  host: string | null
  /** one checklist block each */
  blocks: readonly Block[]
  failedChecks: readonly FailedCheck[]
  /** mentioned in a line each at the end */
  stillPending: readonly StillPending[]
}

/** How messages are written. */
export interface Style {
  language: Language
  /** IANA name */
  timeZone: string
  /** the user's own; null for the built-in one */
  template: Template | null
  /** The user's template failed: the built-in one takes its place. */
  onTemplateError(fault: string): void
}

export interface Format extends Style {
  /** milliseconds since 1970 */
  now: number
}

/** One message, and all that it takes to make it again. */
export interface Part extends Placed {
  message: Message
}

/** Telegram's limits: characters after entity parsing, and bytes before it. */
export const MAX_VISIBLE = 4_096
export const MAX_BYTES = 32_768
/** Room for the sentences that delivery may have to put in front (notice.ts). */
const NOTICES = 300
/** While parts are filled their number is not known; all that a session can hold makes no more. */
const MOST_PARTS = 10_000
/** What a field may take: the first bounds under which a part fits. Only updates with monstrous fields need more than the first. */
const BOUNDS: readonly [Bounds, ...Bounds[]] = [
  { field: 256, line: 1_000, details: true },
  // what says how to apply it comes before what says how to take it back
  { field: 256, line: 1_000, details: false },
  { field: 256, line: 400, details: false },
  { field: 64, line: 0, details: false },
  { field: 16, line: 0, details: false },
]

const builtIns = new Map<Language, Template>()
/** Parsed for the first message: that takes longer than most of what a start does. */
function builtIn(language: Language): Template {
  const template = builtIns.get(language) ?? parseTemplate(builtInTemplate(language))
  builtIns.set(language, template)
  return template
}

/** The content that tells news: every update is pending. */
export function contentOf({ host, updates, failedChecks }: News): Content {
  return { host, blocks: updates.map((update) => ({ update, standing: { type: 'pending' }, since: null, before: null })), failedChecks, stillPending: [] }
}

/** The parts that say it, in order; none if nothing is new. */
export function partsOf(content: Content, format: Format): Part[] {
  return content.blocks.length + content.failedChecks.length === 0 ? [] : ownOrBuiltIn(format, (template) => packed(content, false, format, template))
}

/** Nothing is new, but this is still pending, and this still not checked: one line per service. */
export function reminderOf({ host, stillPending, failedChecks = [] }: Pick<Content, 'host' | 'stillPending'> & Partial<Content>, format: Format): Message[] {
  const content: Content = { host, blocks: [], failedChecks, stillPending }
  if (failedChecks.length + stillPending.length === 0) return []
  return ownOrBuiltIn(format, (template) => packed(content, true, format, template)).map(({ message }) => message)
}

/** One part again, when its blocks stand differently. */
export function partAgain(part: Omit<Placed, 'severalProjects' | 'reminder'> & Partial<Placed>, format: Format): Message {
  const placed: Placed = { severalProjects: severalProjects(part), reminder: false, ...part }
  return ownOrBuiltIn(format, (template) => composed(placed, format, template !== null && tells(template, placed) ? template : null))
}

/** Whatever a template of the user's does, the message is made. */
function ownOrBuiltIn<T>(format: Format, make: (template: Template | null) => T): T {
  if (format.template !== null) {
    try {
      return make(format.template)
    } catch (error) {
      format.onTemplateError((error as Error).message)
    }
  }
  return make(null)
}

/** Whether a template of the user's says what is the reason for this message. */
function tells({ lists }: Template, { blocks, failedChecks }: Pick<Content, 'blocks' | 'failedChecks'>): boolean {
  return lists.has(blocks.length > 0 ? 'updates' : failedChecks.length > 0 ? 'failed' : 'stillPending')
}

/** What is never torn: one update, one line of failures, one mention. */
type Item = Pick<Content, 'blocks' | 'failedChecks' | 'stillPending'>
const item = (given: Partial<Item>): Item => ({ blocks: [], failedChecks: [], stillPending: [], ...given })
const join = (items: readonly Item[]): Item => item({
  blocks: items.flatMap((one) => one.blocks), failedChecks: items.flatMap((one) => one.failedChecks), stillPending: items.flatMap((one) => one.stillPending),
})

function packed(content: Content, reminder: boolean, format: Format, given: Template | null): Part[] {
  const own = given !== null && tells(given, content) ? given : null
  const blocks = content.blocks.toSorted((a, b) => inOrder(a.update, b.update)).map((block) => item({ blocks: [block] }))
  const failures = failureLines(content.failedChecks, TEXTS[format.language], BOUNDS[0]).map(({ checks }) => item({ failedChecks: checks }))
  const mentions = content.stillPending.toSorted((a, b) => inOrder(a.update, b.update)).map((one) => item({ stillPending: [one] }))
  // what a template of the user's does not tell: failures get a part of their own, mentions are none
  const untold = own !== null && !own.lists.has('failed') ? failures : []
  const told = [...blocks, ...(untold.length > 0 ? [] : failures), ...(own !== null && !own.lists.has('stillPending') ? [] : mentions)]
  const { host } = content
  const whole = { host, total: (reminder ? mentions : blocks).length, severalProjects: severalProjects(content), reminder }
  const fill = (items: readonly Item[], template: Template | null): { template: Template | null; items: readonly Item[] }[] =>
    filled(items, (some) => {
      const placed: Placed = { ...whole, ...join(some), index: MOST_PARTS - 1, count: MOST_PARTS }
      return fits(rendered(placed, format, template, BOUNDS[0]))
    }).map((some) => ({ template, items: some }))
  const parts = [...fill(told, own), ...fill(untold, null)]
  return parts.map(({ template, items }, index) => {
    const placed: Placed = { ...whole, ...join(items), index, count: parts.length }
    return { ...placed, message: composed(placed, format, template) }
  })
}

/** Shares out items in order, as many in each part as fit; an item that fits nowhere is a part of its own. */
function filled(items: readonly Item[], fit: (some: readonly Item[]) => boolean): (readonly Item[])[] {
  const parts: (readonly Item[])[] = []
  for (let start = 0, guess = 8; start < items.length; start += guess) {
    guess = Math.max(1, most(items.length - start, guess, (count) => fit(items.slice(start, start + count))))
    parts.push(items.slice(start, start + guess))
  }
  return parts
}

/** The greatest number up to max that fits, searched outwards from a guess: about as many trials as the guess is wrong in digits. */
function most(max: number, guess: number, fit: (count: number) => boolean): number {
  let [good, bad] = [0, max + 1]
  for (let probe = Math.min(guess, max), step = 1; bad - good > 1; step *= 2) {
    if (fit(probe)) good = probe
    else bad = probe
    const between = Math.floor((good + bad) / 2)
    probe = bad > max ? Math.min(max, good + step) : good === 0 ? Math.max(1, bad - step) : between
  }
  return good
}

/** The message of one part. Throws a TemplateError where a template of the user's fails; the built-in one never does. */
function composed(placed: Placed, format: Format, template: Template | null): Message {
  for (const bounds of template === null ? BOUNDS : [BOUNDS[0]]) {
    const message = rendered(placed, format, template, bounds)
    if (fits(message)) return message
  }
  if (template !== null) throw new TemplateError('a part of the message is too long for Telegram')
  return barest(viewOf(placed, format, BOUNDS.at(-1) as Bounds))
}

function rendered(placed: Placed, format: Format, template: Template | null, bounds: Bounds): Message {
  const { html, text } = render(template ?? builtIn(format.language), viewOf(placed, format, bounds))
  const names = template === null ? [] : namesIn(placed, template, bounds.field)
  const missing = names.find((name) => !text.includes(name.trim()))
  if (missing !== undefined) throw new TemplateError(`what it makes does not name ${missing}`)
  return { html, text, buttons: buttonsOf(placed, format) }
}

/** What a template that prints a list must not leave out of it. */
function namesIn({ blocks, failedChecks, stillPending }: Placed, { lists }: Template, field: number): string[] {
  return [
    ...blocks.map(({ update }) => nameOf(update, field)),
    ...(lists.has('failed') ? failedChecks.map(({ name }) => clean(name, field)) : []),
    ...(lists.has('stillPending') ? stillPending.map(({ update }) => nameOf(update, field)) : []),
  ]
}

function fits({ html, text }: Message): boolean {
  return text.length + NOTICES <= MAX_VISIBLE && Buffer.byteLength(html) + NOTICES <= MAX_BYTES
}

/** When nothing else fits, for a part that another template filled: a line each, as many as there is room for. */
function barest({ headline, updates, failed, stillPending }: View): Message {
  const lines = [headline, '', ...updates.map(({ applied, unhealthy, name }) => `${unhealthy ? '❌' : applied ? '✅' : '•'} ${name}`), ...failed.map(({ names }) => names), ...stillPending.map(({ name }) => name)]
  let text = ''
  for (const line of lines) if (text.length + line.length + NOTICES < MAX_VISIBLE) text += `${line}\n`
  text = text.trim()
  return { html: escapeHtml(text), text, buttons: [] }
}

/** Whether updates have to name their project to be told apart. */
export function severalProjects({ blocks, stillPending }: Pick<Content, 'blocks' | 'stillPending'>): boolean {
  return new Set([...blocks, ...stillPending].map(({ update }) => update.project).filter((project) => project !== null)).size > 1
}

function inOrder(a: Block['update'], b: Block['update']): number {
  return compare(a.project ?? '', b.project ?? '') || compare(a.service, b.service) || compare(a.image, b.image)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
