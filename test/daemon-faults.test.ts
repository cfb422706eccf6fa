// What the daemon says and keeps when a part around it fails: the disk, Telegram at the start, an odd engine, its own end.
import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { Server } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { sleep } from '../src/bell.js'
import { createLog } from '../src/logger.js'
import { runDaemon } from '../src/daemon.js'
import { container, madeUpId, stamp } from './fakes/docker-api.js'
import { createWorld, done, found, MESSAGE, WATCHTOWER, type World } from './world.js'

const other = (name: string): string => `Found new ${name}:1 image (111111111111)`
const never = new AbortController().signal
const T0 = Date.parse('2026-11-23T02:00:00Z')

/** Resolves once it holds; a test that waits in vain ends by its own bound. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(20, never)
}

/** Writes one record, stamped so many minutes after T0. */
function sayAt(w: World, minutes: number, text: string): void {
  w.api.log('watchtower').write({ at: stamp(T0 + minutes * 60_000), stream: 'stderr', text: `time="2026-11-23T02:00:00Z" level=info ${text}` })
}

t.test('while the state cannot be written messages go on from memory, that is said once, and when it can be again it holds all', async (t) => {
  const w = await createWorld(t)
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  // no write is under way once it knows the log
  await until(() => readFileSync(join(w.config.stateDir, 'state.json'), 'utf8').includes('"name":"watchtower"'))
  rmSync(w.config.stateDir, { recursive: true, maxRetries: 5 })
  for (const [n, name] of ['app-a', 'app-b'].entries()) {
    w.say('watchtower', other(name), done)
    await w.waitFor('report.sent', n + 1)
  }
  t.match(w.events('state.unsaved'), [{ level: 'error', msg: /is not there and cannot be made[^]*; going on from memory/ }])
  t.match(w.events('health.red').at(-1), { faults: [/is not there and cannot be made/] })
  mkdirSync(w.config.stateDir)
  await w.waitFor('state.saved')
  await w.waitFor('health.green')
  await w.stop()
  void w.start()
  await w.waitFor('watchtower.attached', 2)
  w.say('watchtower', other('app-a'), other('app-b'), other('app-c'), done)
  await w.waitFor('report.sent', 3)
  t.match(w.bot.messages.at(-1)?.text, /^🔔 Docker Update Available[^]*app-c/)
})

t.test('where the state is gone and its backup is not, it goes on from there and says so', async (t) => {
  const w = await createWorld(t)
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', found, done)
  await w.waitFor('report.sent')
  await w.stop()
  renameSync(join(w.config.stateDir, 'state.json'), join(w.config.stateDir, 'state.json.bak'))
  void w.start()
  await w.waitFor('report.sent', 2)
  t.match(w.events('state.corrupt'), [{ from: 'backup', setAside: [], msg: 'the state file was damaged; going on from its backup' }])
  t.match(w.bot.messages.map(({ text }) => text), [MESSAGE, /^⚠️ The state file of watchtower-telegram was damaged\. Its backup is used;/])
})

t.test('a file system that takes no lock is warned of, and the program runs', async (t) => {
  const w = await createWorld(t)
  t.intercept(Server.prototype, 'listen', {
    value(this: Server) {
      process.nextTick(() => this.emit('error', Object.assign(new Error('listen EPERM'), { code: 'EPERM' })))
      return this
    },
  })
  void w.start()
  await w.waitFor('watchtower.attached')
  t.match(w.events('state.unlocked'), [{ level: 'warn', msg: /takes no lock: make sure that no other watchtower-telegram uses it/ }])
  t.equal(await w.stop(), 0)
})

t.test('a log that cannot be written ends the run with that error, and the state directory is free again', async (t) => {
  const w = await createWorld(t)
  const full = createLog('info', [], {
    write() {
      throw new Error('write ENOSPC')
    },
  })
  await t.rejects(runDaemon(w.config, full, never), { message: 'write ENOSPC' })
  void w.start()
  await w.waitFor('watchtower.attached')
})

t.test('a Telegram that is away at the start is said once and waited for', async (t) => {
  const w = await createWorld(t)
  const away = { type: 'error' as const, status: 502, description: 'Bad Gateway' }
  w.bot.next('getMe', away, away, { ...away, description: 'Still Bad' })
  void w.start()
  await w.waitFor('telegram.ready')
  t.match(w.events('telegram.unreachable').map(({ msg }) => msg), ['Telegram: 502: Bad Gateway', 'Telegram: 502: Still Bad'])
  t.same(w.events('health.red'), [], 'an outage is nothing that a person must mend')
})

t.test('the end comes at once while Telegram is waited for', async (t) => {
  const w = await createWorld(t, { timing: { paceMs: 60_000 } })
  w.bot.always('getMe', { type: 'error', status: 502, description: 'Bad Gateway' })
  void w.start()
  await w.waitFor('telegram.unreachable')
  t.equal(await w.stop(), 0)
  t.equal(w.bot.requests.length, 1)
})

t.test('a log that cannot be written loses no check', async (t) => {
  const w = await createWorld(t)
  const seen: string[] = []
  const stop = new AbortController()
  const log = createLog('info', [], {
    write(line) {
      const { event } = JSON.parse(line)
      seen.push(event)
      if (event === 'session.sealed' && seen.filter((one) => one === event).length === 1) throw new Error('write ENOSPC')
    },
  })
  const end = runDaemon(w.config, log, stop.signal)
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', other('app-a'), done, other('app-b'), done)
  for (let n = 1; !/app-b/.test(w.bot.messages.map(({ text }) => text).join()); n += 1) await w.bot.waitForMessages(n)
  stop.abort()
  t.equal(await end, 0)
  t.match(w.bot.messages.map(({ text }) => text).join(), /app-a:1[^]*app-b:1/)
  t.same(seen.filter((event) => /^(session\.sealed|report\.lost)$/.test(event)), ['session.sealed', 'report.lost', 'session.sealed'])
})

