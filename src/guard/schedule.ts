// When Watchtower checks next. Takes the schedule as Watchtower was given it, gives its runs. What
// cannot be read is a value. Fields are read as robfig/cron reads them (v1.2.0 parser.go in stock
// 1.7.1; v3 in the fork from 1.14), croner only counts time on.
import { Cron } from 'croner'
import type { Setting } from './settings.js'

/** The zone that Watchtower counts in: by name, or only by what its banner showed, which changes with the season. */
export type Zone = { type: 'named'; name: string } | { type: 'offset'; minutes: number }

export type Schedule =
  | {
      type: 'cron'
      text: string
      fields: Fields
      /** a day must match both its fields; else one of them is enough */
      bothDays: boolean
      zone: Zone
      /** five fields were written, of which Watchtower takes the first for seconds: rarely what was meant */
      fiveFields: boolean
    }
  | { type: 'every'; text: string; ms: number }
  | { type: 'unreadable'; text: string; why: string }

export interface Fields {
  second: readonly number[]
  minute: readonly number[]
  hour: readonly number[]
  day: readonly number[]
  month: readonly number[]
  weekday: readonly number[]
}

/** How five fields are read: with seconds first and without a weekday (stock), or as crontab does (the fork from 1.14). */
export type CronDialect = 'seconds-first' | 'seconds-optional'

export interface ScheduleText {
  /** WATCHTOWER_SCHEDULE or --schedule; null or empty where neither is set */
  schedule: string | null
  /** WATCHTOWER_POLL_INTERVAL or --interval, seconds; null or empty for the default of a day */
  interval: Setting<string | null>
  zone: Zone
  dialect: CronDialect
}

/** Characters of a schedule that are looked at: no real one is longer, and time to read it stays bounded. */
const MAX_TEXT = 500
/** Stock and fork (W:internal/flags/flags.go, DefaultInterval). */
const DEFAULT_INTERVAL_S = '86400'
/** Matching days that are looked at for the longest gap: more than a year of daily ones, decades of rare ones. */
const MAX_DAYS = 400
/** Runs that fall into the hour that spring leaves out are stepped over; two in a row cannot. */
const MAX_STEPS = 3

const RANGES: readonly (readonly [keyof Fields, number, number])[] = [
  ['second', 0, 59],
  ['minute', 0, 59],
  ['hour', 0, 23],
  ['day', 1, 31],
  ['month', 1, 12],
  // 7 is refused, unlike in crontab
  ['weekday', 0, 6],
]
const NAMES: Partial<Record<keyof Fields, readonly string[]>> = {
  month: ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  weekday: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'],
}
const DESCRIPTORS = new Map([
  ['@yearly', '0 0 0 1 1 *'],
  ['@annually', '0 0 0 1 1 *'],
  ['@monthly', '0 0 0 1 * *'],
  ['@weekly', '0 0 0 * * 0'],
  ['@daily', '0 0 0 * * *'],
  ['@midnight', '0 0 0 * * *'],
  ['@hourly', '0 0 * * * *'],
])
const UNIT_MS = new Map([['ns', 1e-6], ['us', 1e-3], ['µs', 1e-3], ['μs', 1e-3], ['ms', 1], ['s', 1_000], ['m', 60_000], ['h', 3_600_000]])

/** Zones of three letters in the tz database (its files northamerica, europe, backward); ICU knows more, by its own. */
const SHORT_NAMES = new Set(['CET', 'EET', 'EST', 'GMT', 'HST', 'MET', 'MST', 'PRC', 'ROC', 'ROK', 'UCT', 'UTC', 'WET'])

export const UTC: Zone = { type: 'offset', minutes: 0 }

/** The schedule, as Watchtower reads it. A schedule wins over an interval, as in stock up to 1.4; later both end Watchtower. */
export function readSchedule({ schedule, interval, zone, dialect }: ScheduleText): Schedule {
  const given = (schedule ?? '').trim()
  // the fork leaves out what Compose kept of quotes (its pull request 1686); versions before that end, and say so
  const text = dialect === 'seconds-optional' ? unquoted(given) : given
  if (text !== '') return readCron(text, zone, dialect)
  const seconds = (interval.value ?? '').trim() || DEFAULT_INTERVAL_S
  if (isSeconds(seconds)) return everyOf(seconds, Number(seconds) * 1_000)
  const odd = seconds.slice(0, MAX_TEXT)
  // as a flag it ends Watchtower; of a variable viper's GetInt makes 0
  return interval.from?.startsWith('--') ? { type: 'unreadable', text: odd, why: 'not a number of seconds' } : everyOf(odd, 0)
}

