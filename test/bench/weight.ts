// What it holds and uses while nothing happens, and the most it holds in a check of 500 updates, beside bare Node.
import { setTimeout as sleep } from 'node:timers/promises'
import { stamp } from '../fakes/docker-api.js'
import { type Program, cpuOf, createEngineWith, createWorld, memoryOf, startBare, startProgram } from './program.js'
import { median, megabytes, type Row } from './table.js'

const SAMPLES = 5
const UPDATES = 500

export async function measureWeight(installed: Program, idleSeconds: number): Promise<Row[]> {
  const api = await createEngineWith(30)
  const world = await createWorld(api.host)
  const bare = startBare(installed.node)
  const program = startProgram(installed, world.env)
  await Promise.all([program.logged('watchtower.attached'), program.logged('telegram.ready')])
  await sleep(5_000)
  const before = [cpuOf(program), cpuOf(bare)] as const
  const held: number[] = []
  const heldBare: number[] = []
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    await sleep((idleSeconds * 1000) / SAMPLES)
    held.push(memoryOf(program, 'VmRSS'))
    heldBare.push(memoryOf(bare, 'VmRSS'))
  }
  const used = [cpuOf(program) - before[0], cpuOf(bare) - before[1]] as const
  const line = (text: string, n: number) => ({ at: stamp(Date.now(), n), stream: 'stderr' as const, text: `time="2026-11-25T03:00:00Z" level=info msg="${text}` })
  api.log('watchtower').write(
    ...Array.from({ length: UPDATES }, (_, n) => line(`Found new app-${n}:1 image (${n.toString(16).padStart(12, '0')})"`, n)),
    line(`Session done" Failed=0 Scanned=${UPDATES} Updated=${UPDATES} notify=no`, UPDATES),
  )
  await program.logged('report.sent', 5)
  const [peak, peakBare] = [memoryOf(program, 'VmHWM'), memoryOf(bare, 'VmHWM')]
  await Promise.all([program.stop(), bare.stop()])
  await Promise.all([api.close(), world.close()])
  const [idle, idleBare] = [median(held), median(heldBare)]
  return [
    { what: 'idle, attached: resident memory', program: megabytes(idle), against: `bare Node ${megabytes(idleBare)}`, ratio: idle / idleBare },
    { what: `processor time of ${idleSeconds} s idle`, program: `${(used[0] / 1000).toFixed(2)} s`, against: `bare Node ${(used[1] / 1000).toFixed(2)} s`, ratio: null },
    { what: `check of ${UPDATES} updates: peak resident memory`, program: megabytes(peak), against: `bare Node ${megabytes(peakBare)}`, ratio: peak / peakBare },
  ]
}
