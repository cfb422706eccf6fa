// What the doctor found, for a terminal or a program. Pure.
import { redact } from '../report/redact.js'
import type { Check } from './check.js'

const SIGNS: Readonly<Record<Check['mark'], string>> = { ok: '✓', warning: '!', fault: '✗' }

/** A row per check with its remedy below, and a last line that counts; or one JSON array. secrets: replaced wherever they stand. */
export function tableOf(checks: readonly Check[], { json, secrets }: { json: boolean; secrets: readonly string[] }): string {
  const clean = (text: string): string => redact(secrets.reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), visible(text)))
  const rows = checks.map(({ mark, name, found, remedy }): Check => ({ mark, name: clean(name), found: clean(found), remedy: remedy === null ? null : clean(remedy) }))
  if (json) return `${JSON.stringify(rows, null, 2)}\n`
  const width = Math.max(...rows.map(({ name }) => name.length))
  const lines = rows.flatMap(({ mark, name, found, remedy }) => [`${SIGNS[mark]} ${name.padEnd(width)}  ${found}`, ...(remedy === null ? [] : [`  ${''.padEnd(width)}  → ${remedy}`])])
  const count = (mark: Check['mark'], one: string): string => {
    const found = rows.filter((row) => row.mark === mark).length
    return `${found === 0 ? 'no' : found} ${one}${found === 1 ? '' : 's'}`
  }
  return `${[...lines, '', `${count('fault', 'fault')}, ${count('warning', 'warning')}`].join('\n')}\n`
}

/** Nothing foreign moves the cursor of a terminal. */
function visible(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, ' ')
}
