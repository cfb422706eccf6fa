// A transparent proxy before the engine's socket that remembers what was asked for: tells a program that spins from one that waits.
import { createServer, request as ask } from 'node:http'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Engine } from './engine.js'

export interface CountingProxy {
  /** the value for DOCKER_HOST */
  host: string
  /** `GET /containers/…/logs?…`, in the order they came */
  requests: readonly string[]
}

let proxies = 0

/** Listens in the engine's directory until the test's end. */
export async function countRequests(t: Test, engine: Engine): Promise<CountingProxy> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    const { method, url: path, headers } = request
    const upstream = ask({ socketPath: engine.socketPath, method, path, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      response.flushHeaders() // a log without a line has headers all the same
      answer.on('error', () => response.destroy()) // what is cut behind the proxy is cut before it
      answer.pipe(response)
    })
    upstream.on('error', () => response.destroy())
    response.on('close', () => upstream.destroy())
    request.pipe(upstream)
  })
  const path = join(engine.directory, `counting-${++proxies}.sock`)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  return { host: `unix://${path}`, requests }
}