t.test('a message that Telegram takes in no form is in the log, a notice goes out in its place, and the next follow', async (t) => {
  const w = await createWorld(t)
  const odd = { type: 'error' as const, status: 400, description: 'Bad Request: odd' }
  w.bot.next('sendMessage', odd, odd)
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', found, done)
  t.match(await w.waitFor('report.set-aside'), [{ level: 'error', reason: 'Bad Request: odd', text: MESSAGE }])
  w.say('watchtower', other('app-a'), done)
  await w.waitFor('report.sent')
  t.match(w.bot.messages.map(({ text }) => text), [/^⚠️ A message could not be shown: [^]*It began: 🔔 Docker Update Available/, /^🔔 Docker Update Available[^]*app-a/])
})

t.test('a Watchtower that has stopped already is read once, and forgotten when it is removed', async (t) => {
  const w = await createWorld(t, { watchtower: madeUpId('container watchtower').slice(0, 12) })
  w.say('watchtower', found, done)
  w.api.stop('watchtower')
  void w.start()
  await w.bot.waitForMessages(1)
  await w.waitFor('watchtower.stopped')
  const looks = (): number => w.api.requests.filter(({ path }) => /\/containers\/json.*label/.test(path)).length
  const before = looks()
  await until(() => looks() > before)
  w.api.remove('watchtower')
  await w.waitFor('watchtower.absent')
  w.api.containers.push(container({ name: 'unknown', image: 'made/up:1', labels: WATCHTOWER }))
  const absent = looks()
  w.api.start('unknown')
  await until(() => looks() > absent)
  t.equal(w.events('watchtower.attached').length, 1, 'only the one named by its id is followed')
})

t.test('an engine that names a container by what is no id is told of, and the others are followed', async (t) => {
  const w = await createWorld(t)
  const watchtower = { Id: madeUpId('container watchtower'), Names: ['/watchtower'], Labels: WATCHTOWER, Command: '/watchtower', State: 'running' }
  w.api.override('/containers/json', { type: 'answer', status: 200, body: [{ ...watchtower, Id: 'a%2fb', Names: ['/odd'] }, watchtower] })
  void w.start()
  await w.waitFor('watchtower.attached')
  t.match(await w.waitFor('failed'), [{ level: 'error', msg: /the log of odd could not be followed/, stack: /ReadOnlyError: refused, this program only reads: GET/ }])
})

t.test('a stream that is silent while its log grows is said in the debug log, and its lines are told', async (t) => {
  const w = await createWorld(t, { timing: { reconcileMs: 200 } })
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.api.log('watchtower').stalled = true
  w.say('watchtower', found, done)
  await w.bot.waitForMessages(1)
  t.match(await w.waitFor('log.stalled'), [{ level: 'debug', container: 'watchtower' }])
})

t.test('a line that ends two checks at once loses neither, whether it is read live or found at the start', async (t) => {
  const w = await createWorld(t)
  sayAt(w, 0, `msg="${other('app-a')}"`)
  sayAt(w, 20, 'msg="Session done" Failed=0 Scanned=1 Updated=0 notify=no')
  void w.start()
  await w.waitFor('watchtower.attached')
  sayAt(w, 60, 'msg="Watchtower 1.3.0"')
  sayAt(w, 61, `msg="${other('app-b')}"`)
  sayAt(w, 90, 'msg="Session done" Failed=0 Scanned=1 Updated=0 notify=no')
  const sealed = await w.waitFor('session.sealed', 3)
  t.same(sealed.slice(1).map(({ report }) => [report.session.end, report.updates.length]), [['idle', 1], ['done', 0]])
  await w.waitFor('report.sent')
  await w.stop()
  const [cursor] = JSON.parse(readFileSync(join(w.config.stateDir, 'state.json'), 'utf8')).state.cursors
  t.match(cursor.checkpoint.position.since, /^2026-11-23T03:29:59/, 'and the cursor is behind both')
})

t.test('a check whose facts are still being gathered at the end, and those behind it, are told by the next start', async (t) => {
  const w = await createWorld(t)
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', done)
  await w.waitFor('session.sealed')
  w.api.override(/^\/images\//, { type: 'hang' })
  w.say('watchtower', other('app-a'), done, other('app-b'), done)
  await until(() => w.api.requests.some(({ path }) => /\/images\//.test(path)))
  t.equal(await w.stop(), 0)
  t.equal(w.events('session.sealed').length, 1)
  w.api.override(/^\/images\//, null)
  void w.start()
  await w.waitFor('report.sent')
  t.match(w.bot.messages.map(({ text }) => text), [/^🔔 2 Docker Updates Available[^]*app-a[^]*app-b/])
})

t.test('an engine that is slow with its facts slows the reading down, and of a flood of checks none is lost', async (t) => {
  const w = await createWorld(t, { timing: { dockerTimeoutMs: 1_500 } })
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.api.override(/^\/images\//, { type: 'hang', times: 1 })
  const names = Array.from({ length: 80 }, (_, n) => `app-${n}`)
  w.say('watchtower', ...names.flatMap((name) => [other(name), done]))
  await w.waitFor('session.sealed', 80)
  await until(() => names.every((name) => w.bot.messages.some(({ text }) => text.includes(`${name}:1`))))
  t.equal(w.events('facts.missing').length, 0)
  const told = w.bot.messages.map(({ text }) => text).join('\n')
  t.same(names.filter((name) => told.split(`Service: ${name}\n`).length > 2 || told.split(`${name}:1\n`).length > 2), [], 'and none is told twice')
})
