// What is pending, for a terminal or a program. Takes the tracked updates, gives text. Pure.
import type { Tracked } from './life/pending.js'
import { daysBetween, momentOf } from './report/times.js'

export interface ListOptions {
  json: boolean
  /** IANA name */
  timeZone: string
  /** milliseconds since 1970 */
  now: number
}

/** A table with the commands below each row, or one JSON array. */
export function listPending(tracked: readonly Tracked[], { json, timeZone, now }: ListOptions): string {
  const pending = tracked
    .filter(({ standing }) => standing.type === 'pending')
    .map(({ update, foundAt, since }) => ({ ...update, since: since ?? foundAt }))
    .toSorted((a, b) => a.since - b.since)
  if (json) return `${JSON.stringify(pending.map(({ since, ...update }) => ({ ...update, since: new Date(since).toISOString() })), null, 2)}\n`
  if (pending.length === 0) return 'Nothing is pending.\n'
  const rows = pending.map(({ service, project, currentVersion, newVersion, newImageId, since, directory, commands }) => {
    const { year, month, day, clock } = momentOf(since, timeZone)
    const days = daysBetween(since, now, timeZone)
    const date = `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')} ${clock}`
    const age = days === 0 ? 'today' : days === 1 ? '1 day' : `${days} days`
    return {
      cells: [service, project ?? '', `${currentVersion ?? 'unknown'} → ${newVersion ?? newImageId}`, `${date} (${age})`].map(visible),
      below: [...(directory === null ? [] : [`cd ${directory}`]), ...commands].map((text) => `    ${visible(text)}`),
    }
  })
  const head = ['SERVICE', 'PROJECT', 'UPDATE', 'PENDING SINCE']
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map(({ cells }) => (cells[column] as string).length)))
  const line = (cells: readonly string[]): string => cells.map((cell, column) => cell.padEnd(widths[column] as number)).join('  ').trimEnd()
  return `${[line(head), ...rows.flatMap(({ cells, below }) => [line(cells), ...below])].join('\n')}\n`
}

/** Nothing foreign moves the cursor of a terminal. */
function visible(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, ' ')
}
