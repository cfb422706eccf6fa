// key=value pairs as logrus' TextFormatter and the fork's zerolog writer print them.
// One pass over the text, so linear; never throws; values are quoted by Go's %q or not at all.

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v',
}
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 }

/**
 * Decodes `key=value key="quoted value"`. Of a repeated key the first value counts, a key without
 * `=` is passed over, and an unterminated quote runs to the end of the text.
 */
export function decodeLogfmt(text: string): Map<string, string> {
  const pairs = new Map<string, string>()
  let at = 0
  while (at < text.length) {
    if (text[at] === ' ') {
      at += 1
      continue
    }
    const keyEnd = endOfWord(text, at, '=')
    const key = text.slice(at, keyEnd)
    at = keyEnd
    if (text[at] !== '=') continue
    at += 1
    let value: string
    if (text[at] === '"') {
      const end = endOfQuote(text, at + 1)
      value = unquote(text.slice(at + 1, end))
      at = end + 1
    } else {
      const end = endOfWord(text, at, ' ')
      value = text.slice(at, end)
      at = end
    }
    if (key !== '' && !pairs.has(key)) pairs.set(key, value)
  }
  return pairs
}

function endOfWord(text: string, from: number, stop: string): number {
  let at = from
  while (at < text.length && text[at] !== ' ' && text[at] !== stop) at += 1
  return at
}

function endOfQuote(text: string, from: number): number {
  let at = from
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return Math.min(at, text.length)
}

/** Undoes Go's %q (strconv.Quote): not JSON's escapes, it knows \x1b, \a, \v and \U0001f514. */
function unquote(quoted: string): string {
  if (!quoted.includes('\\')) return quoted
  const parts: string[] = []
  let at = 0
  while (at < quoted.length) {
    const next = quoted.indexOf('\\', at)
    if (next < 0 || next === quoted.length - 1) break
    parts.push(quoted.slice(at, next))
    const kind = quoted[next + 1] as string
    const digits = HEX_DIGITS[kind]
    const hex = digits === undefined ? '' : quoted.slice(next + 2, next + 2 + digits)
    if (digits !== undefined && hex.length === digits && /^[0-9a-fA-F]+$/.test(hex)) {
      parts.push(codePoint(kind, Number.parseInt(hex, 16)))
      at = next + 2 + digits
    } else {
      parts.push(SIMPLE_ESCAPES[kind] ?? kind)
      at = next + 2
    }
  }
  parts.push(quoted.slice(at))
  return parts.join('')
}

/** From \x80 on a \x is a byte that was no UTF-8. */
function codePoint(kind: string, value: number): string {
  const none = (kind === 'x' && value > 0x7f) || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)
  return none ? '\ufffd' : String.fromCodePoint(value)
}
