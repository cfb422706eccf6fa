// The program's entry: arguments in, exit code out. A health check runs every minute, so the program is loaded for all
// other commands only; the build makes two files of that.
import { healthcheck } from './healthcheck.js'

// is for who writes a program, and here for the libraries in it: url.parse of docker-modem, over tcp, on Node 24
process.noDeprecation = true

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // the reader of a pipe (`| head`) has seen enough
  if (error.code === 'EPIPE') process.exit(0)
  process.stderr.write(`watchtower-telegram: standard output cannot be written (${error.code}): give it a place with room\n`)
  process.exit(1)
})

const argv = process.argv.slice(2)
const code =
  argv.length === 1 && argv[0] === 'healthcheck'
    ? healthcheck(Date.now()).then(({ healthy, sentence }) => {
        process.stdout.write(`${sentence}\n`)
        return healthy ? 0 : 1
      })
    : import('./cli.js').then(({ main }) => main(argv))
void code.then((status) => process.exit(status))
