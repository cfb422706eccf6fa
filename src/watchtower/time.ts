// Printed times in any zone, in UTC. Pure but for the memory of one answer.

/** The second that was asked for last: neighbours in a log share it, and a Date costs more than all else of a line. */
let last: { second: string; zone: string; inUtc: string | null } = { second: '', zone: '', inUtc: null }

/** A second `2026-11-25T03:00:00` in a zone `Z` or `+01:00`, in UTC; null if there is no such second. */
export function secondInUtc(second: string, zone: string): string | null {
  if (second === last.second && zone === last.zone) return last.inUtc
  const ms = Date.parse(second + zone)
  last = { second, zone, inUtc: Number.isNaN(ms) ? null : new Date(ms).toISOString().slice(0, 19) }
  return last.inUtc
}
