// Every form of a message in every language: fixtures/forms/, one folder each.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import type { Block, StillPending } from '../src/report/block.js'
import type { FailedCheck } from '../src/report/failure.js'
import { type Format, type Message, partsOf, reminderOf } from '../src/report/message.js'
import { damagedNotice, markLate, markRepeat, markTest, markTopic, refusedNotice } from '../src/report/notice.js'
import { type Language, LANGUAGES, TEXTS } from '../src/report/texts.js'
import { Update } from '../src/report/update.js'
import { parseTelegramHtml } from './fakes/telegram-html.js'
import { PLAIN } from './report/made-up.js'

const root = join(import.meta.dirname, '../fixtures/forms')
const forms = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name)

interface Input {
  now: number
  tell:
    | { type: 'news'; host: string | null; blocks: Block[]; failedChecks: FailedCheck[]; stillPending: StillPending[] }
    | { type: 'reminder'; host: string | null; stillPending: StillPending[]; failedChecks?: FailedCheck[] }
    | { type: 'damaged'; from: 'backup' | 'nothing' }
    | { type: 'refused'; headline: string }
  /** what delivery puts in front of it */
  mark?: { type: 'late'; at: number } | { type: 'no-answer' | 'state-lost' | 'test' } | { type: 'topic'; thread: number }
}

/** Times are written as dates, and an update is update.json but for what is given. */
function inputOf(form: string): Input {
  const sample = JSON.parse(readFileSync(join(root, 'update.json'), 'utf8')) as Update
  return JSON.parse(readFileSync(join(root, form, 'input.json'), 'utf8'), (key, value: unknown) =>
    key === 'update' ? Update.parse({ ...sample, ...(value as Partial<Update>) }) : typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : value,
  ) as Input
}

function told({ tell, now }: Input, language: Language): Message[] {
  const format: Format = { ...PLAIN, language, now }
  if (tell.type === 'news') return partsOf(tell, format).map(({ message }) => message)
  if (tell.type === 'reminder') return reminderOf(tell, format)
  return [tell.type === 'damaged' ? damagedNotice(tell.from, language) : refusedNotice(tell.headline, language)]
}

function marked(message: Message, { mark, now }: Input, language: Language): Message {
  if (!mark) return message
  if (mark.type === 'late') return markLate(message, mark.at, { ...PLAIN, language, now })
  if (mark.type === 'test') return markTest(message, language)
  return mark.type === 'topic' ? markTopic(message, mark.thread, language) : markRepeat(message, mark.type, language)
}

t.test('every form reads in every language as its fixture says, and Telegram takes it', async (t) => {
  for (const form of forms) {
    const input = inputOf(form)
    for (const language of LANGUAGES) {
      const [message, ...more] = told(input, language)
      t.same(more, [], `${form} is one message`)
      const { html, text, buttons } = marked(message as Message, input, language)
      const links = buttons.map((button) => `[${button.text}] ${button.url}`)
      t.equal(`${[html, ...links].join('\n\n')}\n`, readFileSync(join(root, form, `${language}.html`), 'utf8'), `${form} in ${language}`)
      t.same(parseTelegramHtml(html), { type: 'text', text }, `${form}: what a person sees of it`)
    }
  }
})

t.test('no form of an update, of a failure or of a notice is missing, and all are in the README', async (t) => {
  const inputs = forms.map(inputOf)
  const blocks = inputs.flatMap(({ tell }) => (tell.type === 'news' ? tell.blocks : []))
  const standings = new Set(blocks.map(({ standing }) => (standing.type === 'applied' ? standing.health : standing.type)))
  t.same([...standings].sort(), ['healthy', 'none', 'pending', 'removed', 'rolled-back', 'starting', 'superseded', 'unhealthy'])
  const reasons = new Set(inputs.flatMap(({ tell }) => (tell.type === 'news' ? tell.failedChecks : []).map(({ reason }) => reason)))
  // a pinned image is told to nobody
  t.same([...reasons, 'pinned'].sort(), [...Object.keys(TEXTS.en.reasons), 'other'].sort())
  const { repeat, damaged, ...others } = TEXTS.en.notices
  const notices = inputs.flatMap(({ tell, mark }) => [mark?.type, tell.type === 'damaged' ? tell.from : tell.type]).filter((type) => type !== undefined && type !== 'news' && type !== 'reminder')
  t.same([...new Set(notices)].sort(), [...Object.keys(repeat), ...Object.keys(damaged), ...Object.keys(others)].sort())
  t.ok(inputs.some(({ tell }) => tell.type === 'reminder'))
  const readme = readFileSync(join(root, '../README.md'), 'utf8')
  for (const form of forms) t.match(readme, `\n| ${form} | `, form)
})
