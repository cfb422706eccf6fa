// The health check beside a running program, as Docker runs it: the built command, with STATE_DIR alone.
import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer, Server } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { healthcheck } from '../src/healthcheck.js'
import { TELL_EVERY_MS, toldFile } from '../src/state/ask.js'
import { createWorld, done, found } from './world.js'

const COMMAND = ['dist/watchtower-telegram.cjs', 'healthcheck']

/** Exit code and output of the command, in a shell with nothing but STATE_DIR; what it is made of must say the same. */
async function check(stateDir: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const finished = await new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, COMMAND, { env: { STATE_DIR: stateDir } }, (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }))
  })
  const { healthy, sentence } = await healthcheck(Date.now(), { STATE_DIR: stateDir })
  const plain = (text: string): string => text.replace(/\d+ s\b/g, 'n s')
  t.same([finished.code, plain(finished.stdout)], [healthy ? 0 : 1, plain(`${sentence}\n`)])
  return finished
}

t.test('healthy: exit 0 and what it does', async (t) => {
  const w = await createWorld(t)
  void w.start()
  await w.well()
  t.match(await check(w.config.stateDir), { code: 0, stdout: /^healthy: following watchtower, Docker answered \d+ s ago, 0 to send\n$/, stderr: /^$/ })
  w.api.stop('watchtower')
  await w.waitFor('watchtower.stopped')
  t.match(await check(w.config.stateDir), { code: 0, stdout: /^healthy: waiting for watchtower to start, / })
})

