// Loaded into the program with --require: how long its event loop stood still at worst since the last SIGUSR2, written to
// the file LOOP_DELAY_FILE at its end. `worst` is all of it, `own` is without the time in which others had the processor.
const { readFileSync, writeFileSync } = require('node:fs')
const { monitorEventLoopDelay } = require('node:perf_hooks')

const EVERY_MS = 20
const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()

/** Milliseconds that this thread has waited for a processor so far, sched-stats.rst of Linux. */
const waited = () => Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6

let own = 0
let last = { at: performance.now(), waited: waited() }
setInterval(() => {
  const now = { at: performance.now(), waited: waited() }
  own = Math.max(own, now.at - last.at - EVERY_MS - (now.waited - last.waited))
  last = now
}, EVERY_MS).unref()

process.on('SIGUSR2', () => {
  delay.reset()
  own = 0
})
process.on('exit', () => writeFileSync(process.env.LOOP_DELAY_FILE, JSON.stringify({ worst: delay.max / 1e6, own })))