/** Without the quotes at its ends, as the fork reads a setting. */
export function unquoted(text: string): string {
  return text.replace(/^["']+|(?<!["'])["']+$/g, '')
}

/** Whether it is a number of seconds, as an interval has to be. */
export const isSeconds = (text: string): boolean => /^\d{1,9}$/.test(text)

/** From 1.14 on the fork reads cron as robfig v3 does; stock ends at 1.7.1. Null: the version is not known. */
export function dialectOf(version: string | null): CronDialect {
  const [, major = '1', minor = '0'] = /^v?(\d{1,4})\.(\d{1,4})/.exec(version ?? '') ?? []
  return Number(major) > 1 || Number(minor) >= 14 ? 'seconds-optional' : 'seconds-first'
}

/** The zone of a TZ variable as Go reads it: UTC where it names none. Null or empty: the zone of the image, UTC. */
export function zoneOf(tz: string | null): Zone {
  const name = zoneName(tz ?? '')
  return name !== 'UTC' && namesZone(name) ? { type: 'named', name } : UTC
}

/** Whether Go finds the zone of a TZ variable. Unlike Intl it takes no other case, and no short names but those of the tz database. */
export function namesZone(tz: string): boolean {
  const name = zoneName(tz)
  // UTC by its offset: that takes no Intl, whose calendars are 5 MB
  if (name === 'UTC') return true
  // Node knows offsets, like +02:00, from 22 on
  if (/^[-+]/.test(name)) return false
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions()
    return /^[A-Z]{3}$/.test(name) ? SHORT_NAMES.has(name) : timeZone === name || timeZone.toLowerCase() !== name.toLowerCase()
  } catch {
    return false
  }
}

