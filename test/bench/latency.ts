// From the line that ends a check, written by a container on a real engine, to the request at Telegram.
import { setTimeout as sleep } from 'node:timers/promises'
import { engineMissing, startEngine } from '../engine/engine.js'
import { image } from '../engine/stack.js'
import { checkLines, standInWatchtower } from '../engine/watchtower.js'
import { type Program, createWorld, startProgram } from './program.js'
import { median, milliseconds, type Row } from './table.js'

const UPDATES = 5
const SETTLED_MS = 4_000

export async function measureLatency(installed: Program, runs: number): Promise<Row[]> {
  const what = `end of a check of ${UPDATES} updates to the request at Telegram`
  const missing = engineMissing()
  if (missing !== null) return [{ what, program: `not measured: ${missing}`, against: null, ratio: null }]
  const engine = await startEngine()
  const world = await createWorld(engine.host)
  try {
    const watchtower = await standInWatchtower(engine, { comment: (text: string) => console.error(text) }, { always: true })
    await engine.run('--volume', watchtower.mount, '--name', 'watchtower', watchtower.image)
    for (let n = 0; n < UPDATES; n += 1) {
      await engine.buildImage(image(`app-${n}:1`))
      await engine.run('--name', `app-${n}`, '--label', 'com.docker.compose.project=bench', '--label', `com.docker.compose.service=app-${n}`, `app-${n}:1`)
    }
    const program = startProgram(installed, world.env)
    await Promise.all([program.logged('watchtower.attached'), program.logged('telegram.ready')])
    const took: number[] = []
    for (let run = 1; run <= runs; run += 1) {
      const found = []
      for (let n = 0; n < UPDATES; n += 1) found.push({ image: `app-${n}:1`, id: await engine.buildImage(image(`app-${n}:1`)) })
      const [first, ...rest] = checkLines(found, UPDATES)
      watchtower.feed(first as string, ...rest)
      const sent = (): number => world.bot.requests.filter(({ method }) => method === 'sendMessage').length
      const before = sent()
      await world.bot.waitForRequests('sendMessage', before + 1, 30_000)
      const arrived = Date.now()
      const log = (await engine.docker(['logs', '--timestamps', '--tail', '1', 'watchtower'])).stderr
      took.push(arrived - Date.parse(log.split(' ')[0] ?? ''))
      await program.logged('report.sent', run)
      // by the next check the messages before it are edited, and Telegram's pace of one a second past
      await sleep(SETTLED_MS)
    }
    await program.stop()
    return [{ what: `${what} (median of ${runs}, from ${Math.min(...took)} to ${Math.max(...took)} ms)`, program: milliseconds(median(took)), against: null, ratio: null }]
  } finally {
    await Promise.all([engine.stop(), world.close()])
  }
}
