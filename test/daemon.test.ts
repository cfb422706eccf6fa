import t from 'tap'
import { container, frame, madeUpId } from './fakes/docker-api.js'
import { createWorld, done, found, MESSAGE, TOPIC, WATCHTOWER } from './world.js'

t.test('a check in the log becomes one message in the topic, and the report is logged whole', async (t) => {
  const w = await createWorld(t)
  void w.start()
  w.say('watchtower', 'Watchtower 1.7.1')
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', found, done)
  const [message] = await w.bot.waitForMessages(1)
  t.equal(message?.text, MESSAGE)
  t.equal(message?.message_thread_id, TOPIC)
  t.match(message?.params, { parse_mode: 'HTML', link_preview_options: '{"is_disabled":true}' })
  const [sealed] = await w.waitFor('session.sealed')
  t.match(sealed?.report, {
    type: 'report',
    watchtower: { container: 'watchtower', version: '1.7.1' },
    session: { startedAt: '2026-11-23T03:00:02.000123456Z', endedAt: '2026-11-23T03:00:03.000123456Z', end: 'done', scanned: 2, available: 1, failed: 0 },
    updates: [{ service: 'postgres', project: 'friday', directory: '/opt/friday', containers: ['friday-postgres'], currentVersion: '16.1', newVersion: '16.2' }],
  })
  await w.waitFor('report.sent')
  // the first look at Telegram does not wait for the log, nor the log for it
  await w.waitFor('telegram.ready')
  await w.stop()
  for (const event of ['started', 'telegram.ready', 'docker.connected', 'watchtower.attached', 'update.found', 'report.sent', 'stopped']) t.equal(w.events(event).length, 1, event)
})

t.test('the same update in the next check is not said again, an unchanged failure neither', async (t) => {
  const w = await createWorld(t)
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  const failure = 'Unable to update container \\"/gone\\": Error response from daemon: pull access denied. Proceeding to next.'
  w.say('watchtower', found, failure, done)
  w.say('watchtower', found, failure, done)
  await w.waitFor('session.sealed', 2)
  w.say('watchtower', found, done)
  await w.waitFor('session.sealed', 3)
  const messages = await w.bot.waitForMessages(1)
  t.equal(messages.length, 1)
  t.match(messages[0]?.text, /Could not check: gone, access denied or image not found\n→ check the name of the image; .*$/)
})

t.test('of what Watchtower logged before the sidecar started only the last check is told', async (t) => {
  const w = await createWorld(t)
  w.say('watchtower', 'Watchtower 1.7.1', 'Found new redis:7 image (111111111111)', done, found, done)
  void w.start()
  await w.waitFor('watchtower.attached')
  const messages = await w.bot.waitForMessages(1)
  t.equal(messages[0]?.text, MESSAGE)
  t.equal(w.events('session.sealed').length, 1)
})

t.test('a Watchtower that stops and starts again is followed on, without a line lost or read twice', async (t) => {
  const w = await createWorld(t)
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', 'Watchtower 1.7.1', done)
  await w.waitFor('session.sealed')
  w.api.stop('watchtower')
  await w.waitFor('watchtower.stopped')
  w.api.start('watchtower')
  await w.waitFor('watchtower.attached', 2)
  w.say('watchtower', 'Watchtower 1.7.1', found, done)
  await w.bot.waitForMessages(1)
  t.equal(w.events('session.sealed').length, 2)
})

t.test('a Watchtower that is recreated under a new id is picked up, and one that dies in mid-check seals it as aborted', async (t) => {
  const w = await createWorld(t)
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', found)
  w.api.remove('watchtower')
  const [aborted] = await w.waitFor('session.sealed')
  t.match(aborted?.report.session, { end: 'aborted', scanned: null })
  w.api.containers.push(container({ name: 'watchtower', image: 'containrrr/watchtower:1.7.1', labels: WATCHTOWER, id: madeUpId('the second one') }))
  w.api.start('watchtower')
  await w.waitFor('watchtower.attached', 2)
  w.say('watchtower', 'Watchtower 1.7.1', done)
  await w.waitFor('session.sealed', 2)
})

t.test('two Watchtowers have sessions of their own', async (t) => {
  const w = await createWorld(t)
  w.api.containers.push(container({ name: 'second', image: 'containrrr/watchtower:1.7.1', labels: WATCHTOWER }))
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  await w.api.log('second').waitForFollowers(1)
  w.say('watchtower', found)
  w.say('second', done)
  await w.waitFor('session.sealed')
  w.say('watchtower', done)
  const sealed = await w.waitFor('session.sealed', 2)
  t.same(sealed.map(({ report }) => [report.watchtower.container, report.updates.length]), [['second', 0], ['watchtower', 1]])
})

t.test('with WATCHTOWER_CONTAINER only that one is followed, and one-off checks', async (t) => {
  const w = await createWorld(t, { watchtower: 'chosen' })
  w.api.containers.push(
    container({ name: 'chosen', image: 'my/watchtower:1', env: ['WATCHTOWER_MONITOR_ONLY=true'] }),
    container({ name: 'once', image: 'containrrr/watchtower:1.7.1', labels: { ...WATCHTOWER, 'com.docker.compose.oneoff': 'True' } }),
  )
  void w.start()
  const attached = await w.waitFor('watchtower.attached', 2)
  t.same(attached.map((line) => line.container).sort(), ['chosen', 'once'])
})

