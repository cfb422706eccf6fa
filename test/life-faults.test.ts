// What may go wrong in the life of an update: it is told once all the same, and every message stays true.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type FakeContainer, type FakeImage, image, madeUpId, container } from './fakes/docker-api.js'
import { announced, NEW, recreate, shows } from './lived-world.js'
import { compose, createWorld, done, found, type World } from './world.js'

/** Another service on an old image, its new image pulled; gives Watchtower's line. */
function outdated(w: World, name: string, labels: Record<string, string> = {}): string {
  const next = image({ ref: `${name}:1`, id: `sha256:${madeUpId(`${name} new`)}` })
  const old = image({ ref: null, id: `sha256:${madeUpId(`${name} old`)}` })
  w.api.images.push(next, old)
  w.api.containers.push(container({ name: `friday-${name}`, image: `${name}:1`, imageId: old.Id, labels: { ...compose(name), ...labels } }))
  return `Found new ${name}:1 image (${next.Id.slice(7, 19)})`
}

const pulled = (w: World, version: string): string => {
  const one = image({ ref: 'postgres:16', id: `sha256:${madeUpId(`postgres ${version}`)}`, env: [`PG_VERSION=${version}-1`] })
  w.api.images.push(one)
  return `Found new postgres:16 image (${one.Id.slice(7, 19)})`
}

const BROKEN = { type: 'answer', status: 500, body: { message: 'broken' } } as const
const inspected = ({ Id }: FakeContainer): string => `/containers/${Id}/json`

t.test('when what a service depends on becomes pending later, the older message says how to recreate it alone', async (t) => {
  const w = await createWorld(t)
  const app = outdated(w, 'app', { 'com.docker.compose.depends_on': 'postgres:service_started:false' })
  const [old, next] = w.api.images.splice(0, 2) as [FakeImage, FakeImage]
  // postgres's tag has not moved yet
  w.api.images.push({ ...old, RepoTags: ['postgres:16'] })
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', app, done)
  await w.waitFor('report.sent')
  t.match(w.bot.messages[0]?.text, /\ndocker compose up -d app\n/)
  w.api.images.splice(-1, 1, old, next)
  w.say('watchtower', app, found, done)
  t.match(await shows(w, /--no-deps/), /\ndocker compose up -d --no-deps app\n[^]*Roll back:[^]*docker compose up -d --no-deps app(\n|$)/)
  t.match(w.bot.messages.slice(1).map(({ text }) => text), [/^🔔 Docker Update Available\n\nService: postgres\n/])
})

t.test('a tag that goes back upstream is told again, and what it leaves is pending no more', async (t) => {
  const w = await announced(t)
  w.say('watchtower', pulled(w, '16.3'), done)
  await w.waitFor('report.sent', 2)
  w.say('watchtower', found, done)
  const third = (await w.bot.waitForMessages(3))[2]
  t.match(third?.text, /Current: 16\.1\nNew: 16\.3 → 16\.2, pending since/)
  t.match(await shows(w, /superseded/, 1), /postgres 16\.1 → 16\.3, superseded by 16\.2$/)
  t.match(await shows(w, /superseded/), /postgres 16\.1 → 16\.2, superseded by 16\.3$/, 'as it was then')
  w.say('watchtower', found, done)
  await w.waitFor('session.sealed', 4)
  t.equal(w.bot.messages.length, 3)
})

t.test('a container that cannot be inspected holds up its own service and no other', async (t) => {
  const w = await createWorld(t)
  const redis = outdated(w, 'redis')
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', found, redis, done)
  await w.waitFor('report.sent')
  const at = (name: string): FakeContainer => w.api.containers.find(({ Name }) => Name === `/${name}`) as FakeContainer
  const sick = container({ name: 'friday-redis', image: 'redis:1', id: madeUpId('redis again'), imageId: `sha256:${madeUpId('redis new')}`, labels: compose('redis') })
  w.api.override(inspected(sick), BROKEN)
  w.api.remove('friday-redis')
  w.api.containers.push(sick)
  w.api.start('friday-redis')
  recreate(w, NEW)
  t.match(await shows(w, /✅/), /Service: redis\n[^]*✅ postgres|✅ postgres[^]*Service: redis\n/)
  // an answer that is none tells as little
  w.api.override(inspected(sick), { type: 'answer', status: 200, body: {} })
  w.api.events.pushFor(at('friday-redis'), 'start')
  w.say('watchtower', done)
  await w.waitFor('session.sealed', 2)
  t.notMatch(w.bot.messages[0]?.text, /✅ redis/)
  // one that is gone by then is not there
  w.api.override(inspected(sick), { type: 'answer', status: 404, body: { message: 'No such container' }, times: 1 })
  w.say('watchtower', done)
  await w.waitFor('session.sealed', 3)
  t.notMatch(w.bot.messages[0]?.text, /redis.*removed/)
  w.api.override(inspected(sick), null)
  w.api.events.pushFor(at('friday-redis'), 'start')
  t.match(await shows(w, /✅ redis/), /^✅ All Docker Updates Applied\n/)
})

