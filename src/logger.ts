// Structured JSON logs on stdout, one line per thing that happened, each with a stable event name.
import pino from 'pino'
import { redact } from './report/redact.js'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface Log {
  debug(event: string, fields: object, message: string): void
  info(event: string, fields: object, message: string): void
  warn(event: string, fields: object, message: string): void
  error(event: string, fields: object, message: string): void
  fatal(event: string, fields: object, message: string): void
}

/** The strings of a JSON text. Linear: one class ends where the other begins. */
const STRINGS = /"[^"\\]*(?:\\.[^"\\]*)*"/g

/** A log that replaces every given secret, and whatever looks like a credential, in every text of the finished line. */
export function createLog(level: LogLevel, secrets: readonly string[], destination: pino.DestinationStream = pino.destination({ dest: 1, sync: true })): Log {
  const hidden = secrets.filter(Boolean)
  const clean = (text: string): string => redact(hidden.reduce((rest, secret) => rest.replaceAll(secret, '[secret]'), text))
  // string by string, as they were before JSON: there an escaped quote or line break is neither
  const scrub = (line: string): string => line.replace(STRINGS, (quoted) => {
    const text = quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1)
    const cleaned = clean(text)
    return cleaned === text ? quoted : JSON.stringify(cleaned)
  })
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: scrub },
    },
    destination,
  )
  const at = (name: LogLevel | 'fatal') => (event: string, fields: object, message: string): void => logger[name]({ event, ...fields }, message)
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), fatal: at('fatal') }
}
