// Decodes one line of Watchtower's log, in whichever of its five dialects, into a log record.
// Takes the line's text (ANSI still in it), gives a LogRecord or null; never throws, linear.
import { stripVTControlCharacters } from 'node:util'
import { decodeLogfmt } from './logfmt.js'

/** One text line of a container's log. */
export interface Line {
  /** who wrote it where several share one file (compose's `name | ` prefix); null otherwise */
  source: string | null
  /** Docker's timestamp, RFC 3339 in UTC with nanoseconds; null where the input has none */
  at: string | null
  text: string
}

/** A decoded line (OpenTelemetry's LogRecord). */
export interface LogRecord {
  /** `pretty` is logrus with colours, `console` is zerolog's; `raw` is Go's own panic text */
  dialect: 'logfmt' | 'json' | 'pretty' | 'console' | 'raw'
  /** the record's own time in UTC, null where the dialect prints no date */
  time: string | null
  level: Level
  message: string
  fields: ReadonlyMap<string, string>
}

export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'

const LEVELS: ReadonlyMap<string, Level> = new Map([
  ...(['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const).map((l) => [l, l] as const),
  ['warning', 'warn'], ['panic', 'fatal'],
  ['TRAC', 'trace'], ['DEBU', 'debug'], ['INFO', 'info'], ['WARN', 'warn'], ['ERRO', 'error'], ['FATA', 'fatal'], ['PANI', 'fatal'],
  ['TRC', 'trace'], ['DBG', 'debug'], ['INF', 'info'], ['WRN', 'warn'], ['ERR', 'error'], ['FTL', 'fatal'], ['PNC', 'fatal'],
])

// logrus text_formatter.go printColored: LEVL[0001] then the message padded to 44 characters, a
// space, and each field after one more space.
const PRETTY = /^(TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)\[\d{4,}\] /
const PRETTY_MESSAGE_WIDTH = 44
// zerolog ConsoleWriter: kitchen time, three-letter level, message, key=value.
const CONSOLE = /^(?:\d{1,2}:\d\d[AP]M|<nil>) (TRC|DBG|INF|WRN|ERR|FTL|PNC) /
// Go's runtime and robfig/cron write these past the logger, in every format.
const RAW = /^(?:\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d )?cron: (?:\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d )?panic\b|^panic: /

/** Decodes one physical line; null if it is not the start of a record. */
export function decodeRecord(text: string): LogRecord | null {
  if (text.startsWith('{')) return decodeJson(text)
  const plain = stripVTControlCharacters(text)
  if (plain.startsWith('time=')) return decodeText(plain)
  const pretty = PRETTY.exec(plain)
  if (pretty) return decodePretty(pretty[1] as string, plain.slice(pretty[0].length))
  const console = CONSOLE.exec(plain)
  if (console) return decodeConsole(console[1] as string, plain.slice(console[0].length))
  if (RAW.test(plain)) return { dialect: 'raw', time: null, level: 'fatal', message: plain, fields: new Map() }
  return null
}

function decodeJson(text: string): LogRecord | null {
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return null
  }
  const fields = new Map<string, string>()
  for (const [key, value] of Object.entries(parsed as object)) {
    if (typeof value === 'string' || typeof value === 'number') fields.set(key, String(value))
  }
  return fromFields('json', fields)
}

function decodeText(plain: string): LogRecord | null {
  return fromFields('logfmt', decodeLogfmt(plain))
}

/** `msg` is logrus' key, `message` zerolog's JSON key. */
function fromFields(dialect: 'json' | 'logfmt', fields: Map<string, string>): LogRecord | null {
  const level = LEVELS.get(fields.get('level') ?? '')
  const message = fields.get('msg') ?? fields.get('message')
  if (level === undefined || message === undefined) return null
  const time = utc(fields.get('time'))
  for (const own of ['time', 'level', 'msg', 'message']) fields.delete(own)
  return { dialect, time, level, message, fields }
}

function decodePretty(level: string, rest: string): LogRecord {
  const fieldsAt = PRETTY_MESSAGE_WIDTH + 2
  const hasFields = rest.startsWith('  ', PRETTY_MESSAGE_WIDTH) && /^[\w.-]+=/.test(rest.slice(fieldsAt, fieldsAt + 100))
  return {
    dialect: 'pretty',
    time: null,
    level: LEVELS.get(level) as Level,
    message: (hasFields ? rest.slice(0, PRETTY_MESSAGE_WIDTH) : rest).trimEnd(),
    fields: hasFields ? decodeLogfmt(rest.slice(fieldsAt)) : new Map(),
  }
}

function decodeConsole(level: string, rest: string): LogRecord {
  const fieldsAt = rest.search(/ [\w.-]+=/)
  return {
    dialect: 'console',
    time: null,
    level: LEVELS.get(level) as Level,
    message: fieldsAt < 0 ? rest : rest.slice(0, fieldsAt),
    fields: fieldsAt < 0 ? new Map() : decodeLogfmt(rest.slice(fieldsAt)),
  }
}

/** RFC 3339 in any zone to UTC, as precise as printed; null if it is no time. */
function utc(time: string | undefined): string | null {
  if (time === undefined || !/^\d{4}-\d\d-\d\dT/.test(time)) return null
  const ms = Date.parse(time)
  return Number.isNaN(ms) ? null : new Date(ms).toISOString().replace('.000Z', 'Z')
}
