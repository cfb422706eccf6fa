// Every alarm of the guard in both languages, as fixtures/guard/ has it. UPDATE_FIXTURES=1 writes them anew.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type AlarmStyle, findingMessage, incidentMessage, settledMessage } from '../../src/guard/alarm.js'
import { type Finding, findingsOf } from '../../src/guard/findings.js'
import type { Incident } from '../../src/guard/incident.js'
import { type Settings, settingsOf } from '../../src/guard/settings.js'
import { type ContainerFacts, containerFacts } from '../../src/report/facts.js'
import { MAX_BYTES, MAX_VISIBLE, type Message } from '../../src/report/message.js'
import { type Language, LANGUAGES } from '../../src/report/texts.js'
import { container, type FakeContainer } from '../fakes/docker-objects.js'
import { parseTelegramHtml } from '../fakes/telegram-html.js'
import { composeLabels } from '../report/made-up.js'

const FOLDER = join(import.meta.dirname, '../../fixtures/guard')
const MONITOR_ONLY = 'WATCHTOWER_MONITOR_ONLY=true'
const style = (language: Language, host: string | null = null): AlarmStyle => ({ host, language, timeZone: 'Europe/Paris', now: Date.parse('2026-11-24T08:00:00Z') })

interface Given {
  env?: string[]
  args?: string[]
  labels?: Record<string, string>
  log?: { Type: string; Config: Record<string, string> } | undefined
  neighbours?: FakeContainer[]
  unreadable?: boolean
}

function findings({ env = [], args = [], labels = composeLabels('watchtower'), log, neighbours = [], unreadable = false }: Given, language: Language = 'en'): Finding[] {
  const answer = { ...container({ name: 'watchtower', image: 'containrrr/watchtower:1.7.1', env, args, labels }), Path: '/watchtower', ...(log && { HostConfig: { LogConfig: log } }) }
  const containers = neighbours.map((one) => containerFacts(one) as ContainerFacts)
  return findingsOf(settingsOf(answer)!, { watchtower: containerFacts(answer) as ContainerFacts, containers, unreadable, language })
}
const rotating = (size: string, files?: string): Given['log'] => ({ Type: 'json-file', Config: { 'max-size': size, ...(files !== undefined && { 'max-file': files }) } })
const many = (n: number): FakeContainer[] => Array.from({ length: n }, (_, i) => container({ name: `service-${i}`, image: 'x' }))
const exempt = (name: string): FakeContainer => container({ name, image: 'x', labels: { 'com.centurylinklabs.watchtower.monitor-only': 'false' } })

const GIVEN: Record<string, Given> = {
  'not-monitor-only': {},
  'not-monitor-only-flag': { args: ['--monitor-only=false'], env: [MONITOR_ONLY] },
  'not-monitor-only-misspelt': { env: ['WATCHTOWER_MONITOR_ONLY=yes'] },
  'not-monitor-only-by-hand': { labels: {} },
  'not-monitor-only-one-off': { labels: composeLabels('watchtower', { oneoff: 'True' }), args: ['--run-once'] },
  'label-precedence': { env: [MONITOR_ONLY, 'WATCHTOWER_LABEL_TAKE_PRECEDENCE=true'], neighbours: [exempt('web'), exempt('db'), ...many(2)] },
  'log-level': { env: [MONITOR_ONLY, 'WATCHTOWER_LOG_LEVEL=error'] },
  'label-precedence-flag': { args: ['-m', '--label-take-precedence'], neighbours: [exempt('web')] },
  'log-level-flag': { args: ['-m', '--log-level=warn'] },
  'log-unreadable': { env: [MONITOR_ONLY], log: { Type: 'syslog', Config: {} }, unreadable: true },
  'log-rotation': { env: [MONITOR_ONLY], log: rotating('10k', '3'), neighbours: many(10) },
  'no-pull': { args: ['-m', '--no-pull'] },
  'no-pull-variable': { env: [MONITOR_ONLY, 'WATCHTOWER_NO_PULL=true'] },
  'no-pull-by-hand': { args: ['-m', '--no-pull'], labels: {} },
}

