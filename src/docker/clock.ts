// How far an engine's clock is from ours. Takes the Date of an answer, gives milliseconds. Pure.

/** Clocks that are kept differ by less, and so does what is rounded and under way. */
const SAME_MS = 5_000
/** The header tells whole seconds (RFC 9110, 5.6.7): on average the time is half of one later. */
const ROUNDED_MS = 500

/** How far the clock is ahead that wrote this header between two moments of ours; 0 for the same clock, null where it cannot be told. */
export function aheadBy(date: string | undefined, askedAt: number, answeredAt: number): number | null {
  const ms = Date.parse(date ?? '') + ROUNDED_MS - (askedAt + answeredAt) / 2
  // an answer that took long, for a machine that slept meanwhile, tells nothing
  if (Number.isNaN(ms) || answeredAt < askedAt || answeredAt - askedAt > SAME_MS) return null
  return Math.abs(ms) < SAME_MS ? 0 : Math.round(ms)
}
