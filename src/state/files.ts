// Node's file calls as promises. Not node:fs/promises: to load it, with all that its file handles can be read by, takes
// a tenth of Node's own start, and memory for as long as the program runs.
import fs from 'node:fs'
import { promisify } from 'node:util'

export const copyFile = (from: string, to: string): Promise<void> => promisify(fs.copyFile)(from, to)
export const link = (from: string, to: string): Promise<void> => promisify(fs.link)(from, to)
export const mkdir = (path: string, options: fs.MakeDirectoryOptions): Promise<unknown> => promisify(fs.mkdir)(path, options)
export const readdir = (path: string): Promise<string[]> => promisify(fs.readdir)(path)
export const readFile = (path: string): Promise<string> => promisify(fs.readFile)(path, 'utf8')
export const rename = (from: string, to: string): Promise<void> => promisify(fs.rename)(from, to)
export const unlink = (path: string): Promise<void> => promisify(fs.unlink)(path)

/** Writes a file anew, or syncs a directory, where whole is null, and returns when the disk has it. */
export async function writeThrough(path: string, whole: readonly Buffer[] | null): Promise<void> {
  const file = await promisify(fs.open)(path, whole === null ? 'r' : 'w', 0o600)
  try {
    for (const part of whole ?? []) await promisify(fs.writeFile)(file, part)
    await promisify(fs.fsync)(file)
  } finally {
    await promisify(fs.close)(file)
  }
}
