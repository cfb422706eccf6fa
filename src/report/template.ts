// Templates of messages: read with their faults, rendered from a View. The only file that knows mustache. A template can
// only print and leave out: every value is escaped, nothing is called, no other template and no file is read.
import mustache from 'mustache'
import { escapeHtml, readHtml } from './html.js'
import type { FailedView, StillPendingView, UpdateView, View } from './view.js'

export interface Template {
  text: string
  /** which lists it prints */
  lists: ReadonlySet<string>
}

/** The message is a sentence for a person. */
export class TemplateError extends Error {
  override name = 'TemplateError'
}

type Kind = 'text' | 'number' | 'yes or no'
type Fields<T> = Readonly<Record<keyof T, Kind>>

/** What a template may print, by the list that it stands in; complete by its type, and the table of compose/README.md. */
export const FIELDS: { top: Fields<Omit<View, 'updates' | 'failed' | 'stillPending'>>; updates: Fields<UpdateView>; failed: Fields<FailedView>; stillPending: Fields<StillPendingView> } = {
  top: {
    headline: 'text', host: 'text', total: 'number', part: 'number', parts: 'number', severalParts: 'yes or no', severalProjects: 'yes or no',
    allApplied: 'yes or no', reminder: 'yes or no', details: 'yes or no',
  },
  updates: {
    first: 'yes or no', name: 'text', service: 'text', image: 'text', project: 'text', directory: 'text', current: 'text', new: 'text', major: 'yes or no',
    releaseNotes: 'text', since: 'text', commands: 'text', rollback: 'text', pinned: 'text', pending: 'yes or no', applied: 'yes or no', rolledBack: 'yes or no',
    superseded: 'yes or no', removed: 'yes or no', when: 'text', healthy: 'yes or no', unhealthy: 'yes or no', unhealthySince: 'text', newer: 'text', newerLink: 'text',
  },
  failed: { first: 'yes or no', names: 'text', reason: 'text' },
  stillPending: { first: 'yes or no', name: 'text', current: 'text', new: 'text', age: 'text' },
}
const LISTS = ['updates', 'failed', 'stillPending'] as const
type List = (typeof LISTS)[number]

/** Longer ones would make a message too long; and the parser is slow on megabytes of spaces. */
const MAX_LENGTH = 16_384

/** One piece of a parsed template: its kind, name and place, and for a section what stands in it. */
type Token = readonly [kind: string, name: string, start: number, end: number, inside?: readonly Token[] | string, ...unknown[]]

/** Reads a template. Throws a TemplateError with line and column. */
export function parseTemplate(text: string): Template {
  if (text.length > MAX_LENGTH) throw new TemplateError(`it is longer than ${MAX_LENGTH} characters`)
  let tokens: readonly Token[]
  try {
    tokens = mustache.parse(text) as unknown as readonly Token[]
  } catch (error) {
    throw new TemplateError(parseFault(text, (error as Error).message))
  }
  const lists = new Set<string>()
  check(tokens, null, text, lists)
  return { text, lists }
}

/** mustache tells what is wrong, and `at` which character. */
function parseFault(text: string, message: string): string {
  const [, what = message, name, digits = '0'] = /^(.*?)(?: "([^]*)")? at (\d+)$/.exec(message) ?? []
  const found = Number(digits)
  switch (what) {
    case 'Unclosed tag':
      return `${place(text, text.lastIndexOf('{{'))} a tag begins that has no }}`
    case 'Unclosed section':
      return found < text.length ? `${place(text, found)} section ${name} has to end first` : `${place(text, opening(text, name ?? ''))} section ${name} begins that has no {{/${name}}}`
    case 'Unopened section':
      return `${place(text, found)} section ${name} ends that did not begin`
    default:
      return message
  }
}

function opening(text: string, name: string): number {
  return Math.max(text.lastIndexOf(`{{#${name}`), text.lastIndexOf(`{{^${name}`), 0)
}

/** `line 3, column 5:` */
function place(text: string, at: number): string {
  const before = text.slice(0, Math.max(at, 0)).split('\n')
  return `line ${before.length}, column ${(before.at(-1) as string).length + 1}:`
}

/**
 * Only what is documented: a name that is not would silently print nothing, or reach what JavaScript's objects
 * inherit. A list in a list would make the work grow with the product of both.
 */
function check(tokens: readonly Token[], list: List | null, text: string, lists: Set<string>): void {
  for (const [kind, name, start, , inside] of tokens) {
    if (kind === 'text' || kind === '!') continue
    const fail = (fault: string) => new TemplateError(`${place(text, start)} ${fault}`)
    if (kind === '&') throw fail(`{{{${name}}}} would print a foreign text as markup: write {{${name}}}`)
    if (kind === '>') throw fail(`{{> ${name}}} would include another template: write its text here`)
    if (kind === '=') throw fail('the signs around a tag stay {{ and }}')
    const isList = (LISTS as readonly string[]).includes(name)
    if (isList && list !== null) throw fail(`list ${name} stands inside list ${list}: end that first with {{/${list}}}`)
    if (isList && kind === 'name') throw fail(`${name} is a list: write {{#${name}}} … {{/${name}}}`)
    if (!isList && name !== '.' && !Object.hasOwn(FIELDS.top, name) && !(list !== null && Object.hasOwn(FIELDS[list], name))) {
      const homes = LISTS.filter((one) => Object.hasOwn(FIELDS[one], name))
      throw fail(homes.length > 0 ? `{{${name}}} is a field of list ${homes.join(' or ')}: write it between {{#${homes[0]}}} and {{/${homes[0]}}}` : `there is no field ${name}`)
    }
    if (isList && kind === '#') lists.add(name)
    if (kind === '#' || kind === '^') check(inside as readonly Token[], isList && kind === '#' ? (name as List) : list, text, lists)
  }
}

/** HTML and what a person sees of it. Throws a TemplateError where Telegram would not take it, or there is nothing to see. */
export function render({ text: template }: Template, view: View): { html: string; text: string } {
  let html: string
  try {
    html = mustache.render(template, view, {}, { escape: (value) => escapeHtml(String(value)) }).trim()
  } catch (error) {
    throw new TemplateError(`it cannot be rendered: ${(error as Error).message}`)
  }
  const seen = readHtml(html)
  if (seen.type === 'error') throw new TemplateError(`Telegram would refuse what it makes: ${seen.error}`)
  const text = seen.text.trim()
  if (text === '') throw new TemplateError('it prints nothing')
  return { html, text }
}
