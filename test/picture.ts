// A message as Telegram shows it, drawn as SVG from the HTML and the buttons that are really sent. For the README.

const [WIDTH, LINE, SIZE] = [470, 21, 15]
const [TEXT, LINK, BAR, BOX, BUBBLE, CHAT] = ['#000', '#168acd', '#3fa3e0', '#eef3f7', '#fff', '#d5e1ea']
const MONO = 'ui-monospace,SFMono-Regular,Menlo,Consolas,monospace'
const SANS = 'system-ui,-apple-system,Segoe UI,Roboto,sans-serif'
/** Lines that Telegram shows of a quote that is folded. */
const FOLDED = 3

interface Line {
  /** SVG tspans */
  spans: string
  kind: 'text' | 'pre' | 'quote'
}

/** Draws one message. buttons: their texts, one below the other. */
export function pictureOf(html: string, buttons: readonly string[]): string {
  const lines = folded(linesOf(html))
  const shapes: string[] = []
  let y = 24
  for (const [index, { spans, kind }] of lines.entries()) {
    const x = kind === 'text' ? 28 : 40
    if (kind === 'pre') shapes.push(`<rect x="28" y="${y}" width="${WIDTH - 56}" height="${LINE}" fill="${BOX}"/>`)
    if (kind === 'quote') shapes.push(`<rect x="28" y="${y}" width="${WIDTH - 56}" height="${LINE}" fill="${BOX}"/><rect x="28" y="${y}" width="3" height="${LINE}" fill="${BAR}"/>`)
    shapes.push(`<text x="${x}" y="${y + 15}" xml:space="preserve"${kind === 'pre' ? ` font-family="${MONO}" font-size="13"` : ''}>${spans}</text>`)
    if (kind === 'quote' && lines[index + 1]?.kind !== 'quote') shapes.push(`<text x="${WIDTH - 44}" y="${y + 15}" fill="${BAR}">⌄</text>`)
    y += LINE
  }
  const bubble = y + 10
  const rows = buttons.map((text, index) => {
    const top = bubble + 6 + index * 40
    return `<rect x="14" y="${top}" width="${WIDTH - 28}" height="34" rx="8" fill="#7e9bb0" opacity=".55"/><text x="${WIDTH / 2}" y="${top + 22}" text-anchor="middle" fill="#fff">${text}</text><text x="${WIDTH - 32}" y="${top + 15}" fill="#fff" font-size="11">↗</text>`
  })
  const height = bubble + 6 + buttons.length * 40 + 8
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="${SANS}" font-size="${SIZE}" fill="${TEXT}">
<rect width="${WIDTH}" height="${height}" fill="${CHAT}"/>
<rect x="14" y="12" width="${WIDTH - 28}" height="${bubble - 12}" rx="12" fill="${BUBBLE}"/>
${[...shapes, ...rows].join('\n')}
</svg>
`
}

/** Text lines with the entities still in them, which SVG knows too. A line is of the kind of its text. */
function linesOf(html: string): Line[] {
  const lines: Line[] = [{ spans: '', kind: 'text' }]
  const open: string[] = []
  for (const [piece, tag] of html.matchAll(/<\/?([a-z]+)[^>]*>|[^<]+/g)) {
    if (tag !== undefined) {
      if (piece.startsWith('</')) open.pop()
      else open.push(tag)
      continue
    }
    const mono = open.includes('code') || open.includes('pre')
    const attributes = `${open.includes('a') ? ` fill="${LINK}"` : ''}${mono ? ` font-family="${MONO}" font-size="13"` : ''}${open.includes('s') ? ' text-decoration="line-through"' : ''}`
    for (const [index, text] of piece.split('\n').entries()) {
      if (index > 0) lines.push({ spans: '', kind: 'text' })
      const line = lines.at(-1) as Line
      if (text === '') continue
      line.spans += `<tspan${attributes}>${text}</tspan>`
      line.kind = open.includes('blockquote') ? 'quote' : open.includes('pre') ? 'pre' : 'text'
    }
  }
  return lines
}

/** Of every quote only what Telegram shows before it is tapped. */
function folded(lines: readonly Line[]): Line[] {
  let quoted = 0
  return lines.filter(({ kind }) => {
    quoted = kind === 'quote' ? quoted + 1 : 0
    return quoted <= FOLDED
  })
}
