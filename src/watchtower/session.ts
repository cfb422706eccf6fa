// Gathers events into check sessions. Takes WatchtowerEvents with their times, gives CheckSessions,
// sealed. Invariant: every found update is in exactly one session.
import type { WatchtowerEvent } from './event.js'

/** Everything between two session ends, as Watchtower told it. */
export interface CheckSession {
  /** Watchtower's version as its banner says it; null if no banner was seen */
  version: string | null
  /** time of the line that opened it, UTC */
  startedAt: string | null
  /** time of the line that sealed it, or of its last line where none did, UTC */
  endedAt: string | null
  end: 'done' | 'aborted' | 'idle' | 'eof'
  error: string | null
  scanned: number | null
  available: number | null
  failed: number | null
  /** in first-seen order, each image and id once */
  found: { image: string; newImageId: string; containers: string[] }[]
  failures: { container: string; detail: string }[]
  replaced: Replaced[]
}

/** A container that Watchtower really stopped or made anew. at: the first line of it, as precise as a session's times. */
export interface Replaced {
  container: string
  state: 'recreated' | 'stopped'
  at: string | null
}

interface OpenSession {
  startedAt: string | null
  lastAt: string | null
  /** characters that may still be added to the following */
  room: number
  found: Map<string, Found>
  failures: Map<string, string>
  replaced: Map<string, Omit<Replaced, 'container'>>
}

interface Found {
  image: string
  newImageId: string
  containers: Map<string, ''>
}

/** What is known of a log between two sessions. Plain data, for the state file. */
export interface LogContext {
  version: string | null
  /** this version prints no session end: only quiet time can end a session; null while neither a banner nor an end told */
  endless: boolean | null
}

/** The state of one log. Advanced in place: copying it per line would make a session of n lines cost n². */
export interface SessionState extends LogContext {
  /** between the start and the banner Watchtower removes older instances of itself */
  cleaning: boolean
  lastError: string | null
  open: OpenSession | null
}

/** Characters that one session keeps, names and errors: far beyond any host, it bounds hostile input. */
const MAX_KEPT = 4_000_000
/** What an entry costs beside its text. */
const ENTRY = 100

/** The state before a log's first line, or where an earlier process left it. */
export function emptySessionState(context: LogContext | null = null): SessionState {
  return { version: context?.version ?? null, endless: context?.endless ?? null, cleaning: false, lastError: null, open: null }
}

/** Takes the next event of the log; gives the session it seals, if it seals one. */
export function advance(state: SessionState, event: WatchtowerEvent, at: string | null): CheckSession | null {
  switch (event.type) {
    case 'started': {
      // what was only stopped and removed before a banner was the clean-up of a second Watchtower
      const cleanup = state.open !== null && state.open.found.size === 0 && state.open.failures.size === 0 && !recreated(state.open)
      if (cleanup) state.open = null
      const sealed = state.open && seal(state, state.open, 'aborted', at)
      state.version = event.version
      state.endless = printsNoEnd(event.version)
      state.cleaning = false
      state.lastError = null
      return sealed
    }
    case 'cleanup-started':
      state.cleaning = true
      return null
    case 'scheduled':
    case 'asked':
      return null
    case 'error':
      state.lastError = event.message
      return null
    case 'update-found': {
      const open = openSession(state, at)
      if (event.fullId) state.endless = true
      const { image, newImageId, container } = event
      const key = `${image} ${newImageId}`
      const entry = open.found.get(key) ?? { image, newImageId, containers: new Map() }
      keep(open, open.found, key, entry)
      if (container) keep(open, entry.containers, container, '')
      return null
    }
    case 'check-failed': {
      const open = openSession(state, at)
      keep(open, open.failures, event.container, event.detail)
      return null
    }
    case 'container-stopped': {
      if (state.cleaning) return null
      const open = openSession(state, at)
      if (!open.replaced.has(event.container)) keep(open, open.replaced, event.container, { state: 'stopped', at })
      return null
    }
    case 'container-created': {
      const open = openSession(state, at)
      keep(open, open.replaced, event.container, { state: 'recreated', at: open.replaced.get(event.container)?.at ?? at })
      return null
    }
    case 'image-removed':
      if (!state.cleaning) openSession(state, at)
      return null
    case 'session-done':
      state.endless ??= false
      return seal(state, openSession(state, at), 'done', at, event)
    case 'session-aborted': {
      const error = (event.consequence && state.lastError) || event.error
      const open = openSession(state, at)
      state.lastError = error
      return seal(state, open, 'aborted', at)
    }
    default:
      event satisfies never
      return null
  }
}

