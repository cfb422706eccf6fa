// Text for Telegram's HTML parse mode: the one place where foreign values are made harmless.

// Controls, zero-width and bidirectional characters: they hide or reorder what a person reads.
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]+/g
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** A foreign value for display: one line, no invisible characters, at most max UTF-16 units, escaped. */
export function escape(value: string, max: number): string {
  return shorten(value.replace(INVISIBLE, ' '), max).replace(/[&<>"]/g, (char) => ENTITIES[char] as string)
}

/** What a person sees of HTML that escape() and our own tags made. */
export function visibleText(html: string): string {
  return html
    .replace(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
}

/** Shortens in the middle, where the least is lost: both ends of a name tell it apart. */
function shorten(text: string, max: number): string {
  if (text.length <= max) return text.toWellFormed()
  const end = Math.floor((max - 1) / 2)
  return `${text.slice(0, max - 1 - end)}…${text.slice(text.length - end)}`.toWellFormed()
}
