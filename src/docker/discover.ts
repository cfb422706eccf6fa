// Finds the Watchtower containers and notices when they change. Takes the Docker client, gives the
// list of them again and again.
import { type Bell, sleep } from '../bell.js'
import { WATCHTOWER_LABEL } from '../report/watched.js'
import type { Docker, Listed } from './client.js'
import { linesOf } from './lines.js'

/** The list is read again at least this often, whatever the events say: they are lost when the daemon restarts. */
const RELIST_MS = 30_000
/** Starting one container is several events; a host that starts many a second is looked at no more often than this. */
const SETTLE_MS = 200

/**
 * The Watchtowers of an engine: by their image's label, or only the one named (by name or id) and
 * one-off checks (`--run-once`, `docker compose run`), which carry the label.
 */
export async function findWatchtowers(docker: Docker, named: string | null): Promise<Listed[]> {
  const labelled = await docker.list({ label: [`${WATCHTOWER_LABEL}=true`] })
  if (named === null) return labelled
  const byName = await docker.list({ name: [`^/${named}$`] })
  const chosen = byName.length > 0 ? byName : labelled.filter(({ id }) => named.length >= 12 && id.startsWith(named))
  const oneOffs = labelled.filter((c) => isOneOff(c) && !chosen.some(({ id }) => id === c.id))
  return [...chosen, ...oneOffs]
}

/** A check that runs once and is over. */
export function isOneOff({ labels, command }: Pick<Listed, 'labels' | 'command'>): boolean {
  return labels['com.docker.compose.oneoff'] === 'True' || /\s(--run-once|-[vcedmS]*R[vcedmS]*)\b(?!=(?:0|[Ff]|[Ff]alse|FALSE)\b)/.test(command)
}

/**
 * Calls onOpen when the engine has answered, then onChange at once, whenever a container changed, when the bell rings, and every RELIST_MS.
 * Resolves when the signal aborts or the event stream ends (a proxy cuts it when idle); fails when the engine does.
 */
export async function watchContainers(docker: Docker, bell: Bell, onOpen: () => void, onChange: () => Promise<void>, signal: AbortSignal): Promise<void> {
  // opened before the first look, so that nothing that happens in between is missed
  const events = await docker.events(signal)
  onOpen()
  const lines = linesOf(events).on('data', bell.ring).on('close', bell.ring).on('error', bell.ring)
  try {
    while (!signal.aborted && !lines.destroyed) {
      await onChange()
      await bell.wait(RELIST_MS, signal)
      await sleep(SETTLE_MS, signal)
    }
  } finally {
    events.destroy()
  }
}
