// The weight of the program beside bare Node of the same version, each pair of figures from one run. Prints a table;
// asserts nothing: what a figure may be is for the reader, these machines are noisy.
import { execFileSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { measureLatency } from './latency.js'
import { installProgram, type Program } from './program.js'
import { measureReplay } from './replay.js'
import { measureStart } from './start.js'
import { type Row, table } from './table.js'
import { measureWeight } from './weight.js'

const HELP = `Usage: npm run bench -- [options]

Measures the program beside bare Node and prints a table in Markdown.

  --node PATH    a Node to measure with, may be repeated; default the one that runs this
  --runs N       runs of what is measured by its median, default 9
  --idle SECONDS how long it idles, default 600
  --megabytes N  size of the log that is replayed, default 1000
  --only NAME    start, weight, latency or replay; may be repeated; default all
`

const { values } = parseArgs({
  options: {
    node: { type: 'string', multiple: true }, runs: { type: 'string', default: '9' }, idle: { type: 'string', default: '600' },
    megabytes: { type: 'string', default: '1000' }, only: { type: 'string', multiple: true }, help: { type: 'boolean', default: false },
  },
})
const [runs, idle, megabytes] = [values.runs, values.idle, values.megabytes].map(Number) as [number, number, number]
if (values.help || ![runs, idle, megabytes].every((n) => n > 0)) {
  console.log(HELP)
  process.exit(values.help ? 0 : 2)
}

const MEASURES: Readonly<Record<string, (installed: Program) => Promise<Row[]>>> = {
  start: (installed) => measureStart(installed, runs),
  weight: (installed) => measureWeight(installed, idle),
  latency: (installed) => measureLatency(installed, runs),
  replay: (installed) => measureReplay(installed, megabytes),
}

for (const node of values.node ?? [process.execPath]) {
  const rows: Row[] = []
  const installed = installProgram(node)
  for (const [name, measure] of Object.entries(MEASURES)) {
    if (values.only && !values.only.includes(name)) continue
    console.error(`${name} …`)
    rows.push(...(await measure(installed)))
  }
  installed.remove()
  console.log(`\nNode ${execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()}\n\n${table(rows)}`)
}
process.exit(0)
