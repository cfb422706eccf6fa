import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import { demux, isFramed } from '../src/docker/demux.js'
import { API_LAYOUT, createLineReader } from '../src/docker/line.js'
import { linesOf } from '../src/docker/lines.js'
import { replay } from '../src/replay.js'
import { factsOf } from '../src/report/facts.js'
import { MAX_BYTES, MAX_VISIBLE } from '../src/report/message.js'
import { Report } from '../src/report/report.js'
import { type Language, LANGUAGES } from '../src/report/texts.js'
import { decodeRecord } from '../src/watchtower/record.js'
import { parseTelegramHtml } from './fakes/telegram-html.js'
import { PLAIN } from './report/made-up.js'

const root = join(import.meta.dirname, '../fixtures')
const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory() && !['streams', 'forms', 'doctor', 'guard', 'watch'].includes(entry.name)).map((entry) => entry.name)
/** What stands between a message and its buttons. */
const BUTTONS = /\n\n(?=\[📖 [^\n]*\] https?:)/
/** What stands between two messages, and the newline that ends the first. */
const RULE = '\n\n────────────────────\n\n'

const read = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8')
const parsed = (lines: string): unknown[] => lines.split('\n').filter(Boolean).map((line) => JSON.parse(line))

async function replayed(log: string, format: 'json' | 'html' | 'text', images: string | null, language: Language = 'en'): Promise<string> {
  let out = ''
  const facts = images !== null && existsSync(images) ? factsOf(JSON.parse(readFileSync(images, 'utf8'))) : null
  await replay([log], { format, facts, host: null, idleMs: 600_000, style: { ...PLAIN, language }, now: 0 }, async (text) => void (out += text))
  return out
}

t.test('every recorded or written log gives exactly its reports and its messages, which Telegram accepts', async (t) => {
  for (const folder of folders) {
    const [log, images] = [join(root, folder, 'log.txt'), join(root, folder, 'images.json')]
    const reports = parsed(await replayed(log, 'json', images))
    t.strictSame(reports, parsed(read(folder, 'report.json')), `${folder}: reports`)
    t.strictSame(reports.map((report) => Report.parse(report)), reports, `${folder}: the documented schema takes them as they are`)
    for (const language of LANGUAGES) await rightMessages(t, folder, log, images, language)
  }
})

/** French where there is a file of it. */
async function rightMessages(t: Test, folder: string, log: string, images: string, language: Language): Promise<void> {
  const file = language === 'en' ? 'message.html' : `message.${language}.html`
  if (!existsSync(join(root, folder, file))) return void t.not(language, 'en', `${folder}: an English message is expected`)
  const html = await replayed(log, 'html', images, language)
  t.equal(html, read(folder, file), `${folder}: messages in ${language}`)
  const printed = html.trimEnd().split(RULE).filter(Boolean).map((message) => message.split(BUTTONS))
  const messages = printed.map(([message = '']) => message)
  const seen = messages.map(parseTelegramHtml).map((answer) => {
    if (answer.type === 'error') t.fail(`${folder}: ${answer.error}`)
    return answer.type === 'text' ? answer.text : ''
  })
  t.equal((await replayed(log, 'text', images, language)).trimEnd(), seen.map((text, i) => [text, ...(printed[i] ?? []).slice(1)].join('\n\n')).join(RULE), `${folder}: the plain text is what a person sees of them`)
  t.ok(seen.every((text) => text.length <= MAX_VISIBLE) && messages.every((message) => Buffer.byteLength(message) <= MAX_BYTES), `${folder}: within Telegram's limits`)
}

t.test('the fixtures are at least 25, speak every dialect and every version family, and are all in the README', async (t) => {
  t.ok(folders.length >= 25)
  const dialects = new Set<string>()
  const versions = new Set<string>()
  t.ok(folders.filter((folder) => existsSync(join(root, folder, 'message.fr.html'))).length >= 5, 'some are told in French too')
  for (const folder of folders) {
    const lineOf = createLineReader()
    for await (const raw of linesOf(createReadStream(join(root, folder, 'log.txt')))) {
      const record = decodeRecord(lineOf(raw as string).text)
      if (record) dialects.add(record.dialect)
    }
    for (const report of parsed(read(folder, 'report.json'))) versions.add(Report.parse(report).watchtower.version ?? 'none')
    t.match(read('README.md'), `\n| ${folder} | `, folder)
  }
  t.strictSame([...dialects].sort(), ['console', 'json', 'logfmt', 'pretty', 'raw'])
  t.strictSame([...versions].sort(), ['1.2.1', '1.20.3', '1.21.0', '1.3.0', '1.5.3', '1.7.0', '1.7.1', '1.8.8', 'none'])
})

const streams = readdirSync(join(root, 'streams')).filter((file) => file.endsWith('.dockerlogs')).map((file) => file.slice(0, -'.dockerlogs'.length))

t.test('every raw body of the logs API gives its lines or its reports', async (t) => {
  for (const name of streams) {
    const body = join(root, 'streams', `${name}.dockerlogs`)
    if (existsSync(join(root, 'streams', `${name}.reports.json`))) {
      t.strictSame(parsed(await replayed(body, 'json', null)), parsed(read('streams', `${name}.reports.json`)), name)
    } else {
      t.strictSame(await linesIn(readFileSync(body), 65_536), JSON.parse(read('streams', `${name}.lines.json`)), name)
    }
  }
})

t.test('where the chunks of a body end changes nothing', async (t) => {
  for (const name of streams) {
    const body = readFileSync(join(root, 'streams', `${name}.dockerlogs`))
    const whole = await linesIn(body, body.length)
    for (const size of [1, 7, 8, 1_000, 16_384 + 39]) t.strictSame(await linesIn(body, size), whole, `${name} in chunks of ${size}`)
  }
})

async function linesIn(body: Buffer, size: number): Promise<{ lines: { at: string | null; text: string }[]; errors: string[]; failure: string | null }> {
  const chunks = Array.from({ length: Math.ceil(body.length / size) }, (_, i) => body.subarray(i * size, (i + 1) * size))
  const lineOf = createLineReader(API_LAYOUT)
  const seen: Awaited<ReturnType<typeof linesIn>> = { lines: [], errors: [], failure: null }
  try {
    const source = Readable.from(chunks)
    for await (const raw of isFramed(body) ? linesOf(source, demux((error) => seen.errors.push(error))) : linesOf(source)) {
      const { at, text } = lineOf(raw as string)
      seen.lines.push({ at, text })
    }
  } catch (error) {
    seen.failure = (error as Error).message
  }
  return seen
}
