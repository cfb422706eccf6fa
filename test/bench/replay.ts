// A long log replayed, beside a search for the words that matter and a plain pass of split2 over the same file.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Program } from './program.js'
import { megabytes, type Row } from './table.js'

const RECORD = (second: number, level: string, rest: string): string => `time="${new Date(Date.UTC(2026, 0, 1) + second * 1000).toISOString().slice(0, 19)}Z" level=${level} ${rest}\n`

/** A day's check of 20 containers at level debug, with one update that is pending for a month. */
function check(day: number): string {
  const start = day * 86_400
  const containers = Array.from({ length: 20 }, (_, n) => [
    RECORD(start + n, 'debug', `msg="Trying to load authentication credentials." container=/app-${n} image="registry.example.org/team/app-${n}:1"`),
    RECORD(start + n, 'debug', `msg="No credentials for registry.example.org found" config_file=/config.json`),
    RECORD(start + n, 'debug', `msg="Checking if pull is needed" container=/app-${n} image="registry.example.org/team/app-${n}:1"`),
    RECORD(start + n, 'debug', `msg="No pull needed. Skipping image." container=/app-${n} image="registry.example.org/team/app-${n}:1"`),
  ].join(''))
  return `${containers.join('')}${RECORD(start + 20, 'info', `msg="Found new registry.example.org/team/app-1:1 image (${Math.floor(day / 30).toString(16).padStart(12, '0')})"`)}${RECORD(start + 21, 'info', 'msg="Session done" Failed=0 Scanned=20 Updated=1 notify=no')}`
}

async function writeLog(file: string, size: number): Promise<number> {
  let written = 0
  await pipeline(async function* () {
    for (let day = 0; written < size; day += 1) {
      const text = check(day)
      written += text.length
      yield text
    }
  }, createWriteStream(file))
  return written
}

interface Passed {
  seconds: number
  /** most that it held, in bytes, looked at ten times a second */
  peak: number
}

async function pass(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Passed> {
  const begun = performance.now()
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env.PATH ?? '', ...env } })
  child.stdout.resume() // grep stops at its first match where nobody reads
  let peak = 0
  const look = setInterval(() => {
    try {
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) * 1024)
    } catch {} // it has just ended
  }, 100)
  await once(child, 'close')
  clearInterval(look)
  return { seconds: (performance.now() - begun) / 1000, peak }
}

const SPLIT_ONLY = "require('fs').createReadStream(process.argv[1]).pipe(require('split2')('\\n')).on('data', () => {})"

export async function measureReplay(installed: Program, size: number): Promise<Row[]> {
  const file = join(mkdtempSync('/tmp/wt-bench-'), 'watchtower.log')
  try {
    const bytes = await writeLog(file, size * 1e6)
    await pass('cat', [file]) // into the page cache, for all alike
    const program = await pass(installed.node, [...installed.command, 'replay', file], installed.env)
    const grep = await pass('grep', ['-ci', 'found new', file])
    const split = await pass(installed.node, ['-e', SPLIT_ONLY, file])
    const perSecond = ({ seconds }: Passed): string => `${(bytes / 1e6 / seconds).toFixed(0)} MB/s`
    const what = `replay of ${megabytes(bytes)}`
    return [
      { what, program: perSecond(program), against: `grep -ci "found new" ${perSecond(grep)}`, ratio: program.seconds / grep.seconds },
      { what, program: perSecond(program), against: `split2 alone ${perSecond(split)}`, ratio: program.seconds / split.seconds },
      { what: `${what}: peak resident memory`, program: megabytes(program.peak), against: `split2 alone ${megabytes(split.peak)}`, ratio: program.peak / split.peak },
    ]
  } finally {
    rmSync(dirname(file), { recursive: true })
  }
}
