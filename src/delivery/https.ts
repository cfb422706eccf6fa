// A fetch for the Bot API over node:http(s). The built-in one costs 16 MB, follows redirects and
// accepts a body of any size; this one does not. Only what the Telegram library uses is there.
import http from 'node:http'
import https from 'node:https'

/** A Bot API answer is a few kilobytes. */
const MAX_ANSWER_BYTES = 1 << 20

/** Fetches over node:http(s): no redirects, a bounded body. Its errors never hold the URL, which holds the token. */
export async function fetchAnswer(url: string, init: { method: string; body: URLSearchParams; headers: Record<string, string>; signal: AbortSignal | null }): Promise<{ status: number; date: string | null; text(): Promise<string> }> {
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
    agent: false,
    ...(init.signal && { signal: init.signal }),
  })
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    request.on('response', resolve).on('error', reject).end(data)
  })
  return { status: response.statusCode as number, date: response.headers.date ?? null, text: () => bodyOf(response) }
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
