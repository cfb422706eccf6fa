import fc from 'fast-check'
import t from 'tap'
import type { News } from '../../src/report/announce.js'
import { MAX_BYTES, MAX_VISIBLE, messagesOf } from '../../src/report/message.js'
import type { Update } from '../../src/report/update.js'
import { parseTelegramHtml } from '../fakes/telegram-html.js'

const postgres: Update = {
  image: 'postgres:16', newImageId: 'dbc31cdc91c5', currentImageId: 'a7d651e0d051', service: 'postgres', project: 'friday', directory: '/opt/friday',
  containers: ['friday-postgres'], currentVersion: '16.1', newVersion: '16.2', releaseNotesUrl: null,
  commands: ['docker compose pull postgres', 'docker compose up -d postgres'],
}
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
  const failed = (name: string, reason: 'registry-unreachable' | 'other', detail = '') => ({ name, reason, detail })
  t.match(texts({ updates: [postgres], failedChecks: [failed('private', 'registry-unreachable')] }), [/\n\nCould not check: private, registry unreachable$/])
  t.same(texts({ failedChecks: [failed('a', 'registry-unreachable'), failed('b', 'registry-unreachable'), failed('c', 'other', 'odd <b>'), failed('d', 'other')] }), [
    '⚠️ Docker Update Check\n\nCould not check: a, b, registry unreachable\nCould not check: c, odd <b>\nCould not check: d, for a reason that Watchtower does not tell',
  ])
  t.same(texts({}), [])
  t.end()
})

const text = fc.oneof(fc.string({ maxLength: 40 }), fc.string({ unit: 'binary', maxLength: 700 }), fc.constantFrom('<b>&"', '{{x}} $& \u202e\u0000', '\ud800', 'x'.repeat(10_000), '&'.repeat(5_000)))
const update = fc.record({
  image: text, newImageId: fc.constant('dbc31cdc91c5'), currentImageId: fc.constant(null), service: text, project: fc.option(text), directory: fc.option(text), containers: fc.array(text),
  currentVersion: fc.option(text), newVersion: fc.option(text), releaseNotesUrl: fc.option(fc.webUrl({ withQueryParameters: true })),
  // as many as an update ever has: pull and up
  commands: fc.array(text, { maxLength: 2 }),
})
const failedCheck = fc.record({ name: text, reason: fc.constantFrom('registry-unreachable', 'denied', 'rate-limited', 'other'), detail: text })

t.test('law: no part exceeds the limits, all tags are balanced, and nothing but our own markup is markup', (t) => {
  fc.assert(
    fc.property(fc.array(update, { maxLength: 60 }), fc.array(failedCheck, { maxLength: 60 }), fc.option(text), (updates, failedChecks, host) => {
      const messages = messagesOf({ host, updates, failedChecks })
      for (const { html, text: plain } of messages) {
        const seen = parseTelegramHtml(html)
        if (seen.type === 'error') throw new Error(`${seen.error}: ${html}`)
        if (seen.text.trimEnd() !== plain.trimEnd() || plain.length > MAX_VISIBLE || Buffer.byteLength(html) > MAX_BYTES) throw new Error(`over a limit, or other than shown: ${JSON.stringify([seen.text, plain]).slice(0, 600)}`)
      }
      const told = messages.map((message) => message.text).join('\n').split(/^Current: /m).length - 1
      if (told < updates.length) throw new Error(`${updates.length} updates, ${told} told`)
    }),
    { numRuns: 150 },
  )
  t.end()
})

t.test('law: every update is in exactly one part, and the parts are numbered', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), (count) => {
      const updates = Array.from({ length: count }, (_, i) => ({ ...postgres, service: `service-${i}.` }))
      const parts = texts({ updates })
      for (const { service } of updates) if (parts.filter((part) => part.includes(`Service: ${service}\n`)).length !== 1) throw new Error(service)
      if (parts.length > 1) parts.forEach((part, i) => { if (!part.startsWith(`🔔 ${count} Docker Updates Available (${i + 1}/${parts.length})\n\n`)) throw new Error(part) })
    }),
    { numRuns: 40 },
  )
  t.end()
})