const ONE: Incident = {
  container: 'friday-nginx', state: 'recreated', at: '2026-11-23T20:29:40.000000001Z', image: 'nginx:1.26', old: { version: '1.26.0', id: '39d11e656060' }, new: { version: '1.26.1', id: '8f5482fce066' },
  unchanged: false, back: ['docker tag 39d11e656060 nginx:1.26', 'docker compose up -d nginx'], pulls: false, start: ['docker compose up -d nginx'],
}
const settings = (...env: string[]) => settingsOf({ Config: { Env: env } })
const INCIDENTS: Record<string, [Incident, ...Incident[]]> = {
  replaced: [ONE],
  'replaced-today': [{ ...ONE, at: '2026-11-24T07:00:00Z', back: ['docker pull nginx@sha256:d9', 'docker tag nginx@sha256:d9 nginx:1.26', 'docker compose up -d nginx'], pulls: true }],
  'replaced-unknown': [{ ...ONE, at: null, image: null, old: null, new: null, back: [], start: [] }],
  'replaced-unchanged': [ONE, { ...ONE, container: 'friday-app', image: 'app:1', unchanged: true, old: { version: null, id: '111111111111' }, new: { version: null, id: '111111111111' }, back: [] }],
  'replaced-unlabelled': [{ ...ONE, old: { version: null, id: '39d11e656060' }, new: { version: null, id: '8f5482fce066' } }],
  'replaced-monitor-only': [ONE],
  'replaced-label-precedence': [ONE],
  'replaced-settings-unknown': [ONE],
  stopped: [{ ...ONE, state: 'stopped', new: { version: '2026-11-20 (8f5482fce066)', id: '8f5482fce066' } }],
  'replaced-many': Array.from({ length: 30 }, (_, i) => ({ ...ONE, container: `friday-nginx-${i}` })) as [Incident, ...Incident[]],
}

const SETTINGS: Record<string, Settings | null> = {
  'replaced-monitor-only': settings(MONITOR_ONLY),
  'replaced-label-precedence': settings(MONITOR_ONLY, 'WATCHTOWER_LABEL_TAKE_PRECEDENCE=true'),
  'replaced-settings-unknown': null,
}

const messages = new Map<string, (language: Language) => Message>([
  ...Object.entries(GIVEN).map(([name, given]) => [name, (language: Language) => findingMessage(findings(given, language)[0]!, style(language))] as const),
  ...Object.entries(INCIDENTS).map(([name, incidents]) => [name, (language: Language) => incidentMessage(incidents, 'watchtower', name in SETTINGS ? SETTINGS[name]! : settings(), style(language, 'nas'))] as const),
  ['monitor-only-again', (language) => settledMessage('watchtower', style(language))],
])

t.test('every alarm reads as its fixture, in both languages, and Telegram takes it', async (t) => {
  for (const [name, message] of messages) {
    for (const language of LANGUAGES) {
      const { html, text, buttons } = message(language)
      const file = join(FOLDER, `${name}${language === 'en' ? '' : `.${language}`}.html`)
      if (process.env.UPDATE_FIXTURES === '1') writeFileSync(file, `${html}\n`)
      t.equal(`${html}\n`, readFileSync(file, 'utf8'), `${name} in ${language}`)
      t.same(parseTelegramHtml(html), { type: 'text', text })
      t.same(buttons, [])
    }
  }
  t.same(readdirSync(FOLDER).length, messages.size * LANGUAGES.length, 'no fixture is left over')
})

