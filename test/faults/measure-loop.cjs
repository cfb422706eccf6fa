// Loaded into the program with --require: the worst delay of its event loop since the last SIGUSR2, in milliseconds, written
// to the file LOOP_DELAY_FILE at its end.
const { writeFileSync } = require('node:fs')
const { monitorEventLoopDelay } = require('node:perf_hooks')

const delay = monitorEventLoopDelay({ resolution: 10 })
delay.enable()
process.on('SIGUSR2', () => delay.reset())
process.on('exit', () => writeFileSync(process.env.LOOP_DELAY_FILE, String(delay.max / 1e6)))
