// The Docker client that can only look: dockerode, behind an allow-list of GET paths. Whatever else
// is asked of it is refused before it reaches the socket.
import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import Dockerode from 'dockerode'
import modemHttp from 'docker-modem/lib/http.js'
import { socketAgent } from './agent.js'
import { apiVersionFor } from './api-version.js'
import { aheadBy } from './clock.js'

/** Where the engine listens, as DOCKER_HOST says it. */
export type DockerHost = { type: 'unix'; path: string } | { type: 'tcp'; host: string; port: number; tls?: DockerTls }

/** PEM texts: who is trusted to have certified the engine, and how this end proves itself, if at all. */
export interface DockerTls {
  ca: string
  own: { cert: string; key: string } | null
}

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
  /** By how many milliseconds its clock was ahead of ours at the last ping; 0 on this machine, and where nothing told. */
  aheadMs(): number
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

const UNVERSIONED = /^\/(_ping|version)$/

/** A ping takes milliseconds; it is what tells a frozen daemon. */
const PING_MS = 5_000

type Dial = Dockerode['modem']['dial']

/** A refused request: nothing was sent. */
export class ReadOnlyError extends Error {
  override name = 'ReadOnlyError'
}

/**
 * dockerode with the guard in front of every request it can make; isAllowed: of the doctor's one write alone.
 * version: the prefix of every path but those that tell whether it still holds.
 */
export function guarded(host: DockerHost, isAllowed = isRead, version = (): string | undefined => undefined): Dockerode {
  // its redirects go out by themselves, past the guard, and crash the process when they fail
  modemHttp.maxRedirects = 0
  // the environment's DOCKER_HOST is read by dockerode too; all of it is overruled here
  const dockerode = new Dockerode(
    host.type === 'unix'
      ? { socketPath: host.path, host: undefined as unknown as string, protocol: 'http' }
      : { host: `http${host.tls ? 's' : ''}://${host.host}`, port: host.port, protocol: host.tls ? 'https' : 'http', ...(host.tls && { ca: host.tls.ca, ...host.tls.own }) },
  )
  if (host.type === 'unix') Object.assign(dockerode.modem, { agent: socketAgent })
  const dial: Dial = dockerode.modem.dial.bind(dockerode.modem)
  dockerode.modem.dial = (request, answered) => {
    if (isAllowed(request)) {
      Object.assign(dockerode.modem, { version: UNVERSIONED.test(request.path ?? '') ? undefined : version() })
      dial(request, answered)
    } else answered?.(new ReadOnlyError(`refused, this program only reads: ${request.method} ${request.path}`), null)
  }
  return dockerode
}

function isRead({ method, path = '', hijack, openStdin }: Parameters<Dial>[0]): boolean {
  return method === 'GET' && !hijack && !openStdin && !/\.\.|\/\.|\/\/|%/.test(path) && ALLOWED.some((pattern) => pattern.test(path))
}

/**
 * The client for one engine. Every call must be answered completely within timeoutMs, streams must be
 * open by then; all that is under way fails when stop aborts.
 */
export function createDocker(host: DockerHost, timeoutMs: number, stop: AbortSignal): Docker {
  let version: Promise<string | undefined> | null = null
  let prefix: string | undefined
  let aheadMs = 0
  const dockerode = guarded(host, isRead, () => prefix)
  const asked = <T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> => within(timeoutMs, stop, call)

  /** Asked once; again after the engine was away, for it may come back as another. */
  async function negotiate(): Promise<void> {
    version ??= asked(() => dockerode.version()).then(apiVersionFor, (error: { statusCode?: number }) => {
      // whatever answers for the engine and does not tell its version: it is asked in its own newest
      if (error.statusCode !== undefined) return undefined
      throw error
    })
    try {
      prefix = await version
    } catch (error) {
      version = null
      throw error
    }
  }

  async function bounded<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    await negotiate()
    try {
      return await asked(call)
    } catch (error) {
      // moby api/server/middleware/version.go: "client version 1.41 is too old. Minimum supported API version is 1.44"
      if (/client version .* is too (old|new)/.test((error as Error).message)) version = null
      throw error
    }
  }

  /** The answer as it begins. */
  const begun = (path: string, options: Record<string, unknown>, abortSignal: AbortSignal): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      dockerode.modem.dial({ path, method: 'GET', options, isStream: true, abortSignal, statusCodes: { 200: true } }, (error, answer) => (error ? reject(error) : resolve(answer as IncomingMessage)))
    })

  const stream = (path: string, query: Record<string, unknown>, signal: AbortSignal): Promise<Readable> =>
    bounded(async (abortSignal) => {
      // not AbortSignal.any: Node 20 keeps a trace of every signal made so for as long as its oldest source lives
      const end = new AbortController()
      const stopped = (): void => end.abort(signal.reason)
      const over = (): void => signal.removeEventListener('abort', stopped)
      if (signal.aborted) stopped()
      else signal.addEventListener('abort', stopped)
      abortSignal.addEventListener('abort', () => end.abort(abortSignal.reason))
      try {
        return (await begun(path, query, end.signal)).on('close', over)
      } catch (error) {
        over()
        throw error
      }
    })

  return {
    async ping() {
      try {
        const askedAt = Date.now()
        const { headers } = (await within(Math.min(PING_MS, timeoutMs), stop, (signal) => begun('/_ping', {}, signal))).resume()
        if (host.type === 'tcp') aheadMs = aheadBy(headers.date, askedAt, Date.now()) ?? aheadMs
      } catch (error) {
        version = null
        throw error
      }
    },
    aheadMs: () => aheadMs,
    version: () => asked(() => dockerode.version()),
    async list(filters = {}) {
      const containers = await bounded((abortSignal) => dockerode.listContainers({ all: true, filters, abortSignal }))
      return containers.map(({ Id, Names, Labels, Command, State, Status }) => ({
        id: Id,
        // a legacy link gives it a second name below another's
        name: (Names.find((one) => one.lastIndexOf('/') === 0) ?? Id).replace(/^\//, ''),
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
