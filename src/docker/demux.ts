// Undoes the framing of Docker's logs API for containers without a TTY. Takes the body's bytes,
// gives whole lines. dockerode's own demuxStream never ends its outputs, leaves timestamps inside
// lines over 16 KB and breaks on an in-band error frame.
import { Transform } from 'node:stream'
import { MAX_LINE_BYTES } from './lines.js'

/** A frame is one log line of at most 16 KB; a header that claims more than this is no header. */
export const MAX_FRAME_BYTES = 1 << 20

const HEADER_BYTES = 8
/** `2026-11-23T19:54:19.112325274Z `: RFC 3339 of fixed width, then a space */
const STAMP_BYTES = 31
const NEWLINE = 0x0a
const SYSTEM_ERROR = 3

/** Whether a body that begins with these bytes is framed: a stream type up to 3, then three zeros. */
export function isFramed(start: Buffer): boolean {
  return start.length >= HEADER_BYTES && (start[0] as number) <= SYSTEM_ERROR && start.readUIntBE(1, 3) === 0
}

/**
 * Frames in, whole lines out, each ended by a newline. A line that Docker split into 16 KB parts is
 * joined by stream and timestamp: only parts of one line share both. onError gets the text of an
 * in-band error frame (the daemon's own, not the container's). A header that claims more than
 * MAX_FRAME_BYTES is told to onError too and ends the lines: what follows cannot be told apart.
 * What the end of the body cuts short, a frame or a line of which Docker has written only some parts,
 * is passed on as far as it came; with onHeld it is held back and its stamp told, for it will be read
 * again. onHeld gets the stamp as soon as a line of parts begins, too: it may not end in this body.
 */
export function demux(onError: (message: string) => void = () => {}, onHeld: ((stamp: string) => void) | null = null): Transform {
  // joined only when the next frame is whole: joining at every chunk would cost n² for a large frame
  let chunks: Buffer[] = []
  let have = 0
  let broken = false
  let need = HEADER_BYTES
  const pending = new Map<number, { stamp: string; parts: Buffer[]; length: number }>()

  function flush(out: Transform, stream: number): void {
    const line = pending.get(stream)
    if (!line) return
    pending.delete(stream)
    out.push(Buffer.concat(line.parts))
    if (line.parts.at(-1)?.at(-1) !== NEWLINE) out.push('\n')
  }

  function frame(out: Transform, stream: number, payload: Buffer): void {
    if (payload.length === 0) return
    if (stream === SYSTEM_ERROR) {
      onError(payload.toString('utf8', 0, 1000).trim())
      return
    }
    const stamp = stampOf(payload)
    const line = pending.get(stream)
    if (line && line.stamp === stamp) {
      // one byte too many is kept, so that the line is cut and marked further on
      const part = payload.subarray(stamp.length, stamp.length + MAX_LINE_BYTES + 1 - line.length)
      // an empty part would still hold on to its chunk
      if (part.length > 0) line.parts.push(part)
      line.length += part.length
    } else {
      flush(out, stream)
      const part = payload.subarray(0, MAX_LINE_BYTES + 1)
      pending.set(stream, { stamp, parts: [part], length: part.length })
    }
    if (payload.at(-1) === NEWLINE) flush(out, stream)
    else if (!line) onHeld?.(stamp.trimEnd())
  }

  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (broken) return done()
      chunks.push(chunk)
      have += chunk.length
      if (have < need) return done()
      let rest: Buffer = chunks.length === 1 ? chunk : Buffer.concat(chunks)
      need = HEADER_BYTES
      while (rest.length >= HEADER_BYTES) {
        const size = rest.readUInt32BE(4)
        if (!isFramed(rest) || size > MAX_FRAME_BYTES) {
          broken = true
          onError('the log stream is not framed as Docker frames it')
          for (const stream of [...pending.keys()]) flush(this, stream)
          this.push(null)
          return done()
        }
        need = HEADER_BYTES + size
        if (rest.length < need) break
        frame(this, rest[0] as number, rest.subarray(HEADER_BYTES, need))
        rest = rest.subarray(need)
        need = HEADER_BYTES
      }
      chunks = [rest]
      have = rest.length
      done()
    },
    flush(done) {
      if (broken) return done()
      if (onHeld) {
        const [oldest] = [...pending.values()].map(({ stamp }) => stamp.trimEnd()).filter(Boolean).sort()
        if (oldest !== undefined) onHeld(oldest)
        return done()
      }
      const rest = Buffer.concat(chunks)
      if (rest.length > HEADER_BYTES) frame(this, rest[0] as number, rest.subarray(HEADER_BYTES))
      for (const stream of [...pending.keys()]) flush(this, stream)
      done()
    },
  })
}

function stampOf(payload: Buffer): string {
  const start = payload.toString('latin1', 0, STAMP_BYTES)
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z $/.test(start) ? start : ''
}