t.test('whatever the names are, an alarm is harmless and within the limits', async (t) => {
  const odd = '</pre><b>&"\u202e\n'.repeat(400)
  const worst: Incident = { ...ONE, container: odd, image: odd, old: { version: odd, id: odd }, new: { version: odd, id: odd }, back: [odd, 'docker compose up -d x'], start: [odd] }
  const long: Incident = { ...ONE, back: Array.from({ length: 3 }, () => 'x'.repeat(400)) }
  for (const incidents of [[worst], [worst, worst], [{ ...worst, state: 'stopped' as const }], [long], [ONE, long, long]] as [Incident, ...Incident[]][]) {
    const { html, text } = incidentMessage(incidents, odd, settings(), style('fr', odd))
    t.same(parseTelegramHtml(html), { type: 'text', text })
    t.ok(text.length <= MAX_VISIBLE - 300 && Buffer.byteLength(html) <= MAX_BYTES, `${text.length}`)
  }
  const finding: Finding = { code: 'no-pull', severity: 'warning', about: [], what: odd, remedy: odd, paste: [odd] }
  t.equal(parseTelegramHtml(findingMessage(finding, style('en', odd)).html).type, 'text')
})

t.test('a Watchtower as it should be has no findings', async (t) => {
  for (const given of [
    { env: [MONITOR_ONLY] }, { args: ['-m'] }, { env: [MONITOR_ONLY, 'WATCHTOWER_DEBUG=true'] },
    { env: [MONITOR_ONLY], neighbours: [exempt('web')] },
    { env: [MONITOR_ONLY, 'WATCHTOWER_LABEL_TAKE_PRECEDENCE=true'], neighbours: many(3) },
    { env: [MONITOR_ONLY, 'WATCHTOWER_LABEL_TAKE_PRECEDENCE=true'], neighbours: [{ ...exempt('web'), State: { ...exempt('web').State, Status: 'exited' } }] },
    { env: [MONITOR_ONLY], log: rotating('10m', '3'), neighbours: many(100) },
    { env: [MONITOR_ONLY], log: rotating('10k', '3'), neighbours: many(2) },
    { env: [MONITOR_ONLY], log: rotating('-1') }, { env: [MONITOR_ONLY], log: { Type: 'local', Config: {} } }, { env: [MONITOR_ONLY], log: { Type: 'journald', Config: { 'max-size': '1k' } } },
  ] satisfies Given[]) t.same(findings(given), [], JSON.stringify(given).slice(0, 120))
})

t.test('a log is too small when it may not keep two checks of what is watched', async (t) => {
  const small = (log: Given['log'], neighbours: number, ...env: string[]): boolean => findings({ env: [MONITOR_ONLY, ...env], neighbours: many(neighbours), log }).length > 0
  t.ok(small(rotating('10k'), 1), 'one file that is begun anew')
  t.ok(small(rotating('10000'), 1), 'in bytes')
  t.notOk(small(rotating('20k', '2'), 1))
  t.notOk(small(rotating('1m'), 100))
  t.ok(small(rotating('100k', '2'), 50))
  t.ok(small(rotating('20k', '2'), 2, 'WATCHTOWER_DEBUG=true'), 'debug lines take more')
  t.ok(small({ Type: 'local', Config: { 'max-size': '1KiB' } }, 1))
  t.same(findings({ env: [MONITOR_ONLY], log: { Type: 'none', Config: {} } }).map(({ code }) => code), ['log-unreadable'])
})

t.test('several are told in the order in which they matter', async (t) => {
  const all = findings({ env: ['WATCHTOWER_LOG_LEVEL=panic', 'WATCHTOWER_NO_PULL=1'], log: rotating('1k'), neighbours: many(20) })
  t.same(all.map(({ code, severity }) => [code, severity]), [['not-monitor-only', 'fault'], ['log-level', 'fault'], ['log-rotation', 'warning'], ['no-pull', 'warning']])
  const names = findings({ env: [MONITOR_ONLY, 'WATCHTOWER_LABEL_TAKE_PRECEDENCE=1'], neighbours: Array.from({ length: 20 }, (_, i) => exempt(`web-${i + 10}`)) })[0]
  t.match(names?.what, /web-21, … carries/)
  t.equal(names?.about.length, 20)
})