/** The log was quiet for long: seals the session of a version that prints no end, or may print none. */
export function quiet(state: SessionState): CheckSession | null {
  return state.endless !== false && state.open ? seal(state, state.open, 'idle', state.open.lastAt) : null
}

/** The log is over: its file ended, or the container did. A file's end seals only what has something to say. */
export function finish(state: SessionState, why: 'eof' | 'exited'): CheckSession | null {
  const { open } = state
  if (!open) return null
  const empty = open.found.size + open.failures.size + open.replaced.size === 0
  if (why === 'eof' && empty) {
    state.open = null
    return null
  }
  return seal(state, open, why === 'eof' ? 'eof' : 'aborted', open.lastAt)
}

function openSession(state: SessionState, at: string | null): OpenSession {
  if (!state.open) {
    state.open = { startedAt: at, lastAt: at, room: MAX_KEPT, found: new Map(), failures: new Map(), replaced: new Map() }
    state.lastError = null
  }
  // the clean-up is over, even where the banner is switched off, as 1.3 can
  state.cleaning = false
  state.open.lastAt = at ?? state.open.lastAt
  return state.open
}

function seal(
  state: SessionState,
  open: OpenSession,
  end: CheckSession['end'],
  at: string | null,
  counters: { scanned: number | null; available: number | null; failed: number | null } = { scanned: null, available: null, failed: null },
): CheckSession {
  const sealed: CheckSession = {
    version: state.version,
    startedAt: open.startedAt,
    endedAt: at,
    end,
    error: end === 'aborted' ? state.lastError : null,
    scanned: counters.scanned,
    available: counters.available,
    failed: counters.failed,
    found: foundIn(open),
    failures: [...open.failures].map(([container, detail]) => ({ container, detail })),
    replaced: replacedIn(open),
  }
  state.open = null
  state.lastError = null
  return sealed
}

/** What the session that is open has found and replaced so far; null where it has replaced nothing. */
export function replacing({ open }: SessionState): Pick<CheckSession, 'found' | 'replaced'> | null {
  return open && open.replaced.size > 0 ? { found: foundIn(open), replaced: replacedIn(open) } : null
}

const foundIn = ({ found }: OpenSession): CheckSession['found'] => [...found.values()].map(({ image, newImageId, containers }) => ({ image, newImageId, containers: [...containers.keys()] }))
const replacedIn = ({ replaced }: OpenSession): Replaced[] => [...replaced].map(([container, one]) => ({ container, ...one }))

/** Keeps an entry, in place of an older one of its key, if the session has room for it. */
function keep<V>(open: OpenSession, map: Map<string, V>, key: string, value: V): void {
  const old = map.get(key)
  const grown = (old === undefined ? ENTRY + key.length : -textOf(old).length) + textOf(value).length
  if (grown > open.room) return
  open.room -= grown
  map.set(key, value)
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

function recreated(open: OpenSession): boolean {
  return [...open.replaced.values()].some(({ state }) => state === 'recreated')
}

/** Whether this version tells no end of a check: stock 1.3 and older, at info level (W@v1.3.0:cmd/root.go:339); null is a banner of 1.1 and older. */
export function printsNoEnd(version: string | null): boolean {
  if (version === null) return true
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(version) ?? []
  return major === '1' && Number(minor) < 4
}
