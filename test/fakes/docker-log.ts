// One container's log as the fake engine holds it: lines and raw bytes in order, read by plain and by following requests.
// Rendering follows Docker Engine: 8-byte frame headers (none for a TTY), 16 KiB splits that repeat the stamp.
import type { ServerResponse } from 'node:http'

/** 0 stdin (never seen), 1 stdout, 2 stderr, 3 the daemon's own in-band error text. */
export type FrameType = 0 | 1 | 2 | 3

/** One line of output, bytes where it is no text. `at` is Docker's fixed-width stamp (see `stamp`); `partial` leaves out the line feed. */
export interface LogLine {
  at: string
  stream: 'stdout' | 'stderr'
  text: string | Buffer
  partial?: boolean
}

type Entry = LogLine | Buffer

interface Follower {
  response: ServerResponse
  query: LogQuery
  /** a line passed its `since` */
  passed: boolean
}

interface LogQuery {
  since: bigint
  until: bigint | null
  stdout: boolean
  stderr: boolean
  timestamps: boolean
}

export interface FakeLog {
  /** every logs request of this container, as its query parameters were sent */
  queries: Record<string, string>[]
  /** the followers that are connected now */
  readonly followers: number
  /** true: followers stay connected and see nothing new, a plain read sees all (the stall of moby#45728); default false */
  stalled: boolean
  /** true: once a line passed `since` all later ones do, as from Engine 23 on; default false, each is judged, as 20.10 does */
  sinceOnce: boolean
  /** not null: a read with `since` leaves out what is older than this stamp, as 20.10 does with lines beside a compressed file; default null */
  leavesOut: string | null
  /** not null: bodies are written in pieces of so many bytes; default null, one piece per frame */
  pieceBytes: number | null
  /** appends lines and sends them to the followers */
  write(...lines: LogLine[]): void
  /** appends bytes sent as they are to every reader, whatever it asked for: broken frames, `frame(3, …)` */
  writeRaw(...chunks: Buffer[]): void
  /** forgets all lines, as a rotation does; followers stay */
  clear(): void
  /** ends the followers' bodies cleanly; later follows are open or not as the container's State.Running says */
  end(): void
  /** cuts the followers' connections without the final chunk */
  destroy(): void
  /** resolves once n followers are connected; rejects after timeoutMs (default 30 s) */
  waitForFollowers(n: number, timeoutMs?: number): Promise<void>
}

/** A frame of the multiplexed stream: type, three zero bytes, length, content. */
export function frame(type: FrameType, content: string | Buffer): Buffer {
  const body = Buffer.from(content)
  const header = Buffer.alloc(8)
  header.writeUInt8(type, 0)
  header.writeUInt32BE(body.length, 4)
  return Buffer.concat([header, body])
}

/** Docker's stamp, 30 characters wide, of a time in ms plus nanoseconds within that millisecond. */
export function stamp(ms: number, nanos = 0): string {
  return `${new Date(ms).toISOString().slice(0, -1)}${String(nanos).padStart(6, '0')}Z`
}

/** Nanoseconds since the epoch of a fixed-width stamp; throws on any other form. */
export function nanosOf(at: string): bigint {
  const [, whole, fraction] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{9})Z$/.exec(at) ?? []
  if (whole === undefined || fraction === undefined) throw new Error(`not a Docker stamp: ${JSON.stringify(at)}`)
  return BigInt(Date.parse(`${whole}Z`)) * 1_000_000n + BigInt(fraction)
}

/** A `since`/`until` query value in nanoseconds, or null if the engine would answer 500. */
export function parseSince(value: string): bigint | null {
  if (value === '') return 0n
  const [, seconds, fraction = ''] = /^(-?\d+)(?:\.(\d*))?$/.exec(value) ?? []
  if (seconds === undefined) return null
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'))
}

