// The program's entry: arguments in, exit code out.
import { main } from './cli.js'

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // the reader of a pipe (`| head`) has seen enough
  if (error.code === 'EPIPE') process.exit(0)
  process.stderr.write(`watchtower-telegram: standard output cannot be written (${error.code}): give it a place with room\n`)
  process.exit(1)
})

main(process.argv.slice(2)).then((code) => process.exit(code))
