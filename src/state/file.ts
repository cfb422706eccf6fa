// The state file on disk: read, checked, replaced in one step. Takes a directory and a State.
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import * as z from 'zod/mini'
import { copyFile, link, mkdir, readdir, readFile, rename, unlink, writeThrough } from './files.js'
import { State } from './state.js'

/** Raised with every change that an older program would misread. */
const VERSION = 1
const FILE = 'state.json'
const BACKUP = 'state.json.bak'
const TEMPORARY = 'state.json.new'

/** The state cannot be used: what was found, and what mends it; its message is both in one sentence. */
export class StateError extends Error {
  override name = 'StateError'
  readonly found: string
  readonly remedy: string
  constructor(found: string, remedy: string) {
    super(`${found}: ${remedy}`)
    this.found = found
    this.remedy = remedy
  }
}

/** What was found on disk. */
export interface Loaded {
  /** null at the first start, or where nothing could be read */
  state: State | null
  /** null where all was well; the files that were set aside are still there */
  damage: { from: 'backup' | 'nothing'; setAside: string[] } | null
}

const Envelope = z.object({ version: z.int(), sum: z.string(), state: z.unknown() })

/** Makes the directory where it is missing. Throws a StateError where that is not possible. */
export async function prepareDirectory(directory: string): Promise<void> {
  await explained(directory, async () => {
    await mkdir(directory, { recursive: true, mode: 0o700 })
    await readdir(directory)
  })
}

/**
 * Reads the state, or its backup where it is damaged; what is damaged is renamed to `.corrupt-TIME`.
 * now: ISO time, for that name. Throws a StateError where a newer program wrote it: then nothing is touched.
 */
export async function loadState(directory: string, now: string): Promise<Loaded> {
  const [main, backup] = [await readOne(directory, FILE), await readOne(directory, BACKUP)]
  for (const one of [main, backup]) {
    if (one.type === 'newer') throw newer(directory, one.version)
  }
  if (main.type === 'good') return { state: main.state, damage: null }
  if (main.type === 'none' && backup.type === 'none') return { state: null, damage: null }
  const setAside: string[] = []
  for (const [file, { type }] of [[FILE, main], [BACKUP, backup]] as const) {
    if (type !== 'damaged') continue
    const aside = join(directory, `${file}.corrupt-${now.replace(/[^\dTZ]/g, '')}`)
    await explained(directory, () => rename(join(directory, file), aside))
    setAside.push(aside)
  }
  return backup.type === 'good' ? { state: backup.state, damage: { from: 'backup', setAside } } : { state: null, damage: { from: 'nothing', setAside } }
}

/** Reads the state, or else its backup, and touches nothing; null where there is none. Throws a StateError where none can be read. */
export async function peekState(directory: string): Promise<State | null> {
  for (const file of [FILE, BACKUP]) {
    const one = await readOne(directory, file)
    if (one.type === 'good') return one.state
    if (one.type === 'newer') throw newer(directory, one.version)
    if (one.type === 'none' && file === FILE) return null
  }
  throw new StateError(`${join(directory, FILE)} is damaged`, 'the sidecar mends it at its next start')
}

function newer(directory: string, version: number): StateError {
  return new StateError(`${join(directory, FILE)} was written by a newer version of watchtower-telegram (format ${version}, this one knows ${VERSION})`, 'run that version, or start with an empty STATE_DIR')
}

type Read = { type: 'good'; state: State } | { type: 'none' } | { type: 'damaged' } | { type: 'newer'; version: number }

async function readOne(directory: string, file: string): Promise<Read> {
  let text: string
  try {
    text = await readFile(join(directory, file))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { type: 'none' }
    throw explanation(directory, error)
  }
  try {
    const { version, sum, state } = Envelope.parse(JSON.parse(text))
    if (version > VERSION) return { type: 'newer', version }
    if (sum !== sumOf(JSON.stringify(state))) return { type: 'damaged' }
    return { type: 'good', state: State.parse(state) }
  } catch {
    return { type: 'damaged' }
  }
}

/**
 * Replaces the state in one step; the file before becomes the backup. Whoever reads at any moment,
 * after a crash too, finds a whole file. Throws a StateError; then the file is still the one before.
 * Not write-file-atomic: on a full disk its version 8 replaces the file by a truncated one.
 */
export async function saveState(directory: string, state: State): Promise<void> {
  const body = Buffer.from(JSON.stringify(state))
  // not as one text: a large state would be held once more
  const whole = [Buffer.from(`{"version":${VERSION},"sum":"${sumOf(body)}","state":`), body, Buffer.from('}\n')]
  const [file, backup, temporary] = [FILE, BACKUP, TEMPORARY].map((name) => join(directory, name)) as [string, string, string]
  await explained(directory, async () => {
    try {
      await writeThrough(temporary, whole)
    } catch (error) {
      await unlink(temporary).catch(() => {})
      throw error
    }
    await keepBackup(file, backup)
    await rename(temporary, file)
    await writeThrough(directory, null)
  })
}

/** A second name for the same file where the file system has such, else a copy. Where there is no file, an older backup stays. */
async function keepBackup(file: string, backup: string): Promise<void> {
  const next = `${backup}.new`
  await unlink(next).catch(() => {})
  try {
    await link(file, next)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    await copyFile(file, next)
  }
  await rename(next, backup)
}

function sumOf(body: Buffer | string): string {
  return createHash('sha256').update(body).digest('hex')
}

/** Does work on a directory; what it fails with is told as a StateError. */
export async function explained<T>(directory: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw explanation(directory, error)
  }
}

function explanation(directory: string, error: unknown): StateError {
  const { code } = error as NodeJS.ErrnoException
  const user = process.getuid?.() ?? '?'
  switch (code) {
    case 'EBUSY':
    case 'EXDEV':
      return new StateError(`${join(directory, FILE)} cannot be replaced because it is mounted by itself`, 'mount its directory instead, as STATE_DIR')
    case 'EACCES':
    case 'EPERM':
      return new StateError(`user ${user} may not write in STATE_DIR ${directory}`, `give it to that user (chown ${user}), or name another STATE_DIR`)
    case 'EROFS':
      return new StateError(`STATE_DIR ${directory} is read-only`, 'mount it writable, or name another STATE_DIR')
    case 'ENOSPC':
    case 'EDQUOT':
      return new StateError(`there is no space left in STATE_DIR ${directory}`, 'make room there')
    case 'ENOENT':
      return new StateError(`STATE_DIR ${directory} is not there and cannot be made`, 'make it, or name another')
    case 'EISDIR':
      return new StateError(`${join(directory, FILE)} or a file beside it is a directory`, 'remove it')
    case 'ENOTDIR':
    case 'EEXIST':
      return new StateError(`STATE_DIR ${directory} is no directory`, 'name one')
    default:
      return new StateError(`STATE_DIR ${directory} cannot be used`, String(code))
  }
}
