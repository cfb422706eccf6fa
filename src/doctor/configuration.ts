// The sidecar's own configuration: what is wrong in it, and what can be looked at all the same.
import { type Config, readConfig } from '../config.js'
import { withoutEmpty } from '../environment.js'
import { type Check, fault, ok } from './check.js'

export interface Usable {
  /** with a default or a stand-in for whatever is broken */
  config: Config
  /** the variables that are wrong or missing */
  broken: ReadonlySet<string>
  checks: Check[]
}

/** What has no default: values that nothing is ever asked with. */
const STAND_INS: Readonly<Record<string, string>> = { TELEGRAM_BOT_TOKEN: '0:none', TELEGRAM_CHAT_ID: '1' }

/** Reads the configuration; every fault is in its row, and none keeps the rest from being looked at. */
export function usableConfig(environment?: NodeJS.ProcessEnv): Usable {
  const env = withoutEmpty(environment)
  const read = readConfig(env)
  if (read.type === 'ok') return { config: read.config, broken: new Set(), checks: [ok('configuration', 'complete'), templateCheck(env.MESSAGE_TEMPLATE_FILE)] }
  const broken = new Set(read.of)
  const rest = Object.fromEntries(Object.entries(env).filter(([name]) => !broken.has(belongsTo(name, broken))))
  const standIns = Object.entries(STAND_INS).filter(([name]) => broken.has(name))
  const usable = readConfig({ ...rest, ...Object.fromEntries(standIns) })
  if (usable.type === 'faults') throw new Error(`the doctor cannot read a configuration: ${usable.of.join(', ')}`)
  const others = read.faults.filter((_, n) => read.of[n] !== 'MESSAGE_TEMPLATE_FILE')
  const template = read.faults.find((_, n) => read.of[n] === 'MESSAGE_TEMPLATE_FILE')
  return {
    config: usable.config,
    broken,
    checks: [
      others.length === 0 ? ok('configuration', 'complete') : fault('configuration', others.join('; '), 'until then `run` does not start'),
      template === undefined ? templateCheck(env.MESSAGE_TEMPLATE_FILE) : fault('template', template, 'mend it (`replay --template FILE` shows it), or unset MESSAGE_TEMPLATE_FILE'),
    ],
  }
}

/** The variable under whose name a fault of this one is told. */
function belongsTo(name: string, broken: ReadonlySet<string>): string {
  if (name === 'TELEGRAM_BOT_TOKEN_FILE') return 'TELEGRAM_BOT_TOKEN'
  if (name === 'https_proxy') return 'HTTPS_PROXY'
  // they say together where the engine is, and only one of them is told
  const isEngine = /^DOCKER_(HOST|TLS|TLS_VERIFY)$/
  return isEngine.test(name) ? ([...broken].find((one) => isEngine.test(one)) ?? name) : name
}

function templateCheck(file: string | undefined): Check {
  return ok('template', file === undefined ? 'the built-in one' : `${file}, tried on samples`)
}
