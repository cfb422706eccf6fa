// A small HTTP proxy on 127.0.0.1 that knows CONNECT alone, and a front that puts TLS before a plain server.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Test } from 'tap'
import type { Pair } from '../certificates.js'

export interface ConnectProxy {
  /** host:port */
  address: string
  /** what it was asked to connect to, with the credentials that came with it */
  asked: { target: string; authorization: string | undefined }[]
  /** all that clients sent through its tunnels */
  carried(): Buffer
  /** what it does with the next CONNECTs: a tunnel (the default), a refusal with this status, silence, a cut, or an answer that is none */
  does: 'tunnel' | 'hang' | 'cut' | 'garbage' | number
  /** connections of clients that are open */
  open(): number
  close(): Promise<void>
}

const listen = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Until the end of the test; authorization: what Proxy-Authorization must be, else it answers 407. */
export async function createConnectProxy(t: Test, authorization?: string): Promise<ConnectProxy> {
  const sockets = new Set<Socket>()
  const carried: Buffer[] = []
  const server = createServer()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  })
  server.on('connect', ({ url = '', headers }, socket: Socket) => {
    const given = headers['proxy-authorization']
    proxy.asked.push({ target: url, authorization: given })
    // or the end of the other side would not be seen
    if (proxy.does !== 'tunnel') socket.on('end', () => socket.end()).resume()
    if (proxy.does === 'hang') return
    if (proxy.does === 'cut') return void socket.end()
    if (proxy.does === 'garbage') return void socket.end('220 mail.example.org ESMTP\r\n\r\n')
    if (typeof proxy.does === 'number') return void socket.end(`HTTP/1.1 ${proxy.does} No\r\ncontent-length: 2\r\n\r\nno`)
    if (given !== authorization) return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic\r\n\r\n')
    const [host = '', port = ''] = url.split(':')
    const target = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.on('data', (chunk) => carried.push(chunk)).pipe(target).pipe(socket)
    })
    target.on('error', () => socket.destroy())
  })
  const close = (): Promise<void> => new Promise((resolve) => {
    for (const socket of sockets) socket.destroy()
    server.close(() => resolve())
  })
  const proxy: ConnectProxy = { address: await listen(server), asked: [], carried: () => Buffer.concat(carried), does: 'tunnel', open: () => sockets.size, close }
  t.teardown(close)
  return proxy
}

/** https:// before a server of http://, until the end of the test; gives its address. */
export async function withTls(t: Test, url: string, { cert, key }: Pair): Promise<string> {
  const { hostname, port } = new URL(url)
  const server = createTlsServer({ cert: readFileSync(cert), key: readFileSync(key) }, (socket) => {
    const plain = connect(Number(port), hostname)
    socket.on('error', () => {}).on('close', () => plain.destroy()).pipe(plain)
    plain.on('error', () => {}).on('close', () => socket.destroy()).pipe(socket)
  })
  server.on('tlsClientError', () => {})
  t.teardown(() => new Promise((resolve) => server.close(resolve)))
  return `https://${await listen(server)}`
}
