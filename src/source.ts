// One Watchtower's log: its cursor, its pipeline, and the attachment that feeds them. Takes the
// Docker client, gives the sessions that are sealed, each with the checkpoint that stands for it.
import { sleep } from './bell.js'
import { optimize } from './compiler.js'
import type { Docker } from './docker/client.js'
import { createCursor, type Position } from './docker/cursor.js'
import { tail } from './docker/tail.js'
import { createPipeline } from './pipeline.js'
import type { WatchtowerEvent } from './watchtower/event.js'
import { createMissed } from './watchtower/missed.js'
import type { Line } from './watchtower/record.js'
import type { CheckSession, LogContext } from './watchtower/session.js'

/** Up to where all is accounted for, and what must be known of the log before it. Plain data, for the state file. */
export interface Checkpoint {
  position: Position
  context: LogContext
}

export interface Source {
  /** Reads until the container stops; resolves then, or when the signal aborts. Fails when the engine does. */
  attach(signal: AbortSignal): Promise<void>
}

export interface SourceOptions {
  id: string
  /** where an earlier process left off; null reads the whole log */
  saved: Checkpoint | null
  /** the program starts for the first time: what it reads first was never meant for it */
  history: boolean
  idleMs: number
  reconcileMs: number
  timeoutMs: number
  /**
   * A session was sealed, or several while nobody looked: then they are one, and missed is set. A
   * promise slows the reading down. Without a checkpoint there is none yet: the next session brings it.
   */
  onSession(session: CheckSession, checkpoint: Checkpoint | null, missed: boolean): void | Promise<void>
  /** The log was read to its end. empty: no check has ended in it. */
  onAttached(empty: boolean): void
  /** Sees every event; at: Docker's stamp. */
  onEvent(event: WatchtowerEvent, at: string | null): void
  /** The inspect answer with which an attachment begins. */
  onContainer(answer: unknown): void
  /** A check that has not ended has replaced or stopped one more container; what was missed comes with its session. */
  onReplacing(check: Pick<CheckSession, 'found' | 'replaced'>): void
  onEngineError(message: string): void
  onStalled(): void
}

/** So many lines without a pause are a flood. A check at debug level has some thousands on a large host. */
const FLOOD_LINES = 100_000

/** A source that goes on from the saved checkpoint. */
export function createSource(docker: Docker, options: SourceOptions): Source {
  const { saved, history, idleMs, onSession, onAttached, onEvent, onReplacing } = options
  const cursor = createCursor(saved?.position ?? null)
  let replacedMore = false
  const pipeline = createPipeline(idleMs, {
    context: saved?.context ?? null,
    onEvent(event, at) {
      replacedMore ||= event.type === 'container-stopped' || event.type === 'container-created'
      onEvent(event, at)
    },
  })
  let missed = createMissed(history)
  let lastMissed: Checkpoint | null = null
  let caughtUp = false
  let withoutPause = 0

  function take(sessions: readonly CheckSession[]): void | Promise<void> {
    for (const [index, session] of sessions.entries()) {
      // one line can seal two sessions: only with the last of them all is accounted for
      const position = index === sessions.length - 1 ? cursor.position() : null
      const checkpoint = position && { position, context: pipeline.context() }
      if (!caughtUp) {
        missed.add(session)
        lastMissed = checkpoint ?? lastMissed
      } else if (checkpoint) return onSession(session, checkpoint, false)
      else void onSession(session, null, false)
    }
  }

  function takeLine(line: Line): void | Promise<void> {
    const sessions = pipeline.push(line)
    tellReplacing()
    return take(sessions)
  }

  function tellReplacing(): void {
    const check = replacedMore && caughtUp ? pipeline.replacing() : null
    if (caughtUp) replacedMore = false
    if (check) onReplacing(check)
  }

  /** Tells what was missed, if anything was. */
  function catchUp(): boolean {
    caughtUp = true
    const session = missed.take()
    missed = createMissed(false)
    if (session) void onSession(session, lastMissed, true)
    return session !== null
  }

  return {
    async attach(signal) {
      const quietTimer = setTimeout(() => {
        withoutPause = 0
        void take(pipeline.quiet())
      }, idleMs)
      try {
        await tail(docker, {
          ...options,
          cursor,
          signal,
          sleep,
          onLine(line) {
            quietTimer.refresh()
            if ((withoutPause += 1) === FLOOD_LINES) optimize()
            return takeLine(line)
          },
          onCaughtUp() {
            onAttached(!catchUp())
            tellReplacing()
          },
        })
        if (!signal.aborted) void take(pipeline.end('exited'))
      } finally {
        clearTimeout(quietTimer)
        // what is read first after a break was missed as well
        if (!signal.aborted) catchUp()
        caughtUp = false
      }
    },
  }
}
