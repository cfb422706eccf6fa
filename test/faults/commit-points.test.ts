// SIGKILL of the sidecar right before and right after every call that saves or sends.
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { count } from './counter.js'
import { AT_ONCE, mayBeRepeated, PACE, recover, wrong } from './kills.js'
import type { SidecarProcess } from './sidecar-process.js'
import { createStage, eventually, inParallel, outboxOf, type Stage } from './stage.js'
import { faultTable } from './table.js'

const KILLER = ['--require', fileURLToPath(new URL('killer.cjs', import.meta.url))]

interface Call {
  what: string
  /** of its kind, counted from 1: what else is saved in between depends on the moment */
  nth: number
  done: boolean
}

const ended = ({ child }: SidecarProcess): boolean => child.exitCode !== null || child.signalCode !== null

/** What it did to its state and to Telegram, as killer.cjs wrote it down. */
function callsOf(sidecar: SidecarProcess): Call[] {
  const [, json = '[]'] = /^killer: (.*)$/m.exec(sidecar.output()) ?? []
  return JSON.parse(json)
}

/** A run of everything that is saved: a check of before the start, one that is followed, both sent and noted; then SIGTERM. */
async function wholeRun(stage: Stage, env: Record<string, string>): Promise<SidecarProcess> {
  stage.check(2)
  const sidecar = stage.start({ ...PACE, ...env }, KILLER)
  const noted = (messages: number): boolean => stage.bot.messages.length >= messages && outboxOf(stage)?.entries.length === 0
  await eventually(() => ended(sidecar) || noted(1), 'the first sent and noted, or killed')
  stage.check(2)
  await eventually(() => ended(sidecar) || noted(2), 'the second sent and noted, or killed')
  sidecar.child.kill('SIGTERM')
  await sidecar.exit
  return sidecar
}

/** Before each call, and after those that change what others see: what lies between two others is the same moment. */
function pointsOf(calls: readonly Call[]): { call: Call; side: 'before' | 'after' }[] {
  const seen = calls.filter((call) => /^(rename|link|request|answer)/.test(call.what) || call === calls.at(-1))
  return [...calls.map((call) => ({ call, side: 'before' as const })), ...seen.map((call) => ({ call, side: 'after' as const }))]
}

async function everyCommitPoint(t: Test): Promise<string> {
  const undisturbed = await createStage(t)
  const calls = callsOf(await wholeRun(undisturbed, {}))
  t.same(wrong(undisturbed, []), [], 'undisturbed, all is told once')
  await undisturbed.close()
  const kinds = new Set(calls.map(({ what }) => what))
  for (const kind of [/^open/, /^write/, /^fsync state/, /^rename .*state\.json$/, /^request/, /^answer/]) t.ok([...kinds].some((what) => kind.test(what)), `among the calls: ${kind}`)

  const faults: string[] = []
  let [killed, repeats] = [0, 0]
  await inParallel(pointsOf(calls), AT_ONCE, async ({ call: { what, nth }, side }) => {
    const stage = await createStage(t)
    const sidecar = await wholeRun(stage, { KILL_WHAT: what, KILL_NTH: String(nth), KILL_SIDE: side })
    const trace = callsOf(sidecar)
    if (sidecar.child.signalCode === 'SIGKILL') {
      killed += 1
      kinds.delete(what)
    }
    // what it had handed over is still taken by Telegram
    await stage.bot.waitForRequests('sendMessage', trace.filter((one) => one.what === 'request' && one.done).length)
    await stage.bot.handedOver()
    const mayRepeat = mayBeRepeated(stage)
    await recover(stage)
    repeats += Number(count(stage.bot, mayRepeat).repeatedMarked.length > 0)
    faults.push(...wrong(stage, mayRepeat).map((fault) => `killed ${side} ${what}, the ${nth}th: ${fault}`))
    await stage.close()
  })
  t.same(faults, [])
  t.same([...kinds], [], 'killed at calls of every kind')
  return `${killed} kills at ${calls.length} calls: ${faults.length} against the invariant, ${repeats} marked repeats`
}

t.test('the sidecar is killed wherever it saves or sends', { timeout: 840_000 }, (t) => faultTable(t, [
  {
    row: 6, fault: 'SIGKILL before and after each call that saves or sends', expected: 'told once; repeated, marked, only between request and note',
    timeoutMs: 800_000, run: everyCommitPoint,
  },
]))