/** The log of one container; `answer` serves one request whose parameters the caller has checked. */
export function createLog(tty: () => boolean): FakeLog & { answer(query: URLSearchParams, stayOpen: boolean, response: ServerResponse): void } {
  const entries: Entry[] = []
  const queries: Record<string, string>[] = []
  const followers = new Set<Follower>()
  const watchers = new Set<() => void>()

  function render(entry: Entry, reader: Follower): Buffer[] {
    const { query } = reader
    if (Buffer.isBuffer(entry)) return [entry]
    const time = nanosOf(entry.at)
    if ((time < query.since && !(log.sinceOnce && reader.passed)) || (query.until !== null && time > query.until)) return []
    if (log.leavesOut !== null && query.since > 0n && time < nanosOf(log.leavesOut)) return []
    reader.passed = true
    const stream = tty() ? 'stdout' : entry.stream
    if (!query[stream]) return []
    const bytes = Buffer.concat([Buffer.from(entry.text), Buffer.from(entry.partial ? '' : tty() ? '\r\n' : '\n')])
    const prefix = Buffer.from(query.timestamps ? `${entry.at} ` : '')
    const pieces: Buffer[] = []
    // The engine's copier cuts at 16 KiB and stamps every part with the first part's time
    for (let at = 0; at < bytes.length || at === 0; at += 16_384) {
      const piece = Buffer.concat([prefix, bytes.subarray(at, at + 16_384)])
      pieces.push(tty() ? piece : frame(stream === 'stdout' ? 1 : 2, piece))
    }
    return pieces
  }

  function send(response: ServerResponse, chunks: Buffer[]): void {
    if (log.pieceBytes === null) {
      for (const chunk of chunks) response.write(chunk)
      return
    }
    const all = Buffer.concat(chunks)
    for (let at = 0; at < all.length; at += log.pieceBytes) response.write(all.subarray(at, at + log.pieceBytes))
  }

  function append(added: Entry[]): void {
    for (const entry of added) if (!Buffer.isBuffer(entry)) nanosOf(entry.at)
    entries.push(...added)
    if (log.stalled) return
    for (const follower of followers) send(follower.response, added.flatMap((entry) => render(entry, follower)))
  }

  function answer(params: URLSearchParams, stayOpen: boolean, response: ServerResponse): void {
    queries.push(Object.fromEntries(params))
    const on = (name: string): boolean => ['1', 'true', 'True'].includes(params.get(name) ?? '')
    const until = parseSince(params.get('until') ?? '')
    const query: LogQuery = {
      since: parseSince(params.get('since') ?? '') ?? 0n, until: until === 0n ? null : until,
      stdout: on('stdout'), stderr: on('stderr'), timestamps: on('timestamps'),
    }
    response.flushHeaders()
    const follower = { response, query, passed: false }
    send(response, entries.flatMap((entry) => render(entry, follower)))
    if (!on('follow') || !stayOpen) return void response.end()
    followers.add(follower)
    response.on('close', () => followers.delete(follower))
    for (const check of watchers) check()
  }

  const log: ReturnType<typeof createLog> = {
    queries, stalled: false, sinceOnce: false, leavesOut: null, pieceBytes: null, answer,
    get followers() { return followers.size },
    write: (...lines) => append(lines),
    writeRaw: (...chunks) => append(chunks),
    clear: () => void entries.splice(0),
    end: () => {
      for (const { response } of followers) response.end()
      followers.clear()
    },
    destroy: () => {
      for (const { response } of followers) response.destroy()
      followers.clear()
    },
    waitForFollowers: (n, timeoutMs = 30_000) => new Promise((resolve, reject) => {
      const check = (): void => {
        if (followers.size < n) return
        clearTimeout(timer)
        watchers.delete(check)
        resolve()
      }
      const timer = setTimeout(() => {
        watchers.delete(check)
        reject(new Error(`${followers.size} of ${n} followers within ${timeoutMs} ms`))
      }, timeoutMs)
      watchers.add(check)
      check()
    }),
  }
  return log
}
