// SIGKILL of the sidecar: right before and right after every call that commits something, and at 200 random moments.
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { until } from '../engine/processes.js'
import type { SentMessage } from '../fakes/bot-api.js'
import { count } from './counter.js'
import type { SidecarProcess } from './sidecar-process.js'
import { createStage, done, eventually, found, inParallel, type Stage } from './stage.js'
import { faultTable } from './table.js'

const KILLER = ['--require', fileURLToPath(new URL('killer.cjs', import.meta.url))]
const AT_ONCE = 4
const RANDOM_KILLS = 200
/** a resend after an unknown outcome waits 30 of these */
const PACE = { RETRY_PACE: '3ms', RECONCILE_EVERY: '1s' }

interface Call {
  n: number
  what: string
  done: boolean
}

const ended = ({ child }: SidecarProcess): boolean => child.exitCode !== null || child.signalCode !== null

/** What it did to its state and to Telegram, as killer.cjs wrote it down. */
function callsOf(sidecar: SidecarProcess): Call[] {
  const [, json = '[]'] = /^killer: (.*)$/m.exec(sidecar.output()) ?? []
  return JSON.parse(json)
}

/** A run of everything that is saved: a check of before the start, one that is followed, both sent; then SIGTERM. */
async function wholeRun(stage: Stage, env: Record<string, string>): Promise<SidecarProcess> {
  stage.check(2)
  const sidecar = stage.start({ ...PACE, ...env }, KILLER)
  await eventually(() => ended(sidecar) || sidecar.events('watchtower.attached').length > 0, 'attached or killed')
  stage.check(2)
  await eventually(() => ended(sidecar) || sidecar.events('report.sent').length > 1, 'both sent or killed')
  sidecar.child.kill('SIGTERM')
  await sidecar.exit
  return sidecar
}

/** Starts it again, undisturbed, and waits until all was told that it has to tell: a last check, which comes after all else. */
async function recover(stage: Stage): Promise<void> {
  const sidecar = stage.start(PACE)
  await sidecar.waitFor('watchtower.attached')
  stage.check(1)
  await stage.told()
  await stage.stop(sidecar)
  if (sidecar.events('state.corrupt').length > 0) throw new Error('the state was torn')
}

const namesIn = (messages: readonly SentMessage[]): string[] => messages.flatMap(({ text }) => text.match(/\bapp-\d{5}\b/g) ?? [])

/** What is against the invariant, in words; only these names may have been told twice, the second time marked. */
function wrong(stage: Stage, mayRepeat: readonly string[]): string[] {
  const { lost, repeatedUnmarked, repeatedMarked } = count(stage.bot, stage.injected)
  return [
    ...lost.map((name) => `${name} is lost`),
    ...repeatedUnmarked.map((name) => `${name} is repeated unmarked`),
    ...repeatedMarked.filter((name) => !mayRepeat.includes(name)).map((name) => `${name} is repeated`),
    ...mayRepeat.filter((name) => namesIn(stage.bot.messages).filter((one) => one === name).length > 2).map((name) => `${name} is repeated more than once`),
  ]
}

/** Whether the last message that was handed over was also noted as sent on the disk. */
function noted(calls: readonly Call[]): boolean {
  const answer = calls.findLast(({ what }) => what === 'answer' || what === 'request')
  return answer?.what === 'answer' && calls.some(({ n, what, done: is }) => is && n > answer.n && /^rename .*state\.json$/.test(what))
}

