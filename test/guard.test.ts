// The guard in a running daemon, between a fake engine and a fake Bot API.
import t from 'tap'
import { until } from './engine/processes.js'
import { container, image, madeUpId, stamp } from './fakes/docker-api.js'
import { compose, createWorld, done, found, WATCHTOWER, type World } from './world.js'

const stopping = 'Stopping /friday-postgres (b92fccb7462e) with SIGTERM'
const creating = 'Creating /friday-postgres'
const [OLD, NEW] = [madeUpId('postgres 16.1').slice(0, 12), madeUpId('postgres 16.2').slice(0, 12)]

/** A world whose Watchtower has these variables and arguments. */
async function world(...args: [t: Parameters<typeof createWorld>[0], env: string[], more?: Partial<Parameters<typeof container>[0]>]): Promise<World> {
  const [t, env, more = {}] = args
  const w = await createWorld(t, { quiet: { from: 0, to: 1_439 } })
  w.api.containers.splice(0, 1, container({ name: 'watchtower', image: 'containrrr/watchtower:1.7.1', labels: { ...WATCHTOWER, ...compose('watchtower') }, env, ...more }))
  return w
}

/** What Watchtower does to postgres. */
function recreate(w: World): void {
  w.api.containers.splice(w.api.containers.findIndex(({ Name }) => Name === '/friday-postgres'), 1)
  w.api.containers.push({ ...container({ name: 'friday-postgres', image: 'postgres:16', imageId: `sha256:${madeUpId('postgres 16.2')}`, labels: compose('postgres'), id: madeUpId('postgres, anew') }), Created: stamp(Date.parse('2026-11-23T04:00:00Z')) })
}
const headlines = (w: World): string[] => w.bot.messages.map(({ text }) => text.split('\n')[0] as string)

t.test('a Watchtower that is not monitor-only is told of once, until it is', async (t) => {
  const w = await world(t, [])
  void w.start()
  const [message] = await w.bot.waitForMessages(1)
  t.equal(message?.text, `🚨 Watchtower is not monitor-only

watchtower stops and replaces containers by itself at its next check: nothing tells it to monitor only.

Remedy: Set WATCHTOWER_MONITOR_ONLY=true in its environment, then recreate it:
docker compose up -d watchtower`)
  t.notOk(message?.params.disable_notification, 'never silent, quiet hours or not')
  w.api.stop('watchtower')
  await w.waitFor('watchtower.stopped')
  w.api.start('watchtower')
  await w.waitFor('watchtower.attached', 2)
  await w.stop()
  void w.start()
  await w.waitFor('watchtower.attached', 3)
  t.equal(w.events('guard.finding').length, 1, 'nor again after a restart of either')

  w.api.remove('watchtower')
  w.api.containers.push(container({ name: 'watchtower', image: 'containrrr/watchtower:1.7.1', labels: WATCHTOWER, id: madeUpId('mended') }))
  w.api.start('watchtower')
  await w.bot.waitForMessages(2)
  t.same(headlines(w), ['🚨 Watchtower is not monitor-only', '✅ Watchtower is monitor-only'])
})

t.test('a one-off check without monitor-only is told of with the way to ask for one', async (t) => {
  const w = await createWorld(t)
  void w.start()
  await w.waitFor('watchtower.attached')
  w.api.containers.push(container({ name: 'friday_watchtower_run_1', image: 'containrrr/watchtower:1.7.1', env: [], labels: { ...WATCHTOWER, ...compose('watchtower'), 'com.docker.compose.oneoff': 'True' }, args: ['--run-once'] }))
  w.api.start('friday_watchtower_run_1')
  const [message] = await w.bot.waitForMessages(1)
  t.match(message?.text, /^🚨 Watchtower is not monitor-only\n[^]*Run one-off checks like this:\ndocker compose run --rm watchtower --run-once --monitor-only$/)
})

t.test('a container that was stopped long ago does nothing, and nothing is told of it', async (t) => {
  const w = await world(t, [], { status: 'exited' })
  void w.start()
  await w.waitFor('watchtower.attached')
  await w.stop()
  t.same(w.events('guard.finding'), [])
})

t.test('with label precedence a container that is labelled so is told of, and when it is not any more', async (t) => {
  const w = await world(t, ['WATCHTOWER_MONITOR_ONLY=true', 'WATCHTOWER_LABEL_TAKE_PRECEDENCE=true'])
  void w.start()
  await w.waitFor('watchtower.attached')
  w.api.containers.push(container({ name: 'web', image: 'nginx', labels: { 'com.centurylinklabs.watchtower.monitor-only': 'false' } }))
  w.api.start('web')
  const [message] = await w.bot.waitForMessages(1)
  t.match(message?.text, /^🚨 Watchtower may update a container\n\nwatchtower is monitor-only, but with WATCHTOWER_LABEL_TAKE_PRECEDENCE a container’s own label wins, and web carries/)
  w.api.remove('web')
  await w.waitFor('guard.settled')
  await w.bot.waitForMessages(2)
  t.equal(headlines(w)[1], '✅ Watchtower is monitor-only')
})

