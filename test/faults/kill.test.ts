// SIGKILL of the sidecar at 200 random moments of its start, its reading and its sending.
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { count } from './counter.js'
import { AT_ONCE, mayBeRepeated, PACE, recover, wrong } from './kills.js'
import { createStage, done, found, inParallel, settled, type Stage } from './stage.js'
import { faultTable } from './table.js'

/** Stages, and kills on each, one after the other: 200 in all. */
const [STAGES, KILLS] = [50, 4]

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

/** Watchtower at work, whatever becomes of the sidecar: a check, a line every few milliseconds, in pieces of 11 bytes. */
async function work(stage: Stage, random: () => number): Promise<void> {
  stage.api.log('watchtower').pieceBytes = 11
  stage.names(2)
  for (const line of [...stage.injected.map(found), done(stage.injected.length)]) {
    stage.say([line])
    await sleep(random() * 60)
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
    await work(stage, random)
    await stage.told()
    await settled(stage)
    lifetime = Math.max(lifetime, performance.now() - started)
    await stage.stop(sidecar)
    await stage.close()
  })

  const faults: string[] = []
  let [kills, midway, repeats] = [0, 0, 0]
  await inParallel(Array.from({ length: STAGES }, () => Array.from({ length: KILLS }, () => random() * lifetime)), AT_ONCE, async (moments) => {
    const stage = await createStage(t)
    stage.check(2)
    const mayRepeat: string[] = []
    for (const moment of moments) {
      const before = stage.bot.messages.length
      const sidecar = stage.start(PACE)
      const working = work(stage, random)
      await sleep(moment)
      await stage.kill(sidecar)
      await working
      // what it had handed over is still taken by Telegram
      await stage.bot.handedOver()
      mayRepeat.push(...mayBeRepeated(stage))
      kills += Number(sidecar.child.signalCode === 'SIGKILL')
      midway += Number(stage.bot.messages.length > before)
      if (sidecar.events('state.corrupt').length > 0) faults.push(`after ${moments.map(Math.round).join(', ')} ms: the state was torn`)
    }
    await recover(stage)
    repeats += new Set(count(stage.bot, mayRepeat).repeatedMarked).size
    faults.push(...wrong(stage, mayRepeat).map((fault) => `killed after ${moments.map(Math.round).join(', ')} ms: ${fault}`))
    await stage.close()
  })
  t.same(faults, [])
  t.equal(kills, STAGES * KILLS)
  return `${kills} kills within ${Math.round(lifetime)} ms of a start, ${midway} of them after a message: ${faults.length} against the invariant, ${repeats} updates repeated and marked (seed ${seed})`
}

t.test('the sidecar is killed at any moment', { timeout: 840_000 }, (t) => faultTable(t, [
  {
    row: 5, fault: 'SIGKILL at 200 random moments of start, read and send', expected: 'after a restart each update told; repeated, marked, only what was being sent',
    timeoutMs: 800_000, run: randomMoments,
  },
]))
