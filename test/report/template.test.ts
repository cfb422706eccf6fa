import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import type { Block } from '../../src/report/block.js'
import { builtInTemplate } from '../../src/report/builtin.js'
import { readHtml } from '../../src/report/html.js'
import { type Content, type Format, partAgain, partsOf, reminderOf } from '../../src/report/message.js'
import { templateFrom } from '../../src/report/sample.js'
import { FIELDS, parseTemplate } from '../../src/report/template.js'
import { LANGUAGES } from '../../src/report/texts.js'
import { parseTelegramHtml } from '../fakes/telegram-html.js'
import { PINNED, PLAIN, update } from './made-up.js'

const pending = (given: Parameters<typeof update>[0] = {}): Block => ({ update: update(given), standing: { type: 'pending' }, since: null, before: null })
const content = (given: Partial<Content> = {}): Content => ({ host: null, blocks: [pending()], failedChecks: [], stillPending: [], ...given })
/** Messages by a template, and what it failed of. */
function made(text: string, given: Content = content(), more: Partial<Format> = {}): { texts: string[]; html: string[]; faults: string[] } {
  const faults: string[] = []
  const parts = partsOf(given, { ...PLAIN, now: 0, template: parseTemplate(text), onTemplateError: (fault) => void faults.push(fault), ...more })
  return { texts: parts.map(({ message }) => message.text), html: parts.map(({ message }) => message.html), faults }
}
const fault = (text: string): string => {
  try {
    templateFrom(text)
    return 'none'
  } catch (error) {
    return (error as Error).message
  }
}

t.test('a template makes the message, every value escaped', async (t) => {
  const text = '<b>{{total}}</b>{{#updates}}\n{{! a comment }}<i>{{name}}</i>: {{current}} to {{new}}{{#pinned}} was {{.}}{{/pinned}}{{/updates}}'
  t.same(made(text, content({ blocks: [pending({ newVersion: '<b>&"' }), pending({ service: 'redis', pinned: PINNED })] })).html, [`<b>2</b>\n<i>postgres</i>: 16.1 to &lt;b&gt;&amp;&quot;\n<i>redis</i>: 16.1 to 16.2 was ${PINNED}`])
  t.equal(fault(text), 'none')
})

t.test('the built-in template, used as one of the user’s, makes the same messages, ticks and reminders', async (t) => {
  for (const language of LANGUAGES) {
    const text = builtInTemplate(language)
    t.equal(fault(text), 'none')
    const blocks = Array.from({ length: 60 }, (_, i): Block => ({ ...pending({ service: i === 3 ? '' : `s${i}`, rollback: ['docker tag x y'], pinned: PINNED, project: `p${i % 2}`, newVersion: i % 5 ? '17' : null }), since: i % 7 ? null : 1 }))
    const given = content({ host: 'nas', blocks, failedChecks: [{ name: 'x', reason: 'other', detail: '' }], stillPending: [{ update: update({ service: 'y' }), since: 0 }] })
    const [own, builtIn] = [{ ...PLAIN, language, now: 1, template: parseTemplate(text) }, { ...PLAIN, language, now: 1 }]
    t.same(partsOf(given, own), partsOf(given, builtIn))
    t.same(reminderOf(given, own), reminderOf(given, builtIn))
    for (const part of partsOf(given, own)) {
      const again = { ...part, blocks: part.blocks.map((one): Block => ({ ...one, standing: { type: 'applied', at: 0, health: 'unhealthy', unhealthySince: 1 } })) }
      t.same(partAgain(again, own), partAgain(again, builtIn))
    }
  }
})

