// Reads one container's log until the container stops. Takes a container, gives its new Lines in
// the engine's order through onLine. Plain reads are the truth: a following stream can stall, skip
// and repeat, so it only says when to read, and serves for what was said last by a container that
// is removed before it could be read.
import { createBell } from '../bell.js'
import type { Line } from '../watchtower/record.js'
import type { Docker } from './client.js'
import type { Cursor } from './cursor.js'
import { demux } from './demux.js'
import { follow } from './follower.js'
import { API_LAYOUT, createLineReader } from './line.js'
import { linesOf } from './lines.js'
import { monotonic } from './monotonic.js'

export interface TailOptions {
  id: string
  cursor: Cursor
  signal: AbortSignal
  /** A plain read is made at least this often, whatever the following stream says. */
  reconcileMs: number
  /** A body that gives no line for this long is given up. */
  timeoutMs: number
  /** Resolves after ms, or at once when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /** A promise slows the reading down to what is done with the lines. */
  onLine(line: Line): void | Promise<void>
  /** The inspect answer with which it begins. */
  onContainer(answer: unknown): void
  /** Everything that was there at the start has been read; lines from now on are live. */
  onCaughtUp(): void
  /** The engine's own words in the middle of the log. */
  onEngineError(message: string): void
  /** The following stream was silent while the log grew; it is opened again. */
  onStalled(): void
}

/** A stream that ends while the container runs (a proxy's idle cut, a rotation) is opened again, at most this often. */
const REOPEN_MS = 1_000
/** Lines come in bursts: so long is waited for more, and as long as the last read took, up to a second, so that the engine is not kept busy. */
const SETTLE_MS = { least: 20, most: 1_000 }
/** A removed container's stream brings its last lines and ends within 150 ms. */
const LAST_WORDS_MS = 2_000

type Reading = { type: 'read'; lines: number } | { type: 'gone' }

/** Resolves when the container has stopped, is gone, or the signal aborts; fails when the engine does. */
export async function tail(docker: Docker, options: TailOptions): Promise<void> {
  const { id, cursor, signal, reconcileMs, sleep, onContainer, onCaughtUp, onEngineError, onStalled } = options
  const inspected = await state(docker, id)
  if (!inspected) return
  const { tty } = inspected
  onContainer(inspected.answer)
  await read(docker, options, tty, !inspected.running)
  onCaughtUp()
  while (!signal.aborted) {
    const bell = createBell()
    const follower = await follow(docker, { id, since: cursor.since(), tty, signal, onData: bell.ring, onEngineError })
    if (!follower) return
    try {
      let tookMs = 0
      while (!signal.aborted && follower.open()) {
        const rang = await bell.wait(reconcileMs, signal)
        await sleep(Math.min(SETTLE_MS.least + tookMs, SETTLE_MS.most), signal)
        const kept = follower.lines().length
        const begun = monotonic()
        const reading = await read(docker, options, tty, false)
        tookMs = monotonic() - begun
        if (reading.type === 'gone') break
        follower.drop(kept)
        if (rang || reading.lines === 0 || !follower.open()) continue
        await sleep(SETTLE_MS.least, signal)
        if (follower.lines().length > 0) continue
        onStalled()
        break
      }
      if (signal.aborted) return
      const now = await state(docker, id)
      const last = await read(docker, options, tty, !now?.running)
      if (last.type === 'gone' && !signal.aborted) {
        await follower.ended(LAST_WORDS_MS)
        for (const line of follower.lines()) if (cursor.isNew(line)) await options.onLine(line)
      }
      if (!now?.running) return
    } finally {
      follower.close()
    }
    await sleep(REOPEN_MS, signal)
  }
}

/**
 * Reads what is new. final: nothing more will be written, so that a line without an end is one. A body
 * that does not begin with what is known has a hole: Engine 20.10 stops looking for `since` at the
 * first compressed file that is older, and leaves out what lies between. The whole log has none.
 */
async function read(docker: Docker, options: TailOptions, tty: boolean, final: boolean): Promise<Reading> {
  const since = options.cursor.since()
  const reading = await readFrom(docker, options, since, tty, final)
  if (reading !== 'hole') return reading
  return (await readFrom(docker, options, null, tty, final)) as Reading
}

/** Reads from `since`, or without it the whole log, of which nothing before the cursor is taken again. Only with a `since` a hole is told. */
async function readFrom(docker: Docker, { id, cursor, signal, timeoutMs, onLine, onEngineError }: TailOptions, since: string | null, tty: boolean, final: boolean): Promise<Reading | 'hole'> {
  const from = cursor.from()
  const body = await docker.logs(id, { since, follow: false, signal })
  if (!body) return { type: 'gone' }
  const lineOf = createLineReader(API_LAYOUT)
  let lines = 0
  let held: string | null = null
  let begun = since === null
  let progress = monotonic()
  const watch = setInterval(() => {
    if (monotonic() - progress > timeoutMs) body.destroy(Object.assign(new Error(`the log gave nothing for ${timeoutMs / 1000} s`), { code: 'ETIMEDOUT' }))
  }, timeoutMs / 4)
  try {
    for await (const raw of tty ? linesOf(body) : linesOf(body, demux(onEngineError, final ? null : (stamp) => cursor.hold((held = held === null || stamp < held ? stamp : held))))) {
      progress = Infinity // what is done with the line is not the engine's time
      const line = lineOf(raw as string)
      if (!begun && !cursor.knows(line)) return 'hole'
      begun = true
      const past = since === null && from !== null && line.at !== null && line.at < from
      if (!past && cursor.isNew(line)) {
        lines += 1
        const done = onLine(line)
        if (done) await done
      }
      progress = monotonic()
    }
  } finally {
    clearInterval(watch)
    body.destroy()
  }
  if (!begun) return 'hole'
  cursor.hold(held)
  return { type: 'read', lines }
}

async function state(docker: Docker, id: string): Promise<{ running: boolean; tty: boolean; answer: unknown } | null> {
  const answer = (await docker.inspectContainer(id)) as { State?: { Running?: boolean }; Config?: { Tty?: boolean } } | null
  return answer && { running: answer.State?.Running === true, tty: answer.Config?.Tty === true, answer }
}
