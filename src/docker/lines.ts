// Bytes in, text lines out. Every line is cut to a bounded length before split2 sees it, because
// split2 holds an unfinished line in memory and joins it anew with each chunk.
import { PassThrough, pipeline, Transform, type Readable } from 'node:stream'
import split2 from 'split2'

/** Bytes of one line that are kept: Watchtower's longest real line is a registry's error page. */
export const MAX_LINE_BYTES = 65_536
/** Ends a line that was longer. Its last space ends a message of the pretty format, as padding does. */
export const CUT_MARK = ' …[cut] '

const NEWLINE = 0x0a

/** Cuts every line to MAX_LINE_BYTES and marks it; all else passes through. Linear in the input. */
export function bound(): Transform {
  let length = 0 // of the unfinished line, up to the end of the last chunk
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      let kept = 0 // where what is still to be passed on begins
      let lineStart = 0
      while (lineStart < chunk.length) {
        const newline = chunk.indexOf(NEWLINE, lineStart)
        const lineEnd = newline < 0 ? chunk.length : newline
        const room = Math.max(0, MAX_LINE_BYTES - length)
        const added = lineEnd - lineStart
        if (added > room) {
          this.push(chunk.subarray(kept, lineStart + room))
          if (length <= MAX_LINE_BYTES) this.push(CUT_MARK)
          kept = lineEnd
        }
        length = newline < 0 ? length + added : 0
        lineStart = lineEnd + 1
      }
      this.push(chunk.subarray(kept))
      done()
    },
  })
}

/** The text lines of a byte stream, without their line feeds. Ends or fails as the source or the unframing does. */
export function linesOf(source: Readable, unframe: Transform = new PassThrough()): Readable {
  const lines = split2('\n')
  pipeline(source, unframe, bound(), lines, () => {})
  return lines
}
