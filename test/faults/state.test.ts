// The state directory is read-only, full, damaged, mounted wrongly or shared.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { count } from './counter.js'
import { createStage, eventually, settled, type Stage, stateFile } from './stage.js'
import { faultTable } from './table.js'

/** Why nothing can be mounted here; empty where it can, or must. */
function whyNotMounted(): { impossible?: string } {
  if (process.env.ENGINE_REQUIRED === '1') return {}
  const probe = mkdtempSync('/tmp/wt-mount-')
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', probe], { stdio: 'pipe' })
    execFileSync('umount', [probe])
    return {}
  } catch {
    return { impossible: 'mounting a tmpfs needs root, and is not allowed here' }
  } finally {
    rmSync(probe, { recursive: true, force: true })
  }
}

/** A stage whose state directory is a small file system of its own. */
async function mountedStage(t: Test): Promise<Stage & { remount(how: 'ro' | 'rw'): void }> {
  const directory = mkdtempSync('/tmp/wt-small-')
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=0700', 'tmpfs', directory])
  const stage = await createStage(t, { stateDir: directory })
  t.teardown(() => {
    execFileSync('umount', ['-l', directory])
    rmSync(directory, { recursive: true, force: true })
  })
  return Object.assign(stage, { remount: (how: 'ro' | 'rw') => void execFileSync('mount', ['-o', `remount,${how}`, directory]) })
}

/** Starts it where it cannot: exit 1, one line that is fatal and names the remedy; gives its sentence. */
async function refused(t: Test, stage: Stage, remedy: RegExp, env: Record<string, string> = {}): Promise<string> {
  const sidecar = stage.start(env)
  t.equal(await sidecar.exit, 1)
  const [line, ...more] = sidecar.lines().filter(({ level }) => level === 'fatal')
  t.same(more, [], 'one fatal line')
  t.match(line, { event: 'state.unusable', msg: remedy })
  return String(line?.msg).replaceAll(/\/tmp\/wt-[\w-]+/g, 'DIRECTORY')
}

/** Docker and Telegram are first asked a moment after the start. */
const isHealthy = (stage: Stage): Promise<void> => eventually(async () => (await stage.health())?.healthy === true, 'healthy')

/** The state file, once nothing was saved for a second: the first looks after a start save too. */
async function restingState(stage: Stage): Promise<string | null> {
  const before = stateFile(stage)
  await sleep(1_000)
  return stateFile(stage) === before ? before : restingState(stage)
}

/** While nothing can be saved: told once, red, messages go on; green when it works again. */
async function unsavable(t: Test, stage: Stage, fail: () => void, mend: () => void): Promise<void> {
  const sidecar = stage.start()
  await sidecar.waitFor('watchtower.attached')
  stage.check(1)
  await stage.told()
  await settled(stage)
  await isHealthy(stage)
  const before = await restingState(stage)
  fail()
  stage.check(1)
  await stage.told()
  stage.check(1)
  await stage.told()
  t.match(await sidecar.waitFor('state.unsaved'), [{ level: 'error' }])
  await sidecar.waitFor('health.red')
  t.match(await stage.health(), { healthy: false, faults: [/\S/] })
  t.equal(stateFile(stage), before, 'what was saved before stands as it was')
  mend()
  await sidecar.waitFor('state.saved', 1, 40_000)
  await sidecar.waitFor('health.green')
  t.match(await stage.health(), { healthy: true, faults: [] })
  t.equal(sidecar.events('state.unsaved').length, 1, 'said once')
  t.not(stateFile(stage), before)
  await stage.kill(sidecar)
  const second = stage.start()
  stage.check(1)
  await stage.told()
  await stage.stop(second)
}

async function readOnly(t: Test): Promise<string> {
  const stage = await mountedStage(t)
  stage.remount('ro')
  const sentence = await refused(t, stage, /read-only/)
  stage.remount('rw')
  await unsavable(t, stage, () => stage.remount('ro'), () => stage.remount('rw'))
  return `at the start "${sentence}"; at run time red, then green; ${stage.verdict()}`
}