t.test('a broken template is told with line and column', async (t) => {
  const cases: [string, string][] = [
    ['{{headline}}\n{{#updates}}\n  {{name', 'line 3, column 3: this tag has no end'],
    ['{{{name}}', 'line 1, column 1: this tag has no end'],
    ['{{headline}}\n{{#updates}}\n{{name}}\n', 'line 2, column 1: this section has no {{/updates}}'],
    ['{{#updates}}{{#major}}!\n{{/updates}}', 'line 2, column 1: section major has to end first, with {{/major}}'],
    ['{{headline}}\n {{/updates}}', 'line 2, column 2: {{/updates}} ends a section that did not begin'],
    ['{{headline}}\n{{#updates}}{{servce}}{{/updates}}', 'line 2, column 13: there is no field servce'],
    ['{{headline}} {{service}}', 'line 1, column 14: service is a field of list updates: write it between {{#updates}} and {{/updates}}'],
    ['{{#updates}}{{names}}{{/updates}}', 'line 1, column 13: names is a field of list failed: write it between {{#failed}} and {{/failed}}'],
    ['{{updates}}', 'line 1, column 1: updates is a list: write {{#updates}} … {{/updates}}'],
    ['{{#updates}}{{#failed}}{{/failed}}{{/updates}}', 'line 1, column 13: list failed stands inside list updates: end that first, with {{/updates}}'],
    ['{{#updates}}{{.}}{{/updates}}', 'line 1, column 13: {{.}} stands for the value of a section around it, and there is none'],
    ['{{=<% %>=}}<%headline%>', 'line 1, column 1: the signs around a tag stay {{ and }}'],
    ['x\n{{=x}}', 'line 2, column 1: this tag has no end'],
    ['x\n{{=x=}}', 'line 2, column 1: the signs around a tag stay {{ and }}'],
    ['{{#updates}}{{name} is\nnew: {{new}}{{/updates}}', 'line 1, column 13: there is no field name} is new: {{new'],
    ['', 'it prints nothing'],
    ['{{! nothing }}\n <b></b>', 'it prints nothing'],
    ['Updates!', 'it does not list the updates: write {{#updates}} … {{/updates}}'],
    ['{{#updates}}<b>{{name}}{{/updates}}', 'Telegram would refuse what it makes: <b> has no end'],
    ['{{#updates}}{{current}}{{/updates}}', 'what it makes does not name postgres'],
    ['{{#updates}}{{#pending}}{{name}}{{/pending}}{{^pending}}done{{/pending}}{{/updates}}', 'what it makes does not name postgres'],
    [`{{#updates}}{{name}}${'x'.repeat(4_000)}{{/updates}}`, 'a part of the message is too long for Telegram'],
    ['x'.repeat(20_000), 'it is longer than 16384 characters'],
  ]
  for (const [text, sentence] of cases) t.equal(fault(text), sentence, text.slice(0, 60))
  t.match(fault('{{#updates}}<a href="{{releaseNotes}}">{{name}}</a>{{/updates}}'), /<a href=""> needs an address/, 'where one update has no release notes')
  t.match(fault('{{#'.repeat(5_000)), /^line 1, column \d+: /)
  t.match(fault(`${'{{#total}}'.repeat(700)}${'{{/total}}'.repeat(700)}`), /it prints nothing/, 'sections in sections in sections')
})

t.test('a template runs no code and reaches no file', async (t) => {
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'updates.length', 'updates.pop', 'headline.constructor.constructor', 'process', 'toString.call']) {
    for (const tag of [`{{${name}}}`, `{{#${name}}}x{{/${name}}}`, `{{#updates}}{{${name}}}{{/updates}}`, `{{^${name}}}x{{/${name}}}`]) t.match(fault(tag), /^line 1, column \d+: there is no field/, tag)
  }
  for (const tag of ['{{> /etc/passwd}}', '{{>x}}', '{{{name}}}', '{{&name}}', '{{#updates}}{{{name}}}{{/updates}}']) t.match(fault(tag), /^line 1, column \d+: .*(include another template|as markup)/, tag)
})

t.test('a template that fails is told and the built-in message takes its place, whole', async (t) => {
  const builtIn = partsOf(content(), { ...PLAIN, now: 0 }).map(({ message }) => message.text)
  const failing: [string, RegExp][] = [
    ['{{#updates}}<b>{{name}}{{/updates}}', /<b> has no end/],
    ['{{#updates}}{{name}} & {{new}}{{/updates}}', /it cannot read "& 16\.2": write &lt; &gt; &amp; for < > &/],
    [`{{#updates}}{{name}}${'x'.repeat(5_000)}{{/updates}}`, /too long/],
    ['{{#updates}}{{current}}{{/updates}}', /does not name postgres/],
    ['{{#updates}}{{/updates}}', /prints nothing/],
  ]
  for (const [text, told] of failing) {
    const { texts, faults } = made(text)
    t.same(texts, builtIn, text.slice(0, 60))
    t.match(faults, [told])
  }
  const mixed = content({ blocks: [pending({ service: 'a' }), pending({ service: 'b', newVersion: '17' })] })
  t.equal(made('{{#updates}}{{name}}{{#major}}<b>{{/major}}\n{{/updates}}', mixed).texts[0]?.split('\n')[0], '🔔 2 Docker Updates Available', 'one update that it fails on is enough')
})

