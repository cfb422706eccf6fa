// What Docker and compose put in front of a container's own text: a `name  | ` prefix, a timestamp.
// Takes raw text lines, gives Lines. Linear, never throws.
import type { Line } from '../watchtower/record.js'
import { secondInUtc } from '../watchtower/time.js'

// `watchtower  | ` of compose; Compose 1 colours the bar, Compose 2 the whole prefix.
const PREFIX = /^(?:\x1b\[[\d;]*m)*([A-Za-z0-9][\w.-]{0,254}) *(?:\x1b\[[\d;]*m)*\|(?:\x1b\[[\d;]*m)* ?(?:\x1b\[[\d;]*m)*/
// RFC 3339 of this millennium with up to nine digits; the Docker API always prints nine and Z, Podman an offset.
const STAMP = /^(2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d) /
const RECORD_START = /^(?:time=|\{"|(?:\x1b\[\d+m)?(?:TRAC|DEBU|INFO|WARN|ERRO|FATA|PANI)(?:\x1b\[0m)?\[\d|(?:\x1b\[\d+m)?\d{1,2}:\d\d[AP]M)/

/** Characters that surely fit into Docker's 16 KB parts, even if every one took four bytes. */
const SPLIT_FROM = 4_000

interface Layout {
  prefixed: boolean
  stamped: boolean
}

/** How lines from the Docker API with timestamps look. */
export const API_LAYOUT: Layout = { prefixed: false, stamped: true }

/**
 * A reader for one log. Without a layout it takes that of the first line that holds a record, and
 * keeps to it: text further down that looks like a prefix or a stamp is the container's own.
 */
export function createLineReader(layout: Layout | null = null): (raw: string) => Line {
  let known = layout
  // whether lines end in CR LF; where they do not, a CR is that of a hook's own terminal
  let terminal: boolean | null = null
  return (raw) => {
    let text = raw
    let source: string | null = null
    let at: string | null = null
    const prefix = known === null || known.prefixed ? PREFIX.exec(text) : null
    if (prefix) {
      source = prefix[1] as string
      text = text.slice(prefix[0].length)
    }
    const stamp = known === null || known.stamped ? STAMP.exec(text) : null
    const second = stamp && secondInUtc(stamp[1] as string, stamp[3] as string)
    if (stamp && second !== null) {
      // the digits of the fraction, which are nanoseconds, are kept
      at = `${second}${stamp[2] ?? ''}Z`
      text = text.slice(stamp[0].length)
      // a TTY's line over 16 KB carries its stamp again at every 16 KB
      if (text.length > SPLIT_FROM) text = text.replaceAll(stamp[0], '')
    }
    if ((known === null || terminal === null) && RECORD_START.test(text)) {
      known ??= { prefixed: prefix !== null, stamped: at !== null }
      terminal ??= text.endsWith('\r')
    }
    if (terminal !== false && text.endsWith('\r')) text = text.slice(0, -1)
    return { source, at, text }
  }
}
