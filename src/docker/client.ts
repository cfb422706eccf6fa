// The Docker client that can only look: dockerode, behind an allow-list of GET paths. Whatever else
// is asked of it is refused before it reaches the socket.
import type { Readable } from 'node:stream'
import Dockerode from 'dockerode'
import modemHttp from 'docker-modem/lib/http.js'

/** Where the engine listens, as DOCKER_HOST says it. */
export type DockerHost = { type: 'unix'; path: string } | { type: 'tcp'; host: string; port: number }

/** A container as the list names it. */
export interface Listed {
  id: string
  name: string
  labels: Readonly<Record<string, string>>
  command: string
  running: boolean
  /** what its own health check says; null where it has none */
  health: 'starting' | 'healthy' | 'unhealthy' | null
}

export interface Docker {
  /** Resolves when the engine answers. */
  ping(): Promise<void>
  /** The raw version answer. */
  version(): Promise<unknown>
  /** All containers, or those that the filters select, stopped ones too. */
  list(filters?: { label?: string[]; name?: string[] }): Promise<Listed[]>
  /** The raw inspect answer; null if there is no such container. */
  inspectContainer(id: string): Promise<unknown>
  /** The raw inspect answer; null if there is no such image. */
  inspectImage(id: string): Promise<unknown>
  /** The log's body from since on (`seconds.nanoseconds`, inclusive), with timestamps; null if there is no such container. */
  logs(id: string, options: { since: string | null; follow: boolean; signal: AbortSignal }): Promise<Readable | null>
  /** Newline-delimited JSON, one object whenever a container starts, stops, is renamed or removed. */
  events(signal: AbortSignal): Promise<Readable>
}

const ID = '[a-zA-Z0-9][\\w.-]*'
/** All that this program ever asks of an engine. dockerode writes a `?` before the query it adds. */
const ALLOWED = [
  /^\/_ping$/,
  /^\/version$/,
  /^\/events\?$/,
  /^\/containers\/json\?$/,
  new RegExp(`^/containers/${ID}/json\\??$`),
  new RegExp(`^/containers/${ID}/logs\\?$`),
  /^\/images\/[\w.:@/-]+\/json\??$/,
]

/** A ping takes milliseconds; it is what tells a frozen daemon. */
const PING_MS = 5_000

type Dial = Dockerode['modem']['dial']

/** A refused request: nothing was sent. */
export class ReadOnlyError extends Error {
  override name = 'ReadOnlyError'
}

/** dockerode with the guard in front of every request it can make; isAllowed: of the doctor's one write alone. */
export function guarded(host: DockerHost, isAllowed = isRead): Dockerode {
  // its redirects go out by themselves, past the guard, and crash the process when they fail
  modemHttp.maxRedirects = 0
  // the environment's DOCKER_HOST is read by dockerode too; all of it is overruled here
  const dockerode = new Dockerode(
    host.type === 'unix'
      ? { socketPath: host.path, host: undefined as unknown as string, protocol: 'http' }
      : { host: `http://${host.host}`, port: host.port, protocol: 'http' },
  )
  const dial: Dial = dockerode.modem.dial.bind(dockerode.modem)
  dockerode.modem.dial = (request, answered) => {
    if (isAllowed(request)) dial(request, answered)
    else answered?.(new ReadOnlyError(`refused, this program only reads: ${request.method} ${request.path}`), null)
  }
  return dockerode
}

function isRead({ method, path = '', hijack, openStdin }: Parameters<Dial>[0]): boolean {
  return method === 'GET' && !hijack && !openStdin && !/\.\.|\/\/|%/.test(path) && ALLOWED.some((pattern) => pattern.test(path))
}

/**
 * The client for one engine. Every call must be answered completely within timeoutMs, streams must be
 * open by then; all that is under way fails when stop aborts.
 */
