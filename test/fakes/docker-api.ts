// A scripted fake of the Docker Engine API on a unix socket: containers, images, logs and events are plain values that a
// test sets and changes. Read-only, as the product must be: every other method is recorded and answered 405, but for the
// start of a container that there cannot be, which the doctor asks for and which an engine answers with 404.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { createEvents, type FakeEvents } from './docker-events.js'
import { createLog, parseSince, type FakeLog } from './docker-log.js'
import { findContainer, findImage, listed, parseFilters, select, type FakeContainer, type FakeImage } from './docker-objects.js'

export { frame, stamp, type FakeLog, type LogLine } from './docker-log.js'
export { container, image, madeUpId, type FakeContainer, type FakeImage } from './docker-objects.js'

/** What a path answers instead of its own answer. `times` limits it to the next so many requests; default all. */
export type Override = { times?: number } & (
  | { type: 'answer'; status: number; body: string | object; headers?: Record<string, string> }
  /** reads the request and never answers */
  | { type: 'hang' }
  /** cuts the connection: before any answer, or in the middle of a JSON body */
  | { type: 'cut'; midBody?: boolean }
)

/** What may be asked with the product's paths (docs.docker.com/reference/api/engine/version/v1.41); the real engine takes any. */
const PARAMETERS = new Set(['all', 'filters', 'limit', 'size', 'stdout', 'stderr', 'timestamps', 'follow', 'since', 'until', 'tail'])

export interface DockerApi {
  socketPath: string
  /** `unix://` + socketPath, the value for DOCKER_HOST */
  host: string
  /** every request in order; `path` as sent, with version and query */
  requests: { method: string; path: string }[]
  /** the containers that exist, running or not; change them at any time */
  containers: FakeContainer[]
  /** the images that exist */
  images: FakeImage[]
  /** what /version and the Api-Version header say; default '1.41', as Engine 20.10 */
  apiVersion: string
  /** the oldest version that is taken, as /version says; default '1.12' */
  minApiVersion: string
  /** how far its clock is ahead of this process's; default 0 */
  aheadMs: number
  events: FakeEvents
  /** the log of a container by name or id; created on first use, kept when the container is removed and added again under its id */
  log(nameOrId: string): FakeLog
  /** State becomes running, a start event is sent */
  start(nameOrId: string): void
  /** State becomes exited, followers end cleanly, a die event is sent */
  stop(nameOrId: string, exitCode?: number): void
  /** the container is gone, followers end cleanly, a destroy event is sent */
  remove(nameOrId: string): void
  /** replaces the answers of an unversioned path without query (exact, or a pattern); null takes it back */
  override(path: string | RegExp, answer: Override | null): void
  /** the daemon goes away: all connections are cut, the socket is gone; `up` brings it back on the same path */
  down(): Promise<void>
  up(): Promise<void>
  /** down, and the temporary directory is removed; idempotent */
  close(): Promise<void>
}

