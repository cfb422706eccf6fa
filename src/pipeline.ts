// Lines in, sealed check sessions out: the pure middle that the daemon and replay share.
// Each source in a log (compose can mix several) has its own sessions.
import { createDecoder, type DatedRecord, type Decoder } from './watchtower/decoder.js'
import { eventOf, type WatchtowerEvent } from './watchtower/event.js'
import type { Line } from './watchtower/record.js'
import { advance, type CheckSession, emptySessionState, finish, type LogContext, quiet, replacing, type SessionState } from './watchtower/session.js'

/** A session and who wrote it, where a log mixes several: compose's prefix. */
export interface SourcedSession extends CheckSession {
  source: string | null
}

export interface Pipeline {
  /** Takes the next line; gives the sessions it seals, in order. */
  push(line: Line): SourcedSession[]
  /** Nothing was written for the idle time: seals what only quiet can end. */
  quiet(): SourcedSession[]
  /** The log is over: a file's end, or its container's. */
  end(why: 'eof' | 'exited'): SourcedSession[]
  /** How many records were understood as a log's at all. */
  decoded(): number
  /** What a pipeline that goes on after the last sealed session must know: of the log without a source's name. */
  context(): LogContext
  /** What a check that has not ended has found and replaced so far, in the log without a source's name; null where it has replaced nothing. */
  replacing(): Pick<CheckSession, 'found' | 'replaced'> | null
}

export interface PipelineOptions {
  /** as an earlier pipeline told it of the same log; null for a log's first line */
  context?: LogContext | null
  /** sees every event */
  onEvent?(event: WatchtowerEvent, at: string | null): void
}

interface Source {
  name: string | null
  decoder: Decoder
  session: SessionState
  lastAt: number | null
  /** the same as text: neighbours in a log share it */
  lastText: string | null
  /** something of Watchtower's own was read: other programs of a mixed log panic too */
  known: boolean
}

/** Distinct compose prefixes told apart in one log; more than that are not Watchtowers. */
const MAX_SOURCES = 1_000

/**
 * A pipeline for one log. idleMs: how long, by the lines' own stamps, a log must be quiet to end a
 * session of a version that prints no end.
 */
export function createPipeline(idleMs: number, { context = null, onEvent = () => {} }: PipelineOptions = {}): Pipeline {
  const sources = new Map<string | null, Source>()
  let decoded = 0

  function sourceOf(name: string | null): Source | null {
    const known = sources.get(name)
    if (known || sources.size >= MAX_SOURCES) return known ?? null
    const source: Source = { name, decoder: createDecoder(), session: emptySessionState(name === null ? context : null), lastAt: null, lastText: null, known: name === null }
    sources.set(name, source)
    return source
  }

  function take(source: Source, records: readonly DatedRecord[]): SourcedSession[] {
    const sealed: (CheckSession | null)[] = []
    for (const { at, record } of records) {
      decoded += 1
      if (at !== null && at !== source.lastText) {
        const now = Date.parse(at)
        if (source.lastAt !== null && now - source.lastAt >= idleMs) sealed.push(quiet(source.session))
        source.lastAt = now
        source.lastText = at
      }
      if (record.dialect === 'raw' && !source.known) continue
      const event = eventOf(record)
      if (!event) continue
      source.known ||= event.type !== 'error'
      onEvent(event, at)
      sealed.push(advance(source.session, event, at))
    }
    return sourced(source, sealed)
  }

  return {
    push(line) {
      const source = sourceOf(line.source)
      return source ? take(source, source.decoder.push(line)) : []
    },
    quiet: () => [...sources.values()].flatMap((source) => sourced(source, [quiet(source.session)])),
    end(why) {
      const sealed = [...sources.values()].flatMap((source) => [...take(source, source.decoder.end()), ...sourced(source, [finish(source.session, why)])])
      sources.clear()
      return sealed
    },
    decoded: () => decoded,
    context() {
      const { version, endless } = sources.get(null)?.session ?? context ?? emptySessionState()
      return { version, endless }
    },
    replacing() {
      const source = sources.get(null)
      return source ? replacing(source.session) : null
    },
  }
}

function sourced({ name }: Source, sessions: readonly (CheckSession | null)[]): SourcedSession[] {
  return sessions.filter((session) => session !== null).map((session) => ({ ...session, source: name }))
}
