// The following stream of one container's log. Tells that something came, and keeps the newest lines
// for the case that the container is removed before they could be read plainly.
import { finished } from 'node:stream/promises'
import { sleep } from '../bell.js'
import type { Line } from '../watchtower/record.js'
import type { Docker } from './client.js'
import { demux } from './demux.js'
import { API_LAYOUT, createLineReader } from './line.js'
import { linesOf } from './lines.js'

export interface Follower {
  /** false once the stream has ended, for whatever reason: the next request tells */
  open(): boolean
  /** what came and was not dropped, oldest first */
  lines(): readonly Line[]
  /** Forgets the oldest n lines: they were read plainly. */
  drop(n: number): void
  /** Resolves when the stream has ended, at the latest after ms. */
  ended(ms: number): Promise<void>
  close(): void
}

export interface FollowOptions {
  id: string
  /** as Docker takes it; null follows from the start */
  since: string | null
  tty: boolean
  signal: AbortSignal
  /** Something came, or the stream ended. */
  onData(): void
  onEngineError(message: string): void
}

/** A removed one-off check leaves some dozens of lines. More than this at once is a flood: the stream is closed, plain reads are enough. */
const MAX_LINES = 5_000
const MAX_CHARACTERS = 4_000_000

/** Opens the stream; null if there is no such container. */
export async function follow(docker: Docker, { id, since, tty, signal, onData, onEngineError }: FollowOptions): Promise<Follower | null> {
  const body = await docker.logs(id, { since, follow: true, signal })
  if (!body) return null
  const lineOf = createLineReader(API_LAYOUT)
  const kept: Line[] = []
  let characters = 0
  const stream = tty ? linesOf(body) : linesOf(body, demux(onEngineError))
  stream.on('data', (raw: string) => {
    kept.push(lineOf(raw))
    characters += raw.length
    if (kept.length >= MAX_LINES || characters >= MAX_CHARACTERS) body.destroy()
    onData()
  })
  const end = finished(stream).catch(() => {}).then(onData)
  return {
    open: () => !stream.destroyed,
    lines: () => kept,
    drop(n) {
      kept.splice(0, n)
      characters = kept.reduce((sum, { text }) => sum + text.length, 0)
    },
    ended: (ms) => Promise.race([end, sleep(ms, signal)]),
    close: () => void body.destroy(),
  }
}
