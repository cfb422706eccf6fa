// Turns the lines of one log into log records. Takes Lines, gives dated LogRecords. The logrus
// pretty format prints a message raw, so one message may span lines and a hook's output may look
// like records: this is the only place that knows where such a message ends.
import { decodeRecord, type Line, type LogRecord } from './record.js'

/** A record with the best time known for it: Docker's stamp, else its own, else null. */
export interface DatedRecord {
  at: string | null
  record: LogRecord
}

export interface Decoder {
  /** Gives the records that this line completes: none, one, or a held one and this one. */
  push(line: Line): DatedRecord[]
  /** Gives the record that still waited for its end; the log is over. */
  end(): DatedRecord[]
}

/** How much of a multi-line message is kept, in characters; what matters stands in its first line. */
const MAX_HELD = 65_536

/** A decoder for one log, from its first line on. */
export function createDecoder(): Decoder {
  // logrus pads every pretty message and ends it with a space (or fields), so a line without
  // either goes on in the next line. Known only once a padded line was seen: an editor may have
  // trimmed the file.
  let padded = false
  let held: { dated: DatedRecord; lines: string[]; length: number } | null = null
  // After a multi-line message only a pretty line is trusted as the next record: the output that
  // was quoted raw may go on past a line that happens to end in a space.
  let distrust = false

  function release(): DatedRecord[] {
    if (!held) return []
    const { dated, lines } = held
    held = null
    return [{ at: dated.at, record: { ...dated.record, message: lines.join('\n').trimEnd() } }]
  }

  return {
    push(line) {
      if (held) {
        held.length += line.text.length
        if (held.length <= MAX_HELD) held.lines.push(line.text)
        if (!line.text.endsWith(' ')) return []
        distrust = true
        return release()
      }
      const record = decodeRecord(line.text)
      if (!record || (distrust && record.dialect !== 'pretty')) return []
      distrust = false
      const dated = { at: line.at ?? record.time, record }
      if (record.dialect !== 'pretty') return [dated]
      const ended = line.text.endsWith(' ')
      if (ended) padded = true
      if (ended || !padded || record.fields.size > 0) return [dated]
      held = { dated, lines: [record.message], length: record.message.length }
      return []
    },
    end: release,
  }
}
