// A strict fake of the Telegram Bot API on 127.0.0.1: what a real server would refuse is refused here, and a test can
// script the next answers of a method. Nothing leaves the machine.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createTelegram, failure, type ApiAnswer, type FakeChat, type SentMessage } from './bot-api-methods.js'

export type { FakeChat, SentMessage } from './bot-api-methods.js'

/** Looks invalid as a real token on purpose, so that no secret scanner and no log scrubber confuses the two. */
export const MADE_UP_TOKEN = '123456:made-up-token-for-tests-not-real'

/**
 * What the server does instead of the plain answer. `accepted: true` means Telegram did perform the call
 * (the message is in the chat) although the caller never learns it; default false.
 */
export type Scripted =
  /** a JSON error body, e.g. 403 "Forbidden: bot was kicked from the supergroup chat" */
  | { type: 'error'; status: number; description: string; parameters?: Record<string, unknown> }
  /** 429 with parameters.retry_after, in seconds */
  | { type: 'too-many-requests'; retryAfter: number }
  /** reads the request and never answers */
  | { type: 'hang'; accepted?: boolean }
  /** reads the request and cuts the connection: before any answer, with a reset, or in the middle of its body */
  | { type: 'cut'; accepted?: boolean; midBody?: boolean; reset?: boolean }
  /** begins a good answer and goes on with a byte every `ms`, without end */
  | { type: 'drip'; ms: number; accepted?: boolean }
  /** a proxy's HTML page; status 502 unless given */
  | { type: 'html'; status?: number; accepted?: boolean }
  /** status 200 with a body that is not JSON, or the given body */
  | { type: 'garbage'; body?: string; accepted?: boolean }
  /** performs the call at once, answers after `ms` */
  | { type: 'delay'; ms: number }

export interface BotApiOptions {
  /** default MADE_UP_TOKEN */
  token?: string
  chats: FakeChat[]
  /** default 0, any free port; a fixed one lets a test bring a "down" Telegram back (loopback.ts) */
  port?: number
  /** what the Date header of its answers says, milliseconds since 1970; default the real time */
  clock?: () => number
  /** messages that a chat takes in a minute of `clock`, 20 for a group (core.telegram.org/bots/faq); default any number */
  perMinute?: number
  /** called with each request after its body was read, before anything is performed */
  onRequest?: (request: ApiRequest) => void
}

/** One request as it came in; `status` is null while (or if never) answered. */
export interface ApiRequest {
  method: string
  params: Readonly<Record<string, string>>
  status: number | null
}

export interface BotApi {
  /** `http://127.0.0.1:PORT`, the value for TELEGRAM_API_URL */
  url: string
  token: string
  /** the chats as given; change them to close a topic or to migrate a chat in mid-test */
  chats: FakeChat[]
  /** accepted messages, oldest first */
  messages: SentMessage[]
  /** every request, in order, refused ones too */
  requests: ApiRequest[]
  /** queues answers for the next calls of a method ('*': of any), first in first out */
  next(method: string, ...answers: Scripted[]): void
  /** one answer for all calls of a method ('*': of any) that nothing is queued for, until set to null */
  always(method: string, answer: Scripted | null): void
  /** resolves with all messages once there are at least n; rejects after timeoutMs (default 30 s) saying what came instead */
  waitForMessages(n: number, timeoutMs?: number): Promise<SentMessage[]>
  /** resolves with all requests of a method ('*': any) once there are at least n, answered or not */
  waitForRequests(method: string, n: number, timeoutMs?: number): Promise<ApiRequest[]>
  /** resolves once all that a caller which has ended had handed over is read and performed */
  handedOver(): Promise<void>
  /** stops listening and cuts every connection; idempotent */
  close(): Promise<void>
}

/** Looks at all that is there to be read: a connection is accepted, its request read, then the body. */
const ROUNDS = 10

