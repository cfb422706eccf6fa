import t from 'tap'
import type { Block, Standing } from '../../src/report/block.js'
import { type Content, type Format, partAgain, partsOf, reminderOf } from '../../src/report/message.js'
import type { Language } from '../../src/report/texts.js'
import { PINNED, PLAIN, update } from './made-up.js'

const at = (iso: string): number => Date.parse(`2026-${iso}:00Z`)
const NOW = at('11-24T10:00')
const format = (language: Language = 'en', timeZone = 'UTC'): Format => ({ ...PLAIN, language, timeZone, now: NOW })
const postgres = update({ rollback: ['docker tag a7d651e0d051 postgres:16', 'docker compose up -d postgres'], pinned: PINNED })
const block = (standing: Standing, more: Partial<Block> = {}): Block => ({ update: postgres, standing, since: null, before: null, ...more })
const content = (given: Partial<Content>): Content => ({ host: null, blocks: [], failedChecks: [], stillPending: [], ...given })
const applied = (health: 'none' | 'starting' | 'healthy' | 'unhealthy' = 'none', unhealthySince: number | null = null, when = '11-24T09:14'): Standing => ({ type: 'applied', at: at(when), health, unhealthySince })
/** The message of one block, without its headline. */
const shown = (one: Block, language: Language = 'en'): string => html(content({ blocks: [one] }), language)[0]?.replace(/^.*\n\n/, '') ?? ''
const html = (given: Content, language: Language = 'en'): string[] => partsOf(given, format(language)).map(({ message }) => message.html)

t.test('times are those of the time zone', async (t) => {
  const [part] = partsOf(content({ blocks: [block(applied('none', null, '11-23T23:30'))] }), format('en', 'Europe/Paris'))
  t.match(part?.message.text, /applied 00:30\n/, 'today in Paris')
  t.match(shown(block(applied('none', null, '11-23T23:30'))), /applied 23 Nov 23:30\n/)
})

t.test('the headline says when all is applied, and does not call green what is not', async (t) => {
  const redis = update({ service: 'redis' })
  const headline = (standings: Standing[], language: Language = 'en', host: string | null = null): string | undefined =>
    html(content({ host, blocks: standings.map((standing, i) => block(standing, { update: i === 0 ? postgres : { ...redis, service: `redis-${i}` } })) }), language)[0]?.split('\n')[0]
  t.equal(headline([applied()]), '✅ Docker Update Applied')
  t.equal(headline([applied(), applied()]), '✅ All Docker Updates Applied')
  t.equal(headline([applied(), applied()], 'fr', 'nas'), '✅ Toutes les mises à jour Docker sont appliquées sur nas')
  t.equal(headline([applied()], 'fr'), '✅ Mise à jour Docker appliquée')
  t.equal(headline([applied(), { type: 'pending' }]), '🔔 2 Docker Updates Available')
  t.equal(headline([applied('healthy'), applied('unhealthy')]), '⚠️ All Docker Updates Applied')
  t.equal(headline([applied(), { type: 'removed' }]), '✅ All Docker Updates Applied', 'what is gone needs no update')
  const back: Standing = { type: 'rolled-back', at: 0 }
  t.equal(headline([applied(), back, applied('unhealthy')], 'en', 'nas'), '⚠️ 2 of 3 Docker Updates Applied on nas', 'nothing waits')
  t.equal(headline([applied(), { type: 'superseded', by: '1', link: null }], 'fr'), '✅ 1 des 2 mises à jour Docker appliquée')
  t.equal(headline([applied(), applied(), back], 'fr'), '✅ 2 des 3 mises à jour Docker appliquées')
  for (const standing of [{ type: 'removed' }, { type: 'superseded', by: '1', link: null }, { type: 'rolled-back', at: 0 }] as const) t.equal(headline([standing]), '🔔 Docker Update Available', standing.type)
})

t.test('what else is pending is mentioned in a line each, with its days', async (t) => {
  const redis = update({ service: 'redis', image: 'redis:7', currentVersion: '7.2.3', newVersion: '7.2.4' })
  const stillPending = [{ update: redis, since: at('11-19T12:00') }, { update: { ...redis, service: 'cache' }, since: at('11-23T23:00') }, { update: { ...redis, service: 'today' }, since: NOW }]
  const text = (language: Language): string | undefined => partsOf(content({ blocks: [block({ type: 'pending' }, { update: update({ commands: [] }) })], failedChecks: [{ name: 'x', reason: 'denied', detail: '' }], stillPending }), format(language))[0]?.message.text
  t.equal(text('en'), `🔔 Docker Update Available

Service: postgres
Current: 16.1
New: 16.2

Could not check: x, access denied or image not found
→ check the name of the image; a private one needs a login: mount a config.json into Watchtower

Still pending: cache 7.2.3 → 7.2.4, 1 day
Still pending: redis 7.2.3 → 7.2.4, 5 days
Still pending: today 7.2.3 → 7.2.4, today`)
  t.match(text('fr'), /\n\nVérification impossible\u00a0: x, accès refusé ou image introuvable\n→ vérifier le nom de l’image.*\n\nToujours en attente\u00a0: cache 7\.2\.3 → 7\.2\.4, 1 jour\n.*, 5 jours\n.*, aujourd’hui$/)
  t.same(partsOf(content({ stillPending }), format()), [], 'it is no news by itself')
})

