// Telegram's HTML parse mode as a strict checker: markup in, the text a person sees or Telegram's complaint out.
// Wording and offsets follow tdlib's parse_html. It is stricter on purpose where tdlib forgives what our own
// escape function must never produce: a bare & or >, an unknown attribute, markup inside <pre> or <code>.

/** The visible text, or Telegram's complaint (without its "Bad Request: can't parse entities: "). */
export type ParsedHtml = { type: 'text'; text: string } | { type: 'error'; error: string }

/** Tag -> the attributes it may carry. */
const TAGS = new Map<string, readonly string[]>([
  ...['b', 'strong', 'i', 'em', 's', 'strike', 'del', 'u', 'ins', 'tg-spoiler', 'pre'].map((tag) => [tag, []] as const),
  ['a', ['href']], ['code', ['class']], ['span', ['class']],
  ['tg-emoji', ['emoji-id']], ['tg-time', ['unix', 'format']], ['blockquote', ['expandable']],
])

const ENTITIES = new Map([['lt', '<'], ['gt', '>'], ['amp', '&'], ['quot', '"']])
const ENTITY = /&(?:(lt|gt|amp|quot)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));/y
const ATTRIBUTE = /\s+([^\s=>"]+)(?:="([^"<>]*)")?/y

class Complaint extends Error {}

/** Parses Telegram's HTML; never throws. */
export function parseTelegramHtml(html: string): ParsedHtml {
  try {
    return { type: 'text', text: visible(html) }
  } catch (error) {
    if (error instanceof Complaint) return { type: 'error', error: error.message }
    throw error
  }
}

/** What Telegram does to any text it accepts: control characters become spaces, CR and bidi overrides vanish, ends are trimmed. */
export function cleanText(text: string): string {
  // tdlib clean_input_string (misc.cpp)
  return text.replace(/[\0-\x09\x0b\x0c\x0e-\x1f]/g, ' ').replace(/[\r\u2028-\u202e]/g, '').trim()
}

function visible(html: string): string {
  const open: string[] = []
  let text = ''
  let at = 0
  const offset = (): string => `at byte offset ${Buffer.byteLength(html.slice(0, at))}`
  while (at < html.length) {
    const char = html[at]
    if (char === '&') {
      ENTITY.lastIndex = at
      const match = ENTITY.exec(html)
      if (!match) throw new Complaint(`Unescaped "&" ${offset()}`)
      text += decode(match, offset)
      at = ENTITY.lastIndex
    } else if (char === '>') {
      throw new Complaint(`Unescaped ">" ${offset()}`)
    } else if (char !== '<') {
      text += char
      at += 1
    } else if (html[at + 1] === '/') {
      at = closeTag(html, at, open, offset)
    } else {
      at = openTag(html, at, open, offset)
    }
  }
  const unclosed = open.at(-1)
  if (unclosed !== undefined) throw new Complaint(`Can't find end tag corresponding to start tag "${unclosed}"`)
  return text
}

function decode(match: RegExpExecArray, offset: () => string): string {
  const [, name, decimal, hex] = match
  if (name !== undefined) return ENTITIES.get(name) ?? ''
  const code = decimal !== undefined ? Number.parseInt(decimal, 10) : Number.parseInt(hex ?? '', 16)
  const surrogate = code >= 0xd800 && code <= 0xdfff
  if (code === 0 || code >= 0x10ffff || surrogate) throw new Complaint(`Invalid character reference ${offset()}`)
  return String.fromCodePoint(code)
}

function openTag(html: string, at: number, open: string[], offset: () => string): number {
  const name = /[^\s>]*/y
  name.lastIndex = at + 1
  const tag = (name.exec(html)?.[0] ?? '').toLowerCase()
  if (name.lastIndex >= html.length) throw new Complaint(`Unclosed start tag ${offset()}`)
  const allowed = TAGS.get(tag)
  if (!allowed) throw new Complaint(`Unsupported start tag "${tag}" ${offset()}`)

  const attributes = new Map<string, string | undefined>()
  let end = name.lastIndex
  for (;;) {
    ATTRIBUTE.lastIndex = end
    const match = ATTRIBUTE.exec(html)
    if (!match) break
    const [, key = '', value] = match
    if (!allowed.includes(key)) throw new Complaint(`Unsupported attribute "${key}" in the tag "${tag}" ${offset()}`)
    if (value !== undefined) visible(value)
    attributes.set(key, value)
    end = ATTRIBUTE.lastIndex
  }
  while (/\s/.test(html[end] ?? '')) end += 1
  if (html[end] !== '>') throw new Complaint(`Unclosed start tag "${tag}" ${offset()}`)
  checkAttributes(tag, attributes, offset)
  checkNesting(tag, open, offset)
  open.push(tag)
  return end + 1
}

function checkAttributes(tag: string, attributes: Map<string, string | undefined>, offset: () => string): void {
  const demand = (good: boolean, what: string): void => {
    if (!good) throw new Complaint(`Tag "${tag}" must have ${what} ${offset()}`)
  }
  if (tag === 'span') demand(attributes.get('class') === 'tg-spoiler', 'class "tg-spoiler"')
  if (tag === 'a') demand(/^(https?|tg|ton|mailto|tel):./.test(attributes.get('href') ?? ''), 'a href with a scheme')
  if (tag === 'tg-emoji') demand(/^\d+$/.test(attributes.get('emoji-id') ?? ''), 'a numeric emoji-id')
  if (tag === 'tg-time') demand(/^\d+$/.test(attributes.get('unix') ?? ''), 'a numeric unix time')
  if (tag === 'code' && attributes.has('class')) demand(/^language-./.test(attributes.get('class') ?? ''), 'class "language-…"')
}

// Bot API docs: pre and code cannot contain other entities (but <pre><code class="language-…">), block quotes do not nest.
function checkNesting(tag: string, open: readonly string[], offset: () => string): void {
  const parent = open.at(-1)
  const literal = open.includes('code') || (open.includes('pre') && !(tag === 'code' && parent === 'pre'))
  const twice = tag === 'blockquote' && open.includes('blockquote')
  if (literal || twice) throw new Complaint(`Tag "${tag}" is not allowed inside "${parent}" ${offset()}`)
}

function closeTag(html: string, at: number, open: string[], offset: () => string): number {
  const expected = open.at(-1)
  if (expected === undefined) throw new Complaint(`Unexpected end tag ${offset()}`)
  const end = html.indexOf('>', at)
  if (end < 0) throw new Complaint(`Unclosed end tag ${offset()}`)
  const found = html.slice(at + 2, end).trimEnd().toLowerCase()
  if (found !== expected) {
    throw new Complaint(`Unmatched end tag ${offset()}, expected "</${expected}>", found "</${found}>"`)
  }
  open.pop()
  return end + 1
}
