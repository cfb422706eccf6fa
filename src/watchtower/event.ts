// The grammar: which log records mean something, as a table of anchored patterns; first match wins.
// Takes a LogRecord, gives a WatchtowerEvent or null. Linear, never throws. Every wording is cited
// by version in the reference; quoted text inside a message can never match, all begin at its start.
import type { Level, LogRecord } from './record.js'

/** A log record that we understand. Container names carry no leading slash, ids are 12 hex digits. */
export type WatchtowerEvent =
  | { type: 'started'; version: string | null }
  | { type: 'cleanup-started' }
  /** what the banner says of the next check, whole */
  | { type: 'scheduled'; message: string }
  /** a request over the HTTP API asks for a check, of all images or of some */
  | { type: 'asked' }
  /** fullId: printed with all 64 digits, as only 1.2.1 and older do */
  | { type: 'update-found'; image: string; newImageId: string; container: string | null; fullId: boolean }
  | { type: 'check-failed'; container: string; detail: string }
  | { type: 'container-stopped'; container: string }
  | { type: 'container-created'; container: string }
  | { type: 'image-removed' }
  | { type: 'session-done'; scanned: number | null; available: number | null; failed: number | null }
  /** consequence: of the error line before it, which says more than this one */
  | { type: 'session-aborted'; error: string; consequence: boolean }
  | { type: 'error'; message: string }

type Fields = LogRecord['fields']

interface Rule {
  levels: readonly Level[]
  /** matched against the message */
  pattern: RegExp
  /** null where the fields do not bear the message out */
  event(match: readonly string[], fields: Fields): WatchtowerEvent | null
}

const INFO: readonly Level[] = ['info']
const WARN: readonly Level[] = ['warn']
const SERIOUS: readonly Level[] = ['error', 'fatal']

