// The engine's dockerd: started, ended, frozen, and started again on the same data; always by the pid of its own child.
import type { ChildProcess } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { killDaemon, startDaemon, stateOf, until, which } from './processes.js'

export interface Dockerd {
  /** starts it, or thaws the one that runs; `settings` are its daemon.json from now on, `{ 'live-restore': true }`; host: where it listens beside its socket, this time */
  start(settings?: Readonly<Record<string, unknown>>, host?: string): Promise<void>
  /** SIGTERM: it ends its containers (unless live-restore is on) and itself; fails if that takes more than 90 s */
  stop(): Promise<void>
  /** SIGKILL: its containers live on until it is started again */
  kill(): Promise<void>
  /** SIGSTOP: its socket accepts connections and nothing answers */
  freeze(): void
  /** SIGCONT */
  thaw(): void
}

/** A dockerd below this directory that was not started yet; the registry (host:port) is its mirror of Docker Hub. */
export function createDockerd(directory: string, registry: string, socketPath: string): Dockerd {
  const config = join(directory, 'daemon.json') // the machine's own /etc/docker/daemon.json must not be read
  const logFile = join(directory, 'dockerd.log')
  let child: ChildProcess | null = null
  const runs = (): boolean => child !== null && child.exitCode === null && child.signalCode === null
  writeFileSync(config, '{}')

  return {
    async start(settings, host) {
      if (settings) writeFileSync(config, JSON.stringify(settings))
      if (runs()) child?.kill('SIGCONT')
      else child = startDaemon(which('dockerd') ?? 'dockerd', [
        '--config-file', config, '--data-root', join(directory, 'data'), '--exec-root', join(directory, 'exec'),
        '--host', `unix://${socketPath}`, ...(host === undefined ? [] : ['--host', host]), '--pidfile', join(directory, 'dockerd.pid'),
        '--bridge=none', '--iptables=false', '--ip6tables=false', '--registry-mirror', `http://${registry}`,
      ], logFile, {
        PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`,
        // What the mirror lacks is asked for at Docker Hub: a dead proxy refuses that at once, and nothing leaves the machine
        HTTP_PROXY: 'http://127.0.0.1:9', HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.1',
      })
      let up = false
      await until(async () => (up = await pings(socketPath)) || !runs(), 90_000)
      if (!up) throw new Error(`dockerd did not start: ${tail(logFile)}`)
    },
    async stop() {
      child?.kill('SIGTERM')
      if (!(await until(() => !runs(), 90_000))) throw new Error(`dockerd did not end: ${tail(logFile)}`)
    },
    async kill() {
      if (child) await killDaemon(child)
      await forgetContainerd(join(directory, 'exec/containerd/containerd.pid'))
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
  }
}

/** containerd dies with its dockerd; where no init reaps it soon, the next dockerd would wait for the dead one. */
async function forgetContainerd(pidFile: string): Promise<void> {
  if (!existsSync(pidFile)) return
  const pid = Number(readFileSync(pidFile, 'utf8'))
  await until(() => stateOf(pid) === 'Z', 30_000)
  rmSync(pidFile, { force: true })
}

function pings(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ socketPath, path: '/_ping', timeout: 10_000 }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(false))
  })
}

/** The last lines of a daemon's log, for an error message. */
export function tail(logFile: string): string {
  return readFileSync(logFile, 'utf8').trim().split('\n').slice(-5).join('\n')
}