async function everyCommitPoint(t: Test): Promise<string> {
  const undisturbed = await createStage(t)
  const calls = callsOf(await wholeRun(undisturbed, {}))
  t.same(wrong(undisturbed, []), [], 'undisturbed, all is told once')
  for (const kind of [/^open/, /^write/, /^f?sync|^fsync/, /^rename/, /^request/, /^answer/]) t.ok(calls.some(({ what }) => kind.test(what)), `among the calls: ${kind}`)
  await undisturbed.close()

  const points = calls.flatMap(({ n }) => (['before', 'after'] as const).map((side) => ({ n, side })))
  const faults: string[] = []
  let [killed, repeats] = [0, 0]
  await inParallel(points, AT_ONCE, async ({ n, side }) => {
    const stage = await createStage(t)
    const sidecar = await wholeRun(stage, { KILL_AT: String(n), KILL_SIDE: side })
    const trace = callsOf(sidecar)
    killed += Number(sidecar.child.signalCode === 'SIGKILL')
    // what it had handed over is still taken by Telegram
    const handedOver = trace.filter(({ what, done: is }) => what === 'request' && is).length
    await stage.bot.waitForRequests('sendMessage', handedOver)
    const accepted = [...stage.bot.messages]
    await recover(stage)
    const mayRepeat = noted(trace) ? [] : namesIn(accepted.slice(-1))
    repeats += Number(count(stage.bot, mayRepeat).repeatedMarked.length > 0)
    faults.push(...wrong(stage, mayRepeat).map((fault) => `killed ${side} call ${n}, ${trace.at(-1)?.what}: ${fault}`))
    await stage.close()
  })
  t.same(faults, [])
  // how many calls a run makes depends a little on how its reads and writes fall together
  t.ok(killed >= points.length - 8, `killed in ${killed} of ${points.length} runs`)
  return `${killed} kills before and after each of ${calls.length} calls: ${faults.length} against the invariant, ${repeats} marked repeats`
}

/** The same numbers for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Watchtower at work, whatever becomes of the sidecar: two checks, a line every few milliseconds, in pieces of 11 bytes. */
async function work(stage: Stage, random: () => number): Promise<void> {
  stage.api.log('watchtower').pieceBytes = 11
  for (let check = 0; check < 2; check += 1) {
    stage.names(2)
    for (const line of [...stage.injected.map(found), done(stage.injected.length)]) {
      stage.say([line])
      await sleep(random() * 40)
    }
  }
}

async function randomMoments(t: Test): Promise<string> {
  const seed = Number(process.env.FAULT_SEED ?? Date.now() % 2 ** 31)
  const random = seeded(seed)
  t.comment(`FAULT_SEED=${seed}`)
  let lifetime = 0
  await inParallel(Array(AT_ONCE), AT_ONCE, async () => {
    const stage = await createStage(t)
    stage.check(2)
    const started = performance.now()
    const sidecar = stage.start(PACE)
    await Promise.all([work(stage, random), stage.told()])
    await sidecar.waitFor('report.sent', 3)
    lifetime = Math.max(lifetime, performance.now() - started)
    await stage.close()
  })

  const faults: string[] = []
  let [midway, repeats] = [0, 0]
  await inParallel(Array.from({ length: RANDOM_KILLS }, () => random() * lifetime), AT_ONCE, async (moment) => {
    const stage = await createStage(t)
    stage.check(2)
    const sidecar = stage.start(PACE)
    const working = work(stage, random)
    await sleep(moment)
    await stage.kill(sidecar)
    await working
    await until(() => stage.bot.requests.every(({ status }) => status !== null), 200)
    const accepted = [...stage.bot.messages]
    midway += Number(accepted.length > 0 && accepted.length < 3)
    // it notes a message as sent before it says so
    const mayRepeat = sidecar.events('report.sent').length < accepted.length ? namesIn(accepted.slice(-1)) : []
    await recover(stage)
    repeats += Number(count(stage.bot, mayRepeat).repeatedMarked.length > 0)
    faults.push(...wrong(stage, mayRepeat).map((fault) => `killed after ${Math.round(moment)} ms: ${fault}`))
    await stage.close()
  })
  t.same(faults, [])
  return `${RANDOM_KILLS} kills within ${Math.round(lifetime)} ms, ${midway} of them between two messages: ${faults.length} against the invariant, ${repeats} marked repeats (seed ${seed})`
}

t.test('the sidecar is killed at any moment', { timeout: 280_000 }, (t) => faultTable(t, [
  {
    row: 5, fault: 'SIGKILL at 200 random moments of start, read and send', expected: 'after a restart each update told; repeated, marked, only what Telegram had and was not noted',
    timeoutMs: 180_000, run: randomMoments,
  },
  {
    row: 6, fault: 'SIGKILL before and after each call that saves or sends', expected: 'told once; repeated, marked, only between request and note',
    timeoutMs: 180_000, run: everyCommitPoint,
  },
]))
