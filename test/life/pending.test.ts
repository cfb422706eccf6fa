import t from 'tap'
import { announce, givingWay, observe, renew, standingNow, type Tracked } from '../../src/life/pending.js'
import type { Standing } from '../../src/report/block.js'
import { engine, idOf, service, short, update as madeUp } from '../report/made-up.js'
import type { FakeContainer } from '../fakes/docker-objects.js'

const FOUND = Date.parse('2026-11-25T03:00:00Z')
const APPLIED = Date.parse('2026-11-25T09:14:00Z')
const MINUTE = 60_000
const update = (to: string, from = 'old') => madeUp({ newImageId: short(to), currentImageId: short(from), newVersion: to })
const pending = (to = 'new'): Tracked => announce([], [update(to)], FOUND)[0] as Tracked

/** The postgres container on the image of this seed, created then, with this health. */
function container(seed: string, created: number, health?: string, ref = 'postgres:16'): FakeContainer {
  const one = service('postgres', ref, seed)
  one.Created = new Date(created).toISOString()
  if (health !== undefined) Object.assign(one.State, { Health: { Status: health } })
  return one
}
const before = FOUND - 86_400_000
const standing = (from: Tracked, now: number, ...containers: FakeContainer[]): Standing | undefined => observe([from], engine(...containers), now).changes[0]?.standing
const applied: Standing = { type: 'applied', at: APPLIED, health: 'none', unhealthySince: null }
const after = (from: Tracked, now: number, ...containers: FakeContainer[]): Tracked => observe([from], engine(...containers), now).tracked[0] as Tracked

t.test('an update is pending as long as its service runs an older image', (t) => {
  t.same(observe([pending()], engine(container('old', before)), APPLIED), { tracked: [pending()], changes: [], forgotten: [] })
  const several: Tracked = { ...pending(), update: { ...update('new'), otherImageIds: [short('even older')] } }
  t.same(observe([several], engine(container('even older', before)), APPLIED).changes, [], 'of a scaled service')
  t.same(observe([pending()], engine(container('old', APPLIED)), APPLIED).changes, [], 'whatever the clocks say of when it was created')
  t.end()
})

t.test('recreated on the new image it is applied, since its container was created', (t) => {
  t.same(standing(pending(), APPLIED + MINUTE, container('new', APPLIED)), applied)
  const one = after(pending(), APPLIED + MINUTE, container('new', APPLIED))
  t.same(observe([one], engine(container('new', APPLIED)), APPLIED + 2 * MINUTE).changes, [], 'once')
  t.end()
})

t.test('where it has a health check its word counts, and when it turned bad', (t) => {
  const starting = after(pending(), APPLIED, container('new', APPLIED, 'starting'))
  t.match(starting.standing, { type: 'applied', health: 'starting' })
  t.same(standing(starting, APPLIED + MINUTE, container('new', APPLIED, 'healthy')), { ...applied, health: 'healthy' })
  const bad = after(starting, APPLIED + MINUTE, container('new', APPLIED, 'unhealthy'))
  t.same(bad.standing, { ...applied, health: 'unhealthy', unhealthySince: APPLIED + MINUTE })
  t.equal(standing(bad, APPLIED + 5 * MINUTE, container('new', APPLIED, 'unhealthy')), undefined, 'since then, not since now')
  const well = after(starting, APPLIED + MINUTE, container('new', APPLIED, 'healthy'))
  for (const known of [well, bad]) t.equal(standing(known, APPLIED + 9 * MINUTE, container('new', APPLIED, 'starting')), undefined, 'a reboot edits no message')
  t.equal(standing(bad, APPLIED + 5 * MINUTE, container('new', APPLIED)), undefined, 'one that is not running says nothing')
  t.end()
})

t.test('of a scaled service all containers must be on the new image', (t) => {
  const second = { ...container('old', before), Id: 'second', Name: '/friday-postgres-2' }
  t.equal(standing(pending(), APPLIED, container('new', APPLIED), second), undefined)
  const worst = { ...container('new', APPLIED, 'unhealthy'), Id: 'second' }
  t.match(standing(pending(), APPLIED, container('new', APPLIED, 'healthy'), worst), { health: 'unhealthy' })
  t.end()
})

t.test('seen going back it is rolled back; applied once more it is applied', (t) => {
  const done = after(pending(), APPLIED, container('new', APPLIED))
  t.same(standing(done, APPLIED + 9 * MINUTE, container('old', APPLIED + 5 * MINUTE)), { type: 'rolled-back', at: APPLIED + 5 * MINUTE })
  const back = after(done, APPLIED + 9 * MINUTE, container('old', APPLIED + 5 * MINUTE))
  t.equal(standing(back, APPLIED + 99 * MINUTE, container('old', APPLIED + 5 * MINUTE)), undefined)
  t.match(standing(back, APPLIED + 99 * MINUTE, container('new', APPLIED + 98 * MINUTE)), { type: 'applied', at: APPLIED + 98 * MINUTE })
  const pinned = container('old', APPLIED + 5 * MINUTE, undefined, 'postgres@sha256:0123')
  t.match(standing(done, APPLIED + 9 * MINUTE, pinned), { type: 'rolled-back' }, 'pinned, as the message advises')
  t.equal(standing(back, APPLIED + 9 * MINUTE, pinned), undefined)
  t.end()
})

