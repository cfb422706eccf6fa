// How far a container's log has been read. Takes Lines in the order they come, tells the new ones
// from those read before: a log is always asked for again from a little before its last line.
import type { Line } from '../watchtower/record.js'

export interface Cursor {
  /** Whether the line is new; if so it is remembered. */
  isNew(line: Line): boolean
  /** The `since` for the next request, `seconds.nanoseconds`, inclusive; null reads from the start. */
  since(): string | null
}

/** stdout and stderr are stamped apart, by milliseconds; a second covers that many times over. */
const OVERLAP_S = 1
/** Lines remembered for telling duplicates apart; a log of more than this in OVERLAP_S repeats at worst. */
const MAX_REMEMBERED = 20_000

export function createCursor(): Cursor {
  let last: string | null = null
  const seen = new Map<string, string>()

  return {
    isNew(line) {
      if (line.at === null) return true
      const key = `${line.at} ${line.text}`
      if (seen.has(key)) return false
      seen.set(key, line.at)
      // further back than the streams are apart: the clock was set back, and new lines follow it
      if (last === null || line.at > last || line.at < earlier(last, OVERLAP_S)) last = line.at
      forget(seen, earlier(last, OVERLAP_S))
      return true
    },
    // a JS number would round the nanoseconds up and lose the line
    since: () => (last === null ? null : sinceOf(earlier(last, OVERLAP_S))),
  }
}

/** Entries stand in the order they came, nearly that of their stamps. */
function forget(seen: Map<string, string>, before: string): void {
  for (const [key, at] of seen) {
    if (at >= before && seen.size <= MAX_REMEMBERED) break
    seen.delete(key)
  }
}

/** Docker's stamps are of fixed width and UTC, so that they sort as text. */
function earlier(stamp: string, seconds: number): string {
  const second = new Date(Date.parse(stamp.slice(0, 19) + 'Z') - seconds * 1000).toISOString().slice(0, 19)
  return second + stamp.slice(19)
}

function sinceOf(stamp: string): string {
  return `${Date.parse(stamp.slice(0, 19) + 'Z') / 1000}.${/\.(\d+)Z$/.exec(stamp)?.[1] ?? '0'}`
}
