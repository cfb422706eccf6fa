// Images for engine tests, made from static BusyBox without any base image, and a mirror that a plain
// `docker pull postgres:16` takes them from.
import { randomUUID } from 'node:crypto'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { execute, which, type Finished } from './processes.js'

export interface ImageSource {
  /** e.g. `postgres:16`, `grafana/grafana:10.1.0` */
  ref: string
  env?: Record<string, string>
  labels?: Record<string, string>
  /** default: sleeps, and ends at once on SIGTERM */
  cmd?: string[]
  entrypoint?: string[]
  user?: string
  workdir?: string
  /** absolute path in the image -> content, or a file or directory of this machine; all executable */
  files?: Record<string, string | Buffer | { from: string }>
}

const SLEEP = ['/bin/sh', '-c', 'trap "exit 0" TERM INT; while :; do sleep 3600 & wait $!; done']

/** This machine's Node with the libraries it needs, as `files` of an image. */
export async function nodeFiles(): Promise<Record<string, { from: string }>> {
  return { '/usr/local/bin/node': { from: process.execPath }, ...(await librariesOf(process.execPath)) }
}

/** The libraries that a program of this machine needs, as `files` of an image. */
export async function librariesOf(program: string): Promise<Record<string, { from: string }>> {
  const { stdout } = await execute('ldd', [program], { allowFailure: true }) // not dynamic: none
  return Object.fromEntries([...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => [path, { from: path }]))
}

/** Builds and publishes images; `docker` runs the client against the engine, `registry` is the mirror's host:port. */
export function createImages(directory: string, registry: string, docker: (args: string[]) => Promise<Finished>) {
  const base = join(directory, 'base')

  async function layOutBase(): Promise<void> {
    for (const folder of ['bin', 'etc', 'tmp', 'var', 'usr/bin', 'home']) mkdirSync(join(base, folder), { recursive: true })
    cpSync(which('busybox') ?? '', join(base, 'bin/busybox'), { dereference: true })
    const { stdout } = await execute(join(base, 'bin/busybox'), ['--list'])
    for (const applet of stdout.split('\n')) {
      if (applet !== '' && applet !== 'busybox') symlinkSync('busybox', join(base, 'bin', applet))
    }
    writeFileSync(join(base, 'etc/passwd'), 'root:x:0:0:root:/:/bin/sh\nnode:x:1000:1000::/home:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n')
    writeFileSync(join(base, 'etc/group'), 'root:x:0:\nnode:x:1000:\nnogroup:x:65534:\n')
  }
  const baseReady = layOutBase()
  baseReady.catch(() => {}) // reported by the first build

  async function buildImage(source: ImageSource): Promise<string> {
    await baseReady
    const work = mkdtempSync(join(directory, 'image-'))
    try {
      const root = join(work, 'root')
      await execute('cp', ['-a', base, root])
      writeFileSync(join(root, '.made'), randomUUID()) // so that no two builds share an id
      for (const [path, content] of Object.entries(source.files ?? {})) {
        const target = join(root, path)
        mkdirSync(dirname(target), { recursive: true })
        if (typeof content === 'string' || Buffer.isBuffer(content)) writeFileSync(target, content, { mode: 0o755 })
        else cpSync(content.from, target, { recursive: true, dereference: true })
      }
      const archive = join(work, 'image.tar')
      await execute('tar', ['-cf', archive, '-C', root, '.'])
      const changes = dockerfileLines(source).flatMap((line) => ['--change', line])
      return (await docker(['import', ...changes, archive, source.ref])).stdout.trim()
    } finally {
      rmSync(work, { recursive: true, force: true })
    }
  }

  async function publish(source: ImageSource): Promise<string> {
    const pushed = `${registry}/${mirrorPath(source.ref, registry)}`
    const id = await buildImage({ ...source, ref: pushed })
    await docker(['push', '--quiet', pushed])
    await docker(['rmi', pushed])
    return id
  }

  return { buildImage, publish }
}

/** Does a 64-bit program run without libraries? elf(5): it has no program header of type PT_INTERP (3). */
export function isStatic(path: string): boolean {
  const elf = readFileSync(path)
  const headers = Number(elf.readBigUInt64LE(32))
  const [size, count] = [elf.readUInt16LE(54), elf.readUInt16LE(56)]
  return !Array.from({ length: count }, (_, index) => elf.readUInt32LE(headers + index * size)).includes(3)
}

function dockerfileLines(source: ImageSource): string[] {
  const pairs = (word: string, values: Record<string, string> = {}): string[] =>
    Object.entries(values).map(([name, value]) => `${word} ${name}=${quote(value)}`)
  return [
    'ENV PATH="/usr/local/bin:/usr/bin:/bin"', ...pairs('ENV', source.env), ...pairs('LABEL', source.labels),
    ...(source.user === undefined ? [] : [`USER ${source.user}`]),
    ...(source.workdir === undefined ? [] : [`WORKDIR ${source.workdir}`]),
    ...(source.entrypoint ? [`ENTRYPOINT ${JSON.stringify(source.entrypoint)}`] : []),
    ...(source.entrypoint && !source.cmd ? [] : [`CMD ${JSON.stringify(source.cmd ?? SLEEP)}`]),
  ]
}

function quote(value: string): string {
  if (value.includes('\n')) throw new Error('an image built by `docker import --change` cannot hold a line feed')
  return `"${value.replace(/[\\"$]/g, '\\$&')}"`
}

/** Where a mirror of Docker Hub keeps a ref: `postgres:16` -> `library/postgres:16`. */
function mirrorPath(ref: string, registry: string): string {
  const path = ref.replace(/^docker\.io\//, '').replace(`${registry}/`, '')
  const [first = '', ...more] = path.split('/')
  if (more.length > 0 && /[.:]|^localhost$/.test(first)) throw new Error(`${ref}: only Docker Hub's images go through the mirror`)
  return more.length === 0 ? `library/${path}` : path
}