t.test('a reminder is a headline and a line per service', async (t) => {
  const one = { update: postgres, since: at('11-17T12:00') }
  t.same(reminderOf({ host: null, stillPending: [one] }, format()).map(({ text }) => text), ['⏳ Docker Update Still Pending\n\npostgres 16.1 → 16.2, 7 days'])
  t.same(reminderOf({ host: 'nas', stillPending: [one, { ...one, update: update({ service: 'db', project: 'alpha' }) }] }, format('fr')).map(({ text }) => text), ['⏳ 2 mises à jour Docker toujours en attente sur nas\n\ndb (alpha) 16.1 → 16.2, 7 jours\npostgres (friday) 16.1 → 16.2, 7 jours'])
  t.same(reminderOf({ host: null, stillPending: [] }, format()), [])
  const failedChecks = [{ name: 'x', reason: 'denied' as const, detail: '', standing: 'still' as const }]
  t.same(reminderOf({ host: null, stillPending: [one], failedChecks }, format()).map(({ text }) => text), ['⏳ Docker Update Still Pending\n\nStill not checked: x, access denied or image not found\n\npostgres 16.1 → 16.2, 7 days'])
  t.same(reminderOf({ host: null, stillPending: [], failedChecks }, format('fr')).map(({ text }) => text), ['⚠️ Vérification des mises à jour Docker\n\nToujours pas vérifié\u00a0: x, accès refusé ou image introuvable'])
  const many = Array.from({ length: 400 }, (_, i) => ({ ...one, update: update({ service: `service-${i}.` }) }))
  const parts = reminderOf({ host: null, stillPending: many }, format()).map(({ text }) => text)
  t.ok(parts.length > 1 && parts.every((text, i) => text.startsWith(`⏳ 400 Docker Updates Still Pending (${i + 1}/${parts.length})\n\n`)))
  for (const { update: { service } } of many) t.equal(parts.filter((text) => text.includes(`${service} `)).length, 1)
})

t.test('a part is made again in its place, with its own headline, failures and mentions', async (t) => {
  const blocks = Array.from({ length: 40 }, (_, i) => block({ type: 'pending' }, { update: update({ service: `service-${i}.`, project: `p${i % 2}` }) }))
  const parts = partsOf(content({ host: 'nas', blocks, failedChecks: [{ name: 'x', reason: 'denied', detail: '' }], stillPending: [{ update: update({ service: 'redis' }), since: 0 }] }), format())
  t.ok(parts.length > 1)
  for (const part of parts) t.same(partAgain(part, format()), part.message, 'unchanged')
  const [first] = parts as [(typeof parts)[number]]
  const ticked = partAgain({ ...first, blocks: first.blocks.map((one) => ({ ...one, standing: applied() })) }, format())
  t.match(ticked.text, new RegExp(`^✅ ${first.blocks.length} of 40 Docker Updates Applied on nas \\(1/${parts.length}\\)\\n\\n✅ service-0\\. \\(p0\\) 16\\.1 → 16\\.2, applied 09:14\\n`))
  const { severalProjects: _, reminder: __, message: ___, ...seam } = first
  t.match(partAgain(seam, format()).text, `🔔 40 Docker Updates Available on nas (1/${parts.length})`)
})

t.test('a part that a much shorter template filled, and that this one cannot hold, is a line each, as many as there is room for', async (t) => {
  const blocks = Array.from({ length: 2_000 }, (_, i) => block(i === 0 ? applied('unhealthy') : i === 1 ? applied() : { type: 'pending' }, { update: update({ service: `service-with-a-long-name-${i}` }) }))
  const given = { host: null, blocks, failedChecks: [{ name: 'x', reason: 'denied' as const, detail: '' }], stillPending: [{ update: postgres, since: 0 }], index: 0, count: 1, total: 2_000 }
  const { text, html: same, buttons } = partAgain(given, format())
  t.match(text, /^🔔 2000 Docker Updates Available\n\n❌ service-…-name-0\n✅ service-…-name-1\n• service-…-name-2\n/)
  t.same([same, buttons], [text, []])
  t.ok(text.length > 3_500 && text.length <= 3_796)
})
