import t from 'tap'
import { announce, observe, standingNow, type Tracked } from '../../src/life/pending.js'
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
  t.same(observe([pending()], engine(container('old', before)), APPLIED), { tracked: [pending()], changes: [] })
  t.same(observe([pending()], engine(container('even older', before)), APPLIED).changes, [])
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
  t.same(observe(away.tracked, engine(), APPLIED + 25 * 60 * MINUTE), { tracked: [], changes: [{ update: update('new'), standing: { type: 'removed' } }] })
  t.same(observe(away.tracked, engine(container('old', before)), APPLIED + MINUTE), { tracked: [pending()], changes: [] }, 'it came back')
  t.same(standing(pending(), APPLIED, container('other', APPLIED, undefined, 'postgres:17')), { type: 'removed' })
  t.same(standing(pending(), APPLIED, container('newer still', APPLIED)), { type: 'superseded', by: short('newer still'), link: null }, 'the tag had moved on when it was pulled')
  t.same(standing(pending(), APPLIED, container('old', APPLIED)), { type: 'removed' }, 'recreated, but on the old image')
  t.end()
})

t.test('what was applied stays told as applied, whatever its service does later on', (t) => {
  const done = after(pending(), APPLIED, container('new', APPLIED))
  for (const later of [container('newer still', APPLIED + MINUTE), container('other', APPLIED + MINUTE, undefined, 'postgres:17')]) t.same(observe([done], engine(later), APPLIED + 2 * MINUTE), { tracked: [], changes: [] })
  t.end()
})

t.test('a one-off container of a service says nothing of it', (t) => {
  const once = service('postgres', 'postgres:16', 'new', { oneoff: 'True' })
  t.same(observe([pending()], engine(container('old', before), { ...once, Id: 'once' }), APPLIED).changes, [])
  t.end()
})

t.test('a newer image takes the place of a pending one, which has been pending since', (t) => {
  const next = announce([pending()], [update('newer')], APPLIED)
  t.same(next, [{ ...pending('newer'), foundAt: APPLIED, since: FOUND }])
  t.same(standingNow(update('new'), next), { type: 'superseded', by: 'newer', link: null })
  t.equal(announce(next, [update('newest')], APPLIED + MINUTE)[0]?.since, FOUND)
  const done = after(pending(), APPLIED, container('new', APPLIED))
  t.match(announce([done], [update('newer', 'new')], APPLIED), [{ since: null, standing: { type: 'pending' } }], 'an applied one has been pending no more')
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
  t.equal(standing(pending(), APPLIED, { ...container('old', before), Created: 'soon' }), undefined)
  t.same(engine({ ...container('new', APPLIED), Image: idOf('new') }).containers[0]?.health, null)
  t.end()
})
