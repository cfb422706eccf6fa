// A fetch for the Bot API over node:http(s). The built-in one costs 16 MB, follows redirects and
// accepts a body of any size; this one does not. Only what the Telegram library uses is there.
import http from 'node:http'
import https from 'node:https'

/** A Bot API answer is a few kilobytes. */
const MAX_ANSWER_BYTES = 1 << 20

/** The proxy on the way refused or cannot be reached: surely nothing came to the server. Its message holds no secret. */
export class ProxyError extends Error {
  override name = 'ProxyError'
}

interface Init {
  method: string
  body: URLSearchParams
  headers: Record<string, string>
  signal: AbortSignal | null
}

/** Fetches over node:http(s), an https address through the proxy if there is one: no redirects, a bounded body. Its errors never hold the URL, which holds the token. */
export async function fetchAnswer(url: string, init: Init, proxy: URL | null = null): Promise<{ status: number; date: string | null; text(): Promise<string> }> {
  // the error of new URL() quotes what it cannot parse
  if (!URL.canParse(url)) throw new Error('the address of the Bot API is no URL')
  const target = new URL(url)
  const data = Buffer.from(init.body.toString())
  // in parts: NODE_DEBUG=http prints the path of a URL that is given whole
  const request = (target.protocol === 'http:' ? http : https).request({
    hostname: target.hostname.replace(/^\[|\]$/g, ''),
    ...(target.port !== '' && { port: Number(target.port) }),
    path: target.pathname + target.search,
    method: init.method,
    headers: { ...init.headers, 'content-length': String(data.length) },
    // a connection kept alive may be cut by the server just when the next message is sent
    agent: proxy === null ? false : await tunnel(proxy, init.signal),
    ...(init.signal && { signal: init.signal }),
  })
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    request.on('response', resolve).on('error', reject).end(data)
    if (proxy !== null) refusals(request, proxy, reject)
  })
  return { status: response.statusCode as number, date: response.headers.date ?? null, text: () => bodyOf(response) }
}

/** An agent for one request, whose signal also ends the wait for the proxy. The library is loaded only here. */
async function tunnel(proxy: URL, signal: AbortSignal | null): Promise<http.Agent> {
  const { HttpsProxyAgent } = await import('https-proxy-agent')
  // the types know the options of net.connect by another name
  return new HttpsProxyAgent(proxy, { ...(signal && { signal }) } as object)
}

function refusals(request: http.ClientRequest, proxy: URL, reject: (error: Error) => void): void {
  const name = `the proxy ${proxy.host}`
  let answered = false
  request.prependListener('error', (error: NodeJS.ErrnoException) => {
    if (answered) return
    const why = error.name === 'AbortError' ? 'does not answer' : error.code === undefined ? 'ended the connection' : `cannot be reached: ${error.code}`
    reject(new ProxyError(`${name} ${why}`))
  })
  request.on('proxyConnect', ({ statusCode }: { statusCode: number }) => {
    answered = true
    if (statusCode === 200) return
    if (!(statusCode > 0)) reject(new ProxyError(`${name} gives no usable answer: is it a proxy for HTTP?`))
    const remedy = statusCode === 407 ? 'correct user and password in HTTPS_PROXY' : `allow CONNECT to ${request.host} there, or name it in NO_PROXY`
    reject(new ProxyError(`${name} refuses (${statusCode}): ${remedy}`))
    request.destroy()
  })
}

async function bodyOf(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > MAX_ANSWER_BYTES) throw new Error('the Bot API answer is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
