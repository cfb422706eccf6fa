// The environment becomes a Config; lists every fault at once.
import { readFileSync } from 'node:fs'
import * as z from 'zod/mini'
import type { DockerHost } from './docker/client.js'
import { dockerHostFrom } from './docker-host.js'
import { stateDirOf, withoutEmpty } from './environment.js'
import type { LogLevel } from './logger.js'
import { type QuietHours, quietHours } from './life/quiet.js'
import type { Style } from './report/message.js'
import { templateFrom } from './report/sample.js'
import { type Template, TemplateError } from './report/template.js'
import { type Language, LANGUAGES } from './report/texts.js'
import { isTimeZone } from './report/times.js'
import { proxyFor } from './telegram-proxy.js'

export interface Config {
  telegram: { token: string; chat: number | string; topic: number | null; apiRoot: string; proxy: URL | null }
  docker: DockerHost
  /** name or id of the one Watchtower to follow; null follows all */
  watchtower: string | null
  /** names this host in messages */
  host: string | null
  /** after so long without a word of what is pending it is said again; 0 never */
  remindMs: number
  /** when messages come without sound; null never */
  quiet: QuietHours | null
  /** how messages are written */
  style: Omit<Style, 'onTemplateError'>
  /** the directory that holds the state file */
  stateDir: string
  /** waits and bounds, in milliseconds */
  timing: Timing
  logLevel: LogLevel
}

export interface Timing {
  /** quiet time that ends a check session of a version that prints no end */
  idleMs: number
  /** a followed log is read plainly at least this often */
  reconcileMs: number
  /** bound on one answer of the engine */
  dockerTimeoutMs: number
  /** so long without a good ping ends the program, so that its restart finds a new socket */
  dockerLostMs: number
  /** a Watchtower that is not well for so long is told of */
  downAfterMs: number
  /** so long after the last check, or since it is awaited, its absence is told of; null: when the schedule says */
  overdueAfterMs: number | null
  /** bound on one request to Telegram */
  telegramTimeoutMs: number
  /** the first wait after a failed send; the others are multiples of it */
  paceMs: number
  /** what a check found waits for a random part of this before it is first sent */
  jitterMs: number
}

/** A sentence per fault, each naming its variable and the remedy; of: those variables, in the same order. */
export type ConfigResult = { type: 'ok'; config: Config } | { type: 'faults'; faults: string[]; of: string[] }

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const API_ROOT = 'https://api.telegram.org'
const TOKEN = /^\d+:[\w-]+$/

const because = (sentence: string): { error: string } => ({ error: sentence })

/** A number and a unit, as text, to milliseconds; least and most are written like the default. */
function duration(name: string, preset: string, least: string, most: string) {
  const holds = (ms: number): boolean => ms >= milliseconds(least) && ms <= milliseconds(most)
  return z
    .pipe(z._default(z.string(), preset), z.transform(milliseconds))
    .check(z.refine(holds, because(`${name} is no usable duration: give one from ${least} to ${most}, like ${preset}`)))
}

/** NaN where it is none; nothing needs no unit. */
function milliseconds(text: string): number {
  if (text === '0') return 0
  const [, digits, unit = ''] = /^(\d{1,6})(ms|s|m|h|d)$/.exec(text) ?? []
  return digits === undefined ? NaN : Number(digits) * (UNITS_MS[unit] as number)
}

