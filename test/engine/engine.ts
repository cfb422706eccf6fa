// A real Docker Engine for tests: its own dockerd and its own registry as Docker Hub's mirror, in one temporary directory,
// beside whatever the machine runs. Containers have no network or the host's; nothing is fetched from outside.
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { createDockerd, tail, type Dockerd } from './dockerd.js'
import { createImages, isStatic, type ImageSource } from './images.js'
import { claimDirectory, execute, killDaemon, removeDirectory, startDaemon, sweepAbandoned, until, which } from './processes.js'
import type { ExecuteOptions, Finished } from './processes.js'

export { librariesOf, nodeFiles, type ImageSource } from './images.js'

export interface Engine {
  /** `unix:///tmp/wt-engine-…/docker.sock`, the value for DOCKER_HOST */
  host: string
  socketPath: string
  /** host:port of the registry that is Docker Hub's mirror */
  registry: string
  /** a directory that stop() removes, for bind mounts and compose projects */
  directory: string
  /** runs the Docker client; throws on a non-zero exit code unless `allowFailure`; 120 s unless `timeoutMs` */
  docker(args: string[], options?: ExecuteOptions): Promise<Finished>
  /** runs docker-compose 1.29 in a project directory, with nothing of this process's environment but PATH */
  compose(args: string[], options: ExecuteOptions & { cwd: string }): Promise<Finished>
  /** makes a local image and tags it `ref`; every call gives a new `sha256:…` id */
  buildImage(source: ImageSource): Promise<string>
  /** makes an image that a later `docker pull ref` will bring, local tags stay as they are; gives the id it will have */
  publish(source: ImageSource): Promise<string>
  /** `docker pull`; gives the id the ref has afterwards */
  pull(ref: string): Promise<string>
  /** `docker run -d` with these arguments, `--network none` unless they name one; gives the container's full id */
  run(...args: string[]): Promise<string>
  /** `docker inspect` of one container or image by name or id */
  inspect(nameOrId: string): Promise<Record<string, any>>
  /** its dockerd, to be stopped, killed, frozen and started again */
  dockerd: Dockerd
  /** ends containers, daemons and mounts and removes the directory; idempotent */
  stop(): Promise<void>
}

/** Why engine tests cannot run here, in one sentence, or null if they can. */
export function engineMissing(): string | null {
  if (process.platform !== 'linux') return 'A private Docker Engine needs Linux.'
  if (process.getuid?.() !== 0) return 'A private Docker Engine needs root.'
  const absent = ['dockerd', 'docker', 'docker-registry', 'docker-compose', 'busybox', 'tar'].filter((program) => !which(program))
  if (absent.length > 0) return `Not installed: ${absent.join(', ')} (Debian: docker.io, docker-registry, docker-compose, busybox-static).`
  if (!isStatic(which('busybox') ?? '')) return 'BusyBox is not a static one (Debian: busybox-static).'
  const capabilities = /CapEff:\s*([0-9a-f]+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
  const sysAdmin = 1n << 21n // CAP_SYS_ADMIN, capability(7)
  if ((BigInt(`0x${capabilities}`) & sysAdmin) === 0n) return 'This container may not mount; it needs --privileged to run a Docker Engine.'
  return null
}

/**
 * A tap test with an engine of its own, stopped at its end. Where no engine can run it is skipped with the reason,
 * or fails with it if ENGINE_REQUIRED=1. Bounded by timeoutMs, default 300 s: only a hang gets there.
 */
export async function engineTest(
  t: Test, name: string, body: (t: Test, engine: Engine) => Promise<unknown>, timeoutMs = 300_000,
): Promise<void> {
  const missing = engineMissing()
  if (missing !== null && process.env.ENGINE_REQUIRED !== '1') {
    await t.test(name, { skip: missing }, () => {})
    return
  }
  await t.test(name, { timeout: timeoutMs }, async (inner) => {
    if (missing !== null) throw new Error(`ENGINE_REQUIRED=1, but: ${missing}`)
    const engine = await startEngine()
    inner.teardown(() => engine.stop())
    await body(inner, engine)
  })
}

/** Starts a private engine; callers put `engine.stop` into t.teardown (engineTest does). */
export async function startEngine(): Promise<Engine> {
  await sweepAbandoned()
  const directory = claimDirectory()
  let registryProcess: ChildProcess | null = null
  let dockerd: Dockerd | null = null
  let stopped: Promise<void> | null = null
  const stop = (): Promise<void> => stopped ??= stopAll()

  async function stopAll(): Promise<void> {
    if (dockerd) {
      dockerd.thaw()
      const left = await docker(['ps', '--all', '--quiet'], { timeoutMs: 30_000 }).catch(() => null)
      const ids = left?.stdout.split('\n').filter((id) => id !== '') ?? []
      if (ids.length > 0) await docker(['rm', '--force', '--volumes', ...ids], { timeoutMs: 60_000 }).catch(() => null)
      // A bridge (compose's default network) would outlive its daemon
      await docker(['network', 'prune', '--force'], { timeoutMs: 30_000 }).catch(() => null)
    }
    await dockerd?.kill() // SIGTERM would take it a second; nothing is left to save
    if (registryProcess) await killDaemon(registryProcess)
    await removeDirectory(directory)
  }

  const socketPath = join(directory, 'docker.sock')
  const host = `unix://${socketPath}`
  const environment = {
    PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin', HOME: directory, LANG: 'C.UTF-8',
    DOCKER_HOST: host, DOCKER_CONFIG: join(directory, 'client'), DOCKER_BUILDKIT: '0', COMPOSE_DOCKER_CLI_BUILD: '0',
  }
  const program = (name: string) => (args: string[], options: ExecuteOptions = {}): Promise<Finished> =>
    execute(name, args, { ...options, env: { ...environment, ...options.env } })
  const docker = program('docker')

  try {
    mkdirSync(join(directory, 'client'))
    const registry = await startRegistry(directory, (child) => (registryProcess = child))
    dockerd = createDockerd(directory, registry, socketPath)
    await dockerd.start()
    const images = createImages(directory, registry, docker)
    const inspect = async (nameOrId: string): Promise<Record<string, any>> =>
      JSON.parse((await docker(['inspect', nameOrId])).stdout)[0]
    return {
      host, socketPath, registry, directory, docker, compose: program('docker-compose'), ...images, inspect, dockerd, stop,
      pull: async (ref) => {
        await docker(['pull', '--quiet', ref])
        return (await inspect(ref)).Id
      },
      run: async (...args) => {
        const network = args.some((arg) => /^--net(work)?(=|$)/.test(arg)) ? [] : ['--network', 'none']
        return (await docker(['run', '--detach', '--pull', 'never', ...network, ...args])).stdout.trim()
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A plain registry on a free port, which it names in its log; gives host:port. */
async function startRegistry(directory: string, onStart: (child: ChildProcess) => void): Promise<string> {
  const config = join(directory, 'registry.yml')
  const logFile = join(directory, 'registry.log')
  writeFileSync(config, `version: 0.1
storage: {filesystem: {rootdirectory: ${directory}/registry}}
http: {addr: '127.0.0.1:0', secret: made-up}
`)
  const child = startDaemon('docker-registry', ['serve', config], logFile, { PATH: process.env.PATH ?? '' })
  onStart(child)
  let address: string | undefined
  await until(() => {
    address = /listening on (127\.0\.0\.1:\d+)/.exec(readFileSync(logFile, 'utf8'))?.[1]
    return address !== undefined || child.exitCode !== null
  }, 60_000)
  if (address === undefined) throw new Error(`docker-registry did not start: ${tail(logFile)}`)
  return address
}
