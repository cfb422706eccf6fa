// What a Watchtower was told to do, from its container's inspect answer: environment, command, log driver.
// Secrets (registry and notification credentials, tokens, URLs) never leave this file. Rules: internal/flags/flags.go.
import * as z from 'zod/mini'
import { argumentsIn, goBoolean, readFlags } from '../report/flags.js'

/** A value and what set it, as a person can look for it: `WATCHTOWER_SCHEDULE` or `--schedule`; null: nothing, it is the default. */
export interface Setting<T> {
  value: T
  from: string | null
}

/** The settings of one Watchtower container. */
export interface Settings {
  monitorOnly: Setting<boolean>
  runOnce: Setting<boolean>
  /** the cron expression as written */
  schedule: Setting<string | null>
  /** seconds as written; together with a schedule Watchtower does not start, unless it is 86400 */
  interval: Setting<string | null>
  /** lower case; an unknown one ends Watchtower at its start */
  logLevel: Setting<string>
  /** lower case: auto, logfmt, pretty, json */
  logFormat: Setting<string>
  noPull: Setting<boolean>
  noRestart: Setting<boolean>
  cleanup: Setting<boolean>
  /** a container's own monitor-only and no-pull labels win over Watchtower's setting */
  labelPrecedence: Setting<boolean>
  labelEnable: Setting<boolean>
  scope: Setting<string | null>
  rollingRestart: Setting<boolean>
  includeRestarting: Setting<boolean>
  includeStopped: Setting<boolean>
  reviveStopped: Setting<boolean>
  /** DOCKER_API_VERSION */
  apiVersion: Setting<string | null>
  /** the kinds of its own notifications (`telegram`, `email`, …; `other`), each once; empty: none */
  notifications: Setting<string[]>
  /** checks are made when a request asks for them, and by themselves only with httpApiPolls */
  httpApiUpdate: Setting<boolean>
  httpApiPolls: Setting<boolean>
  /** TZ */
  timeZone: Setting<string | null>
  /** containers it was told to look at, as written; empty: all */
  names: string[]
  /** containers it was told to leave out, as written */
  disabled: Setting<string[]>
  tty: boolean
  log: { driver: string; maxSize: string | null; maxFile: string | null; compress: boolean }
}

const Answer = z.object({
  Path: z.nullish(z.string()),
  Args: z.nullish(z.array(z.string())),
  Config: z.object({
    Env: z.nullish(z.array(z.string())),
    Tty: z.nullish(z.boolean()),
    Entrypoint: z.nullish(z.array(z.string())),
    Cmd: z.nullish(z.array(z.string())),
  }),
  HostConfig: z.nullish(z.object({ LogConfig: z.nullish(z.object({ Type: z.nullish(z.string()), Config: z.nullish(z.record(z.string(), z.string())) })) })),
})

// Only these words are told of a notification's URL: what stands before its colon may be anything.
const KINDS = new Set([
  'bark', 'discord', 'email', 'generic', 'googlechat', 'gotify', 'hangouts', 'ifttt', 'join', 'lark', 'logger', 'matrix', 'mattermost', 'msteams', 'ntfy',
  'opsgenie', 'pagerduty', 'pushbullet', 'pushover', 'rocketchat', 'shoutrrr', 'signal', 'slack', 'smtp', 'teams', 'telegram', 'twilio', 'wecom', 'zulip',
])