async function full(t: Test): Promise<string> {
  const stage = await mountedStage(t)
  const filler = join(stage.stateDir, 'filler')
  const fill = (): void => {
    try {
      for (;;) appendFileSync(filler, Buffer.alloc(512))
    } catch { /* full */ }
  }
  fill()
  const sentence = await refused(t, stage, /full|space/)
  rmSync(filler)
  await unsavable(t, stage, fill, () => rmSync(filler))
  return `at the start "${sentence}"; at run time red, then green; ${stage.verdict()}`
}

async function noDirectory(t: Test): Promise<string> {
  const stage = await createStage(t)
  const [file, dangling] = [join(stage.stateDir, 'file'), join(stage.stateDir, 'dangling')]
  writeFileSync(file, '')
  symlinkSync('/nowhere/at/all', dangling)
  const sentences: string[] = []
  for (const directory of [dangling, file, join(file, 'below')]) sentences.push(await refused(t, stage, /STATE_DIR .*: .*(name|make|mount|give|create|remove)/, { STATE_DIR: directory }))
  return `"${sentences.join('", "')}"`
}

/** A good checksum over a state whose fields are of no type that it can be. */
function ofWrongTypes(file: string): void {
  const { version, state } = JSON.parse(readFileSync(file, 'utf8'))
  const body = JSON.stringify(Object.fromEntries(Object.keys(state).map((key, index) => [key, [7, 'text', [[]], { a: null }][index % 4]])))
  writeFileSync(file, `{"version":${version},"sum":"${createHash('sha256').update(body).digest('hex')}","state":${body}}\n`)
}

const DAMAGE: Readonly<Record<string, (file: string) => void>> = {
  truncated: (file) => truncateSync(file, Math.floor(readFileSync(file).length / 2)),
  garbage: (file) => writeFileSync(file, Buffer.from(Array.from({ length: 300 }, (_, index) => (index * 97) % 256))),
  'of wrong types': ofWrongTypes,
  'changed by a digit': (file) => writeFileSync(file, readFileSync(file, 'utf8').replace(/(.*)(\d)/, (_, before: string, digit: string) => `${before}${(Number(digit) + 1) % 10}`)),
  empty: (file) => truncateSync(file, 0),
  'null': (file) => writeFileSync(file, 'null'),
}

/** A stage on which two checks were told and noted, so that there is a copy of a good state too. */
async function usedStage(t: Test): Promise<Stage> {
  const stage = await createStage(t)
  const sidecar = stage.start()
  await sidecar.waitFor('watchtower.attached')
  for (let check = 1; check <= 2; check += 1) {
    stage.check(1)
    await sidecar.waitFor('report.sent', check)
  }
  await stage.stop(sidecar)
  t.ok(stateFile(stage, 'state.json.bak'), 'the copy is there')
  return stage
}

async function damaged(t: Test): Promise<string> {
  let marked = 0
  for (const [how, damage] of Object.entries(DAMAGE)) {
    for (const files of [['state.json'], ['state.json', 'state.json.bak']]) {
      const stage = await usedStage(t)
      for (const file of files) damage(join(stage.stateDir, file))
      const bytes = readFileSync(join(stage.stateDir, 'state.json'))
      const sidecar = stage.start()
      t.match(await sidecar.waitFor('state.corrupt'), [{ level: 'error' }], `${how}: said`)
      const aside = readdirSync(stage.stateDir).filter((name) => name.startsWith('state.json.corrupt-'))
      t.ok(aside.some((name) => readFileSync(join(stage.stateDir, name)).equals(bytes)), `${how}: set aside as it was`)
      stage.check(1)
      await stage.told()
      await stage.stop(sidecar)
      const again = stage.start()
      stage.check(1)
      await stage.told()
      await stage.stop(again)
      t.equal(again.events('state.corrupt').length, 0, `${how}: said once`)
      const notices = stage.bot.messages.filter(({ text }) => !/\bapp-\d{5}\b/.test(text))
      t.equal(notices.length, 1, `${how}: one notice in Telegram`)
      stage.verdict({ mayRepeat: true })
      marked += count(stage.bot, stage.injected).repeatedMarked.length
      await stage.close()
    }
  }
  return `${Object.keys(DAMAGE).join(', ')}, each with and without the copy: all told, ${marked} repeated and marked`
}

