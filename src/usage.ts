// How a command talks to the person who typed it: options in, sentences and exit codes out.
import { parseArgs } from 'node:util'

/** Replaced by the build. */
declare const VERSION: string | undefined

/** A sentence for the person who typed the command. */
export class UsageError extends Error {}

/** Options and operands of a command. Throws a UsageError for what it does not know. */
export function parse(command: string, argv: readonly string[], options: Record<string, { type: 'string' | 'boolean' }>, allowPositionals: boolean): { values: Record<string, string | boolean | undefined>; positionals: string[] } {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { ...options, help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'V' } },
      allowPositionals,
    })
    return { values: values as Record<string, string | boolean | undefined>, positionals }
  } catch (error) {
    const [sentence] = (error as Error).message.split('. ')
    throw new UsageError(`${sentence}: see watchtower-telegram ${command} --help`)
  }
}

/** Why a file that was named cannot be read, with the remedy. */
export function fileFault(code: string | undefined): string {
  if (code === 'ENOENT') return 'there is no such file: check the path'
  if (code === 'EISDIR') return 'it is a directory: name a file'
  if (code === 'EACCES') return 'permission denied: make it readable'
  return String(code)
}

/** Prints the version; gives the exit code. */
export function printVersion(): number {
  return print(`${typeof VERSION === 'string' ? VERSION : 'development'}\n`)
}

/** Prints a text; gives the exit code of success. */
export function print(text: string): number {
  process.stdout.write(text)
  return 0
}

/** Says in one sentence what went wrong; gives the exit code of that. */
export function fail(sentence: string): number {
  process.stderr.write(`watchtower-telegram: ${sentence}\n`)
  return 1
}