/** Starts a fake engine with no containers. */
export async function createDockerApi(): Promise<DockerApi> {
  const directory = mkdtempSync('/tmp/wt-api-') // short: a unix socket path holds 107 bytes
  const socketPath = join(directory, 'docker.sock')
  const overrides = new Map<string, { path: string | RegExp; answer: Override }>()
  const logs = new Map<string, ReturnType<typeof createLog>>()
  const events = createEvents()

  const server = createServer((request, response) => {
    const path = request.url ?? ''
    api.requests.push({ method: request.method ?? '', path })
    response.setHeader('Api-Version', api.apiVersion)
    response.setHeader('Date', new Date(Date.now() + api.aheadMs).toUTCString())
    const [, version, rest = path] = /^\/v(\d+\.\d+)(\/.*)$/.exec(path) ?? []
    const [bare = ''] = rest.split('?')
    request.resume()
    const override = takeOverride(bare)
    if (override) return play(override, response)
    const url = URL.canParse(`http://engine${rest}`) ? new URL(`http://engine${rest}`) : null
    if (!url || !bare.startsWith('/')) return fail(response, 400, 'bad request')
    if (/\/\/|\/\.\.?(\/|$)/.test(bare)) return redirect(url.pathname, response) // gorilla/mux cleans the path
    if (version !== undefined && newer(version, api.apiVersion)) {
      return fail(response, 400, `client version ${version} is too new. Maximum supported API version is ${api.apiVersion}`)
    }
    if (version !== undefined && newer(api.minApiVersion, version)) {
      return fail(response, 400, `client version ${version} is too old. Minimum supported API version is ${api.minApiVersion}, please upgrade your client to a newer version`)
    }
    if (request.method === 'POST' && /^\/containers\/0{64}\/start$/.test(rest)) return fail(response, 404, `No such container: ${'0'.repeat(64)}`)
    if (request.method !== 'GET' && !(request.method === 'HEAD' && url.pathname === '/_ping')) {
      return fail(response, 405, 'the fake engine is read-only')
    }
    const unknown = [...url.searchParams.keys()].find((name) => !PARAMETERS.has(name))
    if (unknown !== undefined) return fail(response, 400, `API 1.41 has no parameter ${unknown} there, or nobody has needed it yet`)
    try {
      route(url, response)
    } catch (error) { // a path or filter that cannot be decoded
      fail(response, 400, String(error))
    }
  })

  function route(url: URL, response: ServerResponse): void {
    const { searchParams } = url
    const path = decodeURIComponent(url.pathname)
    if (path === '/_ping') return void response.writeHead(200, { 'content-type': 'text/plain' }).end('OK')
    if (path === '/version') return json(response, { Version: '20.10.24', ApiVersion: api.apiVersion, MinAPIVersion: api.minApiVersion, Os: 'linux' })
    if (path === '/events') return events.answer(searchParams, response)
    if (path === '/containers/json') return list(searchParams, response)

    const [, wantedImage] = /^\/images\/(.+)\/json$/.exec(path) ?? []
    if (wantedImage !== undefined) {
      const found = findImage(api.images, wantedImage)
      return found ? json(response, found) : fail(response, 404, `no such image: ${wantedImage}: No such image: ${wantedImage}`)
    }
    const [, wanted = '', what] = /^\/containers\/([^/]+)\/(json|logs)$/.exec(path) ?? []
    if (what === undefined) return fail(response, 404, 'page not found')
    const one = findContainer(api.containers, wanted)
    if (!one) return fail(response, 404, `No such container: ${wanted}`)
    if (what === 'json') return json(response, one)
    return sendLog(one, searchParams, response)
  }

  function list(params: URLSearchParams, response: ServerResponse): void {
    const filters = parseFilters(params.get('filters'))
    if (!filters) return fail(response, 400, 'invalid character looking for beginning of value')
    const found = select(api.containers, filters, ['1', 'true'].includes(params.get('all') ?? ''))
    if (typeof found === 'string') return fail(response, 400, `invalid filter '${found}'`)
    json(response, found.map((one) => listed(one, api.images)))
  }

  function sendLog(one: FakeContainer, params: URLSearchParams, response: ServerResponse): void {
    const wrong = ['since', 'until'].map((name) => params.get(name) ?? '').find((value) => parseSince(value) === null)
    if (wrong !== undefined) return fail(response, 500, `strconv.ParseInt: parsing "${wrong}": invalid syntax`)
    if (!['stdout', 'stderr'].some((name) => ['1', 'true'].includes(params.get(name) ?? ''))) {
      return fail(response, 400, 'Bad parameters: you must choose at least one stream')
    }
    if (one.HostConfig.LogConfig.Type === 'none') return fail(response, 501, 'configured logging driver does not support reading')
    if (!newer('1.42', api.apiVersion)) { // older engines send no content type at all
      response.setHeader('content-type', `application/vnd.docker.${one.Config.Tty ? 'raw' : 'multiplexed'}-stream`)
    }
    logOf(one).answer(params, one.State.Running, response)
  }

  function logOf(one: FakeContainer): ReturnType<typeof createLog> {
    const log = logs.get(one.Id) ?? createLog(() => one.Config.Tty)
    logs.set(one.Id, log)
    return log
  }

  function need(nameOrId: string): FakeContainer {
    const one = findContainer(api.containers, nameOrId)
    if (!one) throw new Error(`the fake engine has no container ${nameOrId}`)
    return one
  }

  function takeOverride(path: string): Override | undefined {
    for (const [key, { path: wanted, answer }] of overrides) {
      if (typeof wanted === 'string' ? wanted !== path : !wanted.test(path)) continue
      if (answer.times !== undefined && --answer.times <= 0) overrides.delete(key)
      return answer
    }
    return undefined
  }

  const now = (): string => new Date(Date.now() + api.aheadMs).toISOString()

  const api: DockerApi = {
    socketPath, host: `unix://${socketPath}`, requests: [], containers: [], images: [], apiVersion: '1.41', minApiVersion: '1.12', aheadMs: 0, events,
    log: (nameOrId) => logOf(need(nameOrId)),
    start: (nameOrId) => {
      const one = need(nameOrId)
      Object.assign(one.State, { Status: 'running', Running: true, StartedAt: now() })
      events.pushFor(one, 'start')
    },
    stop: (nameOrId, exitCode = 0) => {
      const one = need(nameOrId)
      Object.assign(one.State, { Status: 'exited', Running: false, ExitCode: exitCode, FinishedAt: now() })
      logOf(one).end()
      events.pushFor(one, 'die', { exitCode: String(exitCode) })
    },
    remove: (nameOrId) => {
      const one = need(nameOrId)
      api.containers.splice(api.containers.indexOf(one), 1)
      logOf(one).end()
      events.pushFor(one, 'destroy')
    },
    override: (path, answer) => void (answer
      ? overrides.set(String(path), { path, answer: { ...answer } }) : overrides.delete(String(path))),
    down: () => new Promise((resolve) => {
      // a moment later, so that idle keep-alive sockets of this very process have noticed
      server.close(() => setTimeout(() => setImmediate(resolve), 10))
      server.closeAllConnections()
    }),
    up: () => new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(socketPath, () => { server.off('error', reject); resolve() })
    }),
    close: async () => {
      await api.down()
      rmSync(directory, { recursive: true, force: true })
    },
  }
  await api.up()
  return api
}

function play(override: Override, response: ServerResponse): void {
  switch (override.type) {
    case 'hang': return
    case 'cut':
      if (!override.midBody) return void response.destroy()
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '4000' })
      return void response.write('[{"Id":"', () => response.destroy())
    case 'answer': {
      const text = typeof override.body === 'string'
      response.writeHead(override.status, { 'content-type': text ? 'text/plain' : 'application/json', ...override.headers })
      return void response.end(text ? override.body : JSON.stringify(override.body))
    }
    default: return override satisfies never
  }
}

function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

function fail(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ message }))
}

function redirect(path: string, response: ServerResponse): void {
  response.writeHead(301, { location: path.replace(/\/{2,}/g, '/') }).end()
}

/** Is API version a newer than b? */
function newer(a: string, b: string): boolean {
  const [major = 0, minor = 0] = a.split('.').map(Number)
  const [otherMajor = 0, otherMinor = 0] = b.split('.').map(Number)
  return major === otherMajor ? minor > otherMinor : major > otherMajor
}
