// Asks the program that holds a state directory how it is. Small on purpose: the health check loads nothing else.
import { openSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'

const NAME = 'lock'
/** A socket's path of more than 107 bytes is cut silently, and so names another socket (unix(7)); seven more are added to put it aside. */
const MAX_PATH_BYTES = 100
/** A program that is alive answers at once. */
const ANSWER_MS = 2_000

/** Where the program writes how it is, if the file system takes no socket. */
export const toldFile = (directory: string): string => join(directory, 'health.json')
/** How often it does. */
export const TELL_EVERY_MS = 15_000

/** The lock's path, short enough for a socket: by way of an open directory where it must. Throws where that is not there. */
export function lockPath(directory: string): string {
  const path = join(directory, NAME)
  return Buffer.byteLength(path) <= MAX_PATH_BYTES ? path : `/proc/self/fd/${openSync(directory, 'r')}/${NAME}`
}

/** What the program that holds the lock answers, empty if nothing comes in time; null where none does. */
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
