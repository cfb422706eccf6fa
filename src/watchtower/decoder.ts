// Turns the lines of one log into log records. Takes Lines, gives dated LogRecords. The logrus
// pretty format prints a message raw, so one message may span lines and a hook's output may look
// like records: this is the only place that knows where such a message ends.
import { decodeRecord, glance, type Line, type LogRecord, splitPretty, withoutColours } from './record.js'

/** A record with the best time known for it: Docker's stamp, else its own, else null. */
export interface DatedRecord {
  at: string | null
  record: LogRecord
}

export interface Decoder {
  /** Gives the record that this line completes, if it completes one. */
  push(line: Line): DatedRecord[]
  /** Gives the record that still waited for its end; the log is over. */
  end(): DatedRecord[]
}

/** How much of a multi-line message is kept, in characters; what matters stands in its first line. */
const MAX_HELD = 65_536

/** A decoder for one log, from its first line on. */
export function createDecoder(): Decoder {
  // logrus pads every pretty message and ends it with a space (or fields), so a line without
  // either goes on in the next line. False until a padded line was seen: an editor may have trimmed
  // the file.
  let padded = false
  // whether Watchtower's own lines end in a carriage return, as they do where it has a terminal
  let terminal: boolean | null = null
  let held: { dated: DatedRecord; lines: string[]; length: number } | null = null
  // After a multi-line message only a pretty line is trusted as the next record: the output that
  // was quoted raw may go on past a line that happens to end in a space.
  let distrust = false

  function release(fields: LogRecord['fields'] = new Map()): DatedRecord[] {
    if (!held) return []
    const { dated, lines } = held
    held = null
    return [{ at: dated.at, record: { ...dated.record, message: withoutColours(lines.join('\n')).trimEnd(), fields } }]
  }

  /** A record that begins with this line. */
  function start(line: Line, text: string, returned: boolean): DatedRecord[] {
    const record = glance(text) ?? decodeRecord(text)
    if (!record || (distrust && record.dialect !== 'pretty')) return []
    const dated = { at: line.at ?? record.time, record }
    if (record.dialect !== 'pretty') return [dated]
    const quotes = record.message === 'Command output:'
    distrust = quotes
    // the first line of a hook's output stands in the record's own: `command exited with code 1  …`
    const output = text.endsWith('\r') || (returned && terminal === false)
    const ended = !output && text.endsWith(' ')
    padded ||= ended
    if (ended || quotes) terminal = returned
    const goesOn = padded ? output || !(ended || record.fields.size > 0) : quotes
    if (!goesOn) return [dated]
    held = { dated, lines: [record.message], length: record.message.length }
    return []
  }

  return {
    push(line) {
      const returned = line.text.endsWith('\r')
      const text = returned ? line.text.slice(0, -1) : line.text
      if (!held) return start(line, text, returned)
      // Watchtower gives hooks a terminal of their own (W:pkg/container/client.go ExecuteCommand):
      // a line with that terminal's carriage return is output, however it ends
      const output = text.endsWith('\r') || (returned && !terminal)
      const last = output ? { text, fields: null } : splitPretty(text, 0)
      const ended = !output && (text.endsWith(' ') || last.fields !== null)
      // no hook's terminal and no padding yet: the file's was trimmed, so this line may be a record
      if (!output && !ended && !padded) return [...release(), ...start(line, text, returned)]
      held.length += text.length + 1
      if (held.length <= MAX_HELD) held.lines.push(last.text)
      if (!ended) return []
      distrust = true
      return release(last.fields ?? undefined)
    },
    end: release,
  }
}
