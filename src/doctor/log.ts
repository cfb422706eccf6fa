// Watchtower's log, read once from its first line: whether it can be read, and what it says.
import type { Docker, DockerHost } from '../docker/client.js'
import { dockerFault } from '../docker/fault.js'
import { demux } from '../docker/demux.js'
import { API_LAYOUT, createLineReader } from '../docker/line.js'
import { linesOf } from '../docker/lines.js'
import { type Announcement, announcementOf } from '../guard/banner.js'
import type { Zone } from '../guard/schedule.js'
import { createPipeline } from '../pipeline.js'
import { redact } from '../report/redact.js'

export type SeenLog =
  /** null: the log does not say. zone: as its banner shows it */
  | { type: 'read'; version: string | null; zone: Zone | null; lastError: string | null }
  /** byDriver: it is the log driver that cannot be read */
  | { type: 'unreadable'; byDriver: boolean; found: string; remedy: string }

/** As a check of a version that prints no end. */
const IDLE_MS = 600_000
/** Reading 30 MB takes a second. */
const READ_MS = 20_000
/** The engine's answer where a driver does not support reading (moby daemon/logger, ErrReadLogsNotSupported). */
const UNREADABLE_DRIVER = 501
/** Characters of an error that are quoted. */
const MAX_QUOTED = 300

/** Reads it to its end; never fails. */
export async function readLog(docker: Docker, host: DockerHost, { id, tty }: { id: string; tty: boolean }): Promise<SeenLog> {
  let version: string | null = null
  let zone: Zone | null = null
  let lastError: string | null = null
  const quoted = (error: string): string => redact(error).slice(0, MAX_QUOTED).toWellFormed()
  const pipeline = createPipeline(IDLE_MS, {
    onEvent(event) {
      if (event.type === 'started') version = event.version ?? version
      if (event.type === 'started' || event.type === 'session-done') lastError = null
      if (event.type === 'error') lastError = quoted(event.message)
      if (event.type === 'session-aborted' && !event.consequence) lastError = quoted(event.error)
      if (event.type === 'scheduled') zone = zoneIn(announcementOf(event.message, 0))
    },
  })
  const signal = AbortSignal.timeout(READ_MS)
  try {
    const body = await docker.logs(id, { since: null, follow: false, signal })
    const lineOf = createLineReader(API_LAYOUT)
    for await (const raw of body ? (tty ? linesOf(body) : linesOf(body, demux())) : []) pipeline.push(lineOf(raw as string))
    pipeline.end('eof')
  } catch (error) {
    const { found, remedy } = dockerFault(error, host)
    return { type: 'unreadable', byDriver: (error as { statusCode?: number }).statusCode === UNREADABLE_DRIVER, found, remedy: remedy ?? 'look at the log of the Docker daemon' }
  }
  return { type: 'read', version, zone, lastError }
}

function zoneIn(announced: Announcement | null): Zone | null {
  return announced?.type === 'first-run' ? announced.offset : null
}