const Environment = z.object({
  TELEGRAM_CHAT_ID: z.pipe(
    z
      .string(because('TELEGRAM_CHAT_ID is missing: set it to the number of the chat, for a group like -1001234567890'))
      .check(z.regex(/^-?[1-9]\d{0,14}$|^@[A-Za-z]\w{3,31}$/, because('TELEGRAM_CHAT_ID is no chat: give a number like -1001234567890, or @name of a public chat'))),
    z.transform((text: string) => (text.startsWith('@') ? text : Number(text))),
  ),
  TOPIC_SYSTEM_ID: z.optional(
    z.pipe(
      z.string().check(z.regex(/^[1-9]\d{0,9}$/, because("TOPIC_SYSTEM_ID is no topic: give the number from the topic's link, or leave it out to write to the chat itself"))),
      z.transform(Number),
    ),
  ),
  TELEGRAM_API_URL: z._default(z.string().check(z.refine(isBaseUrl, because('TELEGRAM_API_URL is no base URL: give one like https://api.telegram.org'))), API_ROOT),
  WATCHTOWER_CONTAINER: z.optional(
    z.string().check(z.regex(/^[a-zA-Z0-9][\w.-]+$/, because('WATCHTOWER_CONTAINER is no container name: give one as `docker ps` shows it'))),
  ),
  HOST_LABEL: z.optional(z.string().check(z.trim(), z.maxLength(64, because('HOST_LABEL is too long: give at most 64 characters')))),
  MESSAGE_LANGUAGE: z._default(z.enum(LANGUAGES, because('MESSAGE_LANGUAGE is unknown: give en or fr')), 'en'),
  MESSAGE_TEMPLATE_FILE: z.optional(z.string()),
  TZ: z._default(z.string().check(z.refine(isTimeZone, because('TZ is no time zone: give the name of one as the IANA lists them, like Europe/Paris or UTC, without quotes'))), 'UTC'),
  REMIND_AFTER: z
    .pipe(z._default(z.string(), '7d'), z.transform(milliseconds))
    .check(z.refine((ms) => ms === 0 || (ms >= milliseconds('1h') && ms <= milliseconds('365d')), because('REMIND_AFTER is no usable duration: give one from 1h to 365d, like 7d, or 0 for never'))),
  QUIET_HOURS: z.optional(
    z.pipe(
      z.string().check(z.refine((text) => quietHours(text) !== null, because('QUIET_HOURS is no window of the day: give one like 22:00-08:00'))),
      z.transform(quietHours),
    ),
  ),
  // longer than Watchtower's own daily check, the quiet time would join two checks
  SESSION_IDLE_AFTER: duration('SESSION_IDLE_AFTER', '10m', '1s', '1d'),
  RECONCILE_EVERY: duration('RECONCILE_EVERY', '30s', '100ms', '1h'),
  DOCKER_TIMEOUT: duration('DOCKER_TIMEOUT', '20s', '100ms', '10m'),
  DOCKER_LOST_AFTER: duration('DOCKER_LOST_AFTER', '5m', '1s', '1d'),
  WATCHTOWER_DOWN_AFTER: duration('WATCHTOWER_DOWN_AFTER', '5m', '1s', '7d'),
  CHECK_OVERDUE_AFTER: z.optional(
    z
      .pipe(z.string(), z.transform(milliseconds))
      .check(z.refine((ms) => ms >= milliseconds('1s') && ms <= milliseconds('60d'), because('CHECK_OVERDUE_AFTER is no usable duration: give one from 1s to 60d, like 26h, or leave it out to go by the schedule of Watchtower'))),
  ),
  TELEGRAM_TIMEOUT: duration('TELEGRAM_TIMEOUT', '60s', '100ms', '10m'),
  RETRY_PACE: duration('RETRY_PACE', '1s', '1ms', '1m'),
  SEND_JITTER: duration('SEND_JITTER', '0s', '0s', '1h'),
  LOG_LEVEL: z._default(z.enum(['debug', 'info', 'warn', 'error'], because('LOG_LEVEL is unknown: give debug, info, warn or error')), 'info'),
})

/** Reads the configuration. An empty variable counts as unset: compose passes those on. */
export function readConfig(environment: NodeJS.ProcessEnv = process.env): ConfigResult {
  const env = withoutEmpty(environment)
  const token = readToken(env)
  const template = readTemplate('MESSAGE_TEMPLATE_FILE', env.MESSAGE_TEMPLATE_FILE)
  const docker = dockerHostFrom(env)
  const proxy = proxyFor(env.TELEGRAM_API_URL ?? API_ROOT, env)
  const parsed = Environment.safeParse(env)
  const faults = [
    ...('fault' in token ? [['TELEGRAM_BOT_TOKEN', token.fault] as const] : []),
    ...('fault' in template ? [['MESSAGE_TEMPLATE_FILE', template.fault] as const] : []),
    ...(parsed.error?.issues.map((issue) => [String(issue.path[0]), issue.message] as const) ?? []),
    ...('fault' in proxy ? [['HTTPS_PROXY', proxy.fault] as const] : []),
    ...('fault' in docker ? [[docker.of, docker.fault] as const] : []),
  ]
  if (!parsed.data || 'fault' in token || 'fault' in template || 'fault' in docker || 'fault' in proxy || faults.length > 0) return { type: 'faults', faults: faults.map(([, fault]) => fault), of: faults.map(([variable]) => variable) }
  const { data } = parsed
  return {
    type: 'ok',
    config: {
      telegram: { token: token.value, chat: data.TELEGRAM_CHAT_ID, topic: data.TOPIC_SYSTEM_ID ?? null, apiRoot: data.TELEGRAM_API_URL.replace(/\/+$/, ''), proxy: proxy.proxy },
      docker: docker.host,
      watchtower: data.WATCHTOWER_CONTAINER ?? null,
      host: data.HOST_LABEL || null,
      remindMs: data.REMIND_AFTER,
      quiet: data.QUIET_HOURS ?? null,
      style: { language: data.MESSAGE_LANGUAGE, timeZone: data.TZ, template: template.template },
      stateDir: stateDirOf(env),
      timing: {
        idleMs: data.SESSION_IDLE_AFTER,
        reconcileMs: data.RECONCILE_EVERY,
        dockerTimeoutMs: data.DOCKER_TIMEOUT,
        dockerLostMs: data.DOCKER_LOST_AFTER,
        downAfterMs: data.WATCHTOWER_DOWN_AFTER,
        overdueAfterMs: data.CHECK_OVERDUE_AFTER ?? null,
        telegramTimeoutMs: data.TELEGRAM_TIMEOUT,
        paceMs: data.RETRY_PACE,
        jitterMs: data.SEND_JITTER,
      },
      logLevel: data.LOG_LEVEL,
    },
  }
}

