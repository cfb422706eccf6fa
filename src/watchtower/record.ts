// Decodes one line of Watchtower's log, in whichever of its five dialects, into a log record.
// Takes the line's text (ANSI still in it), gives a LogRecord or null; never throws, linear.
import { decodeLogfmt } from './logfmt.js'
import { secondInUtc } from './time.js'

/** One text line of a container's log, without its line feed. */
export interface Line {
  /** who wrote it where several share one file (compose's `name | ` prefix); null otherwise */
  source: string | null
  /** Docker's timestamp, RFC 3339 in UTC with nanoseconds; null where the input has none */
  at: string | null
  /** a carriage return at its end is that of a hook's terminal, as far as that could be told */
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

// The colours that loggers and compose print. Node's stripVTControlCharacters knows more, but needs
// n² for an ESC and n times `;#`.
const COLOURS = /\x1b\[[\d;]*m/g
// logrus text_formatter.go printColored: LEVL[0001] then the message padded to 44 characters, a
// space, and each field after one more space, its key coloured.
const PRETTY = /^(?:\x1b\[[\d;]*m)*(TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)(?:\x1b\[0m)?\[\d{4,}\] /
const PRETTY_MESSAGE_WIDTH = 44
const PRETTY_FIELD = / {2}\x1b\[\d+m[\w.-]+\x1b\[0m=/
const COLOURLESS_FIELD = / {2}[\w.-]+=/
// zerolog ConsoleWriter: kitchen time, three-letter level, message, key=value.
const CONSOLE = /^(?:\d{1,2}:\d\d[AP]M|<nil>) (TRC|DBG|INF|WRN|ERR|FTL|PNC) /
// Go's runtime and robfig/cron write these past the logger, in every format.
const RAW = /^(?:\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d )?cron: (?:\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d )?panic\b|^panic: /
// of this millennium, so that no zone moves it to a year of five digits
const RFC3339 = /^(2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/

/** Decodes one physical line; null if it is not the start of a record. */
export function decodeRecord(text: string): LogRecord | null {
  if (text.startsWith('{')) return decodeJson(text)
  const pretty = PRETTY.exec(text)
  if (pretty) return decodePretty(pretty[1] as string, text.slice(pretty[0].length), pretty[0].includes('\x1b'))
  const plain = withoutColours(text)
  if (plain.startsWith('time=')) return fromFields('logfmt', decodeLogfmt(plain))
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

/** `msg` is logrus' key, `message` zerolog's JSON key. */
function fromFields(dialect: 'json' | 'logfmt', fields: Map<string, string>): LogRecord | null {
  const level = LEVELS.get(fields.get('level') ?? '')
  const message = fields.get('msg') ?? fields.get('message')
  if (level === undefined || message === undefined) return null
  const time = utc(fields.get('time'))
  for (const own of ['time', 'level', 'msg', 'message']) fields.delete(own)
  return { dialect, time, level, message, fields }
}

function decodePretty(level: string, rest: string, coloured: boolean): LogRecord {
  const { text, fields } = splitPretty(rest, PRETTY_MESSAGE_WIDTH, coloured)
  return { dialect: 'pretty', time: null, level: LEVELS.get(level) as Level, message: withoutColours(text).trimEnd(), fields: fields ?? new Map() }
}

/**
 * Parts a pretty line into message text and fields; null if it has none. They begin at `from` or
 * later. A line without fields ends with the space of its padding, unless it goes on in the next.
 */
export function splitPretty(line: string, from: number, coloured = true): { text: string; fields: Map<string, string> | null } {
  const at = line.endsWith(' ') ? -1 : line.slice(from).search(coloured ? PRETTY_FIELD : COLOURLESS_FIELD)
  if (at < 0) return { text: line, fields: null }
  return { text: line.slice(0, from + at), fields: decodeLogfmt(withoutColours(line.slice(from + at))) }
}

/** The text without ANSI colours. */
export function withoutColours(text: string): string {
  return text.replace(COLOURS, '')
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

/** RFC 3339 in any zone to UTC, to the millisecond where it is printed so; null if it is no time. */
function utc(time: string | undefined): string | null {
  const [, second, fraction = '', zone] = RFC3339.exec(time ?? '') ?? []
  if (second === undefined || zone === undefined) return null
  const inUtc = secondInUtc(second, zone)
  const ms = fraction.slice(0, 4).padEnd(4, '0')
  return inUtc === null ? null : `${inUtc}${fraction === '' || ms === '.000' ? '' : ms}Z`
}

// logrus text_formatter.go: the three first keys of every line, and of a repeated key the first
// counts. The one message at these levels that means something begins with an S (event.ts).
const GLANCE = /^time="([^"\\]{20,35})" level=(debug|trace) msg="(?![S\\\x1b])/

/** The record of a debug or trace line that is no event, without what it says: most lines of a long log. Null for all others. */
export function glance(text: string): LogRecord | null {
  const [, printed, level] = GLANCE.exec(text) ?? []
  const time = utc(printed)
  return time === null ? null : { dialect: 'logfmt', time, level: level as Level, message: '', fields: new Map() }
}
