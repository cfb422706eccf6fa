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
  const given = withoutEmpty(environment)
  const faults: { of: string; fault: string }[] = []
  let env = given
  // one fault may hide another: each time some variables fewer are left, and without any it can be read
  for (let read = readConfig(env); ; read = readConfig(env)) {
    const broken = new Set(faults.map(({ of }) => of))
    if (read.type === 'ok') return { config: read.config, broken, checks: checksOf(faults, given) }
    const { of } = read
    faults.push(...read.faults.map((fault, n) => ({ of: of[n] as string, fault })))
    const wrong = new Set(of)
    const rest = Object.entries(env).filter(([name]) => !wrong.has(belongsTo(name, wrong)))
    env = Object.fromEntries([...rest, ...Object.entries(STAND_INS).filter(([name]) => wrong.has(name))])
  }
}

function checksOf(faults: readonly { of: string; fault: string }[], { MESSAGE_TEMPLATE_FILE: file }: NodeJS.ProcessEnv): Check[] {
  const others = faults.filter(({ of }) => of !== 'MESSAGE_TEMPLATE_FILE').map(({ fault }) => fault)
  const template = faults.find(({ of }) => of === 'MESSAGE_TEMPLATE_FILE')
  return [
    others.length === 0 ? ok('configuration', 'complete') : fault('configuration', others.join('; '), 'until then `run` does not start'),
    template ? fault('template', template.fault, 'mend it (`replay --template FILE` shows it), or unset MESSAGE_TEMPLATE_FILE') : ok('template', file === undefined ? 'the built-in one' : `${file}, tried on samples`),
  ]
}

/** The variable under whose name a fault of this one is told. */
function belongsTo(name: string, wrong: ReadonlySet<string>): string {
  if (name === 'TELEGRAM_BOT_TOKEN_FILE') return 'TELEGRAM_BOT_TOKEN'
  if (name === 'https_proxy') return 'HTTPS_PROXY'
  // they say together where the engine is, and only one of them is told
  const isEngine = /^DOCKER_(HOST|TLS|TLS_VERIFY)$/
  return isEngine.test(name) ? ([...wrong].find((one) => isEngine.test(one)) ?? name) : name
}
