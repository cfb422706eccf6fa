// How far a container's log has been read. Takes Lines in the order they come, tells the new ones
// from those read before: a log is always asked for again from a little before its last line.
import { createHash } from 'node:crypto'
import type { Line } from '../watchtower/record.js'

/** Where to go on in a later process. Plain data, for the state file. */
export interface Position {
  /** Docker's stamp from which the log is to be read again, inclusive */
  since: string
  /** digests of the lines from there on that were read, so that none is read twice */
  lines: string[]
}

export interface Cursor {
  /** Whether the line is new; if so it is remembered. */
  isNew(line: Line): boolean
  /** Whether the line was read before, or lies before all that is remembered; remembers nothing. */
  knows(line: Line): boolean
  /** Docker's stamp that `since` stands for; null is the start. */
  from(): string | null
  /** The `since` for the next request, `seconds.nanoseconds`, inclusive; null reads from the start. */
  since(): string | null
  /** A line that began at this stamp has not ended yet: it is asked for again until it has. Null: there is none. */
  hold(stamp: string | null): void
  /** What was read so far; null if nothing was. */
  position(): Position | null
}

/** stdout and stderr are stamped apart, by milliseconds; a second covers that many times over. */
const OVERLAP_S = 1
/** Lines remembered for telling duplicates apart; where a second holds more, less than a second is read again. */
const MAX_REMEMBERED = 20_000
/** Characters of a text that are remembered as they are. */
const MAX_KEY = 100
/** Of these, the newest that a position keeps: a second of any real log, 12 KB in the state file. */
const MAX_KEPT = 1_000

/** A cursor at the start of a log, or where an earlier process left it. */
export function createCursor(saved: Position | null = null): Cursor {
  let last: string | null = null
  let held: string | null = null
  /** what was read before this was forgotten for lack of room */
  let floor: string | null = null
  const seen = new Map<string, string>()
  const restored = new Set(saved?.lines)
  const restoredUntil = saved && later(saved.since, 2 * OVERLAP_S)

  function start(newest: string): string {
    const overlap = earlier(newest, OVERLAP_S)
    const from = held !== null && held < overlap ? held : overlap
    return floor !== null && floor > from ? floor : from
  }

  /** Entries stand in the order they came, nearly that of their stamps. */
  function forget(before: string): void {
    let crowded = false
    for (const [key, at] of seen) {
      // from the oldest that is remembered on, none is taken for new again
      if (crowded) floor = at
      crowded = seen.size > MAX_REMEMBERED
      if (!crowded && at >= before) break
      seen.delete(key)
    }
  }

  const from = (): string | null => (last === null ? (saved?.since ?? null) : start(last))

  return {
    isNew(line) {
      if (line.at === null) return true
      // a part of a text keeps the whole of it in memory: stamps are copied, long texts are digested
      const at = Buffer.from(line.at).toString('latin1')
      const key = keyOf(line)
      if (seen.has(key)) return false
      seen.set(key, at)
      if (restoredUntil !== null && line.at > restoredUntil) restored.clear()
      const known = restored.size > 0 && restored.has(digest(key))
      // further back than the streams are apart: the clock was set back, and new lines follow it
      const setBack = last !== null && !known && line.at < earlier(last, OVERLAP_S)
      if (setBack) floor = null
      if (last === null || setBack || line.at > last) last = line.at
      forget(start(last))
      return !known
    },
    knows(line) {
      if (line.at === null) return false
      const key = keyOf(line)
      return seen.has(key) || (restored.size > 0 && restored.has(digest(key))) || (floor !== null && line.at < floor)
    },
    from,
    // a JS number would round the nanoseconds up and lose the line
    since: () => {
      const stamp = from()
      return stamp === null ? null : sinceOf(stamp)
    },
    hold: (stamp) => void (held = stamp),
    position() {
      if (last === null) return saved
      const since = start(last)
      const lines = [...seen].filter(([, at]) => at >= since)
      const kept = lines.length > MAX_KEPT ? lines.toSorted(([, a], [, b]) => (a < b ? -1 : 1)).slice(-MAX_KEPT) : lines
      return { since: kept === lines ? since : (kept[0] as [string, string])[1], lines: kept.map(([key]) => digest(key)) }
    },
  }
}

/** Long texts are digested, so that a key is short. */
function keyOf({ at, text }: Line): string {
  return `${at} ${text.length > MAX_KEY ? digest(text) : text}`
}

/** 72 bits are enough: a collision needs two lines with one stamp of nanoseconds. */
function digest(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 12)
}

/** Docker's stamps are of fixed width and UTC, so that they sort as text. */
function earlier(stamp: string, seconds: number): string {
  const second = new Date(Date.parse(stamp.slice(0, 19) + 'Z') - seconds * 1000).toISOString().slice(0, 19)
  return second + stamp.slice(19)
}

const later = (stamp: string, seconds: number): string => earlier(stamp, -seconds)

function sinceOf(stamp: string): string {
  return `${Date.parse(stamp.slice(0, 19) + 'Z') / 1000}.${/\.(\d+)Z$/.exec(stamp)?.[1] ?? '0'}`
}
