// When messages come without sound. Takes a window of the day and a time, tells whether it is quiet.
import { momentOf } from '../report/times.js'

/** Minutes of the day, from inclusive, to exclusive; from after to runs over midnight. */
export interface QuietHours {
  from: number
  to: number
}

/** Reads `22:00-08:00`; null for anything else, and for a window without length. */
export function quietHours(text: string): QuietHours | null {
  const [, h1, m1, h2, m2] = /^([01]?\d|2[0-3]):([0-5]\d) ?[-\u2013] ?([01]?\d|2[0-3]):([0-5]\d)$/.exec(text) ?? []
  const window = { from: Number(h1) * 60 + Number(m1), to: Number(h2) * 60 + Number(m2) }
  return h1 === undefined || window.from === window.to ? null : window
}

/** Whether this moment (milliseconds since 1970) lies in the window, on the clocks of the time zone (IANA). */
export function isQuiet(window: QuietHours | null, now: number, timeZone: string): boolean {
  if (window === null) return false
  const [hour, minutes] = momentOf(now, timeZone).clock.split(':').map(Number) as [number, number]
  const minute = hour * 60 + minutes
  const { from, to } = window
  return from < to ? minute >= from && minute < to : minute >= from || minute < to
}
