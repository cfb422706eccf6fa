import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { demux, isFramed } from '../src/docker/demux.js'
import { API_LAYOUT, createLineReader } from '../src/docker/line.js'
import { linesOf } from '../src/docker/lines.js'
import { replay } from '../src/replay.js'
import { factsOf } from '../src/report/facts.js'
import { MAX_BYTES, MAX_VISIBLE } from '../src/report/message.js'
import { Report } from '../src/report/report.js'
import { decodeRecord } from '../src/watchtower/record.js'
import { parseTelegramHtml } from './fakes/telegram-html.js'

const root = join(import.meta.dirname, '../fixtures')
const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name !== 'streams').map((entry) => entry.name)
const RULE = '\n\n────────────────────\n\n'

async function replayed(files: string[], format: 'json' | 'html' | 'text', images: string | null): Promise<string> {
  let out = ''
  const facts = images !== null && existsSync(images) ? factsOf(JSON.parse(readFileSync(images, 'utf8'))) : null
  await replay(files, { format, facts, host: null, idleMs: 600_000 }, async (text) => void (out += text))
  return out
}

const parsed = (lines: string): unknown[] => lines.split('\n').filter(Boolean).map((line) => JSON.parse(line))

for (const folder of folders) {
  t.test(`fixture ${folder}: the log gives this report and this message`, async (t) => {
    const [log, images] = [join(root, folder, 'log.txt'), join(root, folder, 'images.json')]
    const reports = parsed(await replayed([log], 'json', images))
    t.same(reports, parsed(readFileSync(join(root, folder, 'report.json'), 'utf8')))
    for (const report of reports) t.strictSame(Report.parse(report), report, 'the documented schema takes it as it is')
    const html = await replayed([log], 'html', images)
    t.equal(html, readFileSync(join(root, folder, 'message.html'), 'utf8'))
    for (const message of html.trimEnd().split(RULE).filter(Boolean)) {
      t.ok(Buffer.byteLength(message) <= MAX_BYTES)
      const seen = parseTelegramHtml(message)
      if (seen.type === 'error') t.fail(seen.error)
      else t.ok(seen.text.length <= MAX_VISIBLE)
    }
  })
}

t.test('the fixtures are at least 25 and speak every dialect', async (t) => {
  t.ok(folders.length >= 25)
  const dialects = new Set<string>()
  for (const folder of folders) {
    const lineOf = createLineReader()
    for await (const raw of linesOf(createReadStream(join(root, folder, 'log.txt')))) dialects.add(decodeRecord(lineOf(raw as string).text)?.dialect ?? '')
  }
  t.same([...dialects].filter(Boolean).sort(), ['console', 'json', 'logfmt', 'pretty', 'raw'])
})

const streams = readdirSync(join(root, 'streams'))
for (const name of streams.filter((file) => file.endsWith('.dockerlogs')).map((file) => file.slice(0, -'.dockerlogs'.length))) {
  const body = join(root, 'streams', `${name}.dockerlogs`)
  if (streams.includes(`${name}.reports.json`)) {
    t.test(`stream ${name}: the body gives these reports`, async (t) => {
      t.same(parsed(await replayed([body], 'json', null)), parsed(readFileSync(join(root, 'streams', `${name}.reports.json`), 'utf8')))
    })
  } else {
    t.test(`stream ${name}: the body gives these lines`, async (t) => {
      const errors: string[] = []
      const lines: { at: string | null; text: string }[] = []
      let failure: string | null = null
      const lineOf = createLineReader(API_LAYOUT)
      try {
        const source = createReadStream(body)
        for await (const raw of isFramed(readFileSync(body)) ? linesOf(source, demux((error) => errors.push(error))) : linesOf(source)) {
          const { at, text } = lineOf(raw as string)
          lines.push({ at, text })
        }
      } catch (error) {
        failure = (error as Error).message
      }
      t.same({ lines, errors, failure }, JSON.parse(readFileSync(join(root, 'streams', `${name}.lines.json`), 'utf8')))
    })
  }
}