const bare = (name: string): string => name.replace(/^\//, '')
const short = (id: string): string => id.replace(/^sha256:/, '').slice(0, 12)
const count = (digits: string | undefined): number | null => (digits !== undefined && /^\d{1,9}$/.test(digits) ? Number(digits) : null)

// the fork cleans up its own older instances in the middle of a check
const OWN_OLD_INSTANCE = /^\/?watchtower-old-/
const byField = (type: 'container-stopped' | 'container-created') => (_: readonly string[], fields: Fields): WatchtowerEvent | null => {
  const container = fields.get('container')
  return container && !OWN_OLD_INSTANCE.test(container) ? { type, container: bare(container) } : null
}
const failedByField = ([message]: readonly string[], fields: Fields): WatchtowerEvent | null => {
  const container = fields.get('container') ?? fields.get('image')
  const detail = [message, fields.get('error')].filter(Boolean).join(': ')
  return container ? { type: 'check-failed', container: bare(container), detail } : null
}

const RULES: readonly Rule[] = [
  {
    // stock, and the fork up to 1.8.7; the full id until 1.2.1
    levels: INFO,
    pattern: /^Found new (\S+) image \(((?:sha256:)?[0-9a-f]{12,64})\)$/,
    event: ([, image = '', id = '']) => ({ type: 'update-found', image, newImageId: short(id), container: null, fullId: id.startsWith('sha256:') }),
  },
  {
    // the fork from 1.8.8. Its check API prints the same with latest_digest: there new_id is a
    // manifest's, nothing was pulled and no session is open.
    levels: INFO,
    pattern: /^Found new image$/,
    event: (_, fields) => {
      const [image, id, container] = [fields.get('image'), fields.get('new_id'), fields.get('container')]
      if (!image || !id || !/^(?:sha256:)?[0-9a-f]{12,64}$/.test(id) || fields.has('latest_digest')) return null
      return { type: 'update-found', image, newImageId: short(id), container: container ? bare(container) : null, fullId: false }
    },
  },
  {
    // info, not error
    levels: INFO,
    pattern: /^Unable to update container (?:"([^"]+)"|([^\s":,]+)): ([^]*)$/,
    event: ([, quoted, plain = '', rest = '']) => ({ type: 'check-failed', container: bare(quoted ?? plain), detail: rest.replace(/\.? ?Proceeding to next\.$/, '') }),
  },
  {
    // builds of late 2020
    levels: INFO,
    pattern: /^Unable to update container ([^\s":,]+), err='([^]*)'\. Proceeding to next\.$/,
    event: ([, name = '', detail = '']) => ({ type: 'check-failed', container: bare(name), detail }),
  },
  {
    // 1.0.0
    levels: INFO,
    pattern: /^Unable to update container (\S+)\. Proceeding to next\.$/,
    event: ([, name = '']) => ({ type: 'check-failed', container: bare(name), detail: '' }),
  },
  { levels: WARN, pattern: /^Image pull failed: authentication required$/, event: failedByField },
  { levels: WARN, pattern: /^Registry rate limited digest check\. Aborting pull$/, event: failedByField },
  {
    // always with its counters: another program's line of these words is none
    levels: INFO,
    pattern: /^Session done$/,
    event: (_, fields) =>
      fields.has('Scanned')
        ? { type: 'session-done', scanned: count(fields.get('Scanned')), available: count(fields.get('Updated')), failed: count(fields.get('Failed')) }
        : null,
  },
  {
    // 1.3 prints its end at debug level only
    levels: ['debug'],
    pattern: /^Session done: (\d+) scanned, (\d+) updated, (\d+) failed$/,
    event: ([, scanned, updated, failed]) => ({ type: 'session-done', scanned: count(scanned), available: count(updated), failed: count(failed) }),
  },
  {
    // the fork from 1.8.8
    levels: INFO,
    pattern: /^Update session completed$/,
    event: (_, fields) => ({
      type: 'session-done',
      scanned: count(fields.get('scanned')),
      available: count(fields.get('updated')),
      failed: count(fields.get('failed')),
    }),
  },
  {
    levels: SERIOUS,
    pattern: /^Update execution failed$/,
    event: (_, fields) => ({ type: 'session-aborted', error: fields.get('error') || 'Update execution failed', consequence: false }),
  },
  {
    levels: INFO,
    pattern: /^Stopping (\/\S+) \([0-9a-f]{12,64}\) with \S+$/,
    event: ([, name = '']) => ({ type: 'container-stopped', container: bare(name) }),
  },
  { levels: INFO, pattern: /^Creating (\/\S+)$/, event: ([, name = '']) => ({ type: 'container-created', container: bare(name) }) },
  { levels: INFO, pattern: /^Stopping (?:linked )?container$/, event: byField('container-stopped') },
  { levels: INFO, pattern: /^Started (?:new|linked) container$/, event: byField('container-created') },
  { levels: INFO, pattern: /^Removing image(?: \S+)?$/, event: () => ({ type: 'image-removed' }) },
  {
    // not `Watchtower HTTP API started.`; 1.2 and 1.3 print the whole banner as one message
    levels: INFO,
    pattern: /^Watchtower v?(\d\S*)(?:\s[^]*)?$/,
    event: ([, version = '']) => ({ type: 'started', version }),
  },
  { levels: INFO, pattern: /^Starting Watchtower and scheduling first run: /, event: () => ({ type: 'started', version: null }) },
  { levels: INFO, pattern: /^(?:(?:Scheduling first run|Next scheduled run): .{1,200}|Periodic runs are not enabled\.)$/, event: ([message = '']) => ({ type: 'scheduled', message }) },
  { levels: INFO, pattern: /^Updates triggered by HTTP API request\.$/, event: () => ({ type: 'asked' }) },
  { levels: INFO, pattern: /^Found multiple running watchtower instances\. Cleaning up\.$/, event: () => ({ type: 'cleanup-started' }) },
]

/** What a record means; null if it means nothing to us. */
export function eventOf(record: LogRecord): WatchtowerEvent | null {
  // stock's panic is a nil dereference after an error that it has logged (W:cmd/root.go:372)
  if (record.dialect === 'raw') return { type: 'session-aborted', error: record.message, consequence: record.message.includes('runtime error') }
  for (const rule of RULES) {
    if (!rule.levels.includes(record.level)) continue
    const match = rule.pattern.exec(record.message)
    if (match) return rule.event(match, record.fields)
  }
  if (!SERIOUS.includes(record.level)) return null
  const error = record.fields.get('error')
  return { type: 'error', message: error ? `${record.message}: ${error}` : record.message }
}
