// What a restart of the sidecar, a crash of its state or a missing engine change: nothing that is lost or said twice.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { ask } from '../src/state/ask.js'
import { createWorld, done, found, MESSAGE } from './world.js'

const other = (name: string): string => `Found new ${name}:1 image (111111111111)`

t.test('after a restart what was told is not told again; what was logged meanwhile is, as one report', async (t) => {
  const w = await createWorld(t)
  w.say('watchtower', 'Watchtower 1.7.1')
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', found, done)
  await w.waitFor('report.sent')
  t.equal(await w.stop(), 0)
  w.say('watchtower', found, other('app-a'), done, found, other('app-b'), done)
  void w.start()
  await w.waitFor('report.sent', 2)
  t.equal(w.bot.messages[0]?.text, MESSAGE)
  t.match(w.bot.messages[1]?.text, /^🔔 2 Docker Updates Available[^]*app-a:1[^]*app-b:1/)
  t.match(w.bot.messages[1]?.text, /Still pending: postgres 16\.1 → 16\.2, (today|1 day)$/, 'mentioned, not told again')
  t.equal(w.events('session.sealed').length, 2)
  t.equal(w.events('session.sealed')[1]?.report.watchtower.version, '1.7.1', 'though its banner was not read again')
})

t.test('a program whose state another one took over ends, and writes and sends nothing more', async (t) => {
  const w = await createWorld(t)
  const ended = w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  rmSync(join(w.config.stateDir, 'lock'))
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(join(w.config.stateDir, 'lock'), resolve))
  t.teardown(() => other.close())
  w.say('watchtower', found, done)
  t.equal(await ended, 1)
  t.match(w.events('state.unusable'), [{ msg: /^another watchtower-telegram is using STATE_DIR/ }])
  t.notMatch(readFileSync(join(w.config.stateDir, 'state.json'), 'utf8'), /postgres/)
  t.same(w.bot.messages, [])
})

t.test('a check that is under way when the program stops is told whole by the next', async (t) => {
  const w = await createWorld(t)
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', other('app-a'))
  await w.stop()
  w.say('watchtower', other('app-b'), done)
  void w.start()
  await w.waitFor('report.sent')
  t.match(w.bot.messages.map(({ text }) => text), [/^🔔 2 Docker Updates Available/])
})

t.test('a program that stopped before its first check is told of all that was found since', async (t) => {
  const w = await createWorld(t)
  void w.start()
  await w.waitFor('watchtower.attached')
  await w.stop()
  w.say('watchtower', other('app-a'), done, other('app-b'), done)
  void w.start()
  await w.waitFor('report.sent')
  t.match(w.bot.messages.map(({ text }) => text), [/app-a:1[^]*app-b:1/], 'it is no first start any more')
})

t.test('a message whose answer the end of the program cut off is sent again, marked', async (t) => {
  const w = await createWorld(t)
  w.bot.next('sendMessage', { type: 'hang', accepted: true })
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', found, done)
  await w.bot.waitForRequests('sendMessage', 1)
  t.equal(await w.stop(), 0)
  t.match(w.events('report.unsent'), [{ messages: 1 }])
  void w.start()
  await w.waitFor('report.sent')
  t.match(w.bot.messages.map(({ text }) => text), [MESSAGE, `↻ Possible repeat: Telegram's answer to the first try was lost.\n\n${MESSAGE}`])
})

t.test('what waits while Telegram cannot be reached becomes one message, in which a newer image replaces the older', async (t) => {
  const w = await createWorld(t)
  w.bot.always('sendMessage', { type: 'too-many-requests', retryAfter: 3 })
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', 'Found new app-a:1 image (111111111111)', done)
  await w.waitFor('report.retry')
  w.say('watchtower', 'Found new app-a:1 image (222222222222)', other('app-b'), done)
  await w.waitFor('session.sealed', 2)
  w.bot.always('sendMessage', null)
  await w.waitFor('report.sent')
  t.match(w.bot.messages.map(({ text }) => text), [/^🔔 2 Docker Updates Available[^]*app-a:1\nCurrent: unknown\nNew: image 222222222222[^]*app-b:1/])
})

t.test('a damaged state is said in the log and in the chat, and what is told again is marked', async (t) => {
  const w = await createWorld(t)
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', found, done)
  await w.waitFor('report.sent')
  await w.stop()
  for (const file of ['state.json', 'state.json.bak']) writeFileSync(join(w.config.stateDir, file), 'garbage')
  void w.start()
  await w.waitFor('report.sent', 3)
  t.match(w.events('state.corrupt'), [{ level: 'error', from: 'nothing' }])
  t.match(w.bot.messages.slice(1).map(({ text }) => text), [/^⚠️ The state file of watchtower-telegram was damaged/, /^↻ Possible repeat: the state file was damaged[^]*Service: postgres/])
  w.say('watchtower', other('app-a'), done)
  await w.waitFor('report.sent', 4)
  t.match(w.bot.messages[3]?.text, /^🔔 Docker Update Available/, 'news are not marked')
})

t.test('a second sidecar on the same state, and a state of a newer version, end the start with one sentence', async (t) => {
  const w = await createWorld(t)
  const first = w.start()
  await w.well()
  t.match(JSON.parse((await ask(join(w.config.stateDir, 'lock'))) ?? ''), { healthy: true, faults: [], doing: /^following watchtower, Docker answered \d s ago, 0 to send$/ })
  const second = await createWorld(t, { stateDir: w.config.stateDir })
  t.equal(await second.start(), 1)
  t.match(second.events('state.unusable'), [{ level: 'fatal', msg: /another watchtower-telegram is using STATE_DIR/ }])
  await w.stop()
  t.equal(await first, 0)
  const file = join(w.config.stateDir, 'state.json')
  writeFileSync(file, readFileSync(file, 'utf8').replace('"version":1', '"version":2'))
  t.equal(await w.start(), 1)
  t.match(w.events('state.unusable'), [{ msg: /written by a newer version/ }])
})

t.test('an engine that does not answer does not delay the end', async (t) => {
  const w = await createWorld(t, { timing: { dockerTimeoutMs: 60_000 } })
  w.api.override(/./, { type: 'hang' })
  void w.start()
  await w.waitFor('started')
  const asked = performance.now()
  t.equal(await w.stop(), 0)
  t.ok(performance.now() - asked < 30_000)
})

t.test('an engine that is gone is told, and after its time ends the program', async (t) => {
  const w = await createWorld(t, { timing: { dockerLostMs: 4_000 } })
  const exit = w.start()
  await w.waitFor('watchtower.attached')
  await w.api.down()
  t.equal(await exit, 1)
  t.match(w.events('health.red')[0], { faults: [/no Docker socket/] })
  t.match(w.events('docker.lost'), [{ level: 'fatal', msg: /has not answered for 4 s/ }])
})

t.test('a chat that moved is remembered, unless another is configured', async (t) => {
  const w = await createWorld(t)
  w.bot.chats[0]!.migratedTo = -1009876543210
  w.bot.chats.push({ id: -1009876543210, is_forum: true, topics: [7] })
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', other('app-a'), done)
  await w.waitFor('report.sent')
  await w.stop()
  void w.start()
  await w.waitFor('watchtower.attached', 2)
  w.say('watchtower', other('app-b'), done)
  await w.waitFor('report.sent', 2)
  t.same(w.bot.requests.filter(({ method }) => method === 'sendMessage').map(({ params }) => params.chat_id), ['-1001234567890', '-1009876543210', '-1009876543210'])
})
