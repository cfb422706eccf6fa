// Faults of Watchtower's container, on a real engine: it is stopped, killed, recreated, renamed, and runs only once.
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Engine } from '../engine/engine.js'
import { until } from '../engine/processes.js'
import { watchtowerLine } from '../engine/watchtower.js'
import { createStage, engineFaults, type Stage } from './engine-stage.js'

/** Of each container, the images of the sessions that were sealed for it. */
function sealedImages(stage: Stage, container: string): string[] {
  const reports = stage.program().events('session.sealed').map((line) => line.report)
  return reports.filter((report) => report.watchtower.container === container).flatMap((report) => report.updates.map((update: { image: string }) => update.image)).sort()
}

const imagesOf = (names: readonly string[]): string[] => names.map((name) => `${name}:1`).sort()

async function stopAndStart(t: Test, engine: Engine): Promise<string> {
  const stage = await createStage(t, engine, { row: 10 })
  const tower = await stage.tower('--name', 'watchtower')
  await stage.start()
  tower.check()
  await stage.told()
  for (const restart of [['stop', 'start'], ['restart']]) {
    const [half = ''] = tower.open()
    await tower.logged(half)
    for (const command of restart) await engine.docker([command, 'watchtower'])
    tower.check()
    await stage.told()
  }
  await engine.docker(['stop', 'watchtower'])
  tower.check() // printed when it starts again, while the program is down
  await stage.stop()
  await engine.docker(['start', 'watchtower'])
  await tower.logged(stage.injected.at(-1) ?? '')
  await stage.start()
  return stage.judge()
}

async function killed(t: Test, engine: Engine): Promise<string> {
  const stage = await createStage(t, engine, { row: 11 })
  const tower = await stage.tower('--name', 'watchtower')
  await stage.start()
  const names = tower.open(3)
  await tower.logged(names[2] ?? '')
  await engine.docker(['kill', 'watchtower'])
  const [sealed] = await stage.program().waitFor('session.sealed')
  t.equal(sealed?.report.session.end, 'aborted')
  await stage.told()
  await engine.docker(['start', 'watchtower'])
  tower.check(2)
  await stage.told()
  t.same(sealedImages(stage, 'watchtower'), imagesOf(stage.injected), 'each is in one session')
  return stage.judge()
}

async function recreated(t: Test, engine: Engine): Promise<string> {
  const stage = await createStage(t, engine, { row: 12 })
  let tower = await stage.tower('--name', 'watchtower')
  await stage.start()
  for (let times = 1; times <= 3; times += 1) {
    tower.check()
    const [last = ''] = tower.open()
    await tower.logged(last)
    await engine.docker(['rm', '--force', 'watchtower'])
    tower = await stage.tower('--name', 'watchtower')
    for (const _ of 'ab') tower.check() // whole checks may be there before anybody looks
    await stage.program().waitFor('watchtower.attached', 1 + times)
  }
  await stage.told()
  t.same(sealedImages(stage, 'watchtower'), imagesOf(stage.injected), 'each is in one session')
  return stage.judge()
}

async function renamed(t: Test, engine: Engine): Promise<string> {
  const stage = await createStage(t, engine, { row: 13 })
  const old = await stage.tower('--name', 'watchtower')
  await stage.start()
  const fromOld = old.open()
  await old.logged(fromOld[0] ?? '')
  await engine.docker(['rename', 'watchtower', 'renamed'])
  const next = await stage.tower('--name', 'watchtower')
  await stage.program().waitFor('watchtower.attached', 2)
  const fromNext = next.open()
  fromOld.push(...old.open())
  fromNext.push(...next.open())
  for (const [tower, name] of [[old, fromOld.at(-1)], [next, fromNext.at(-1)]] as const) await tower.logged(name ?? '')
  next.close()
  old.close()
  await stage.told()
  t.same(sealedImages(stage, 'watchtower'), imagesOf(fromNext), 'the new one holds its own lines')
  t.same(sealedImages(stage, 'renamed'), imagesOf(fromOld), 'the old one, under its new name, its own')
  fromOld.push(...old.open())
  await old.logged(fromOld.at(-1) ?? '')
  await engine.docker(['rm', '--force', 'renamed']) // as Watchtower does once the new one runs
  next.check()
  return stage.judge()
}

async function runOnce(t: Test, engine: Engine): Promise<string> {
  const stage = await createStage(t, engine, { row: 16 })
  await stage.tower('--name', 'watchtower')
  await stage.start()
  for (let times = 1; times <= 3; times += 1) {
    const once = await stage.tower('--rm', '--name', `once-${times}`)
    once.print(watchtowerLine('Running a one time update.'))
    await stage.program().waitFor('watchtower.attached', 1 + times)
    await sleep(1_000) // then it opens the stream that brings the last words
    once.check(2)
    once.exit(0)
    const gone = async (): Promise<boolean> => (await engine.docker(['inspect', once.id], { allowFailure: true })).code !== 0
    t.ok(await until(gone, 60_000), 'it is removed, and its log with it')
  }
  return stage.judge()
}

await engineFaults(t, [
  { row: 10, fault: 'Watchtower is stopped, started and restarted, also in mid-session', expected: 'attached again, nothing lost or repeated', run: stopAndStart },
  { row: 11, fault: 'Watchtower is killed in mid-session', expected: 'what it had found is told, once', run: killed },
  { row: 12, fault: 'Watchtower is removed and run anew under its name, three times', expected: 'the last lines of the old and all of the new', run: recreated },
  { row: 13, fault: 'Watchtower is renamed and a new one has its name, both alive', expected: 'both are read, their lines never mixed', run: renamed },
  { row: 16, fault: 'one-off checks in containers with --rm', expected: 'the lines that were seen live are told', run: runOnce },
])