t.test('a replaced container is told of at once, before the check ends, once', async (t) => {
  const w = await world(t, ['WATCHTOWER_MONITOR_ONLY=no'])
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  await w.bot.waitForMessages(1)
  // it is told of before the guard has looked at what there is
  await until(() => w.api.requests.some(({ path }) => path.includes(`/images/sha256:${madeUpId('postgres 16.1')}/json`)), 60_000)
  w.say('watchtower', 'Watchtower 1.7.1', found, stopping, creating)
  recreate(w)
  const message = (await w.bot.waitForMessages(2))[1]
  t.equal(w.events('session.sealed').length, 0)
  t.equal(message?.text.replace(/At: .*/, 'At: …'), `🚨 Watchtower replaced a container

Container: friday-postgres
Image: postgres:16
Old: 16.1 (${OLD})
New: 16.2 (${NEW})
At: …
watchtower updated it by itself.

1. Stop Watchtower:
docker stop watchtower
2. Set WATCHTOWER_MONITOR_ONLY=true in its environment.
3. If the new version does not suit, roll back:
docker tag ${OLD} postgres:16
docker compose up -d postgres`)
  await w.stop()
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', 'Removing image 39d11e656060', done)
  await w.waitFor('session.sealed')
  await w.stop()
  t.equal(w.events('container.replaced').length, 1, 'once, though its line was read again')
  t.equal(w.bot.messages.length, 2)
})

t.test('what was replaced while nobody looked is told, with what is known of it', async (t) => {
  const w = await world(t, ['WATCHTOWER_MONITOR_ONLY=true'])
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', found, done)
  await w.bot.waitForMessages(1)
  await w.waitFor('report.sent')
  await w.stop()
  w.say('watchtower', found, stopping, creating, done)
  recreate(w)
  void w.start()
  const message = (await w.bot.waitForMessages(2))[1]
  t.match(message?.text, new RegExp(`^🚨 Watchtower replaced a container\\n[^]*Old: 16\\.1 \\(${OLD}\\)\\nNew: 16\\.2[^]*2\\. Its settings say monitor-only[^]*docker tag ${OLD} postgres:16\n`))
})

t.test('a container that was stopped and not started again is told of when the check ends', async (t) => {
  const w = await world(t, [])
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  await w.bot.waitForMessages(1)
  w.say('watchtower', found, stopping, done)
  const message = (await w.bot.waitForMessages(2))[1]
  t.match(message?.text, /^🚨 Watchtower stopped a container\n[^]*has not started it again\.\n[^]*3\. Start it again, with the new image:\ndocker compose up -d postgres\n/)
})

t.test('the clean-up of an older Watchtower, a restart in mid-check and a service that Compose recreates are no incidents', async (t) => {
  const w = await createWorld(t)
  w.api.images.push(image({ ref: 'redis:7' }))
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', 'Found multiple running watchtower instances. Cleaning up.', 'Stopping /old (b92fccb7462e) with SIGTERM', 'Removing image 39d11e656060', 'Watchtower 1.7.1')
  w.say('watchtower', 'Stopping /older (b92fccb7462e) with SIGTERM', 'Watchtower 1.7.1', found)
  recreate(w)
  w.api.start('friday-postgres')
  w.api.stop('watchtower')
  await w.waitFor('session.sealed')
  w.api.start('watchtower')
  w.say('watchtower', 'Watchtower 1.7.1', done)
  await w.waitFor('session.sealed', 2)
  await w.stop()
  t.same([w.events('container.replaced'), w.events('guard.finding')], [[], []])
})

t.test('settings that make blind are told of once each', async (t) => {
  const w = await world(t, ['WATCHTOWER_MONITOR_ONLY=true', 'WATCHTOWER_LOG_LEVEL=warn', 'WATCHTOWER_NO_PULL=true'])
  w.api.override(/\/logs$/, { type: 'answer', status: 501, body: { message: 'configured logging driver does not support reading' } })
  void w.start()
  await w.bot.waitForMessages(3)
  t.same(headlines(w).sort(), ['⚠️ Watchtower does not look for new images', '⚠️ Watchtower hides its updates', '⚠️ Watchtower’s log cannot be read'])
})

t.test('an engine that does not answer keeps back no alarm', async (t) => {
  const w = await world(t, [])
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  await w.bot.waitForMessages(1)
  await w.api.log('watchtower').waitForFollowers(1)
  w.api.override(/^\/containers\/json/, { type: 'answer', status: 500, body: { message: 'broken' } })
  w.say('watchtower', creating)
  const message = (await w.bot.waitForMessages(2))[1]
  t.match(message?.text, /^🚨 Watchtower replaced a container\n\nContainer: friday-postgres\n/)
})

t.test('an exempt container that is restarted, or recreated by Compose, is told of once', async (t) => {
  const labels = { ...compose('web'), 'com.centurylinklabs.watchtower.monitor-only': 'false' }
  const w = await world(t, ['WATCHTOWER_MONITOR_ONLY=true', 'WATCHTOWER_LABEL_TAKE_PRECEDENCE=true'])
  w.api.containers.push(container({ name: 'web', image: 'nginx', labels }))
  void w.start()
  await w.bot.waitForMessages(1)
  const next = container({ name: '0a1b2c3d4e5f_web', image: 'nginx', labels, id: madeUpId('web, anew') })
  const lists = (): number => w.api.requests.filter(({ path }) => path.includes('/containers/json')).length
  const steps = [
    () => w.api.stop('web'),
    () => w.api.start('web'),
    () => w.api.containers.push(next) && w.api.start('0a1b2c3d4e5f_web'),
    () => w.api.remove('web'),
    () => (next.Name = '/web') && w.api.events.pushFor(next, 'rename'),
  ]
  for (const step of steps) {
    const looks = lists()
    step()
    // the list of the Watchtowers, the guard's and the watch's
    while (lists() < looks + 3) await new Promise((resolve) => setTimeout(resolve, 20))
  }
  t.same(headlines(w), ['🚨 Watchtower may update a container'])
})