/** Reads a container's inspect answer as its Watchtower does. Null if it is no container's. */
export function settingsOf(answer: unknown): Settings | null {
  const read = Answer.safeParse(answer).data
  if (!read) return null
  const { Config, HostConfig } = read
  const { values, names } = readFlags(handedOn(read))
  // a name alone is a variable that Compose passes on and the host does not set
  const env = new Map((Config.Env ?? []).filter((line) => line.includes('=')).map((line): [string, string] => [line.split('=', 1)[0] as string, line.slice(line.indexOf('=') + 1)]))

  // what is given as a flag hides the variable, a repeated flag counts last; viper takes an empty variable for none
  function given(flag: string, variable: string): Setting<string | null> {
    const value = values.get(flag)?.at(-1)
    if (value !== undefined) return { value, from: `--${flag}` }
    const set = env.get(variable)
    return set ? { value: set, from: variable } : { value: null, from: null }
  }
  const text = (flag: string, variable: string = variableOf(flag)): Setting<string | null> => {
    const { value, from } = given(flag, variable)
    return { value: value || null, from }
  }
  const word = (flag: string, otherwise: string): Setting<string> => {
    const { value, from } = given(flag, variableOf(flag))
    return { value: (value || otherwise).toLowerCase(), from }
  }
  const flag = (name: string, variable: string = variableOf(name)): Setting<boolean> => {
    const { value, from } = given(name, variable)
    return { value: goBoolean(value ?? undefined) === true, from }
  }
  // a flag's list replaces the variable's; a flag that is repeated adds to it
  const list = (name: string): Setting<string[]> => {
    const variable = variableOf(name)
    const set = values.get(name) ?? (env.get(variable) ? [env.get(variable) as string] : [])
    return { value: set.flatMap((one) => one.split(/[\s,]+/)).filter(Boolean), from: set.length === 0 ? null : values.has(name) ? `--${name}` : variable }
  }

  const level = word('log-level', 'info')
  const [debug, trace] = [flag('debug'), flag('trace')]
  const types = list('notifications')
  const urls = given('notification-url', variableOf('notification-url'))
  // addresses may hold commas: only one before a scheme parts two of them
  const addresses = [...(values.get('notification-url') ?? [urls.value ?? ''])].flatMap((one) => one.split(/\s+|,(?=[a-z+]{1,20}:\/\/)/)).filter(Boolean)
  const kinds = [...types.value, ...addresses].map((one) => one.replace(/[:+][^]*$/, '').toLowerCase())
  const update = flag('http-api-update')
  const endpoints = list('http-api-endpoints')
  const options = HostConfig?.LogConfig?.Config ?? {}

  return {
    monitorOnly: flag('monitor-only'),
    runOnce: flag('run-once'),
    schedule: text('schedule'),
    interval: text('interval', 'WATCHTOWER_POLL_INTERVAL'),
    logLevel: trace.value ? { value: 'trace', from: trace.from } : debug.value ? { value: 'debug', from: debug.from } : level,
    logFormat: word('log-format', 'auto'),
    noPull: flag('no-pull'),
    noRestart: flag('no-restart'),
    cleanup: flag('cleanup'),
    labelPrecedence: flag('label-take-precedence'),
    labelEnable: flag('label-enable'),
    scope: text('scope'),
    rollingRestart: flag('rolling-restart'),
    includeRestarting: flag('include-restarting'),
    includeStopped: flag('include-stopped'),
    reviveStopped: flag('revive-stopped'),
    apiVersion: text('api-version', 'DOCKER_API_VERSION'),
    notifications: { value: [...new Set(kinds.map((kind) => (KINDS.has(kind) ? kind : 'other')))], from: types.from ?? urls.from },
    httpApiUpdate: update.value ? update : { value: endpoints.value.some((one) => one === 'update' || one === 'all'), from: endpoints.from ?? update.from },
    httpApiPolls: flag('http-api-periodic-polls'),
    timeZone: { value: env.get('TZ') || null, from: env.get('TZ') ? 'TZ' : null },
    names: [...names],
    disabled: list('disable-containers'),
    tty: Config.Tty === true,
    log: {
      driver: HostConfig?.LogConfig?.Type || 'json-file',
      maxSize: options['max-size'] ?? null,
      maxFile: options['max-file'] ?? null,
      compress: goBoolean(options['compress']) === true,
    },
  }
}

/** Whether both `Found new` and `Session done` are in the log at this level. */
export function isTelling(logLevel: string): boolean {
  return ['info', 'debug', 'trace'].includes(logLevel)
}

/** A script that is none of the released images' may hand on what it is given. */
function handedOn({ Path, Args, Config }: z.infer<typeof Answer>): string[] {
  const all = Path ? [Path, ...(Args ?? [])] : [...(Config.Entrypoint ?? []), ...(Config.Cmd ?? [])]
  return argumentsIn(all) ?? all.slice(1)
}

const variableOf = (flag: string): string => `WATCHTOWER_${flag.toUpperCase().replaceAll('-', '_')}`
