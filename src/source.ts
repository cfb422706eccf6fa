// One Watchtower's log: its cursor, its pipeline, and the attachment that feeds them. Takes the
// Docker client, gives the sessions that are news.
import { sleep } from './bell.js'
import type { Docker } from './docker/client.js'
import { createCursor } from './docker/cursor.js'
import { tail } from './docker/tail.js'
import { createPipeline } from './pipeline.js'
import type { CheckSession } from './watchtower/session.js'

export interface Source {
  /** Reads until the container stops; resolves then, or when the signal aborts. Fails when the engine does. */
  attach(signal: AbortSignal): Promise<void>
}

export interface SourceOptions {
  id: string
  idleMs: number
  onSession(session: CheckSession): void
  onAttached(): void
  onEngineError(message: string): void
}

/** A source that has read nothing yet. Of what was logged before it only the last session is news. */
export function createSource(docker: Docker, { id, idleMs, onSession, onAttached, onEngineError }: SourceOptions): Source {
  const cursor = createCursor()
  const pipeline = createPipeline(idleMs)
  let history: CheckSession | null = null
  let caughtUp = false

  function take(sessions: readonly CheckSession[]): void {
    for (const session of sessions) {
      if (caughtUp) onSession(session)
      else history = session
    }
  }

  function catchUp(): void {
    if (!caughtUp && history) onSession(history)
    caughtUp = true
    history = null
  }

  return {
    async attach(signal) {
      const quietTimer = setTimeout(() => take(pipeline.quiet()), idleMs)
      try {
        await tail(docker, {
          id,
          cursor,
          signal,
          sleep,
          onLine(line) {
            quietTimer.refresh()
            take(pipeline.push(line))
          },
          onCaughtUp() {
            catchUp()
            onAttached()
          },
          onEngineError,
        })
        if (!signal.aborted) take(pipeline.end('exited'))
      } finally {
        clearTimeout(quietTimer)
      }
    },
  }
}
