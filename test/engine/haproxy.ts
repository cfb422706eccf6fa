// HAProxy before the engine's socket, as the usual socket proxies configure it, but with short idle timeouts. Knows from its
// log how many streams it cut.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Engine } from './engine.js'
import { killDaemon, startDaemon, until, which } from './processes.js'

export interface IdleCutter {
  /** the value for DOCKER_HOST */
  host: string
  /** answers that were cut in their body because nothing came for a while */
  cuts(): number
}

/** Why there is no HAProxy here, or null. */
export function haproxyMissing(): string | null {
  return which('haproxy') ? null : 'Not installed: haproxy (Debian: haproxy).'
}

/** Listens in the engine's directory until the test's end; an answer without a byte for idleMs is cut. */
export async function cutIdleStreams(t: Test, engine: Engine, idleMs: number): Promise<IdleCutter> {
  const config = join(engine.directory, 'haproxy.cfg')
  const logFile = join(engine.directory, 'haproxy.log')
  const socket = join(engine.directory, 'haproxy.sock')
  writeFileSync(config, `global
  log stdout format raw local0
defaults
  mode http
  log global
  option httplog
  option http-server-close
  timeout connect 10s
  timeout http-request 10s
  timeout client ${idleMs}ms
  timeout server ${idleMs}ms
frontend proxy
  bind unix@${socket} mode 600
  default_backend engine
backend engine
  server engine unix@${engine.socketPath}
`)
  const child = startDaemon(which('haproxy') ?? 'haproxy', ['-db', '-f', config], logFile, { PATH: process.env.PATH ?? '' })
  t.teardown(() => killDaemon(child))
  const answers = async (): Promise<boolean> => (await engine.docker(['version'], { env: { DOCKER_HOST: `unix://${socket}` }, allowFailure: true })).code === 0
  if (!(await until(answers, 10_000))) throw new Error(`haproxy did not start: ${readFileSync(logFile, 'utf8')}`)
  // "session state at disconnection" in httplog: c or s, the client's or the server's timeout ran out; D, in the data
  return { host: `unix://${socket}`, cuts: () => readFileSync(logFile, 'utf8').match(/ [cs]D-- /g)?.length ?? 0 }
}
