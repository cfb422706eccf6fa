// What the doctor found, for a terminal or a program. Pure.
import { clean } from '../report/html.js'
import { redact } from '../report/redact.js'
import type { Check } from './check.js'

/** Characters of a cell; all faults of a configuration are shorter. */
const MAX_CELL = 4_000
/** Characters of a line: an ordinary terminal's, which `docker exec` does not tell. Commands stay whole, for pasting. */
const LINE = 80
/** Of its text at least, however long the names are. */
const LEAST_TEXT = 40

const SIGNS: Readonly<Record<Check['mark'], string>> = { ok: '✓', warning: '!', fault: '✗' }

/** A row per check with its remedy and commands below, and a last line that counts; or one JSON array. secrets: replaced wherever they stand. */
export function tableOf(checks: readonly Check[], { json, secrets }: { json: boolean; secrets: readonly string[] }): string {
  const shown = (text: string): string => redact(secrets.reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), clean(text, MAX_CELL)))
  const rows = checks.map(({ mark, name, found, remedy, paste }): Check => ({ mark, name: shown(name), found: shown(found), remedy: remedy === null ? null : shown(remedy), paste: paste.map(shown) }))
  if (json) return `${JSON.stringify(rows, null, 2)}\n`
  const width = Math.max(...rows.map(({ name }) => name.length))
  const margin = ' '.repeat(width + 4)
  const room = Math.max(LEAST_TEXT, LINE - margin.length)
  const lines = rows.flatMap(({ mark, name, found, remedy, paste }) => {
    const [first = '', ...more] = wrapped(found, room)
    const [todo, ...rest] = remedy === null ? [] : wrapped(remedy, room - 2)
    return [
      `${SIGNS[mark]} ${name.padEnd(width)}  ${first}`,
      ...more.map((line) => `${margin}${line}`),
      ...(todo === undefined ? [] : [`${margin}→ ${todo}`, ...[...rest, ...paste].map((line) => `${margin}  ${line}`)]),
    ]
  })
  const count = (mark: Check['mark'], one: string): string => {
    const found = rows.filter((row) => row.mark === mark).length
    return `${found === 0 ? 'no' : found} ${one}${found === 1 ? '' : 's'}`
  }
  return `${[...lines, '', `${count('fault', 'fault')}, ${count('warning', 'warning')}`].join('\n')}\n`
}

/** A schedule in quotes stays whole, so that it can be read and copied. */
const WORD = /"[^"]{1,40}"\S*|\S+/g

/** The text in lines, broken at spaces only. */
function wrapped(text: string, room: number): string[] {
  const lines: string[] = []
  for (const [word] of text.matchAll(WORD)) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= room) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