t.test('no Watchtower is said once, and one that comes later is followed', async (t) => {
  const w = await createWorld(t)
  w.api.containers.splice(0, 1)
  void w.start()
  await w.waitFor('watchtower.absent')
  w.api.containers.push(container({ name: 'late', image: 'containrrr/watchtower:1.7.1', labels: WATCHTOWER }))
  w.api.start('late')
  await w.waitFor('watchtower.attached')
  t.equal(w.events('watchtower.absent').length, 1)
})

t.test('an engine that goes away is said once and followed again when it is back', async (t) => {
  const w = await createWorld(t)
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  await w.api.down()
  await w.waitFor('docker.unreachable')
  await w.api.up()
  await w.waitFor('docker.connected', 2)
  await w.waitFor('watchtower.attached', 2)
  w.say('watchtower', found, done)
  await w.bot.waitForMessages(1)
})

t.test('a log that cannot be read is said once, with the reason', async (t) => {
  const w = await createWorld(t)
  w.api.override(/\/logs$/, { type: 'answer', status: 501, body: { message: 'configured logging driver does not support reading' } })
  void w.start()
  const [line] = await w.waitFor('log.unreadable')
  t.match(line?.msg, /watchtower cannot be read: its log driver does not support reading/)
})

t.test("the engine's own words in a log are no log line, and are told", async (t) => {
  const w = await createWorld(t)
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.api.log('watchtower').writeRaw(frame(3, 'Error grabbing logs: no such file'))
  t.match(await w.waitFor('log.broken'), [{ error: 'Error grabbing logs: no such file' }])
})

t.test('without an answer from inspect the report is sent without service names', async (t) => {
  const w = await createWorld(t)
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.api.override(/^\/images\//, { type: 'answer', status: 500, body: { message: 'broken' } })
  w.say('watchtower', found, done)
  const [message] = await w.bot.waitForMessages(1)
  t.match(message?.text, /Current: unknown\nNew: image/)
  t.equal(w.events('facts.missing').length, 1)
})

t.test('a container that Watchtower replaced is an error in the log', async (t) => {
  const w = await createWorld(t)
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', 'Stopping /friday-postgres (b92fccb7462e) with SIGTERM', 'Creating /friday-postgres', done)
  t.match(await w.waitFor('container.replaced'), [{ level: 'error', replaced: { container: 'friday-postgres', state: 'recreated' } }])
})

t.test('a quiet log ends a check of a version that prints no end', async (t) => {
  const w = await createWorld(t, { timing: { idleMs: 1_500 } })
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', 'Watchtower 1.3.0\\nUsing no notifications', found)
  await w.bot.waitForMessages(1)
  t.match(w.events('session.sealed'), [{ report: { session: { end: 'idle' } } }])
})

t.test('what is wrong with the token or the chat is said at the start, without giving up', async (t) => {
  const w = await createWorld(t)
  w.bot.next('getChat', { type: 'error', status: 400, description: 'Bad Request: chat not found' })
  void w.start()
  t.match(await w.waitFor('telegram.unreachable'), [{ level: 'error', msg: /chat not found; correct TELEGRAM_CHAT_ID/ }])
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', found, done)
  await w.bot.waitForMessages(1)
})

t.test('a topic in a chat without topics is warned of, and refusals are logged with their remedy', async (t) => {
  const w = await createWorld(t)
  w.bot.chats[0]!.is_forum = false
  w.bot.next('sendMessage', { type: 'error', status: 500, description: 'Internal Server Error' }, { type: 'error', status: 403, description: 'Forbidden: bot was kicked from the supergroup chat' })
  void w.start()
  await w.waitFor('telegram.no-topics')
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', found, done)
  t.match(await w.waitFor('report.retry'), [{ reason: '500: Internal Server Error' }])
  t.match(await w.waitFor('report.failed'), [{ msg: /bot was kicked.*add the bot to the chat again/ }])
  await w.stop()
  t.match(w.events('report.unsent'), [{ messages: 1 }])
})

t.test('a moved chat is followed and said', async (t) => {
  const w = await createWorld(t)
  w.bot.chats[0]!.migratedTo = -1009876543210
  w.bot.chats.push({ id: -1009876543210, is_forum: true, topics: [TOPIC] })
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', found, done)
  t.match(await w.waitFor('report.rerouted'), [{ msg: 'the chat moved: set TELEGRAM_CHAT_ID to -1009876543210' }])
  t.equal(w.bot.messages[0]?.chat_id, -1009876543210)
})

t.test('an engine with many Watchtowers is followed without a warning of Node', async (t) => {
  const warnings: string[] = []
  const warned = ({ message }: Error): void => void warnings.push(message)
  process.on('warning', warned)
  t.teardown(() => process.off('warning', warned))
  const w = await createWorld(t)
  for (let n = 2; n <= 10; n += 1) w.api.containers.push(container({ name: `watchtower-${n}`, image: 'containrrr/watchtower:1.7.1', labels: WATCHTOWER }))
  void w.start()
  await w.waitFor('watchtower.attached', 10)
  for (let n = 2; n <= 10; n += 1) await w.api.log(`watchtower-${n}`).waitForFollowers(1)
  await w.stop()
  t.same(warnings, [])
})