/** Starts a fake Bot API that knows one bot and the given chats. */
export async function createBotApi(options: BotApiOptions): Promise<BotApi> {
  const { token = MADE_UP_TOKEN, chats } = options
  if (/^[0-9]{8,10}:[A-Za-z0-9_-]{35}$/.test(token)) throw new Error('tests must not use a token that looks real')
  const telegram = createTelegram(Number.parseInt(token, 10), chats)
  const requests: ApiRequest[] = []
  const queues = new Map<string, Scripted[]>()
  const standing = new Map<string, Scripted>()
  const watchers = new Set<() => void>()
  const minutes = new Map<string, number[]>()
  const timers = new Set<NodeJS.Timeout>()

  const server = createServer((request, response) => {
    answerRequest(request, response).catch(() => response.destroy())
  })

  async function answerRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request)
    if (options.clock) response.setHeader('date', new Date(options.clock()).toUTCString())
    const [, called = '', method = ''] = /^\/bot([^/]*)\/([^/?]*)/.exec(request.url ?? '') ?? []
    const entry: ApiRequest = { method, params: parseParams(request, body), status: null }
    requests.push(entry)
    options.onRequest?.(entry)
    const reply = (answer: ApiAnswer): void => {
      entry.status = answer.status
      respond(response, answer.status, 'application/json', JSON.stringify(answer.body))
    }
    if (decodeURIComponent(called) !== token) reply(failure(401, 'Unauthorized'))
    else play(scripted(method) ?? limited(entry), entry, response, reply)
    for (const check of watchers) check()
  }

  function scripted(method: string): Scripted | undefined {
    return queues.get(method)?.shift() ?? queues.get('*')?.shift() ?? standing.get(method) ?? standing.get('*')
  }

  /** What a full minute answers: how long until its oldest message is a minute old. */
  function limited({ method, params }: ApiRequest): Scripted | undefined {
    if (method !== 'sendMessage' || options.perMinute === undefined) return undefined
    const now = (options.clock ?? Date.now)()
    const recent = (minutes.get(params.chat_id ?? '') ?? []).filter((at) => at > now - 60_000)
    const oldest = recent.at(-options.perMinute)
    if (oldest !== undefined) return { type: 'too-many-requests', retryAfter: Math.ceil((oldest + 60_000 - now) / 1_000) }
    minutes.set(params.chat_id ?? '', [...recent, now])
    return undefined
  }

  function play(script: Scripted | undefined, entry: ApiRequest, response: ServerResponse, reply: (answer: ApiAnswer) => void): void {
    const perform = (): ApiAnswer => telegram.perform(entry.method, entry.params)
    if (!script) return reply(perform())
    if ('accepted' in script && script.accepted) perform()
    switch (script.type) {
      case 'error': return reply(failure(script.status, script.description, script.parameters))
      case 'too-many-requests':
        return reply(failure(429, `Too Many Requests: retry after ${script.retryAfter}`, { retry_after: script.retryAfter }))
      case 'hang': return
      case 'cut':
        if (script.reset) return void response.socket?.resetAndDestroy()
        if (!script.midBody) return void response.destroy()
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '400' })
        return void response.write('{"ok":true,"result":{"mess', () => response.destroy())
      case 'drip': {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': '4000' })
        const timer = setInterval(() => response.write('{'), script.ms)
        timers.add(timer)
        return void response.on('close', () => { clearInterval(timer); timers.delete(timer) })
      }
      case 'html':
        entry.status = script.status ?? 502
        return respond(response, entry.status, 'text/html', '<html><body><h1>502 Bad Gateway</h1></body></html>')
      case 'garbage':
        entry.status = 200
        return respond(response, 200, 'application/json', script.body ?? '\u0000not json')
      case 'delay': {
        const answer = perform()
        const timer = setTimeout(() => { timers.delete(timer); reply(answer) }, script.ms)
        return void timers.add(timer)
      }
      default: return script satisfies never
    }
  }

  /** Re-checked after each request, so nothing polls; bounded by timeoutMs. */
  function waitUntil<T>(found: () => T | undefined, timeoutMs: number, what: string): Promise<T> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const value = found()
        if (value === undefined) return
        clearTimeout(timer)
        watchers.delete(check)
        resolve(value)
      }
      const timer = setTimeout(() => {
        watchers.delete(check)
        const seen = requests.map((one) => `${one.method} ${one.status ?? 'unanswered'}`).join(', ') || 'no request at all'
        reject(new Error(`no ${what} within ${timeoutMs} ms; messages: ${telegram.messages.length}; requests: ${seen}`))
      }, timeoutMs)
      watchers.add(check)
      check()
    })
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, '127.0.0.1', resolve)
  })

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token, chats, requests, messages: telegram.messages,
    next: (method, ...answers) => void queues.set(method, [...(queues.get(method) ?? []), ...answers]),
    always: (method, answer) => void (answer ? standing.set(method, answer) : standing.delete(method)),
    waitForMessages: (n, timeoutMs = 30_000) =>
      waitUntil(() => telegram.messages.length >= n ? telegram.messages : undefined, timeoutMs, `${n} messages`),
    waitForRequests: (method, n, timeoutMs = 30_000) => waitUntil(() => {
      const found = requests.filter((one) => method === '*' || one.method === method)
      return found.length >= n ? found : undefined
    }, timeoutMs, `${n} requests of ${method}`),
    async handedOver() {
      for (let round = 0; round < ROUNDS; round += 1) await new Promise(setImmediate)
    },
    close: () => new Promise((resolve) => {
      for (const timer of timers) clearTimeout(timer)
      server.close(() => resolve())
      server.closeAllConnections()
    }),
  }
}

function respond(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type, 'content-length': String(Buffer.byteLength(body)) })
  response.end(body)
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

/** Query and body together, every value as text; a nested JSON value is written as JSON, as the Bot API wants it. */
function parseParams(request: IncomingMessage, body: string): Record<string, string> {
  const params: Record<string, string> = Object.fromEntries(new URL(request.url ?? '', 'http://127.0.0.1').searchParams)
  if (body === '') return params
  if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) {
    return { ...params, ...Object.fromEntries(new URLSearchParams(body)) }
  }
  for (const [name, value] of Object.entries(JSON.parse(body) as Record<string, unknown>)) {
    if (value !== null) params[name] = typeof value === 'string' ? value : JSON.stringify(value)
  }
  return params
}
