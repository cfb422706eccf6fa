// The laws of messages: whatever the updates hold, wherever they stand, in any language and with any template.
import fc from 'fast-check'
import t from 'tap'
import type { Block, Standing } from '../../src/report/block.js'
import { type Content, type Format, MAX_BYTES, MAX_VISIBLE, type Message, type Part, partAgain, partsOf, reminderOf } from '../../src/report/message.js'
import { parseTemplate } from '../../src/report/template.js'
import { LANGUAGES } from '../../src/report/texts.js'
import { parseTelegramHtml } from '../fakes/telegram-html.js'
import { PLAIN, update as madeUpUpdate } from './made-up.js'

const text = fc.oneof(fc.string({ maxLength: 40 }), fc.string({ unit: 'binary', maxLength: 700 }), fc.constantFrom('<b>&"', '{{x}} $& \u202e\u0000', '\ud800', 'x'.repeat(10_000), '&'.repeat(5_000)))
const update = fc.record({
  image: text, newImageId: fc.constant('dbc31cdc91c5'), currentImageId: fc.option(fc.constant('a7d651e0d051')), service: text, project: fc.option(text), directory: fc.option(text), containers: fc.array(text),
  currentVersion: fc.option(text), newVersion: fc.option(text), releaseNotesUrl: fc.option(fc.webUrl({ withQueryParameters: true })), commands: fc.array(text, { maxLength: 4 }),
  rollback: fc.array(text, { maxLength: 2 }), pinned: fc.option(text),
})
const time = fc.integer({ min: 0, max: 2_000_000_000_000 })
const standing: fc.Arbitrary<Standing> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ type: 'pending' as const }) },
  fc.record({ type: fc.constant('applied' as const), at: time, health: fc.constantFrom('none', 'starting', 'healthy', 'unhealthy'), unhealthySince: fc.option(time) }),
  fc.record({ type: fc.constant('rolled-back' as const), at: time }),
  fc.record({ type: fc.constant('superseded' as const), by: text, link: fc.option(fc.webUrl()) }),
  fc.constant({ type: 'removed' as const }),
)
const block: fc.Arbitrary<Block> = fc.record({ update, standing, since: fc.option(time), before: fc.option(text) })
const failedCheck = fc.record({ name: text, reason: fc.constantFrom('registry-unreachable', 'denied', 'rate-limited', 'other'), detail: text })
const content: fc.Arbitrary<Content> = fc.record({
  host: fc.option(text), blocks: fc.array(block, { maxLength: 60 }), failedChecks: fc.array(failedCheck, { maxLength: 30 }), stillPending: fc.array(fc.record({ update, since: time }), { maxLength: 30 }),
})

// what a template may do that none should
const HOSTILE = [
  '{{headline}}', '{{#updates}}{{/updates}}', '{{#updates}}<b>{{name}}{{/updates}}', '{{#updates}}{{service}} {{/updates}}', '<b>{{#updates}}{{name}}\n{{/updates}}</b>', '<{{headline}}>',
  '{{#updates}}{{#pending}}{{name}}{{/pending}}{{/updates}}', '{{#updates}}{{name}} {{commands}} {{commands}} {{commands}} {{commands}}{{/updates}}', '{{^severalParts}}{{headline}}{{headline}}{{/severalParts}}{{#updates}}{{name}}{{/updates}}',
  '{{#updates}}<pre><b>{{name}}</b></pre>{{/updates}}', `{{#updates}}{{name}}${' '.repeat(3_000)}{{/updates}}`, '{{#updates}}<a href="{{releaseNotes}}">{{name}}</a>{{/updates}}', '{{#updates}}<a href="{{name}}">{{name}}</a>{{/updates}}',
  '{{#stillPending}}{{name}}\n{{/stillPending}}{{#failed}}{{names}}\n{{/failed}}{{#updates}}{{name}}\n{{/updates}}', '{{#allApplied}}<{{/allApplied}}{{#updates}}{{name}} {{/updates}}',
]
const format: fc.Arbitrary<Format> = fc.record({
  language: fc.constantFrom(...LANGUAGES), timeZone: fc.constantFrom('UTC', 'Pacific/Apia'), now: time,
  template: fc.option(fc.constantFrom(...HOSTILE).map(parseTemplate)), onTemplateError: fc.constant(() => undefined),
})

