import t from 'tap'
import type { News } from '../../src/report/announce.js'
import { contentOf, partsOf } from '../../src/report/message.js'
import { PLAIN, update as madeUpUpdate } from './made-up.js'

const postgres = madeUpUpdate()
const PINNED = `postgres@sha256:${'d'.repeat(64)}`
const rollback = ['docker tag a7d651e0d051 postgres:16', 'docker compose up -d postgres']
const messagesOf = (news: News) => partsOf(contentOf(news), { ...PLAIN, now: 0 }).map(({ message }) => message)
const texts = (news: Partial<News>): string[] => messagesOf({ host: null, updates: [], failedChecks: [], ...news }).map((message) => message.text)

t.test('one update is exactly this', (t) => {
  t.same(texts({ updates: [postgres] }), [`🔔 Docker Update Available

Service: postgres
Current: 16.1
New: 16.2

Command:
docker compose pull postgres
docker compose up -d postgres`])
  t.match(messagesOf({ host: null, updates: [postgres], failedChecks: [] }), [{ html: /<pre>docker compose pull postgres\ndocker compose up -d postgres<\/pre>$/ }])
  t.end()
})

t.test('the way back folds away below the commands', (t) => {
  const [message] = messagesOf({ host: null, updates: [{ ...postgres, rollback, pinned: PINNED }], failedChecks: [] })
  t.ok(message?.html.endsWith(`up -d postgres</pre>\n\n<blockquote expandable>Roll back:\n<pre>${rollback.join('\n')}</pre>\nPinned: <code>${PINNED}</code></blockquote>`))
  t.ok(message?.text.endsWith(`up -d postgres\n\nRoll back:\n${rollback.join('\n')}\nPinned: ${PINNED}`))
  const long = { ...postgres, commands: ['x'.repeat(1_000), 'y'.repeat(1_000)], rollback: ['z'.repeat(1_000), 'y'.repeat(1_000)] }
  t.match(texts({ updates: [long] }), [/x\ny+$/], 'where both cannot stand, how to apply it does')
  t.end()
})

t.test('unknown versions, a major version and release notes', (t) => {
  t.match(texts({ updates: [{ ...postgres, currentVersion: null, newVersion: null }] }), [/Current: unknown\nNew: image dbc31cdc91c5\n/])
  t.match(texts({ updates: [{ ...postgres, newVersion: '17.0' }] }), [/New: 17\.0 ⚠️ major version\n/])
  const url = 'https://example.org/?a=1&b="2"'
  t.match(messagesOf({ host: null, updates: [{ ...postgres, releaseNotesUrl: url }], failedChecks: [] }), [{ html: /New: <a href="https:\/\/example\.org\/\?a=1&amp;b=&quot;2&quot;">16\.2<\/a>/, text: /New: 16\.2\n/ }])
  t.end()
})

t.test('several updates are counted and sorted; several projects are named', (t) => {
  const redis = { ...postgres, service: 'redis', project: 'alpha', directory: null, commands: [] }
  t.same(texts({ host: 'nas', updates: [postgres, redis] }), [`🔔 2 Docker Updates Available on nas

Service: redis
Project: alpha
Current: 16.1
New: 16.2

Service: postgres
Project: friday
Directory: /opt/friday
Current: 16.1
New: 16.2

Command:
docker compose pull postgres
docker compose up -d postgres`])
  t.end()
})

t.test('failures stand at the end, or alone; one reason is said once', (t) => {
  const failed = (name: string, reason: 'registry-unreachable' | 'rate-limited' | 'other', detail = '') => ({ name, reason, detail })
  t.match(texts({ updates: [postgres], failedChecks: [failed('private', 'registry-unreachable')] }), [/\n\nCould not check: private, registry unreachable\n→ if it lasts, check the network and the DNS of this machine$/])
  t.same(texts({ failedChecks: [failed('a', 'registry-unreachable'), failed('b', 'registry-unreachable'), failed('c', 'other', 'odd <b>'), failed('d', 'other')] }), [
    '⚠️ Docker Update Check\n\nCould not check: a, b, registry unreachable\n→ if it lasts, check the network and the DNS of this machine\nCould not check: c, odd <b>\nCould not check: d, for a reason that Watchtower does not tell',
  ])
  const still = { ...failed('a', 'registry-unreachable'), standing: 'still' as const }
  const recovered = { ...failed('b', 'registry-unreachable'), standing: 'recovered' as const }
  t.same(texts({ failedChecks: [recovered, still, { ...recovered, name: 'd' }, failed('c', 'rate-limited')] }), [
    '⚠️ Docker Update Check\n\nCould not check: c, registry rate limit reached\n→ log in to the registry, or check less often\nStill not checked: a, registry unreachable\nChecked again: b, d',
  ])
  t.same(texts({ failedChecks: [recovered] }), ['✅ Docker Update Check\n\nChecked again: b'])
  t.same(texts({}), [])
  t.end()
})
