// Text for Telegram's HTML parse mode: where foreign values are made harmless, and where finished HTML is read as
// Telegram reads it. Both linear.

// Controls, zero-width and bidirectional characters: they hide or reorder what a person reads.
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]+/g
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const CHARACTERS: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' }

/** A foreign value for display: one line, no invisible characters, at most max UTF-16 units. */
export function clean(value: string, max: number): string {
  return shorten(value.replace(INVISIBLE, ' '), max)
}

/** Text in which nothing is markup any more. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => ENTITIES[char] as string)
}

/** A foreign value for display in HTML. */
export function escape(value: string, max: number): string {
  return escapeHtml(clean(value, max))
}

/** Shortens in the middle, where the least is lost: both ends of a name tell it apart. */
function shorten(text: string, max: number): string {
  if (text.length <= max) return text.toWellFormed()
  const end = Math.floor((max - 1) / 2)
  return `${text.slice(0, max - 1 - end)}…${text.slice(text.length - end)}`.toWellFormed()
}

// Which attributes a tag may have, and what must be true of them (core.telegram.org/bots/api#html-style).
const BARE = /^$/
const TAGS = new Map<string, RegExp>([
  ...['b', 'strong', 'i', 'em', 'u', 'ins', 's', 'strike', 'del', 'tg-spoiler', 'pre'].map((tag) => [tag, BARE] as const),
  ['a', /^ href="(?:https?|tg|mailto|tel):[^"]+"$/],
  ['code', /^(?: class="language-[^"]+")?$/],
  ['span', /^ class="tg-spoiler"$/],
  ['blockquote', /^(?: expandable)?$/],
])
const PIECE = /([^<>&]+)|&(?:(lt|gt|amp|quot)|#(\d{1,7})|#x([0-9a-f]{1,6}));|<\/([a-z-]+)\s*>|<([a-z-]+)((?:\s+[a-z-]+(?:="[^"<>]*")?)*)\s*>/giy

/** What a person sees of HTML; or why Telegram would refuse it, in words that end a sentence. */
export function readHtml(html: string): { type: 'text'; text: string } | { type: 'error'; error: string } {
  const open: string[] = []
  const text: string[] = []
  let quoted = false
  const fail = (error: string) => ({ type: 'error' as const, error })
  PIECE.lastIndex = 0
  while (PIECE.lastIndex < html.length) {
    const at = PIECE.lastIndex
    const [piece, plain, name, decimal, hex, end, start, attributes = ''] = PIECE.exec(html) ?? []
    if (piece === undefined) return fail(`it cannot read ${JSON.stringify(html.slice(at, at + 20))}: write &lt; &gt; &amp; for < > &`)
    if (plain !== undefined) text.push(plain)
    else if (name !== undefined) text.push(CHARACTERS[name.toLowerCase()] as string)
    else if (decimal !== undefined || hex !== undefined) {
      const code = decimal !== undefined ? Number(decimal) : parseInt(hex as string, 16)
      if (code === 0 || code >= 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return fail(`there is no character ${piece}`)
      text.push(String.fromCodePoint(code))
    } else if (end !== undefined) {
      const expected = open.pop()
      quoted = quoted && expected !== 'blockquote'
      if (end.toLowerCase() !== expected) return fail(expected === undefined ? `${piece} ends nothing` : `<${expected}> ends with ${piece}`)
    } else {
      const tag = (start as string).toLowerCase()
      const error = quoted && tag === 'blockquote' ? 'stands inside another one' : badStart(tag, attributes, open.at(-1))
      if (error !== null) return fail(`${piece.slice(0, 40)} ${error}`)
      open.push(tag)
      quoted = quoted || tag === 'blockquote'
    }
  }
  const left = open.pop()
  return left === undefined ? { type: 'text', text: text.join('') } : fail(`<${left}> has no end`)
}

/** Nothing can stand in code, and only code in pre: so the tag around is enough to know. */
function badStart(tag: string, attributes: string, around: string | undefined): string | null {
  const allowed = TAGS.get(tag)
  if (!allowed) return 'is no tag that Telegram knows'
  if (!allowed.test(attributes.replace(/^\s+/, ' '))) return tag === 'a' ? 'needs an address' : 'has an attribute that Telegram does not take'
  return around === 'code' || (around === 'pre' && tag !== 'code') ? `stands inside <${around}>, where no markup may be` : null
}
