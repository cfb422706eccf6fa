// HAProxy before the engine's socket, as the usual socket proxies configure it, but with short idle timeouts, of which it
// knows from its log how many streams it cut; or refusing writes.
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
  const { host, log } = await proxy(t, engine, 'cutter', idleMs, '')
  // "session state at disconnection" in httplog: c or s, the client's or the server's timeout ran out; D, in the data
  return { host, cuts: () => log().match(/ [cs]D-- /g)?.length ?? 0 }
}

/** As the usual socket proxies do: whatever is no GET is answered with 403. Gives the value for DOCKER_HOST. */
export async function denyWrites(t: Test, engine: Engine): Promise<string> {
  return (await proxy(t, engine, 'denier', 60_000, '  http-request deny deny_status 403 unless METH_GET\n')).host
}

async function proxy(t: Test, engine: Engine, name: string, idleMs: number, rules: string): Promise<{ host: string; log(): string }> {
  const [config, logFile, socket] = ['cfg', 'log', 'sock'].map((end) => join(engine.directory, `${name}.${end}`)) as [string, string, string]
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
${rules}  default_backend engine
backend engine
  server engine unix@${engine.socketPath}
`)
  const child = startDaemon(which('haproxy') ?? 'haproxy', ['-db', '-f', config], logFile, { PATH: process.env.PATH ?? '' })
  t.teardown(() => killDaemon(child))
  const log = (): string => readFileSync(logFile, 'utf8')
  const answers = async (): Promise<boolean> => (await engine.docker(['version'], { env: { DOCKER_HOST: `unix://${socket}` }, allowFailure: true })).code === 0
  if (!(await until(answers, 60_000))) throw new Error(`haproxy did not start: ${log()}`)
  return { host: `unix://${socket}`, log }
}
