// The state directory: whether it can be written, what is in it, and whether a sidecar holds it. Leaves all as it was.
import { accessSync, constants, existsSync, statfsSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { howItIs } from '../healthcheck.js'
import { pendingOf } from '../state/state.js'
import { explained, peekState, type StateError } from '../state/file.js'
import { type Check, fault, ok, warning } from './check.js'

/** A state with the backlog of a month is smaller. */
const LITTLE_SPACE_BYTES = 10 * 2 ** 20
/** As much as an ordinary state. */
const PROBE = 'x'.repeat(4_096)

/** One that has just started has not heard from Docker and Telegram yet: `doctor` often follows `up -d` at once. */
const STARTING_MS = 10_000
const AGAIN_MS = 500

/** Directory, state file and the sidecar that uses them. now: milliseconds since 1970. */
export async function stateChecks(stateDir: string, now: number): Promise<Check[]> {
  return [await directoryCheck(stateDir), await fileCheck(stateDir), await sidecarCheck(stateDir, now)]
}

async function directoryCheck(stateDir: string): Promise<Check> {
  const name = 'state directory'
  try {
    if (!existsSync(stateDir)) {
      await explained(stateDir, async () => {
        // with a final slash, so that a file in its place is noticed
        accessSync(`${nearest(stateDir)}/`, constants.W_OK)
      })
      return ok(name, `${stateDir} is not there yet: the first start makes it`)
    }
    const { bavail, bsize } = await explained(stateDir, async () => {
      const probe = join(stateDir, `doctor-${process.pid}.probe`)
      writeFileSync(probe, PROBE, { mode: 0o600 })
      unlinkSync(probe)
      return statfsSync(stateDir)
    })
    return roomCheck(name, stateDir, bavail * bsize)
  } catch (error) {
    return unusable(name, error)
  }
}

/** space: bytes that are left. */
export function roomCheck(name: string, stateDir: string, space: number): Check {
  const megabytes = Math.round(space / 2 ** 20)
  return space < LITTLE_SPACE_BYTES ? warning(name, `${stateDir} has ${megabytes} MB left`, 'make room there') : ok(name, `${stateDir} can be written and has room`)
}

/** The directory itself or the next one above that is there. */
function nearest(path: string): string {
  return existsSync(path) ? path : nearest(dirname(path))
}

async function fileCheck(stateDir: string): Promise<Check> {
  const name = 'state'
  try {
    const state = await peekState(stateDir)
    if (!state) return ok(name, 'none yet')
    return ok(name, `${pendingOf(state.tracked).length} updates pending, ${state.outbox.entries.length} messages to send`)
  } catch (error) {
    return unusable(name, error)
  }
}

/** error: a StateError, as all that is asked of the directory ends in one. */
function unusable(name: string, error: unknown): Check {
  const { found, remedy } = error as StateError
  return fault(name, found, remedy)
}

async function sidecarCheck(stateDir: string, now: number): Promise<Check> {
  const name = 'sidecar'
  let answer = await howItIs(stateDir, now)
  for (let tries = 1; !answer.healthy && answer.upMs < STARTING_MS && tries < STARTING_MS / AGAIN_MS; tries += 1) {
    await sleep(AGAIN_MS)
    answer = await howItIs(stateDir, now)
  }
  const { running, healthy, faults, doing } = answer
  if (!running) return warning(name, `none is running with ${stateDir}`, 'start it:', 'docker compose up -d watchtower-telegram')
  return healthy ? ok(name, doing) : fault(name, faults.join('; '), 'see its log:', 'docker logs --tail 20 watchtower-telegram')
}
