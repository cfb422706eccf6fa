// A flood of log lines, of long lines, and one endless line, through a real engine: how much memory the program takes, and how long its
// event loop stands still.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import type { Engine } from '../engine/engine.js'
import { createStage, engineFaults, type Tower } from './engine-stage.js'
import { MEMORY_BOUND, peakMemory } from './sidecar-process.js'

/** Flags with which the image starts node. */
const IMAGE_FLAGS = /ENTRYPOINT \["node", (.*), "\/app/.exec(readFileSync(new URL('../../compose/Dockerfile', import.meta.url), 'utf8'))?.[1]?.split(', ').map((flag) => JSON.parse(flag) as string)
const LINES_PER_SECOND = 50_000
const SECONDS = 60 // more, where the engine does not take as many
const LINES = SECONDS * LINES_PER_SECOND
/** Hundreds of milliseconds at most, not counting the time in which other programs had the processor. */
const DELAY_BOUND_MS = 1_000
/** What the engine and the program need to catch up is a matter of the machine: a minute on an idle one, ten were seen on a busy one. */
const CATCH_UP_MS = 1_800_000

/** Debug lines of Watchtower's; flushed in whole lines below PIPE_BUF, so that no other line is torn. */
const FLOOD = `
function now(line, parts) { getline line < "/proc/uptime"; close("/proc/uptime"); split(line, parts, " "); return parts[1] }
BEGIN {
  log_ = "/proc/1/fd/2"; start = now()
  while (printed < ${LINES}) {
    owed = int((now() - start) * ${LINES_PER_SECOND}); if (owed > ${LINES}) owed = ${LINES}
    for (; printed < owed; printed++) {
      print "time=\\"2026-01-01T00:00:00Z\\" level=debug msg=\\"No pull needed\\" image=" printed > log_
      if (printed % 30 == 29) fflush(log_)
    }
    fflush(log_); system("usleep 5000")
  }
  print printed
}`

const LONG_LINES = `BEGIN { pad = sprintf("%30000s", ""); for (i = 0; i < 3000; i++) print "time=\\"2026-01-01T00:00:00Z\\" level=debug msg=\\"" pad "\\" n=" i > "/proc/1/fd/2" }`

async function flood(t: Test, engine: Engine): Promise<string> {
  const report = join(engine.directory, 'loop-delay')
  const stage = await createStage(t, engine, {
    row: 58, env: { LOG_LEVEL: 'info', RECONCILE_EVERY: '30s', LOOP_DELAY_FILE: report },
    nodeArguments: [...(IMAGE_FLAGS ?? []), '--require', fileURLToPath(new URL('measure-loop.cjs', import.meta.url))],
  })
  const program = await stage.start({}, 0)
  const inside = async (tower: Tower, ...command: string[]): Promise<string> => (await engine.docker(['exec', tower.id, ...command], { timeoutMs: CATCH_UP_MS })).stdout
  const peaks: string[] = []
  /** A Watchtower finds an update, something is printed, it finds another: told, and in how much memory? */
  const bounded = async (what: string, print: (tower: Tower) => Promise<unknown>): Promise<void> => {
    const tower = await stage.tower()
    await program.waitFor('watchtower.attached', peaks.length + 1)
    writeFileSync(`/proc/${program.child.pid}/clear_refs`, '5') // its peak is counted anew, proc(5)
    const [name = ''] = tower.open()
    await tower.logged(name)
    await print(tower)
    tower.check()
    await stage.told(CATCH_UP_MS)
    const peak = peakMemory(program)
    t.ok(peak < MEMORY_BOUND, `${what}: ${(peak / 1e6).toFixed(0)} MB`)
    peaks.push(`${what} ${(peak / 1e6).toFixed(0)} MB`)
    await engine.docker(['rm', '--force', tower.id])
  }

  await program.waitFor('telegram.ready')
  program.child.kill('SIGUSR2') // what its start took does not count
  await bounded('a line of 10 MB', (tower) => inside(tower, 'sh', '-c', "{ head -c 10485760 /dev/zero | tr '\\0' x; echo; } >/proc/1/fd/2"))
  let printed = 0
  let since = 0
  await bounded('the flood', async (tower) => {
    const flooding = inside(tower, 'awk', FLOOD)
    for (let updates = 0; updates < 5; updates += 1) {
      await sleep(SECONDS * 1000 / 6)
      tower.open()
    }
    printed = Number(await flooding)
    since = performance.now()
  })
  const behind = (performance.now() - since) / 1000
  await bounded('3000 lines of 30 kB', (tower) => inside(tower, 'awk', LONG_LINES))
  t.equal(printed, LINES)
  await stage.stop()
  const delay: { worst: number, own: number } = JSON.parse(readFileSync(report, 'utf8'))
  t.ok(delay.own < DELAY_BOUND_MS, `the event loop stood still for ${delay.own.toFixed(0)} ms at most`)
  const figures = `at most: ${peaks.join(', ')}; event loop ${delay.own.toFixed(0)} ms late at worst (${delay.worst.toFixed(0)} with the waits for a processor); ${behind.toFixed(0)} s behind at the end of ${printed} lines`
  t.comment(figures)
  return `${figures}; ${await stage.judge({ timeoutMs: CATCH_UP_MS })}`
}

await engineFaults(t, [
  { row: 58, fault: '50,000 lines a second for a minute, a line of 10 MB, 3000 lines of 30 kB', expected: 'below 150 MB, the event loop late by hundreds of ms at most, nothing lost', timeoutMs: 2 * CATCH_UP_MS, run: flood },
])
