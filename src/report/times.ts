// Dates and times as a message shows them. Takes milliseconds since 1970 and a time zone, gives what a calendar and a
// clock show there.

/** What calendar and clock show. */
export interface Moment {
  year: number
  /** 1 to 12 */
  month: number
  day: number
  /** `09:14` */
  clock: string
}

/** Making one takes longer than all the rest of a message. */
const formats = new Map<string, Intl.DateTimeFormat>()

/** Whether it is the name of a time zone, as the IANA lists them. */
export function isTimeZone(name: string): boolean {
  if (name === 'UTC') return true
  try {
    formatFor(name)
    return true
  } catch {
    return false
  }
}

/** What calendar and clock show at a time in a time zone that isTimeZone knows. */
export function momentOf(at: number, timeZone: string): Moment {
  if (timeZone === 'UTC') return inUtc(new Date(at))
  const parts = new Map(formatFor(timeZone).formatToParts(at).map(({ type, value }) => [type, value]))
  const number = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type))
  return { year: number('year'), month: number('month'), day: number('day'), clock: `${parts.get('hour')}:${parts.get('minute')}` }
}

/** Without Intl, which takes 8 MB for its calendars. */
function inUtc(date: Date): Moment {
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate(), clock: date.toISOString().slice(11, 16) }
}

/** Nights between two times, by the calendar there: a check a second earlier than yesterday's is still a day later. Never negative. */
export function daysBetween(from: number, to: number, timeZone: string): number {
  const midnight = (at: number): number => {
    const { year, month, day } = momentOf(at, timeZone)
    return Date.UTC(year, month - 1, day)
  }
  return Math.max(0, Math.round((midnight(to) - midnight(from)) / 86_400_000))
}

function formatFor(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known) return known
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: '2-digit', minute: '2-digit' })
  formats.set(timeZone, format)
  return format
}