/** What replay takes from the environment: HOST_LABEL, SESSION_IDLE_AFTER and how messages are written; given: the value of --template. */
export function readReplayConfig(given: string | null = null, environment: NodeJS.ProcessEnv = process.env): { type: 'ok'; config: Pick<Config, 'host' | 'style'> & { idleMs: number } } | { type: 'faults'; faults: string[] } {
  const env = withoutEmpty(environment)
  const template = given === null ? readTemplate('MESSAGE_TEMPLATE_FILE', env.MESSAGE_TEMPLATE_FILE) : readTemplate('--template', given)
  const { data, error } = z.pick(Environment, { HOST_LABEL: true, SESSION_IDLE_AFTER: true, MESSAGE_LANGUAGE: true, TZ: true }).safeParse(env)
  if (error || 'fault' in template) return { type: 'faults', faults: [...('fault' in template ? [template.fault] : []), ...(error ? error.issues.map((issue) => issue.message) : [])] }
  return { type: 'ok', config: { host: data.HOST_LABEL || null, idleMs: data.SESSION_IDLE_AFTER, style: { language: data.MESSAGE_LANGUAGE, timeZone: data.TZ, template: template.template } } }
}

/** What the state is read with: STATE_DIR and TZ. */
export function readStateConfig(environment: NodeJS.ProcessEnv = process.env): { type: 'ok'; config: { stateDir: string; timeZone: string } } | { type: 'faults'; faults: string[] } {
  const env = withoutEmpty(environment)
  const { data, error } = z.pick(Environment, { TZ: true }).safeParse(env)
  return data ? { type: 'ok', config: { stateDir: stateDirOf(env), timeZone: data.TZ } } : { type: 'faults', faults: error.issues.map((issue) => issue.message) }
}

/** The language of the messages alone. */
export function readLanguage(environment: NodeJS.ProcessEnv = process.env): { type: 'ok'; language: Language } | { type: 'faults'; faults: string[] } {
  const { data, error } = z.pick(Environment, { MESSAGE_LANGUAGE: true }).safeParse(withoutEmpty(environment))
  return data ? { type: 'ok', language: data.MESSAGE_LANGUAGE } : { type: 'faults', faults: error.issues.map((issue) => issue.message) }
}

/** The template in a file, tried on a sample; null where none is named. */
function readTemplate(name: string, file: string | undefined): { template: Template | null } | { fault: string } {
  if (file === undefined) return { template: null }
  try {
    return { template: templateFrom(readFileSync(file, 'utf8')) }
  } catch (error) {
    if (error instanceof TemplateError) return { fault: `${name} ${file} is no usable template: ${error.message}` }
    return { fault: `${name}: ${fileFault(file, (error as NodeJS.ErrnoException).code, 'the template')}` }
  }
}

/** From the variable or from a file; no fault ever quotes it. */
function readToken(env: NodeJS.ProcessEnv): { value: string } | { fault: string } {
  const { TELEGRAM_BOT_TOKEN: given, TELEGRAM_BOT_TOKEN_FILE: file } = env
  if (given !== undefined && file !== undefined) return { fault: 'TELEGRAM_BOT_TOKEN and TELEGRAM_BOT_TOKEN_FILE are both set: keep one' }
  if (given === undefined && file === undefined) return { fault: 'TELEGRAM_BOT_TOKEN is missing: set it, or TELEGRAM_BOT_TOKEN_FILE, to the token from @BotFather' }
  let value = given ?? ''
  if (file !== undefined && TOKEN.test(file)) return { fault: 'TELEGRAM_BOT_TOKEN_FILE is a token, not a file: write it into a file and name that, or set TELEGRAM_BOT_TOKEN to it' }
  if (file !== undefined) {
    try {
      value = readFileSync(file, 'utf8').trim()
    } catch (error) {
      return { fault: `TELEGRAM_BOT_TOKEN_FILE: ${fileFault(file, (error as NodeJS.ErrnoException).code, 'the token')}` }
    }
  }
  if (TOKEN.test(value)) return { value }
  return { fault: `${file === undefined ? 'TELEGRAM_BOT_TOKEN' : 'TELEGRAM_BOT_TOKEN_FILE'} holds no bot token: copy it from @BotFather, like 123456789:AAE…` }
}

function fileFault(file: string, code: string | undefined, what: string): string {
  if (code === 'ENOENT') return `there is no file ${file}: write ${what} into it`
  if (code === 'EACCES') return `user ${process.getuid?.() ?? '?'} may not read ${file}: make it readable, for example with chmod 644`
  if (code === 'EISDIR') return `${file} is a directory, as Docker makes one where a mounted file is missing: remove it and write ${what} into a file of that name`
  return `${file} cannot be read (${code})`
}

function isBaseUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password, search, hash } = new URL(text)
  return (protocol === 'https:' || protocol === 'http:') && username + password === '' && search === '' && hash === ''
}
