import fs, { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { loadState, prepareDirectory, saveState, StateError } from '../../src/state/file.js'
import { ask } from '../../src/state/ask.js'
import { takeLock } from '../../src/state/lock.js'
import { emptyState, type State } from '../../src/state/state.js'
import { asOrdinaryUser } from '../ordinary-user.js'

const NOW = '2026-11-25T03:00:00.000Z'
const state = (chat: number): State => ({ ...emptyState, movedChat: { from: 1, to: chat } })
/** A socket's path is short. */
function shortDirectory(t: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'wt-lock-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  return directory
}
const at = (directory: string, file = 'state.json') => join(directory, file)

t.test('at the first start there is no state, and the directory is made', async (t) => {
  const directory = join(t.testdir(), 'a', 'b')
  await prepareDirectory(directory)
  t.equal(statSync(directory).mode & 0o777, 0o700)
  t.same(await loadState(directory, NOW), { state: null, damage: null })
})

t.test('what was saved is read again, for its owner only, and the file before is kept', async (t) => {
  const directory = t.testdir()
  await saveState(directory, state(2))
  await saveState(directory, state(3))
  t.same(await loadState(directory, NOW), { state: state(3), damage: null })
  t.equal(statSync(at(directory)).mode & 0o777, 0o600)
  t.match(readFileSync(at(directory, 'state.json.bak'), 'utf8'), '"to":2')
  t.same(readdirSync(directory).sort(), ['state.json', 'state.json.bak'])
})

t.test('a damaged file is set aside and the one before is used; without it the start is a first one', async (t) => {
  const directory = t.testdir()
  await saveState(directory, state(2))
  await saveState(directory, state(3))
  const good = readFileSync(at(directory), 'utf8')
  const damages = ['', 'garbage', good.slice(0, -20), good.replace('"to":3', '"to":4'), '{"version":1,"sum":"","state":null}', '[]', 'null', good.replace('"version":1', '"version":"1"')]
  for (const damaged of damages) {
    writeFileSync(at(directory), damaged)
    const aside = at(directory, 'state.json.corrupt-20261125T030000000Z')
    t.same(await loadState(directory, NOW), { state: state(2), damage: { from: 'backup', setAside: [aside] } }, JSON.stringify(damaged.slice(0, 40)))
    t.equal(readFileSync(aside, 'utf8'), damaged)
    t.notOk(existsSync(at(directory)))
  }
  t.same(await loadState(directory, NOW), { state: state(2), damage: { from: 'backup', setAside: [] } }, 'only the backup is left')
  await saveState(directory, state(5))
  t.match(readFileSync(at(directory, 'state.json.bak'), 'utf8'), '"to":2', 'it stays until there are two again')
  writeFileSync(at(directory), 'x')
  writeFileSync(at(directory, 'state.json.bak'), 'y')
  t.match(await loadState(directory, NOW), { state: null, damage: { from: 'nothing', setAside: [/state\.json\.corrupt/, /state\.json\.bak\.corrupt/] } })
})

t.test('wrong types inside a whole file are damage as well', async (t) => {
  const directory = t.testdir()
  await saveState(directory, { ...emptyState, cursors: 'none' } as unknown as State)
  t.match(await loadState(directory, NOW), { state: null, damage: { from: 'nothing' } })
})

t.test('what a newer version wrote is refused and left as it is', async (t) => {
  for (const file of ['state.json', 'state.json.bak']) {
    const directory = t.testdir({ [file]: '{"version":2,"sum":"?","state":{"other":true}}' })
    await t.rejects(loadState(directory, NOW), { name: 'StateError', message: /written by a newer version.*run that version, or start with an empty STATE_DIR/ })
    t.same(readdirSync(directory), [file])
  }
})

t.test('each fault of the directory is one sentence with its remedy', async (t) => {
  const directory = t.testdir({ file: '' })
  await t.rejects(prepareDirectory(join(directory, 'file')), { message: /file is no directory: name one$/ })
  await t.rejects(prepareDirectory(join(directory, 'file', 'below')), { message: /is no directory/ })
  await t.rejects(prepareDirectory('/dev/null/below'), StateError)
  await t.rejects(saveState(join(directory, 'gone'), emptyState), { message: /is not there and cannot be made: make it, or name another/ })
  await t.rejects(loadState(t.testdir({ 'state.json': {} }), NOW), { name: 'StateError', message: /state\.json or a file beside it is a directory: remove it$/ })
  chmodSync(directory, 0o500)
  await asOrdinaryUser(async () => {
    await t.rejects(saveState(directory, emptyState), { message: /^user \d+ may not write in STATE_DIR .*: give it to that user \(chown \d+\), or name another STATE_DIR$/ })
    t.intercept(process, 'getuid' as keyof NodeJS.Process, { value: undefined })
    await t.rejects(saveState(directory, emptyState), { message: /^user \? may not write/ }, 'a system without user numbers')
  })
  chmodSync(directory, 0o700)
})

/** A file system that fails at this call with this code, until the returned function is called. */
function failing(t: Test, call: 'link' | 'rename' | 'open', code: string): () => void {
  const fail = (...args: unknown[]): void => (args.at(-1) as (error: Error) => void)(Object.assign(new Error(code), { code }))
  return t.intercept(fs, call, { value: fail }).restore
}

t.test('each way in which a file system refuses is one sentence with its remedy, and the file before stays', async (t) => {
  const directory = t.testdir()
  await saveState(directory, state(2))
  const cases: ['open' | 'rename', string, RegExp][] = [
    ['rename', 'EBUSY', /state\.json cannot be replaced because it is mounted by itself: mount its directory instead/],
    ['rename', 'EXDEV', /because it is mounted by itself/],
    ['open', 'EACCES', /may not write in STATE_DIR/],
    ['open', 'EPERM', /may not write in STATE_DIR/],
    ['open', 'EROFS', /is read-only: mount it writable, or name another STATE_DIR$/],
    ['open', 'ENOSPC', /^there is no space left in STATE_DIR .*: make room there$/],
    ['open', 'EDQUOT', /^there is no space left/],
    ['open', 'EIO', /^STATE_DIR .* cannot be used: EIO$/],
  ]
  for (const [call, code, sentence] of cases) {
    const mended = failing(t, call, code)
    await t.rejects(saveState(directory, state(3)), { name: 'StateError', message: sentence }, code)
    mended()
    t.match((await loadState(directory, NOW)).state, state(2), code)
  }
  await saveState(directory, state(3))
  t.match((await loadState(directory, NOW)).state, state(3), 'and it works again')
})

t.test('where a file system has no second names the file before is kept as a copy', async (t) => {
  const directory = t.testdir()
  await saveState(directory, state(2))
  const mended = failing(t, 'link', 'EPERM')
  await saveState(directory, state(3))
  mended()
  t.match(readFileSync(at(directory, 'state.json.bak'), 'utf8'), '"to":2')
  t.match((await loadState(directory, NOW)).state, state(3))
  t.same(readdirSync(directory).sort(), ['state.json', 'state.json.bak'])
})

t.test('one program per directory: a second is refused, one that died leaves the way free', async (t) => {
  const directory = shortDirectory(t)
  const first = await takeLock(directory, () => '{"healthy":true}')
  t.equal(first.held, true)
  await t.rejects(takeLock(directory, () => ''), { name: 'StateError', message: /another watchtower-telegram is using STATE_DIR .*: stop it, or give each its own/ })
  t.equal(await ask(join(directory, 'lock')), '{"healthy":true}')
  await new Promise<void>((resolve) => {
    const visitor = connect(join(directory, 'lock'), () => resolve(void visitor.destroy()))
  })
  t.equal(await ask(join(directory, 'lock')), '{"healthy":true}', 'a visitor that leaves at once does no harm')
  first.release()
  t.equal(await ask(join(directory, 'lock')), null)
  writeFileSync(join(directory, 'lock'), 'a dead one')
  const second = await takeLock(directory, () => '')
  t.equal(second.held, true)
  second.release()
})

t.test('of several that find the lock of a dead one at once, one goes on holding it', async (t) => {
  for (let round = 0; round < 20; round += 1) {
    const directory = shortDirectory(t)
    writeFileSync(join(directory, 'lock'), 'a dead one')
    const taken = await Promise.allSettled(Array.from({ length: 6 }, () => takeLock(directory, () => 'alive')))
    const held = taken.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    t.equal(held.filter((lock) => !lock.lost()).length, 1)
    t.equal(await ask(join(directory, 'lock')), 'alive')
    t.same(readdirSync(directory), ['lock'])
    for (const lock of held) lock.release()
  }
})

t.test('a lock that another one has taken is lost, one whose file was removed is not', async (t) => {
  const directory = shortDirectory(t)
  const first = await takeLock(directory, () => 'the first')
  renameSync(join(directory, 'lock'), join(directory, 'aside'))
  t.equal(first.lost(), false)
  const second = await takeLock(directory, () => 'the second')
  t.same([first.lost(), second.lost()], [true, false])
  first.release()
  t.equal(await ask(join(directory, 'lock')), 'the second', 'and is not released with it')
  second.release()
})

t.test('a program that holds the lock and does not answer holds it all the same', async (t) => {
  const directory = shortDirectory(t)
  const frozen = createServer()
  await new Promise<void>((resolve) => frozen.listen(at(directory, 'lock'), resolve))
  t.teardown(() => frozen.close())
  await t.rejects(takeLock(directory, () => ''), { name: 'StateError' })
})

t.test('what is in the way of the lock is named', async (t) => {
  const directory = shortDirectory(t)
  mkdirSync(join(directory, 'lock'))
  await t.rejects(takeLock(directory, () => ''), { name: 'StateError', message: /lock is in the way of the lock: remove it$/ })
})

t.test('a long path is no obstacle to the lock', async (t) => {
  const directory = shortDirectory(t)
  const long = join(directory, 'd'.repeat(120))
  mkdirSync(long)
  const lock = await takeLock(long, () => '')
  t.equal(lock.held, process.platform === 'linux')
  if (lock.held) await t.rejects(takeLock(long, () => ''), { name: 'StateError' })
  lock.release()
  t.equal((await takeLock(join(directory, 'nowhere'), () => '')).held, false)
})
