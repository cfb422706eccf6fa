// One program per state directory. Holds a unix socket there: the kernel lets go of it however the
// process ends, it works across containers that share the directory, and it can answer a question.
import { openSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { StateError } from './file.js'

export interface Lock {
  /** false where the file system takes no socket: nothing keeps a second program out then */
  held: boolean
  release(): void
}

const NAME = 'lock'
/** A socket's path that is longer is cut silently, and so names another socket (unix(7): 108 bytes with the final zero). */
const MAX_PATH_BYTES = 103
/** A program that is alive answers at once. */
const ANSWER_MS = 2_000

/**
 * Takes the lock of a directory; whoever connects to it gets one line of answer(). Throws a
 * StateError where another program holds it.
 */
export async function takeLock(directory: string, answer: () => string): Promise<Lock> {
  const path = lockPath(directory)
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.end(`${answer()}\n`)
  })
  for (const attempt of ['first', 'after a dead one'] as const) {
    const code = await listen(server, path)
    if (code === null) {
      server.unref()
      return { held: true, release: () => void server.close() }
    }
    if (code !== 'EADDRINUSE') break
    if ((await ask(path)) !== null || attempt !== 'first') throw new StateError(`another watchtower-telegram is using STATE_DIR ${directory}: stop it, or give each its own`)
    try {
      rmSync(path, { force: true })
    } catch {
      throw new StateError(`${join(directory, NAME)} is in the way of the lock: remove it`)
    }
  }
  return { held: false, release: () => {} }
}

/** The lock's path, short enough for a socket: by way of an open directory where it must. */
function lockPath(directory: string): string {
  const path = join(directory, NAME)
  return Buffer.byteLength(path) <= MAX_PATH_BYTES ? path : `/proc/self/fd/${openSync(directory, 'r')}/${NAME}`
}

/** What the program that holds the lock answers; null where none does. */
export function ask(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(path)
    const timer = setTimeout(() => socket.destroy(), ANSWER_MS)
    let connected = false
    socket.on('connect', () => (connected = true))
    socket.on('data', (chunk) => (text += chunk.toString()))
    socket.on('error', () => {})
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(connected ? text.trim() : null)
    })
  })
}

function listen(server: Server, path: string): Promise<string | null> {
  return new Promise((resolve) => {
    const failed = (error: NodeJS.ErrnoException): void => resolve(String(error.code))
    server.once('error', failed)
    server.listen(path, () => {
      server.off('error', failed)
      resolve(null)
    })
  })
}
