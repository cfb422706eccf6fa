// Two real minutes under load with restarts of the container, on a real engine: what the program holds must not grow. The
// accelerated week is elsewhere.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import type { Engine } from '../engine/engine.js'
import { createStage, engineFaults } from './engine-stage.js'

const SOAK_MS = 120_000
const SAMPLE_MS = 500
const CHECK_EVERY = 12 // samples
const RESTART_EVERY = 25
/** What the heap, with what is outside of it, may differ by between two collections of the same load; resident memory by the moods of V8 and the allocator. */
const HEAP_SLACK = 3e6
const RESIDENT_SLACK = 25e6
/** A restart that leaked one would show fourfold. */
const DESCRIPTOR_SLACK = 2

/** About 2000 debug lines a second, until its container ends. */
const LOAD = `
BEGIN {
  log_ = "/proc/1/fd/2"
  while (1) {
    for (i = 0; i < 20; i++) print "time=\\"2026-01-01T00:00:00Z\\" level=debug msg=\\"Trying to load authentication credentials.\\" container=/service-" printed++ > log_
    fflush(log_); system("usleep 10000")
  }
}`

interface Sample {
  resident: number
  descriptors: number
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)

async function soak(t: Test, engine: Engine): Promise<string> {
  const report = join(engine.directory, 'heap')
  const stage = await createStage(t, engine, {
    row: 59, env: { LOG_LEVEL: 'info', RECONCILE_EVERY: '3s', RETRY_PACE: '1s', HEAP_FILE: report },
    nodeArguments: ['--expose-gc', '--require', fileURLToPath(new URL('measure-heap.cjs', import.meta.url))],
  })
  const tower = await stage.tower('--name', 'watchtower', '--log-opt', 'max-size=50m', '--log-opt', 'max-file=2')
  const program = await stage.start()
  const load = (): Promise<unknown> => engine.docker(['exec', '--detach', 'watchtower', 'awk', LOAD])
  const sample = (): Sample => ({ resident: program.rss(), descriptors: readdirSync(`/proc/${program.child.pid}/fd`).length })

  const samples: Sample[] = []
  await load()
  for (let taken = 1; taken <= SOAK_MS / SAMPLE_MS; taken += 1) {
    const next = performance.now() + SAMPLE_MS
    if (taken % RESTART_EVERY === 0) {
      await engine.docker(['restart', '--time', '2', 'watchtower'])
      await load()
    }
    if (taken % CHECK_EVERY === 0) tower.check()
    if (taken % (SOAK_MS / SAMPLE_MS / 2) === 0) program.child.kill('SIGUSR2') // halfway and at the end
    await sleep(next - performance.now())
    samples.push(sample())
  }
  await stage.told(90_000)

  // the first quarter of a half is left out: of the first, the heap finds its size there
  const half = samples.length / 2
  const [first, second] = [samples.slice(half / 4, half), samples.slice(half + half / 4)]
  const [residentFirst, residentSecond] = [first, second].map((part) => mean(part.map(({ resident }) => resident))) as [number, number]
  // not the most: what is open for a moment is seen or not
  const [openFirst, openSecond] = [first, second].map((part) => median(part.map(({ descriptors }) => descriptors))) as [number, number]
  const heaps = readFileSync(report, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as { heap: number, resources: number })
  const [heapFirst = 0, heapSecond = 0] = heaps.map(({ heap }) => heap)
  t.equal(heaps.length, 2)
  t.ok(residentSecond < residentFirst + RESIDENT_SLACK, `${megabytes(residentFirst)} MB resident in the first half, ${megabytes(residentSecond)} in the second`)
  t.ok(heapSecond < heapFirst + HEAP_SLACK, `${megabytes(heapFirst)} MB of objects halfway, ${megabytes(heapSecond)} at the end`)
  t.ok(openSecond <= openFirst + DESCRIPTOR_SLACK, `${openFirst} descriptors in the first half, ${openSecond} in the second`)
  return `halves: ${megabytes(residentFirst)} and ${megabytes(residentSecond)} MB resident, ${megabytes(heapFirst)} and ${megabytes(heapSecond)} MB of objects, ${openFirst} and ${openSecond} descriptors; ${await stage.judge({ timeoutMs: 90_000 })}`
}

await engineFaults(t, [
  { row: 59, fault: 'two minutes of 2000 lines a second, checks, and restarts of the container', expected: 'no growth of memory or descriptors', timeoutMs: 800_000, run: soak },
])