t.test('what a template does not print is told by the built-in message', async (t) => {
  const text = '{{#updates}}{{name}}\n{{/updates}}'
  const failedChecks = [{ name: 'private', reason: 'denied' as const, detail: '' }]
  const stillPending = [{ update: update({ service: 'redis' }), since: 0 }]
  t.same(made(text, content({ failedChecks, stillPending })), {
    texts: ['postgres', '🔔 Docker Update Available (2/2)\n\nCould not check: private, access denied or image not found\n→ check the name of the image; a private one needs a login: mount a config.json into Watchtower'],
    html: ['postgres', '🔔 Docker Update Available (2/2)\n\nCould not check: private, access denied or image not found\n→ check the name of the image; a private one needs a login: mount a config.json into Watchtower'], faults: [],
  })
  t.same(made(text, content({ blocks: [], failedChecks })).texts, ['⚠️ Docker Update Check\n\nCould not check: private, access denied or image not found\n→ check the name of the image; a private one needs a login: mount a config.json into Watchtower'])
  t.match(reminderOf({ host: null, stillPending }, { ...PLAIN, now: 0, template: parseTemplate(text) }), [{ text: '⏳ Docker Update Still Pending\n\nredis 16.1 → 16.2, today' }])
  const more = `${text}{{#failed}}- {{names}}\n{{/failed}}{{#stillPending}}+ {{name}}\n{{/stillPending}}`
  t.same(made(more, content({ failedChecks, stillPending })).texts, ['postgres\n- private\n+ redis'])
})

t.test('compose/README.md lists every field with its kind', async (t) => {
  const [, section = ''] = readFileSync('compose/README.md', 'utf8').split('\n## Templates\n')
  const rows = [...(section.split('\n## ')[0] as string).matchAll(/^\| `(\w+)` \| (text|number|yes or no|list) \|/gm)].map(([, name, kind]) => [name, kind])
  const fields = (list: keyof typeof FIELDS) => Object.entries(FIELDS[list])
  t.strictSame(rows, [
    ...fields('top'), ['updates', 'list'], ['failed', 'list'], ['stillPending', 'list'], ...fields('updates'), ...fields('failed'), ...fields('stillPending'),
  ])
})

t.test('HTML is read as Telegram reads it', async (t) => {
  const good: [string, string][] = [
    ['<b>a</b> &lt;&#65;&#x42;&quot;', 'a <AB"'], ['<a href="https://x?a=1&amp;b">x</a>', 'x'], ['<pre><code class="language-sh">x</code></pre>', 'x'], ['<blockquote expandable><pre>x</pre></blockquote>', 'x'],
    ['<span class="tg-spoiler"><tg-spoiler>x</tg-spoiler></span>', 'x'], ['<s><u><i>x</i></u></s>', 'x'], ['<B>x</b >', 'x'],
  ]
  for (const [html, text] of good) t.same([readHtml(html), parseTelegramHtml(html)], [{ type: 'text', text }, { type: 'text', text }], html)
  for (const html of ['<b>', '</b>', '<b></i></b>', '<p>x</p>', 'a & b', '1 > 0', '<', '<b', '<a>x</a>', '<a href="">x</a>', '<a href="javascript:x">x</a>', '<b class="x">x</b>', '<pre><b>x</b></pre>', '<blockquote><blockquote>x</blockquote></blockquote>', '&nbsp;', '&#0;', '&#xd800;', '&#9999999;', '<span>x</span>']) {
    t.same([readHtml(html).type, parseTelegramHtml(html).type], ['error', 'error'], html)
  }
  const piece = fc.constantFrom('<b>', '</b>', '<pre>', '</pre>', '<code>', '</code>', '<blockquote expandable>', '</blockquote>', '<a href="https://x">', '</a>', '&lt;', '&', '<', '>', 'x', '"', ' ', '\n', '<b ', '=', '&#65;', '<s>', '</s>')
  fc.assert(fc.property(fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')), (html) => {
    const [ours, strict] = [readHtml(html), parseTelegramHtml(html)]
    return strict.type === 'text' ? true : ours.type === 'error'
  }), { numRuns: 3_000 })
  for (const unit of ['<b ', '<', '&', '<a href="', ' ', '<b>', '</b', 'x="', '<b x="y" ']) {
    const started = performance.now()
    readHtml(unit.repeat(1_000_000 / unit.length))
    readHtml(`<b${unit.repeat(1_000_000 / unit.length)}`)
    t.ok(performance.now() - started < 20_000, JSON.stringify(unit))
  }
})
