// Templates of messages: read with their faults, rendered from a View. The only file that knows mustache. A template can
// only print and leave out: every value is escaped, nothing is called, no other template and no file is read.
import mustache from 'mustache'
import { clean, escapeHtml, readHtml } from './html.js'
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
    releaseNotes: 'text', since: 'text', before: 'text', commands: 'text', rollback: 'text', pinned: 'text', pending: 'yes or no', applied: 'yes or no', rolledBack: 'yes or no',
    superseded: 'yes or no', removed: 'yes or no', when: 'text', healthy: 'yes or no', unhealthy: 'yes or no', unhealthySince: 'text', newer: 'text', newerLink: 'text',
  },
  failed: { first: 'yes or no', names: 'text', reason: 'text', still: 'yes or no', recovered: 'yes or no', remedy: 'text' },
  stillPending: { first: 'yes or no', name: 'text', current: 'text', new: 'text', age: 'text' },
}
const LISTS = ['updates', 'failed', 'stillPending'] as const
type List = (typeof LISTS)[number]

const SIGNS = 'the signs around a tag stay {{ and }}'

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
  check(tokens, { list: null, value: false }, text, lists)
  return { text, lists }
}

/** mustache tells what is wrong, and `at` which character. */
function parseFault(text: string, message: string): string {
  const [, what, name = '', digits] = /^(Unclosed tag|Unclosed section|Unopened section)(?: "([^]*)")? at (\d+)$/.exec(message) ?? []
  const found = Number(digits)
  if (what === 'Unclosed tag') {
    const last = text.indexOf('{{', Math.max(0, text.lastIndexOf('}}')))
    // one that begins with three signs does not end with two
    return `${place(text, last < 0 ? Math.max(text.lastIndexOf('{{{'), text.lastIndexOf('{{=')) : last)} this tag has no end`
  }
  if (what === 'Unopened section') return `${place(text, found)} {{/${name}}} ends a section that did not begin`
  if (what === 'Unclosed section' && found < text.length) return `${place(text, found)} section ${name} has to end first, with {{/${name}}}`
  if (what === 'Unclosed section') return `${place(text, Math.max(text.lastIndexOf(`{{#${name}`), text.lastIndexOf(`{{^${name}`)))} this section has no {{/${name}}}`
  return `${place(text, text.indexOf('{{='))} ${SIGNS}`
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
function check(tokens: readonly Token[], around: { list: List | null; value: boolean }, text: string, lists: Set<string>): void {
  for (const [kind, name, start, , inside] of tokens) {
    if (kind === 'text' || kind === '!') continue
    const fault = faultOf(kind, name, around)
    // a tag that ends too late holds a piece of the template
    if (fault !== null) throw new TemplateError(`${place(text, start)} ${clean(fault.replaceAll(name, clean(name, 40)), 300)}`)
    if (kind !== '#' && kind !== '^') continue
    const into = kind === '#' && isList(name)
    if (into) lists.add(name)
    check(inside as readonly Token[], { list: into ? (name as List) : around.list, value: kind === '#' && !into && name !== '.' }, text, lists)
  }
}

function faultOf(kind: string, name: string, { list, value }: { list: List | null; value: boolean }): string | null {
  if (kind === '&') return `{{{${name}}}} would print a foreign text as markup: write {{${name}}}`
  if (kind === '>') return `{{> ${name}}} would include another template: write its text here`
  if (kind === '=') return SIGNS
  if (isList(name)) {
    if (list !== null) return `list ${name} stands inside list ${list}: end that first, with {{/${list}}}`
    return kind === 'name' ? `${name} is a list: write {{#${name}}} … {{/${name}}}` : null
  }
  // the value that the section around it is about
  if (name === '.') return value ? null : '{{.}} stands for the value of a section around it, and there is none'
  if (Object.hasOwn(FIELDS.top, name) || (list !== null && Object.hasOwn(FIELDS[list], name))) return null
  const home = LISTS.find((one) => Object.hasOwn(FIELDS[one], name))
  return home === undefined ? `there is no field ${name}` : `${name} is a field of list ${home}: write it between {{#${home}}} and {{/${home}}}`
}

function isList(name: string): boolean {
  return (LISTS as readonly string[]).includes(name)
}

/** HTML and what a person sees of it. Throws a TemplateError where Telegram would not take it, or there is nothing to see. */
export function render({ text: template }: Template, view: View): { html: string; text: string } {
  const html = mustache.render(template, view, {}, { escape: (value) => escapeHtml(String(value)) }).trim()
  const seen = readHtml(html)
  if (seen.type === 'error') throw new TemplateError(`Telegram would refuse what it makes: ${seen.error}`)
  const text = seen.text.trim()
  if (text === '') throw new TemplateError('it prints nothing')
  return { html, text }
}
