// A flood of log lines and one endless line, through a real engine: how much memory the program takes, and how long its
// event loop stands still.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import type { Engine } from '../engine/engine.js'
import { createStage, engineFaults, peakMemory } from './engine-stage.js'

const LINES_PER_SECOND = 50_000
const SECONDS = 60
const LONG_LINE = 10 * 1024 * 1024
/** Hundreds of milliseconds at most; what is measured holds the waits for a busy processor too. */
const DELAY_BOUND_MS = 999

/** A debug line of Watchtower's, LINES_PER_SECOND of them; flushed in whole lines below PIPE_BUF, so that no other line is torn. */
const FLOOD = `
function now(line, parts) { getline line < "/proc/uptime"; close("/proc/uptime"); split(line, parts, " "); return parts[1] }
BEGIN {
  log_ = "/proc/1/fd/2"; start = now()
  while ((passed = now() - start) < ${SECONDS}) {
    for (owed = int(passed * ${LINES_PER_SECOND}); printed < owed; printed++) {
      print "time=\\"2026-01-01T00:00:00Z\\" level=debug msg=\\"Trying to load authentication credentials.\\" container=/service-" printed > log_
      if (printed % 30 == 29) fflush(log_)
    }
    fflush(log_); system("usleep 5000")
  }
  print printed
}`

async function flood(t: Test, engine: Engine): Promise<string> {
  const report = join(engine.directory, 'loop-delay')
  const stage = await createStage(t, engine, {
    row: 58, env: { LOG_LEVEL: 'info', RECONCILE_EVERY: '30s', LOOP_DELAY_FILE: report },
    nodeArguments: ['--require', fileURLToPath(new URL('measure-loop.cjs', import.meta.url))],
  })
  const tower = await stage.tower('--name', 'watchtower')
  const program = await stage.start()
  const inside = (...command: string[]) => engine.docker(['exec', tower.id, ...command])
  program.child.kill('SIGUSR2') // what its start took does not count
  tower.open()

  const flooding = inside('awk', FLOOD)
  for (let updates = 0; updates < 5; updates += 1) {
    await sleep(SECONDS * 1000 / 6)
    tower.open()
  }
  const printed = Number((await flooding).stdout)
  tower.close()
  await stage.told(120_000)
  t.ok(printed > 0.9 * SECONDS * LINES_PER_SECOND, `${printed} lines were printed`)

  tower.open()
  await tower.logged(stage.injected.at(-1) ?? '')
  await inside('sh', '-c', `{ head -c ${LONG_LINE} /dev/zero | tr '\\\\0' x; echo; } >/proc/1/fd/2`)
  tower.check()
  await stage.told(60_000)
  const memory = peakMemory(program)
  await stage.stop()
  const delay = Number(readFileSync(report, 'utf8'))
  t.ok(delay < DELAY_BOUND_MS, `the event loop stood still for ${delay.toFixed(0)} ms at most`)
  return `${printed} lines in ${SECONDS} s and a line of ${LONG_LINE / 1024 / 1024} MB: ${(memory / 1e6).toFixed(0)} MB at most, the event loop ${delay.toFixed(0)} ms late at worst; ${await stage.judge({ timeoutMs: 120_000 })}`
}

await engineFaults(t, [
  { row: 58, fault: 'a flood of 50,000 lines a second for a minute, and a line of 10 MB', expected: 'below 150 MB, the event loop late by hundreds of ms at most, nothing lost', timeoutMs: 280_000, run: flood },
])
