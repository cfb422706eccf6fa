// Notices an engine that is gone for good: after a restart of the daemon a mounted socket file can
// stay dead for ever, and only a restart of this container mounts the new one.
import { sleep } from '../bell.js'
import type { Docker, DockerHost } from './client.js'
import { describeDockerError } from './fault.js'
import { monotonic } from './monotonic.js'

/** How often the engine is asked, unless it must be noticed sooner that it is lost. */
const PING_EVERY_MS = 15_000

/**
 * Pings until the signal aborts, or until no ping was good for lostMs: resolves to whether that was
 * it. onFault gets what is wrong as long as something is, else null. Time is the monotonic clock's.
 */
export async function untilLost(docker: Docker, host: DockerHost, lostMs: number, onFault: (fault: string | null) => void, signal: AbortSignal): Promise<boolean> {
  let lastGood = monotonic()
  while (!signal.aborted) {
    try {
      await docker.ping()
      lastGood = monotonic()
      onFault(null)
    } catch (error) {
      if (monotonic() - lastGood >= lostMs) return true
      onFault(describeDockerError(error, host))
    }
    await sleep(Math.min(PING_EVERY_MS, lostMs / 10), signal)
  }
  return false
}