function lawful({ html, text: plain }: Message): void {
  const seen = parseTelegramHtml(html)
  if (seen.type === 'error') throw new Error(`${seen.error}: ${html}`)
  if (seen.text.trim() !== plain.trim() || plain === '') throw new Error(`other than shown: ${JSON.stringify([seen.text, plain]).slice(0, 600)}`)
  if (plain.length > MAX_VISIBLE || Buffer.byteLength(html) > MAX_BYTES) throw new Error(`over a limit: ${plain.length}`)
}

/** The same blocks, however they were shared out. */
const sorted = (blocks: readonly Block[]): string[] => blocks.map((one) => JSON.stringify(one)).sort()

t.test('law: no part exceeds the limits, all tags are balanced, nothing but our own markup is markup, and every update is in exactly one part', async (t) => {
  fc.assert(
    fc.property(content, format, (given, how) => {
      const parts = partsOf(given, how)
      parts.forEach(({ message }) => lawful(message))
      if (JSON.stringify(sorted(parts.flatMap((part) => part.blocks))) !== JSON.stringify(sorted(parts.length === 0 ? [] : given.blocks))) throw new Error('not every update is in exactly one part')
      if (parts.length === 0 && given.blocks.length + given.failedChecks.length > 0) throw new Error('nothing is told')
      if (JSON.stringify(parts.flatMap((part) => part.failedChecks).map((one) => JSON.stringify(one)).sort()) !== JSON.stringify(given.failedChecks.map((one) => JSON.stringify(one)).sort())) throw new Error('not every failure is in exactly one part')
      parts.forEach(({ index, count }, at) => { if (index !== at || count !== parts.length) throw new Error('misplaced') })
      reminderOf(given, how).forEach(lawful)
    }),
    { numRuns: 150 },
  )
  t.pass('150 of 150')
})

t.test('law: a part made again with any standings and any template keeps the limits', async (t) => {
  fc.assert(
    fc.property(content, format, format, fc.array(standing, { minLength: 1, maxLength: 5 }), (given, how, later, standings) => {
      for (const part of partsOf(given, how)) {
        const again = { ...part, blocks: part.blocks.map((one, i) => ({ ...one, standing: standings[i % standings.length] as Standing })) }
        lawful(partAgain(again, later))
      }
    }),
    { numRuns: 100 },
  )
  t.pass('100 of 100')
})

t.test('law: the name of every update is in exactly one part, and the parts are numbered', async (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), format, (count, how) => {
      const blocks = Array.from({ length: count }, (_, i): Block => ({ update: madeUpUpdate({ service: `service-${i}.` }), standing: { type: 'pending' }, since: null, before: null }))
      const parts: Part[] = partsOf({ host: null, blocks, failedChecks: [], stillPending: [] }, how)
      for (const { update: { service } } of blocks) if (parts.filter(({ message }) => message.text.includes(service)).length !== 1) throw new Error(service)
      if (how.template === null && how.language === 'en' && parts.length > 1) parts.forEach(({ message }, i) => { if (!message.text.startsWith(`🔔 ${count} Docker Updates Available (${i + 1}/${parts.length})\n\n`)) throw new Error(message.text) })
    }),
    { numRuns: 60 },
  )
  t.pass('60 of 60')
})

t.test('ten thousand updates take no more than thirty times a thousand', async (t) => {
  const timed = (count: number, template: string | null): number => {
    const blocks = Array.from({ length: count }, (_, i): Block => ({ update: madeUpUpdate({ service: `service-${i}.` }), standing: { type: 'pending' }, since: null, before: null }))
    const started = performance.now()
    partsOf({ host: null, blocks, failedChecks: [], stillPending: [] }, { ...PLAIN, onTemplateError: () => undefined, now: 0, template: template === null ? null : parseTemplate(template) })
    return performance.now() - started
  }
  timed(500, null)
  for (const template of [null, '{{#updates}}{{name}}\n{{/updates}}', '{{headline}}{{#updates}}{{/updates}}']) {
    // of several runs the quickest: a neighbour's turn is none of its cost
    let [thousand, tenThousand] = [Infinity, Infinity]
    for (let run = 0; run < 8 && !(tenThousand < 30 * thousand); run += 1) [thousand, tenThousand] = [Math.min(thousand, timed(1_000, template)), Math.min(tenThousand, timed(10_000, template))]
    t.ok(tenThousand < 30 * thousand, `${template ?? 'built-in'}: ${Math.round(thousand)} ms, ${Math.round(tenThousand)} ms`)
  }
})
