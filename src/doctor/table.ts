// What the doctor found, for a terminal or a program. Pure.
import { clean } from '../report/html.js'
import { redact } from '../report/redact.js'
import type { Check } from './check.js'

/** Characters of a cell; all faults of a configuration are shorter. */
const MAX_CELL = 4_000

const SIGNS: Readonly<Record<Check['mark'], string>> = { ok: '✓', warning: '!', fault: '✗' }

/** A row per check with its remedy below, and a last line that counts; or one JSON array. secrets: replaced wherever they stand. */
export function tableOf(checks: readonly Check[], { json, secrets }: { json: boolean; secrets: readonly string[] }): string {
  const shown = (text: string): string => redact(secrets.reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), clean(text, MAX_CELL)))
  const rows = checks.map(({ mark, name, found, remedy }): Check => ({ mark, name: shown(name), found: shown(found), remedy: remedy === null ? null : shown(remedy) }))
  if (json) return `${JSON.stringify(rows, null, 2)}\n`
  const width = Math.max(...rows.map(({ name }) => name.length))
  const lines = rows.flatMap(({ mark, name, found, remedy }) => [`${SIGNS[mark]} ${name.padEnd(width)}  ${found}`, ...(remedy === null ? [] : [`  ${''.padEnd(width)}  → ${remedy}`])])
  const count = (mark: Check['mark'], one: string): string => {
    const found = rows.filter((row) => row.mark === mark).length
    return `${found === 0 ? 'no' : found} ${one}${found === 1 ? '' : 's'}`
  }
  return `${[...lines, '', `${count('fault', 'fault')}, ${count('warning', 'warning')}`].join('\n')}\n`
}