async function ofTheFuture(t: Test): Promise<string> {
  const stage = await usedStage(t)
  const file = join(stage.stateDir, 'state.json')
  const saved = readFileSync(file, 'utf8')
  const [, key] = /"(version|v)":\s*\d+/.exec(saved) ?? []
  t.ok(key, 'the file says its version')
  writeFileSync(file, saved.replace(/("(?:version|v)":\s*)\d+/, '$199'))
  const all = (): Record<string, string> => Object.fromEntries(readdirSync(stage.stateDir).filter((name) => name !== 'lock').map((name) => [name, readFileSync(join(stage.stateDir, name), 'base64')]))
  const before = all()
  const sentence = await refused(t, stage, /newer/)
  t.same(all(), before, 'nothing is touched')
  t.equal(stage.bot.messages.length, 2, 'nothing is sent')
  writeFileSync(file, saved)
  const sidecar = stage.start()
  stage.check(1)
  await stage.told()
  await stage.stop(sidecar)
  return `"${sentence}"; with the right program ${stage.verdict()}`
}

async function singleFileMount(t: Test): Promise<string> {
  const stage = await createStage(t)
  const [outside, inside] = [join(stage.stateDir, 'outside.json'), join(stage.stateDir, 'in')]
  mkdirSync(inside)
  writeFileSync(outside, '')
  writeFileSync(join(inside, 'state.json'), '')
  execFileSync('mount', ['--bind', outside, join(inside, 'state.json')])
  t.teardown(() => void execFileSync('umount', ['-l', join(inside, 'state.json')]))
  return `"${await refused(t, stage, /mount.*directory|directory.*mount/, { STATE_DIR: inside })}"`
}

async function twoSidecars(t: Test): Promise<string> {
  const stage = await createStage(t)
  stage.check(1)
  const first = stage.start()
  await stage.told()
  const sentence = await refused(t, stage, /STATE_DIR|second|another|other/)
  stage.check(1)
  await stage.told()
  await isHealthy(stage) // the lock is still that of the first
  await settled(stage)
  await stage.kill(first)
  // all of them find the lock of a dead one at the same time
  const several = Array.from({ length: 4 }, () => stage.start())
  // one whose lock another took learns that when it is to save
  stage.check(1)
  await eventually(() => several.filter(({ child }) => child.exitCode === null).length <= 1, 'all but one have ended')
  const survivors = several.filter(({ child }) => child.exitCode === null)
  t.equal(survivors.length, 1, 'one goes on')
  stage.check(1)
  await stage.told()
  for (const survivor of survivors) await stage.stop(survivor)
  return `"${sentence}"; the first goes on; of four after its SIGKILL one; ${stage.verdict()}`
}

t.test('the state directory is at fault', { timeout: 840_000 }, (t) => faultTable(t, [
  { row: 46, fault: 'state directory read-only', expected: 'at the start a clear refusal; at run time red, goes on, recovers by itself', run: readOnly, ...whyNotMounted() },
  { row: 46, fault: 'state directory that is not there and cannot be made, or is no directory', expected: 'a clear refusal', run: noDirectory },
  { row: 47, fault: 'disk full', expected: 'old state intact, goes on from memory, saves when there is room', run: full, ...whyNotMounted() },
  { row: 48, fault: 'state truncated, garbage, wrong types, empty', expected: 'set aside, the copy used, else as at first start; one notice; repeats marked', timeoutMs: 300_000, run: damaged },
  { row: 48, fault: 'state of a newer version', expected: 'exit 1, nothing touched', run: ofTheFuture },
  { row: 49, fault: 'state.json is a single-file bind mount', expected: 'exit 1: mount the directory', run: singleFileMount, ...whyNotMounted() },
  { row: 50, fault: 'two sidecars on one state directory', expected: 'the second exits 1, the first goes on', run: twoSidecars },
]))
