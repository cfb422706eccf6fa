// Stands in for `cli` in the built entry: loads it from the file beside, with V8's compiled code of it where that was
// kept, which saves a third of the start and some memory. It holds for one version of Node and its flags; with any other
// V8 compiles as always.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Script } from 'node:vm'

const FILE = join(__dirname, 'program.cjs')
const CODE = join(__dirname, 'program.code')

function kept(): { cachedData: Buffer } | null {
  try {
    return { cachedData: readFileSync(CODE) }
  } catch {
    return null
  }
}

// esbuild writes plain ASCII, which takes half the memory of what readFileSync makes of UTF-8
const script = new Script(`(function (module, require) {${readFileSync(FILE, 'latin1')}\n})`, { filename: FILE, ...kept() })
const module = {} as { exports: typeof import('./cli.js') }
script.runInThisContext()(module, require)

/**
 * The program; `--write-code`, for the build of the image, keeps the compiled code instead: of a start where neither an
 * engine nor Telegram answers, so that what a start needs is in it. Writes beside the program and nowhere else.
 */
export async function main(argv: readonly string[]): Promise<number> {
  if (argv[0] !== '--write-code') return module.exports.main(argv)
  const stateDir = mkdtempSync(join(__dirname, 'start-'))
  process.env = { DOCKER_HOST: 'tcp://127.0.0.1:1', TELEGRAM_API_URL: 'http://127.0.0.1:1', TELEGRAM_BOT_TOKEN: `1:${'made_up'.repeat(5)}`, TELEGRAM_CHAT_ID: '1', STATE_DIR: stateDir }
  setTimeout(() => process.emit('SIGTERM'), 1_000)
  const code = await module.exports.main([])
  rmSync(stateDir, { recursive: true })
  writeFileSync(CODE, script.createCachedData())
  return code
}