/** time/zoneinfo.go: a colon before it and the directory of the tz database are left out. */
function zoneName(tz: string): string {
  return tz.replace(/^:/, '').replace(/^.*\/zoneinfo\//, '') || 'UTC'
}

function readCron(whole: string, zone: Zone, dialect: CronDialect): Schedule {
  const unreadable = (why: string): Schedule => ({ type: 'unreadable', text: whole.slice(0, MAX_TEXT), why })
  if (whole.length > MAX_TEXT) return unreadable('too long')
  const [zoned, its = ''] = /^(?:CRON_)?TZ=(\S*)\s+/.exec(whole) ?? ['']
  const text = whole.slice(zoned.length)
  if (zoned !== '' && dialect === 'seconds-first') return unreadable('this Watchtower takes no TZ= in a schedule')
  if (text.startsWith('@every ')) {
    const ms = goDuration(text.slice('@every '.length))
    return ms === null ? unreadable('not a duration') : everyOf(whole, ms)
  }
  const described = text.startsWith('@') ? DESCRIPTORS.get(text) : text
  if (described === undefined) return unreadable('unknown descriptor')
  const parts = described.split(/\s+/)
  const fiveFields = parts.length === 5
  if (fiveFields && dialect === 'seconds-optional') parts.unshift('0')
  else if (fiveFields) parts.push('*')
  if (parts.length !== 6) return unreadable(`expected 5 to 6 fields, found ${parts.length}`)
  const read = RANGES.map(([name, min, max], index) => readField(parts[index] as string, min, max, NAMES[name] ?? []))
  const bad = read.findIndex((values) => values.length === 0)
  if (bad !== -1) return unreadable(`the field ${RANGES[bad]?.[0]} cannot be read: ${parts[bad]}`)
  const [second = [], minute = [], hour = [], day = [], month = [], weekday = []] = read
  // in v1 any star, in v3 one without a step, means that the other field of the day decides
  const star = dialect === 'seconds-first' ? /(^|,)[*?]/ : /(^|,)[*?](-|,|\/1(,|$)|$)/
  return {
    type: 'cron',
    text: whole,
    fields: { second, minute, hour, day, month, weekday },
    bothDays: star.test(parts[3] as string) || star.test(parts[5] as string),
    zone: zoned === '' ? zone : zoneOf(its),
    fiveFields: fiveFields && dialect === 'seconds-first',
  }
}

/** robfig's own rule: whole seconds, at least one. */
function everyOf(text: string, ms: number): Schedule {
  return { type: 'every', text, ms: Math.max(1_000, Math.floor(ms / 1_000) * 1_000) }
}

/** The values of one field, ascending; none where it cannot be read. */
function readField(text: string, min: number, max: number, names: readonly string[]): number[] {
  const values = new Set<number>()
  for (const item of text.split(',').filter((one) => one !== '')) {
    const [range = '', step, more] = item.split('/')
    const [low = '', high, tooMany] = range.split('-')
    const star = low === '*' || low === '?'
    const from = star ? min : numberOf(low, names)
    // "N/step" goes on to the end
    const to = star || (high === undefined && step !== undefined) ? max : high === undefined ? from : numberOf(high, names)
    const by = step === undefined ? 1 : numberOf(step, [])
    if (more !== undefined || tooMany !== undefined || !(from >= min && to <= max && from <= to && by > 0)) return []
    for (let value = from; value <= to; value += by) values.add(value)
  }
  return [...values].sort((a, b) => a - b)
}

function numberOf(text: string, names: readonly string[]): number {
  const named = names.indexOf(text.toLowerCase())
  return text !== '' && named !== -1 ? named : /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN
}

/** Milliseconds of a duration as Go writes it (1h30m, 1.5h); null where it is none. */
function goDuration(text: string): number | null {
  const rest = text.trim().replace(/^[-+]/, '')
  if (rest === '0') return 0
  if (!/^(?:(?:\d{1,12}(?:\.\d{0,12})?|\.\d{1,12})(?:ns|[uµμ]s|ms|s|m|h))+$/.test(rest)) return null
  const ms = [...rest.matchAll(/([\d.]+)([a-zµμ]+)/g)].reduce((sum, [, number, unit = '']) => sum + Number(number) * (UNIT_MS.get(unit) as number), 0)
  return text.trim().startsWith('-') ? -ms : ms
}

/**
 * The first run after a time, both milliseconds since 1970; null where there is none or it cannot be
 * known. anchor: of an interval, when it began or ran last; without it it is taken to begin at `after`.
 */
export function nextRun(schedule: Schedule, after: number, anchor = after): number | null {
  if (schedule.type === 'unreadable') return null
  if (schedule.type === 'every') return anchor + Math.max(1, Math.floor((after - anchor) / schedule.ms) + 1) * schedule.ms
  const { fields, bothDays, zone } = schedule
  const cron = counter(Object.values(fields) as number[][], bothDays, zone)
  let next: Date | null = new Date(after)
  for (let step = 0; step < MAX_STEPS; step += 1) {
    next = cron.nextRun(next)
    // what falls into the hour that spring leaves out croner moves, robfig does not run
    if (next === null || cron.match(next)) break
  }
  return next?.getTime() ?? null
}

function counter(fields: readonly (readonly number[])[], bothDays: boolean, zone: Zone): Cron {
  const where = zone.type === 'named' ? { timezone: zone.name } : { utcOffset: zone.minutes }
  return new Cron(fields.map((values) => values.join(',')).join(' '), { paused: true, mode: '6-part', domAndDow: bothDays, ...where })
}

/** Milliseconds of the longest time between two runs, of days with 24 hours; null where it never runs twice or cannot be known. */
export function longestGap(schedule: Schedule, after: number): number | null {
  if (schedule.type === 'unreadable') return null
  if (schedule.type === 'every') return schedule.ms
  const { second, minute, hour, day, month, weekday } = schedule.fields
  const times = hour.flatMap((h) => minute.flatMap((m) => second.map((s) => ((h * 60 + m) * 60 + s) * 1_000)))
  const days = counter([[0], [0], [0], day, month, weekday], schedule.bothDays, UTC).nextRuns(MAX_DAYS, new Date(after)).map((date) => date.getTime())
  if (days.length < 2) return null
  const within = times.slice(1).map((time, index) => time - (times[index] as number))
  const night = (times[0] as number) - (times[times.length - 1] as number)
  const across = days.slice(1).map((date, index) => date - (days[index] as number) + night)
  return [...within, ...across].reduce((most, gap) => Math.max(most, gap), 0)
}
