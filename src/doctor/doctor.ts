// Looks at everything that the deployment depends on. Takes the environment, gives the rows. Sends no message and changes
// nothing; every wait is bounded.
import { existsSync, readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { createDocker } from '../docker/client.js'
import { peekState } from '../state/file.js'
import { secretsOf } from '../telegram-proxy.js'
import { type Check, unseen } from './check.js'
import { clockCheck } from './clock.js'
import { usableConfig } from './configuration.js'
import { engineChecks } from './engine.js'
import { ownId } from './self.js'
import { stateChecks } from './state.js'
import { telegramChecks } from './telegram.js'
import { watchtowerChecks } from './watchtower.js'

/** Bound on one question to Docker or Telegram: a person waits. */
const ANSWER_MS = 10_000
/** Bound on all of them: an engine with hundreds of containers is asked for each. */
const ALL_MS = 60_000
/** What is mounted where, as Linux tells it. */
const MOUNTS = '/proc/self/mountinfo'

export interface Diagnosis {
  checks: Check[]
  /** must not be printed */
  secrets: string[]
}

/** now: milliseconds since 1970, by this machine's clock. mounts: the file that tells what is mounted where. */
export async function diagnose(now: () => number, environment?: NodeJS.ProcessEnv, mounts = MOUNTS): Promise<Diagnosis> {
  const { config, broken, checks } = usableConfig(environment)
  const signal = AbortSignal.timeout(ALL_MS)
  const timeoutMs = Math.min(ANSWER_MS, config.timing.dockerTimeoutMs)
  const telegramMs = Math.min(ANSWER_MS, config.timing.telegramTimeoutMs)
  const docker = createDocker(config.docker, timeoutMs, signal)

  // what a sidecar has read before the log was rotated
  const state = await peekState(config.stateDir).catch(() => null)
  const versions = new Map(state?.cursors.map(({ id, checkpoint }) => [id, checkpoint?.context.version ?? null]))

  async function dockerChecks(): Promise<Check[]> {
    const wrong = ['DOCKER_HOST', 'DOCKER_TLS_VERIFY', 'DOCKER_TLS'].find((name) => broken.has(name))
    const first = wrong === undefined ? 'mend the socket' : `correct ${wrong}`
    const engine = wrong === undefined ? await engineChecks(docker, config.docker, timeoutMs, signal) : { checks: ['socket', 'writes', 'engine'].map((name) => unseen(name, first)), version: null }
    if (engine.version === null) return [...engine.checks, unseen('watchtower', first), unseen('services', first)]
    return [...engine.checks, ...(await watchtowerChecks(docker, { config, engine: engine.version, versions, ownId: ownId(hostname(), existsSync(mounts) ? readFileSync(mounts, 'utf8') : ''), now: now() }))]
  }

  const families = await Promise.all([dockerChecks(), telegramChecks(config, broken, telegramMs, signal), stateChecks(config.stateDir, now()), clockCheck(config.telegram, now, telegramMs)])
  return { checks: [...checks, ...families.flat()], secrets: secretsOf(config.telegram) }
}
