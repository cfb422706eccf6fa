// Watchtower's loggers, as their sources print: what the decoders have to undo. Written from
// logrus 1.9.3 (text_formatter.go, json_formatter.go), zerolog 1.35 (console.go) and strconv.Quote.

export interface Said {
  level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'
  message: string
  fields?: Record<string, string | number>
}

export type Dialect = 'logrus text' | 'logrus pretty' | 'logrus pretty tty' | 'logrus json' | 'zerolog logfmt' | 'zerolog pretty' | 'zerolog plain' | 'zerolog json'

export const TIME = '2026-11-23T20:15:56Z'

const ESCAPES: Record<string, string> = { '\x07': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v', '\\': '\\\\', '"': '\\"' }

/** Go's %q. */
export function quote(text: string): string {
  const escaped = text.replace(/[\x00-\x1f\x7f"\\]|[\x80-\xa0\xad\u200b-\u200f\u2028-\u202e\ufeff]|[\u{e0001}-\u{e007f}]/gu, (c) => {
    const code = c.codePointAt(0) as number
    if (ESCAPES[c]) return ESCAPES[c]
    if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`
    return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
  })
  return `"${escaped}"`
}

const logrusValue = (value: string | number): string => (/^[A-Za-z0-9\-._/@^+]*$/.test(String(value)) ? String(value) : quote(String(value)))
const zerologValue = (value: string | number): string => (/^[\x21\x23-\x5b\x5d-\x7e]*$/.test(String(value)) ? String(value) : quote(String(value)))
const sorted = (fields: Said['fields'] = {}): [string, string | number][] => Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))
const COLOUR: Record<Said['level'], number> = { trace: 37, debug: 37, info: 36, warn: 33, error: 31, fatal: 31 }
const FOUR: Record<Said['level'], string> = { trace: 'TRAC', debug: 'DEBU', info: 'INFO', warn: 'WARN', error: 'ERRO', fatal: 'FATA' }
const THREE: Record<Said['level'], string> = { trace: 'TRC', debug: 'DBG', info: 'INF', warn: 'WRN', error: 'ERR', fatal: 'FTL' }

/** Pads by code points, as Go's %-44s does. */
const pad = (text: string): string => text + ' '.repeat(Math.max(0, 44 - [...text].length))

/** What the logger writes for one record, without the last line feed; a TTY's carriage returns are in it. */
export const PRINT: Record<Dialect, (said: Said) => string> = {
  'logrus text': ({ level, message, fields }) =>
    [`time="${TIME}"`, `level=${level === 'warn' ? 'warning' : level}`, `msg=${logrusValue(message)}`, ...sorted(fields).map(([k, v]) => `${k}=${logrusValue(v)}`)].join(' '),
  'logrus pretty': ({ level, message, fields }) => {
    const colour = `\x1b[${COLOUR[level]}m`
    return `${colour}${FOUR[level]}\x1b[0m[0002] ${pad(message)} ${sorted(fields).map(([k, v]) => ` ${colour}${k}\x1b[0m=${logrusValue(v)}`).join('')}`
  },
  'logrus pretty tty': (said) => `${PRINT['logrus pretty'](said).replaceAll('\n', '\r\n')}\r`,
  'logrus json': ({ level, message, fields }) =>
    JSON.stringify(Object.fromEntries(sorted({ ...fields, level: level === 'warn' ? 'warning' : level, msg: message, time: TIME }))).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`),
  'zerolog logfmt': ({ level, message, fields = {} }) =>
    [`time=${TIME}`, `level=${level}`, `msg=${zerologValue(message)}`, ...Object.entries(fields).map(([k, v]) => `${k}=${zerologValue(v)}`)].join(' '),
  'zerolog pretty': ({ level, message, fields = {} }) =>
    [`\x1b[90m8:06PM\x1b[0m`, `\x1b[32m${THREE[level]}\x1b[0m`, `\x1b[1m${message}\x1b[0m`, ...Object.entries(fields).map(([k, v]) => `\x1b[36m${k}=\x1b[0m${zerologValue(v)}`)].join(' '),
  'zerolog plain': ({ level, message, fields = {} }) => [`11:06AM`, THREE[level], message, ...Object.entries(fields).map(([k, v]) => `${k}=${zerologValue(v)}`)].join(' '),
  'zerolog json': ({ level, message, fields }) => JSON.stringify({ level, ...fields, time: TIME, message }),
}

export const DIALECTS = Object.keys(PRINT) as Dialect[]

/** Real lines of every dialect and version, for mutation. */
export const REAL_LINES: readonly string[] = [
  'time="2026-11-23T20:15:48Z" level=info msg="Watchtower 1.7.1"',
  'time="2026-11-23T20:15:56Z" level=info msg="Found new qdrant/qdrant:latest image (c3fd032ac905)"',
  'time="2026-11-23T20:19:40Z" level=info msg="Unable to update container \\"/friday-private\\": Error response from daemon: Get \\"https://ghcr.io/v2/\\": dial tcp: lookup ghcr.io on 192.168.1.153:53: no such host. Proceeding to next."',
  'time="2026-11-23T20:15:56Z" level=info msg="Session done" Failed=0 Scanned=4 Updated=3 notify=no',
  'time="2026-11-23T20:29:40Z" level=info msg="Stopping /friday-nginx (b92fccb7462e) with SIGTERM"',
  'time="2026-11-23T20:29:41Z" level=info msg="Creating /friday-nginx"',
  'time="2026-11-23T20:18:43Z" level=error msg="Error response from daemon: client version 1.44 is too new. Maximum supported API version is 1.41"',
  '\x1b[36mINFO\x1b[0m[0002] Found new postgres:16 image (dbc31cdc91c5)   ',
  '\x1b[36mINFO\x1b[0m[0002] Session done                                  \x1b[36mFailed\x1b[0m=0 \x1b[36mScanned\x1b[0m=4 \x1b[36mUpdated\x1b[0m=3 \x1b[36mnotify\x1b[0m=no',
  '\x1b[36mINFO\x1b[0m[0012] Waiting for running update to be finished... \r',
  '\x1b[36mINFO\x1b[0m[0013] Command output:',
  '{"Failed":0,"Scanned":1,"Updated":0,"level":"info","msg":"Session done","notify":"no","time":"2026-11-23T20:20:00Z"}',
  '{"level":"info","msg":"Found new redis:7-alpine image (bf81caf69ffb)","time":"2026-11-23T20:16:32Z"}',
  'time=2026-11-23T20:06:11Z level=info msg="Found new image" container=web image=nginx:latest new_id=111111111111',
  '\x1b[90m8:06PM\x1b[0m \x1b[32mINF\x1b[0m \x1b[1mFound new image\x1b[0m \x1b[36mcontainer=\x1b[0mweb \x1b[36mimage=\x1b[0mnginx:latest \x1b[36mnew_id=\x1b[0m111111111111',
  '{"level":"error","error":"a\\nb","time":"2026-11-23T20:06:11Z","message":"Update execution failed"}',
  '2026/11/23 19:54:22 cron: panic running job: runtime error: invalid memory address or nil pointer dereference',
  'panic: runtime error: invalid memory address or nil pointer dereference',
]
