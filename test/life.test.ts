// The life of an update in the daemon: announced, reminded of, applied, rolled back, in the message that announced it.
import t from 'tap'
import { container, image, madeUpId } from './fakes/docker-api.js'
import { announced, NEW, OLD, recreate, shows } from './lived-world.js'
import { compose, createWorld, done, found, MESSAGE } from './world.js'

const other = (name: string): string => `Found new ${name}:1 image (111111111111)`

t.test('a service that is recreated on the new image is ticked in the message that announced it, and becomes healthy', async (t) => {
  const w = await announced(t)
  recreate(w, NEW, 'starting')
  t.match(await shows(w, /✅/), /^✅ Docker Update Applied\n\n✅ postgres 16\.1 → 16\.2, applied (\w+ )*\d\d:\d\d/)
  Object.assign(w.api.containers.at(-1)!.State, { Health: { Status: 'healthy' } })
  w.api.events.pushFor(w.api.containers.at(-1)!, 'health_status: healthy')
  t.match(await shows(w, /healthy/), /✅ postgres 16\.1 → 16\.2, applied (\w+ )*\d\d:\d\d, healthy/)
  t.equal(w.bot.messages.length, 1, 'all in one message')
})

t.test('an unhealthy service shows since when, and the way back; seen going back it is rolled back and stays silent', async (t) => {
  const w = await announced(t)
  recreate(w, NEW, 'unhealthy')
  t.match(await shows(w, /unhealthy/), /❌ postgres 16\.1 → 16\.2.*unhealthy since (\w+ )*\d\d:\d\d[^]*docker tag [0-9a-f]{12} postgres:16/)
  recreate(w, OLD)
  t.match(await shows(w, /↩️/), /↩️ postgres rolled back to 16\.1/)
  w.say('watchtower', found, done)
  await w.waitFor('session.sealed', 2)
  t.equal(w.bot.messages.length, 1)
})

t.test('what was applied while the sidecar was down is ticked at its start', async (t) => {
  const w = await announced(t)
  await w.stop()
  recreate(w, NEW)
  void w.start()
  t.match(await shows(w, /✅/), /✅ postgres 16\.1 → 16\.2, applied/)
  t.equal(w.bot.messages.length, 1)
})

t.test('a newer image is told with since when the older was pending, and the older message leads to the newer', async (t) => {
  const w = await announced(t)
  const newer = image({ ref: 'postgres:16', id: `sha256:${madeUpId('postgres 16.3')}`, env: ['PG_VERSION=16.3-1'] })
  w.api.images.push(newer)
  w.say('watchtower', `Found new postgres:16 image (${newer.Id.slice(7, 19)})`, done)
  await w.waitFor('report.sent', 2)
  t.match(w.bot.messages[1]?.text, /Current: 16\.1\nNew: 16\.2 → 16\.3, pending since \d+ \w+\n/)
  await shows(w, /16\.3/)
  t.match(w.bot.messages[0]?.html, /<s>[^]*<\/s>[^]*href="https:\/\/t\.me\/c\/1234567890\/7\/\d+"/)
})

t.test('a new message mentions what else is still pending; with nothing new a silent reminder follows in its time', async (t) => {
  const w = await announced(t, { remindMs: 3_600_000 })
  w.say('watchtower', found, other('app-a'), done)
  await w.waitFor('report.sent', 2)
  t.match(w.bot.messages[1]?.text, /Image: app-a:1[^]*Still pending: postgres 16\.1 → 16\.2, (today|1 day)$/)
  t.notOk(w.bot.messages[1]?.params.disable_notification)
  w.say('watchtower', found, other('app-a'), done)
  await w.waitFor('report.sent', 3)
  t.match(w.bot.messages[2]?.text, /postgres 16\.1 → 16\.2, (today|1 day)/)
  t.equal(w.bot.messages[2]?.params.disable_notification, 'true')
  const never = await announced(t, { remindMs: 0 })
  never.say('watchtower', found, done)
  await never.waitFor('session.sealed', 2)
  t.equal(never.bot.messages.length, 1)
})

t.test('a message that mentions what is still pending drops the mention when that is applied', async (t) => {
  const w = await announced(t)
  const redis = image({ ref: 'redis:7', id: `sha256:${madeUpId('redis new')}` })
  const old = image({ ref: null, id: `sha256:${madeUpId('redis old')}` })
  w.api.images.push(redis, old)
  w.api.containers.push(container({ name: 'friday-redis', image: 'redis:7', imageId: old.Id, labels: compose('redis') }))
  w.say('watchtower', found, `Found new redis:7 image (${redis.Id.slice(7, 19)})`, done)
  await w.waitFor('report.sent', 2)
  t.match(w.bot.messages[1]?.text, /Service: redis[^]*Still pending: postgres 16\.1 → 16\.2, (today|1 day)$/)
  recreate(w, NEW)
  t.notMatch(await shows(w, /^(?![^]*Still pending)/, 1), /Still pending/)
  t.equal(w.bot.messages.length, 2)
})

t.test('a message that somebody deleted loses nothing: what was pending in it is told again with the next check', async (t) => {
  const w = await createWorld(t)
  const redis = image({ ref: 'redis:7', id: `sha256:${madeUpId('redis new')}` })
  w.api.images.push(redis, image({ ref: null, id: `sha256:${madeUpId('redis old')}` }))
  w.api.containers.push(container({ name: 'friday-redis', image: 'redis:7', imageId: `sha256:${madeUpId('redis old')}`, labels: compose('redis') }))
  const both = [found, `Found new redis:7 image (${redis.Id.slice(7, 19)})`]
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', ...both, done)
  await w.waitFor('report.sent')
  w.bot.messages.splice(0, 1)
  recreate(w, NEW)
  await w.waitFor('report.not-edited')
  w.say('watchtower', both[1] as string, done)
  await w.waitFor('report.sent', 2)
  t.match(w.bot.messages[0]?.text, /^🔔 Docker Update Available\n\nService: redis\n/)
})

t.test('in quiet hours messages come without sound', async (t) => {
  const hour = new Date().getUTCHours()
  const w = await announced(t, { quiet: { from: hour * 60, to: ((hour + 2) % 24) * 60 } })
  t.match(w.bot.messages, [{ text: MESSAGE, params: { disable_notification: 'true' } }])
})
