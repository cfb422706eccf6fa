// One program per state directory. Holds a unix socket there: the kernel lets go of it however the
// process ends, it works across containers that share the directory, and it can answer a question.
import { randomBytes } from 'node:crypto'
import { linkSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { ask, lockPath, TELL_EVERY_MS, toldFile } from './ask.js'
import { StateError } from './file.js'

export interface Lock {
  /** false where the file system takes no socket: nothing keeps a second program out then */
  held: boolean
  /** Whether another program holds it now: two that start at once can both take that of a dead one. */
  lost(): boolean
  release(): void
}

/**
 * Takes the lock of a directory; whoever connects to it gets one line of answer(), which
 * stands in a file where there can be no socket. Throws a StateError where another program holds it.
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
      const own = inodeOf(path)
      const lost = (): boolean => ![own, null].includes(inodeOf(path))
      // node removes what has its path when it closes: not another's, which the end of this process leaves alone
      return { held: true, lost, release: () => void (lost() || server.close()) }
    }
    if (code !== 'EADDRINUSE') break
    if ((await ask(path)) !== null || attempt !== 'first' || !(await removeDead(path, directory))) throw inUse(directory)
  }
  return { held: false, lost: () => false, release: tellInFile(directory, answer) }
}

/** What is said where a second program would use the same state. */
export function inUse(directory: string): StateError {
  return new StateError(`another watchtower-telegram is using STATE_DIR ${directory}`, 'stop it, or give each its own')
}

/** Removes the socket of a program that has ended; false if another has put its own there meanwhile, which stays. */
async function removeDead(path: string, directory: string): Promise<boolean> {
  const aside = `${path}.${randomBytes(3).toString('hex')}`
  try {
    renameSync(path, aside)
  } catch {
    return true
  }
  const alive = (await ask(aside)) !== null
  try {
    if (alive) linkSync(aside, path)
  } catch {} // a third one was faster: the second will find its lock lost
  try {
    rmSync(aside, { force: true })
  } catch {
    renameSync(aside, path)
    throw new StateError(`${directory}/lock is in the way of the lock`, 'remove it')
  }
  return !alive
}

function inodeOf(path: string): bigint | null {
  try {
    return statSync(path, { bigint: true }).ino
  } catch {
    return null
  }
}

/** In place of the socket: a file that is replaced again and again. Its reader sees by its time when that fails. */
function tellInFile(directory: string, answer: () => string): () => void {
  const file = toldFile(directory)
  const tell = (): void =>
    tryTo(() => {
      writeFileSync(`${file}.new`, `${answer()}\n`, { mode: 0o600 })
      renameSync(`${file}.new`, file)
    })
  tell()
  const timer = setInterval(tell, TELL_EVERY_MS).unref()
  return () => {
    clearInterval(timer)
    tryTo(() => rmSync(file, { force: true }))
  }
}

function tryTo(work: () => void): void {
  try {
    work()
  } catch {}
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
