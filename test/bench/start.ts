// How long it takes from nothing until a Watchtower's log is followed, and to say whether it is well, beside bare Node's start.
import { execFileSync, spawnSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Program, createEngineWith, createWorld, startProgram } from './program.js'
import { median, milliseconds, type Row } from './table.js'

const timed = async (work: () => unknown): Promise<number> => {
  const begun = performance.now()
  await work()
  return performance.now() - begun
}

export async function measureStart(installed: Program, runs: number): Promise<Row[]> {
  const bare: number[] = []
  const following: number[] = []
  const health: number[] = []
  for (let run = 0; run < runs; run += 1) {
    bare.push(await timed(() => execFileSync(installed.node, ['-e', '0'], { env: {} })))
    const api = await createEngineWith(30)
    const world = await createWorld(api.host)
    let program: ReturnType<typeof startProgram> | null = null
    following.push(await timed(async () => {
      program = startProgram(installed, world.env)
      await api.log('watchtower').waitForFollowers(1, 60_000)
    }))
    // as the image's HEALTHCHECK does, without the program's flags
    health.push(await timed(() => spawnSync(installed.node, [installed.command.at(-1) as string, 'healthcheck'], { env: world.env })))
    await (program as ReturnType<typeof startProgram> | null)?.stop()
    await Promise.all([api.close(), world.close()])
    await sleep(200)
  }
  const against = median(bare)
  const row = (what: string, times: readonly number[]): Row => ({ what: `${what} (median of ${runs})`, program: milliseconds(median(times)), against: `start of bare Node ${milliseconds(against)}`, ratio: median(times) / against })
  return [row('start to following', following), row('healthcheck', health)]
}