export function createDocker(host: DockerHost, timeoutMs: number, stop: AbortSignal): Docker {
  const dockerode = guarded(host)
  const bounded = <T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> => within(timeoutMs, stop, call)

  const stream = (path: string, query: Record<string, unknown>, signal: AbortSignal): Promise<Readable> =>
    bounded(
      (abortSignal) =>
        new Promise((resolve, reject) => {
          // not AbortSignal.any: Node 20 keeps a trace of every signal made so for as long as its oldest source lives
          const end = new AbortController()
          const stopped = (): void => end.abort(signal.reason)
          const over = (): void => signal.removeEventListener('abort', stopped)
          if (signal.aborted) stopped()
          else signal.addEventListener('abort', stopped)
          abortSignal.addEventListener('abort', () => end.abort(abortSignal.reason))
          dockerode.modem.dial({ path, method: 'GET', options: query, isStream: true, abortSignal: end.signal, statusCodes: { 200: true } }, (error, answer) => {
            if (error) {
              over()
              reject(error)
            } else resolve((answer as Readable).on('close', over))
          })
        }),
    )

  return {
    async ping() {
      await within(Math.min(PING_MS, timeoutMs), stop, () => dockerode.ping())
    },
    version: () => bounded(() => dockerode.version()),
    async list(filters = {}) {
      const containers = await bounded((abortSignal) => dockerode.listContainers({ all: true, filters, abortSignal }))
      return containers.map(({ Id, Names, Labels, Command, State, Status }) => ({
        id: Id,
        name: (Names[0] ?? Id).replace(/^\//, ''),
        labels: Labels ?? {},
        command: Command,
        health: healthIn(Status),
        running: State === 'running' || State === 'paused' || State === 'restarting',
      }))
    },
    inspectContainer: (id) => orNull(bounded((abortSignal) => dockerode.getContainer(id).inspect({ abortSignal }))),
    inspectImage: (id) => orNull(bounded(() => dockerode.getImage(id).inspect())),
    logs: (id, { since, follow, signal }) =>
      orNull(
        stream(`/containers/${id}/logs?`, { stdout: 1, stderr: 1, timestamps: 1, follow: follow ? 1 : 0, ...(since !== null && { since }) }, signal),
      ),
    events: (signal) =>
      stream('/events?', { filters: JSON.stringify({ type: ['container'], event: ['create', 'start', 'die', 'destroy', 'rename', 'health_status'] }) }, signal),
  }
}

/** No container has this id: nothing can be started. */
const NOBODY = '0'.repeat(64)
const PROBE = `/containers/${NOBODY}/start`

/**
 * The one write, which can change nothing, and which the doctor alone makes: whether it comes to an engine, which has
 * no such container, or whether something before it refuses it, and how. Fails where neither answers within timeoutMs.
 */
export async function probeWrite(host: DockerHost, timeoutMs: number, stop: AbortSignal): Promise<{ reached: boolean; status: number }> {
  const { modem } = guarded(host, ({ method, path, hijack, openStdin }) => method === 'POST' && path === PROBE && !hijack && !openStdin)
  const dialled = (abortSignal: AbortSignal): Promise<never> =>
    new Promise((_, reject) => modem.dial({ path: PROBE, method: 'POST', options: {}, abortSignal, statusCodes: {} }, reject))
  const refusal: { statusCode?: number; message?: string } = await within(timeoutMs, stop, dialled).catch((error: object) => error)
  const { statusCode, message } = refusal
  if (statusCode === undefined) throw refusal
  return { reached: statusCode === 404 && /no such container/i.test(message ?? ''), status: statusCode }
}

/** A dockerode call whose connection drops in the middle of the body never settles by itself. */
async function within<T>(ms: number, stop: AbortSignal, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const end = new AbortController()
  const answer = call(end.signal)
  answer.catch(() => {})
  const late = new Promise<never>((_, reject) => {
    end.signal.addEventListener('abort', () => reject(end.signal.reason))
  })
  const timer = setTimeout(() => end.abort(Object.assign(new Error(`no complete answer within ${ms / 1000} s`), { code: 'ETIMEDOUT' })), ms)
  const stopped = (): void => end.abort(Object.assign(new Error('stopped'), { code: 'ECANCELED' }))
  if (stop.aborted) stopped()
  else stop.addEventListener('abort', stopped)
  return Promise.race([answer, late]).finally(() => {
    clearTimeout(timer)
    stop.removeEventListener('abort', stopped)
  })
}

/** `Up 3 minutes (healthy)`, `Up 2 seconds (health: starting)`: docker/cli shows the same text (moby container/state.go). */
function healthIn(status: string | undefined): Listed['health'] {
  const [, word] = /\((?:health: )?(starting|healthy|unhealthy)\)$/.exec(status ?? '') ?? []
  return (word as Listed['health'] | undefined) ?? null
}

/** 409: it is being removed, and its log is not given any more (moby daemon/logs.go). */
async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer
  } catch (error) {
    const { statusCode = 0 } = error as { statusCode?: number }
    if (statusCode === 404 || statusCode === 409) return null
    throw error
  }
}

/** What is wrong with the connection, and how to mend it where that is known. */
export function dockerFault(error: unknown, host: DockerHost): { found: string; remedy: string | null } {
  const { code, statusCode, message } = error as { code?: string; statusCode?: number; message?: string }
  const where = host.type === 'unix' ? host.path : `${host.host}:${host.port}`
  if (code === 'ENOENT') return { found: `no Docker socket at ${where}`, remedy: 'mount it, or set DOCKER_HOST' }
  if (code === 'EACCES') return { found: `no permission to use ${where}`, remedy: `add the group that owns it (group_add with the number that \`stat -c %g ${where}\` prints)` }
  if (code === 'ECONNREFUSED') return { found: `nothing listens at ${where}`, remedy: 'is the Docker daemon running?' }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return { found: `the name ${where} of DOCKER_HOST does not resolve`, remedy: 'correct it, or bring both containers into one network' }
  if (statusCode === 403) return { found: `${where} refused the request`, remedy: 'a socket proxy must allow GET on _ping, version, events, containers and images' }
  if (statusCode === 501) return { found: 'its log driver does not support reading', remedy: 'use json-file, local or journald' }
  return { found: `Docker at ${where} did not answer as expected: ${message ?? String(error)}`, remedy: null }
}

/** The same in one sentence. */
export function describeDockerError(error: unknown, host: DockerHost): string {
  const { found, remedy } = dockerFault(error, host)
  return remedy === null ? found : `${found}: ${remedy}`
}
