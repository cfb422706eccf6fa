// The pipeline on recorded logs, with neither Docker nor Telegram. Takes files, prints what would
// have been sent.
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { demux, isFramed } from './docker/demux.js'
import { createLineReader } from './docker/line.js'
import { linesOf } from './docker/lines.js'
import { createPipeline, type SourcedSession } from './pipeline.js'
import { newsOf, nothingAnnounced } from './report/announce.js'
import type { Facts } from './report/facts.js'
import { contentOf, type Message, partsOf, type Style } from './report/message.js'
import { reportOf } from './report/report.js'

export interface ReplayOptions {
  format: 'text' | 'html' | 'json'
  /** what is known of the engine; null if nothing */
  facts: Facts | null
  host: string | null
  idleMs: number
  /** how messages are written */
  style: Style
  /** milliseconds since 1970, the time of the messages */
  now: number
}

/** What a replay saw, for the last word. */
export interface Replayed {
  /** log records understood in any dialect */
  records: number
  sessions: number
  printed: number
}

const BYTE_ORDER_MARK = Buffer.from('\ufeff')

/** Stands between two messages on a terminal. */
const RULE = '\n────────────────────\n\n'

/**
 * Replays the files in order (`-` is standard input), handing what is printed to write. Sessions
 * never cross files; what was announced in one is not repeated in the next. Fails with the file
 * system's error on a file that cannot be read.
 */
export async function replay(files: readonly string[], options: ReplayOptions, write: (text: string) => Promise<void>): Promise<Replayed> {
  const seen: Replayed = { records: 0, sessions: 0, printed: 0 }
  let announced = nothingAnnounced

  async function tell(session: SourcedSession): Promise<void> {
    const { report, failedChecks } = reportOf(session, options.facts, { host: options.host, container: null })
    seen.sessions += 1
    if (options.format === 'json') return print(JSON.stringify(report), '')
    const { news, announced: next } = newsOf(announced, session.source, report, failedChecks)
    announced = next
    for (const { message } of partsOf(contentOf(news), { ...options.style, now: options.now })) await print(`${options.format === 'html' ? message.html : message.text}${links(message)}`, RULE)
  }

  async function print(text: string, rule: string): Promise<void> {
    await write(`${seen.printed > 0 ? rule : ''}${text}\n`)
    seen.printed += 1
  }

  for (const file of files) {
    const pipeline = createPipeline(options.idleMs)
    const lineOf = createLineReader()
    for await (const raw of await linesIn(file === '-' ? process.stdin : createReadStream(file))) {
      for (const session of pipeline.push(lineOf(raw as string))) await tell(session)
    }
    for (const session of pipeline.end('eof')) await tell(session)
    seen.records += pipeline.decoded()
  }
  return seen
}

/** The buttons of a message, as lines below it. */
function links({ buttons }: Message): string {
  return buttons.map(({ text, url }, index) => `${index === 0 ? '\n\n' : '\n'}[${text}] ${url}`).join('')
}

/** The lines of a log, framed as the logs API frames it or plain: its first bytes tell. */
async function linesIn(source: Readable): Promise<Readable> {
  const chunks = source[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let start = Buffer.alloc(0)
  while (start.length < 8) {
    const { done, value } = await chunks.next()
    if (done === true) break
    start = Buffer.concat([start, value])
  }
  // some editors and shells begin a text with it; the first line would be no record
  if (start.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK)) start = start.subarray(BYTE_ORDER_MARK.length)
  const whole = Readable.from(
    (async function* () {
      if (start.length > 0) yield start
      for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value
    })(),
  )
  return isFramed(start) ? linesOf(whole, demux()) : linesOf(whole)
}