t.test('an engine that cannot be asked has an update told by its image, once: its services stand in that message later', async (t) => {
  const w = await createWorld(t)
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.api.override(/^\/images\//, BROKEN)
  w.say('watchtower', found, done)
  const [message] = await w.bot.waitForMessages(1)
  t.match(message?.text, /^🔔 Docker Update Available\n\nService: postgres\nCurrent: unknown\nNew: image/)
  w.api.override(/^\/images\//, null)
  w.say('watchtower', found, done)
  t.match(await shows(w, /16\.1/), /^🔔 Docker Update Available\n\nService: postgres\nCurrent: 16\.1\nNew: 16\.2\n/)
  w.api.override(/^\/images\//, BROKEN)
  w.say('watchtower', found, done)
  await w.waitFor('facts.missing', 2)
  await w.waitFor('session.sealed', 3)
  recreate(w, NEW)
  t.match(await shows(w, /✅/), /^✅ Docker Update Applied\n\n✅ postgres 16\.1 → 16\.2, applied/)
  t.equal(w.bot.messages.length, 1)
})

t.test('one container that cannot be inspected leaves the others their names; what it runs is told by its image until it can', async (t) => {
  const w = await createWorld(t)
  const redis = outdated(w, 'redis')
  const sick = w.api.containers.at(-1) as FakeContainer
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.api.override(inspected(sick), BROKEN)
  w.say('watchtower', found, redis, done)
  const [message] = await w.bot.waitForMessages(1)
  t.match(message?.text, /^🔔 2 Docker Updates Available\n\nService: redis\nCurrent: unknown\n[^]*Service: postgres\n(Project.*\nDirectory.*\n)?Current: 16\.1\n/)
  t.match(w.events('facts.missing'), [{ msg: /reporting without friday-redis:/ }])
  w.api.override(inspected(sick), null)
  w.say('watchtower', found, redis, done)
  t.notMatch(await shows(w, /^(?![^]*unknown)/), /unknown/)
  t.equal(w.bot.messages.length, 1)
})

t.test('in quiet hours failed checks come without sound as well: they are no alarm', async (t) => {
  const hour = new Date().getUTCHours()
  const w = await createWorld(t, { quiet: { from: hour * 60, to: ((hour + 2) % 24) * 60 } })
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', 'Unable to update container \\"/friday-postgres\\": Error response from daemon: Get https://registry-1.docker.io/v2/: dial tcp: lookup registry-1.docker.io: no such host. Proceeding to next.', done)
  t.match(await w.bot.waitForMessages(1), [{ text: /^⚠️ Docker Update Check\n\nCould not check: postgres, registry unreachable\n→ [^\n]+$/, params: { disable_notification: 'true' } }])
})

t.test('alarms are heard in quiet hours', async (t) => {
  const hour = new Date().getUTCHours()
  const w = await createWorld(t, { quiet: { from: hour * 60, to: ((hour + 2) % 24) * 60 } })
  writeFileSync(join(w.config.stateDir, 'state.json'), 'garbage')
  void w.start()
  const [message] = await w.bot.waitForMessages(1)
  t.match(message?.text, /^⚠️ The state file of watchtower-telegram was damaged/)
  t.equal(message?.params.disable_notification, undefined)
})

t.test('an engine that gives no list of containers changes nothing, until it does', async (t) => {
  const w = await announced(t)
  w.api.override('/containers/json', BROKEN)
  recreate(w, NEW)
  w.say('watchtower', done)
  await w.waitFor('session.sealed', 2)
  t.match(w.bot.messages, [{ text: /^🔔 Docker Update Available\n/ }])
  w.api.override('/containers/json', null)
  w.say('watchtower', done)
  t.match(await shows(w, /✅/), /^✅ Docker Update Applied\n/)
})
