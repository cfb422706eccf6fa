// Reads one container's log, first what is there, then what comes, until the container stops.
// Takes a container, gives its new Lines through onLine. What was read stays in the cursor.
import type { Docker } from './client.js'
import type { Cursor } from './cursor.js'
import { demux } from './demux.js'
import { API_LAYOUT, createLineReader } from './line.js'
import { linesOf } from './lines.js'
import type { Line } from '../watchtower/record.js'

export interface TailOptions {
  id: string
  cursor: Cursor
  signal: AbortSignal
  /** Resolves after ms, or at once when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  onLine(line: Line): void
  /** Everything that was there at the start has been read; lines from now on are live. */
  onCaughtUp(): void
  /** The engine's own words in the middle of the log. */
  onEngineError(message: string): void
}

/** A stream that ends while the container runs (a proxy's idle cut, a rotation) is opened again, at most this often. */
const REOPEN_MS = 1_000

/** Resolves when the container has stopped, is gone, or the signal aborts; fails when the engine does. */
export async function tail(docker: Docker, options: TailOptions): Promise<void> {
  const { id, signal, sleep, onCaughtUp } = options
  const inspected = await state(docker, id)
  if (!inspected) return
  await read(docker, options, inspected.tty, false)
  onCaughtUp()
  while (!signal.aborted) {
    await read(docker, options, inspected.tty, true)
    if (signal.aborted || !(await state(docker, id))?.running) return
    await sleep(REOPEN_MS, signal)
  }
}

async function read(docker: Docker, { id, cursor, signal, onLine, onEngineError }: TailOptions, tty: boolean, follow: boolean): Promise<void> {
  const body = await docker.logs(id, { since: cursor.since(), follow, signal })
  if (!body) return
  const lineOf = createLineReader(API_LAYOUT)
  try {
    for await (const raw of tty ? linesOf(body) : linesOf(body, demux(onEngineError))) {
      const line = lineOf(raw as string)
      if (cursor.isNew(line)) onLine(line)
    }
  } catch (error) {
    // a cut connection is not told from a daemon's end here: the next request tells
    if (!signal.aborted && (error as { code?: string }).code !== 'ECONNRESET') throw error
  } finally {
    body.destroy()
  }
}

async function state(docker: Docker, id: string): Promise<{ running: boolean; tty: boolean } | null> {
  const answer = (await docker.inspectContainer(id)) as { State?: { Running?: boolean }; Config?: { Tty?: boolean } } | null
  return answer && { running: answer.State?.Running === true, tty: answer.Config?.Tty === true }
}