t.test('not attached yet: exit 1', async (t) => {
  const w = await createWorld(t)
  w.api.override(/\/logs$/, { type: 'hang' })
  void w.start()
  await w.answers(/"faults":\["it is not attached [^"]*"\]/)
  t.match(await check(w.config.stateDir), { code: 1, stdout: 'unhealthy: it is not attached to watchtower yet: its log is being read\n' })
})

t.test('no Docker: exit 1 with the remedy', async (t) => {
  const w = await createWorld(t)
  await w.api.down()
  void w.start()
  await w.waitFor('telegram.ready')
  await w.waitFor('health.red')
  t.match(await check(w.config.stateDir), { code: 1, stdout: /^unhealthy: no Docker socket at .*: mount it, or set DOCKER_HOST; / })
})

t.test('Telegram refuses token or chat, or has not answered: exit 1', async (t) => {
  const w = await createWorld(t)
  w.bot.always('getMe', { type: 'error', status: 401, description: 'Unauthorized' })
  void w.start()
  await w.answers(/"faults":\["401[^"]*"\]/)
  t.match(await check(w.config.stateDir), { code: 1, stdout: 'unhealthy: 401: Unauthorized; the bot token is wrong: copy it again from @BotFather into TELEGRAM_BOT_TOKEN or its file\n' })
  const other = await createWorld(t)
  other.bot.always('getMe', { type: 'html' })
  void other.start()
  await other.waitFor('telegram.unreachable')
  await other.answers(/"faults":\["[^"]*"\]/)
  t.match(await check(other.config.stateDir), { code: 1, stdout: 'unhealthy: Telegram has not accepted token and chat yet: see the log of this container\n' })
})

t.test('an outbox that is stuck: exit 1', async (t) => {
  // pings often, so that one comes after the clock was set forward
  const w = await createWorld(t, { timing: { dockerLostMs: 1_000 } })
  w.bot.always('sendMessage', { type: 'error', status: 500, description: 'Internal Server Error' })
  const { now } = Date
  let ahead = 0
  t.intercept(Date, 'now', { value: () => now() + ahead })
  void w.start()
  await w.well()
  w.say('watchtower', found, done)
  await w.waitFor('report.retry')
  t.match(await check(w.config.stateDir), { code: 0, stdout: /, 1 to send\n$/ })
  ahead = 1_000_000
  const pings = w.api.requests.length
  while (w.api.requests.filter(({ path }, n) => n > pings && path === '/_ping').length < 2) await new Promise((resolve) => setTimeout(resolve, 20))
  t.match(await check(w.config.stateDir), { code: 1, stdout: /^unhealthy: a message has been waiting to be sent for \d+ s: see the log of this container\n$/ })
})

t.test('a state that cannot be written: exit 1', async (t) => {
  const w = await createWorld(t)
  void w.start()
  await w.well()
  // not while a write is under way
  while (!made(join(w.config.stateDir, 'state.json.new'))) await new Promise(setImmediate)
  w.say('watchtower', found, done)
  await w.waitFor('state.unsaved')
  t.match(await check(w.config.stateDir), { code: 1, stdout: /^unhealthy: .*state\.json or a file beside it is a directory: remove it\n$/ })
})

/** Makes a directory; false where there is something of that name. */
function made(path: string): boolean {
  try {
    mkdirSync(path)
    return true
  } catch {
    return false
  }
}

t.test('no program, one that does not answer, and one whose answer is garbage: exit 1', async (t) => {
  const stateDir = t.testdir()
  t.same(await check(stateDir), { code: 1, stdout: `unhealthy: no watchtower-telegram is running with STATE_DIR ${stateDir}: start it\n`, stderr: '' })
  t.match(await check(join(stateDir, 'd'.repeat(200))), { code: 1, stdout: /^unhealthy: no watchtower-telegram is running/ })
  const w = await createWorld(t)
  const frozen = createServer()
  await new Promise<void>((resolve) => frozen.listen(join(w.config.stateDir, 'lock'), resolve))
  t.match(await check(w.config.stateDir), { code: 1, stdout: 'unhealthy: watchtower-telegram does not answer: restart it\n' })
  await new Promise((resolve) => frozen.close(resolve))
})

t.test('where there is no lock the program tells in a file, and one that is old tells of nothing', async (t) => {
  const w = await createWorld(t)
  const restore = t.intercept(Server.prototype, 'listen', {
    value(this: Server) {
      process.nextTick(() => this.emit('error', Object.assign(new Error('listen EPERM'), { code: 'EPERM' })))
      return this
    },
  })
  // what it tells at its start is all that it tells here, however long this takes
  const { setInterval } = globalThis
  t.intercept(globalThis, 'setInterval', { value: (work: () => void, ms: number) => setInterval(work, ms === TELL_EVERY_MS ? 2 ** 31 - 1 : ms) })
  void w.start()
  await w.waitFor('watchtower.attached')
  restore.restore()
  const file = join(w.config.stateDir, 'health.json')
  t.match(await check(w.config.stateDir), { code: 1, stdout: /^unhealthy: Docker has not answered yet; / }, 'as it was at the start')
  writeFileSync(file, readFileSync(file, 'utf8').replace('false', 'true'))
  t.match(await check(w.config.stateDir), { code: 0, stdout: /^healthy: / })
  writeFileSync(file, '')
  t.match(await check(w.config.stateDir), { code: 1, stdout: /^unhealthy: .*health\.json holds no answer: restart watchtower-telegram\n$/ })
  utimesSync(file, 0, 0)
  t.match(await check(w.config.stateDir), { code: 1, stdout: /^unhealthy: watchtower-telegram has not told how it is for \d+ s: start it, or make STATE_DIR .* writable\n$/ })
  await w.stop()
  t.match(await check(w.config.stateDir), { code: 1, stdout: /^unhealthy: no watchtower-telegram is running/ })
})

t.test('it finds the state where the program keeps it', async (t) => {
  t.match(await healthcheck(Date.now(), { XDG_STATE_HOME: '/nowhere', STATE_DIR: '' }), { healthy: false, sentence: /STATE_DIR \/nowhere\/watchtower-telegram:/ })
})

t.test('an answer that lacks its parts, as of another version, is red and no crash', async (t) => {
  const stateDir = t.testdir()
  for (const told of ['{}', '{"faults":7}', '[]', '"x"']) {
    writeFileSync(toldFile(stateDir), told)
    t.match(await healthcheck(Date.now(), { STATE_DIR: stateDir }), { healthy: false, sentence: /^unhealthy: / })
  }
})
