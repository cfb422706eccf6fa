// Loaded into the program with --expose-gc --require: at each SIGUSR2 a line in the file HEAP_FILE, what is left in the heap
// and outside of it, in its buffers, after a collection, and how many resources are open.
const { appendFileSync } = require('node:fs')

process.on('SIGUSR2', () => {
  globalThis.gc()
  const { heapUsed, external } = process.memoryUsage()
  appendFileSync(process.env.HEAP_FILE, `${JSON.stringify({ heap: heapUsed + external, resources: process.getActiveResourcesInfo().length })}\n`)
})
