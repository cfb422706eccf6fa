// The environment before it is judged: what the health check needs of it, and no more, so that it loads nothing else.
// With config the only reader of process.env.
import { homedir } from 'node:os'
import { join } from 'node:path'

/** The variables that are set. An empty one counts as unset: compose passes those on. */
export function withoutEmpty(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
}

/** The directory that holds the state. */
export function stateDirOf(env: NodeJS.ProcessEnv): string {
  return env.STATE_DIR ?? join(env.XDG_STATE_HOME ?? join(homedir(), '.local/state'), 'watchtower-telegram')
}
