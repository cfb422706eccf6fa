// argv → command → exit code: 0 ok, 1 failed, 2 usage.
import { readFileSync } from 'node:fs'
import { optimize } from './compiler.js'
import { readConfig, readLanguage, readReplayConfig, readStateConfig } from './config.js'
import { runDaemon } from './daemon.js'
import { diagnose } from './doctor/doctor.js'
import { tableOf } from './doctor/table.js'
import { healthcheck } from './healthcheck.js'
import { DOCTOR_HELP, HEALTHCHECK_HELP, HELP, PENDING_HELP, REPLAY_HELP, RUN_HELP, TEMPLATE_HELP, TEST_MESSAGE_HELP } from './help.js'
import { createLog } from './logger.js'
import { listPending } from './list-pending.js'
import { replay } from './replay.js'
import { builtInTemplate } from './report/builtin.js'
import { type Facts, factsOf } from './report/facts.js'
import { peekState, StateError } from './state/file.js'
import { secretsOf } from './telegram-proxy.js'
import { sendTestMessage } from './test-message.js'
import { fail, fileFault, parse, print, printVersion, UsageError } from './usage.js'

/** Runs one command. Never throws for what a person typed; resolves to the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const [first, ...rest] = argv
  try {
    switch (first) {
      case '--help':
      case '-h':
      case 'help':
        return print(HELP)
      case '--version':
      case '-V':
        return printVersion()
      case 'replay':
        return await runReplay(rest)
      case 'doctor':
        return await runDoctor(rest)
      case 'test-message':
        return await runTestMessage(rest)
      case 'healthcheck':
        return await runHealthcheck(rest)
      case 'pending':
        return await runPending(rest)
      case 'template':
        return runTemplate(rest)
      case undefined:
        return await run([])
      case 'run':
        return await run(rest)
      default:
        throw new UsageError(`there is no ${first.startsWith('-') ? 'option' : 'command'} ${first}: see watchtower-telegram --help`)
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    process.stderr.write(`watchtower-telegram: ${error.message}\n`)
    return 2
  }
}

async function run(argv: readonly string[]): Promise<number> {
  const { values } = parse('run', argv, {}, false)
  if (values.help) return print(RUN_HELP)
  if (values.version) return printVersion()
  const result = readConfig()
  if (result.type === 'faults') {
    createLog('info', []).fatal('config.invalid', { faults: result.faults }, result.faults.join('; '))
    return 2
  }
  const { config } = result
  const log = createLog(config.logLevel, secretsOf(config.telegram))
  const stop = new AbortController()
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => {
      log.info('stopping', { signal: name }, `${name}: stopping`)
      stop.abort()
    })
  }
  process.removeAllListeners('warning').on('warning', (warning) => log.warn('warning', {}, warning.message))
  process.once('uncaughtException', (error) => {
    log.fatal('failed', { stack: error.stack }, `a fault of the program, please report it: ${error.message}`)
    process.exit(1)
  })
  return runDaemon(config, log, stop.signal)
}

async function runReplay(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parse('replay', argv, { images: { type: 'string' }, html: { type: 'boolean' }, json: { type: 'boolean' }, template: { type: 'string' } }, true)
  if (values.help) return print(REPLAY_HELP)
  if (values.version) return printVersion()
  if (positionals.length === 0) throw new UsageError('replay needs a log: name a FILE, or - for standard input')
  if (values.html && values.json) throw new UsageError('--html and --json exclude each other: give one')
  const environment = readReplayConfig(typeof values.template === 'string' ? values.template : null)
  if (environment.type === 'faults') throw new UsageError(environment.faults.join('; '))
  const format = values.json ? 'json' : values.html ? 'html' : 'text'
  const facts = typeof values.images === 'string' ? readFacts(values.images) : null
  try {
    const style = { ...environment.config.style, onTemplateError: (fault: string) => void fail(`the template failed, this is the built-in message: ${fault}`) }
    optimize()
    const seen = await replay(positionals, { format, facts, now: Date.now(), ...environment.config, style }, write)
    if (seen.records === 0) return fail(`no line in ${positionals.join(', ')} is Watchtower's: docker logs writes it to standard error, so capture with \`docker logs watchtower > FILE 2>&1\``)
    if (seen.printed === 0 && format !== 'json') process.stderr.write(`watchtower-telegram: nothing would have been sent: ${seen.sessions} check sessions, no new update and no new failure\n`)
    return 0
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return fail(`${path ?? positionals.join(', ')} cannot be read: ${fileFault(code)}`)
  }
}

function runTemplate(argv: readonly string[]): number {
  const { values } = parse('template', argv, { print: { type: 'boolean' } }, false)
  if (values.help) return print(TEMPLATE_HELP)
  if (values.version) return printVersion()
  if (!values.print) throw new UsageError('template has one use: give --print, see watchtower-telegram template --help')
  const read = readLanguage()
  if (read.type === 'faults') throw new UsageError(read.faults.join('; '))
  return print(builtInTemplate(read.language))
}

async function runPending(argv: readonly string[]): Promise<number> {
  const { values } = parse('pending', argv, { json: { type: 'boolean' } }, false)
  if (values.help) return print(PENDING_HELP)
  if (values.version) return printVersion()
  const environment = readStateConfig()
  if (environment.type === 'faults') throw new UsageError(environment.faults.join('; '))
  const { stateDir, timeZone } = environment.config
  try {
    const state = await peekState(stateDir)
    if (!state) return fail(`there is no state in ${stateDir}: set STATE_DIR to the directory that the running sidecar uses`)
    return print(listPending(state.tracked, { json: values.json === true, timeZone, now: Date.now() }))
  } catch (error) {
    if (!(error instanceof StateError)) throw error
    return fail(error.message)
  }
}

async function runHealthcheck(argv: readonly string[]): Promise<number> {
  const { values } = parse('healthcheck', argv, {}, false)
  if (values.help) return print(HEALTHCHECK_HELP)
  if (values.version) return printVersion()
  const { healthy, sentence } = await healthcheck(Date.now())
  print(`${sentence}\n`)
  return healthy ? 0 : 1
}

async function runDoctor(argv: readonly string[]): Promise<number> {
  const { values } = parse('doctor', argv, { json: { type: 'boolean' } }, false)
  if (values.help) return print(DOCTOR_HELP)
  if (values.version) return printVersion()
  const { checks, secrets } = await diagnose(Date.now)
  print(tableOf(checks, { json: values.json === true, secrets }))
  return checks.some(({ mark }) => mark === 'fault') ? 1 : 0
}

async function runTestMessage(argv: readonly string[]): Promise<number> {
  const { values } = parse('test-message', argv, {}, false)
  if (values.help) return print(TEST_MESSAGE_HELP)
  if (values.version) return printVersion()
  const result = readConfig()
  if (result.type === 'faults') throw new UsageError(result.faults.join('; '))
  const { sent, sentence } = await sendTestMessage(result.config, Date.now())
  return sent ? print(`${sentence}\n`) : fail(sentence)
}

function readFacts(file: string): Facts {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`--images ${file} cannot be read: ${fileFault((error as NodeJS.ErrnoException).code)}`)
  }
  let facts: Facts | null
  try {
    facts = factsOf(JSON.parse(text))
  } catch {
    facts = null
  }
  if (!facts) throw new UsageError(`--images ${file} holds no inspect answers: write it with docker inspect $(docker ps -aq) $(docker images -aq) > ${file}`)
  return facts
}

/** Resolves when the reader is ready for more, so that a log of any size replays in constant memory. */
async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await new Promise((resolve) => process.stdout.once('drain', resolve))
}

