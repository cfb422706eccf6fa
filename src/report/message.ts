// Renders news as Telegram messages. Takes News, gives Messages, none over Telegram's limits, every
// update in exactly one of them.
import * as z from 'zod'
import type { News } from './announce.js'
import type { FailedCheck } from './failure.js'
import { escape, visibleText } from './html.js'
import { commandIn, type Language, type Texts, TEXTS, versionIn } from './texts.js'
import type { Update } from './update.js'
import { majorChanged } from './version.js'

/** One Telegram message. */
export const Message = z.object({
  /** for HTML parse mode */
  html: z.string(),
  /** the same without markup, for a terminal and for when Telegram rejects the entities */
  text: z.string(),
})
export type Message = z.infer<typeof Message>

/** Telegram's limits: characters after entity parsing, and bytes before it. */
export const MAX_VISIBLE = 4_096
export const MAX_BYTES = 32_768

// What a single field may take, so that one block, with all its fields oversized, still fits a part.
const MAX_FIELD = 256
const MAX_COMMAND = 1_000
const MAX_URL = 512
const MAX_DETAIL = 160
/** Visible characters of a block with all that belongs to it. */
const MAX_BLOCK = 3_400
/** Characters of names in one line of failures. */
const MAX_NAMES = 1_000
/** Room for ` (10000/10000)` after the headline: all that a session can hold makes no more parts. */
const NUMBERING = 14
/** Room for the sentences that delivery may have to put in front (notice.ts). */
const NOTICES = 300

/** How messages are written. */
export interface Style {
  language: Language
  /** IANA name */
  timeZone: string
}

export interface Format extends Style {
  /** milliseconds since 1970 */
  now: number
}

/** A piece that is never torn, and what stands between it and the piece before. */
interface Block {
  glue: '\n' | '\n\n'
  html: string
}

/** The messages that tell the news, in order; none if there is nothing to tell. */
export function messagesOf({ host, updates, failedChecks }: News, { language }: Format): Message[] {
  const texts = TEXTS[language]
  const inOrder = updates.toSorted((a, b) => compare(a.project ?? '', b.project ?? '') || compare(a.service, b.service) || compare(a.image, b.image))
  const several = new Set(updates.map((u) => u.project).filter((project) => project !== null)).size > 1
  const blocks = [...inOrder.map((update) => updateBlock(update, several, language)), ...failureBlocks(failedChecks, texts)]
  if (blocks.length === 0) return []
  const headline = (updates.length === 0 ? texts.headline.check : texts.headline.available(updates.length)) + (host === null ? '' : escape(texts.headline.on(host), MAX_FIELD))
  const parts = pack(headline, blocks)
  return parts.map((body, index) => {
    const html = `${headline}${parts.length > 1 ? ` (${index + 1}/${parts.length})` : ''}\n\n${body}`
    return { html, text: visibleText(html) }
  })
}

function updateBlock(update: Update, several: boolean, language: Language): Block {
  const { labels, unknown, image: imageOf, major: isMajor } = TEXTS[language]
  const { service, image, project, directory, currentVersion, newVersion, newImageId, commands, rollback, pinned } = update
  const shown = escape(newVersion === null ? imageOf(newImageId) : versionIn(language, newVersion), MAX_FIELD)
  const link = update.releaseNotesUrl !== null && update.releaseNotesUrl.length <= MAX_URL ? update.releaseNotesUrl : null
  const major = currentVersion !== null && newVersion !== null && majorChanged(currentVersion, newVersion)
  const lines = [
    service === '' ? `${labels.image} ${escape(image, MAX_FIELD)}` : `${labels.service} ${escape(service, MAX_FIELD)}`,
    ...(several && project !== null ? [`${labels.project} ${escape(project, MAX_FIELD)}`] : []),
    ...(several && directory !== null ? [`${labels.directory} ${escape(directory, MAX_FIELD)}`] : []),
    `${labels.current} ${escape(currentVersion ?? unknown, MAX_FIELD)}`,
    `${labels.new} ${link === null ? shown : `<a href="${escape(link, MAX_URL)}">${shown}</a>`}${major ? ` ${isMajor}` : ''}`,
    ...(commands.length === 0 ? [] : ['', labels.command, shell(commands, language)]),
  ]
  const back = [...(rollback.length === 0 ? [] : [labels.rollback, shell(rollback, language)]), ...(pinned === null ? [] : [`${labels.pinned} <code>${escape(pinned, MAX_FIELD)}</code>`])]
  const html = lines.join('\n')
  const whole = back.length === 0 ? html : `${html}\n\n<blockquote expandable>${back.join('\n')}</blockquote>`
  // what says how to apply it comes first where fields of monstrous length leave no room for both
  return { glue: '\n\n', html: visibleText(whole).length <= MAX_BLOCK ? whole : html }
}

function shell(commands: readonly string[], language: Language): string {
  return `<pre>${commands.map((line) => escape(commandIn(language, line), MAX_COMMAND)).join('\n')}</pre>`
}

/** One line per reason, however many containers share it. */
function failureBlocks(failedChecks: readonly FailedCheck[], { labels, reasons, noReason }: Texts): Block[] {
  const byReason = new Map<string, string[]>()
  for (const { name, reason, detail } of failedChecks) {
    const text = reason === 'other' ? detail || noReason : reasons[reason]
    const names = byReason.get(text)
    if (names) names.push(name)
    else byReason.set(text, [name])
  }
  const lines = [...byReason].flatMap(([reason, names]) =>
    lists(names).map((list) => `${labels.failed} ${list}, ${escape(reason, MAX_DETAIL)}`),
  )
  return lines.map((html, index) => ({ glue: index === 0 ? '\n\n' : '\n', html }))
}

/** Names joined by commas, in lists that fit a line. */
function lists(names: readonly string[]): string[] {
  const out: string[] = []
  for (const name of names.map((n) => escape(n, MAX_FIELD))) {
    const last = out.at(-1)
    if (last !== undefined && last.length + name.length < MAX_NAMES) out[out.length - 1] = `${last}, ${name}`
    else out.push(name)
  }
  return out
}

/** Fills parts with whole blocks, in order, within both limits. */
function pack(headline: string, blocks: readonly Block[]): string[] {
  const fits = (body: string): boolean => {
    const html = `${headline}\n\n${body}`
    return visibleText(html).length + NUMBERING + NOTICES <= MAX_VISIBLE && Buffer.byteLength(html) + NUMBERING + NOTICES <= MAX_BYTES
  }
  const parts: string[] = []
  for (const { glue, html } of blocks) {
    const last = parts.at(-1)
    if (last !== undefined && fits(last + glue + html)) parts[parts.length - 1] = last + glue + html
    else parts.push(html)
  }
  return parts
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}