t.test('a service that is gone for good, or uses another image, is no concern any more', (t) => {
  const away = observe([pending()], engine(), APPLIED)
  t.same(away.changes, [], 'a recreation takes seconds')
  t.same(observe(away.tracked, engine(), APPLIED + 25 * 60 * MINUTE), { tracked: [], changes: [{ update: update('new'), standing: { type: 'removed' } }], forgotten: [update('new')] })
  t.same(observe(away.tracked, engine(container('old', before)), APPLIED + MINUTE), { tracked: [pending()], changes: [], forgotten: [] }, 'it came back')
  t.same(standing(pending(), APPLIED, container('other', APPLIED, undefined, 'postgres:17')), { type: 'removed' })
  t.same(standing(pending(), APPLIED, container('newer still', APPLIED)), { type: 'superseded', by: short('newer still'), link: null }, 'the tag had moved on when it was pulled')
  t.end()
})

t.test('what was applied stays told as applied, whatever its service does later on', (t) => {
  const done = after(pending(), APPLIED, container('new', APPLIED))
  for (const later of [container('newer still', APPLIED + MINUTE), container('other', APPLIED + MINUTE, undefined, 'postgres:17')]) t.same(observe([done], engine(later), APPLIED + 2 * MINUTE), { tracked: [], changes: [], forgotten: [update('new')] })
  t.end()
})

t.test('a one-off container of a service says nothing of it, unless the update was found for that very container', (t) => {
  const once = (seed: string, name: string) => ({ ...service('postgres', 'postgres:16', seed, { oneoff: 'True' }), Id: name, Name: `/${name}` })
  t.same(observe([pending()], engine(container('old', before), once('new', 'once')), APPLIED).changes, [])
  const own: Tracked = { ...pending(), update: { ...update('new'), containers: ['once'] } }
  t.same(observe([own], engine(once('old', 'once'), once('new', 'next')), APPLIED + 99 * 60 * MINUTE), { tracked: [own], changes: [], forgotten: [] }, 'it is there')
  const away = observe([own], engine(once('new', 'next')), APPLIED)
  t.match(observe(away.tracked, engine(once('new', 'next')), APPLIED + 25 * 60 * MINUTE), { tracked: [], changes: [{ standing: { type: 'removed' } }] })
  t.end()
})

t.test('a service of which a container could not be looked at stays as it stands, the others do not', (t) => {
  const redis: Tracked = { ...pending(), update: { ...update('new'), service: 'redis' } }
  const seen = { ...engine(service('redis', 'postgres:16', 'new')), unclear: engine(container('new', APPLIED)).containers }
  const { tracked, changes } = observe([pending(), redis], seen, APPLIED + 99 * 60 * MINUTE)
  t.same(tracked[0], pending())
  t.match(changes, [{ update: { service: 'redis' }, standing: { type: 'applied' } }])
  t.end()
})

t.test('a refused image stays refused while its service is away, not when that runs another image', (t) => {
  const back = after(after(pending(), APPLIED, container('new', APPLIED)), APPLIED + MINUTE, container('old', APPLIED))
  const away = observe([back], engine(), APPLIED)
  t.match(observe(away.tracked, engine(), APPLIED + 25 * 60 * MINUTE), { tracked: [], changes: [{ standing: { type: 'removed' } }], forgotten: [] })
  t.match(observe([back], engine(container('newer still', APPLIED)), APPLIED + 2 * MINUTE), { tracked: [], changes: [{ standing: { type: 'superseded', by: short('newer still') } }], forgotten: [{ newVersion: 'new' }] })
  t.end()
})

t.test('a newer image takes the place of a pending one, which has been pending since', (t) => {
  const next = announce([pending()], [update('newer')], APPLIED)
  t.same(next, [{ ...pending('newer'), foundAt: APPLIED, since: FOUND, before: 'new' }])
  t.same(givingWay([pending()], [update('newer')]), [update('new')])
  t.same(givingWay([pending()], [update('new')]), [])
  t.same(standingNow(update('new'), next), { type: 'superseded', by: 'newer', link: null })
  t.match(announce(next, [update('newest')], APPLIED + MINUTE), [{ since: FOUND, before: 'newer' }])
  t.match(announce(next, [update('newest')], APPLIED + MINUTE, [update('newer')]), [{ since: FOUND, before: 'new' }], 'as it was told')
  t.match(announce(next, [update('newer')], APPLIED + MINUTE), [{ since: FOUND, before: 'new' }], 'told once more')
  t.match(announce([{ ...pending(), update: { ...update('new'), newVersion: null } }], [update('newer')], APPLIED), [{ before: short('new') }])
  const done = after(pending(), APPLIED, container('new', APPLIED))
  t.match(announce([done], [update('newer', 'new')], APPLIED), [{ since: null, standing: { type: 'pending' } }], 'an applied one has been pending no more')
  t.end()
})

t.test('what is found again is known as it is now while it is pending', (t) => {
  const again = { ...update('new'), commands: ['docker compose up -d --no-deps postgres'] }
  const done = after(pending(), APPLIED, container('new', APPLIED))
  t.same(renew([pending(), done], [again]), [{ ...pending(), update: again }, done])
  t.same(renew([pending()], [update('newer')]), [pending()])
  t.end()
})

t.test('what names no service that runs an older image cannot be watched', (t) => {
  const unknown = [{ ...update('new'), service: '' }, { ...update('new'), currentImageId: null }]
  t.same(announce([], unknown, FOUND), [])
  t.same(unknown.map((one) => standingNow(one, [])), [{ type: 'pending' }, { type: 'pending' }])
  t.same(standingNow(update('new'), []), { type: 'removed' })
  t.end()
})

t.test('a time that is no time is an old one', (t) => {
  t.match(standing(pending(), APPLIED, { ...container('new', APPLIED), Created: 'soon' }), { type: 'applied', at: 0 })
  t.same(engine({ ...container('new', APPLIED), Image: idOf('new') }).containers[0]?.health, null)
  t.end()
})
