// The Watchtowers: found, running, readable, what their settings mean for the sidecar, and what they look at.
import type { Config } from '../config.js'
import type { Docker, Listed } from '../docker/client.js'
import { dockerFault } from '../docker/fault.js'
import { findWatchtowers, isOneOff } from '../docker/discover.js'
import { gatherFacts } from '../docker/inspect.js'
import { settingsOf } from '../guard/settings.js'
import { type ContainerFacts, containerFacts, type Facts } from '../report/facts.js'
import { imageRef } from '../report/image-ref.js'
import { WATCHTOWER_LABEL, watchedBy } from '../report/watched.js'
import { type Check, fault, ok, unseen, warning } from './check.js'
import type { EngineVersion } from './engine.js'
import { readLog } from './log.js'
import { servicesChecks } from './services.js'
import { settingsChecks } from './settings.js'

export interface Place {
  config: Config
  engine: EngineVersion
  /** of the container this runs in, in full or its first digits; null outside one */
  ownId: string | null
  /** milliseconds since 1970 */
  now: number
}

/** Rows for each Watchtower; where there are several, with its name. */
export async function watchtowerChecks(docker: Docker, place: Place): Promise<Check[]> {
  const { config } = place
  try {
    const facts = await gatherFacts(docker, [])
    const sidecars = facts.containers.filter((one) => isSidecar(one, place.ownId))
    const found = (await findWatchtowers(docker, config.watchtower)).filter((one) => !isOneOff(one) && !sidecars.some(({ id }) => id === one.id))
    const others = new Set([...found, ...sidecars].map(({ id }) => id))
    if (found.length === 0) return [absent(config.watchtower), ...servicesChecks(facts, null, others)]
    const rows: Check[] = []
    for (const one of found) {
      const self = facts.containers.find(({ id }) => id === one.id) ?? null
      const its = [...(await checksOf(docker, one, facts, place)), exclusionCheck(self, sidecars), ...servicesChecks(facts, self, others)]
      rows.push(...(found.length === 1 ? its : its.map((row) => ({ ...row, name: `${row.name} of ${one.name}` }))))
    }
    return rows
  } catch (error) {
    const { found, remedy } = dockerFault(error, config.docker)
    return [fault('watchtower', `it cannot be looked for: ${found}`, remedy ?? 'look at the log of the Docker daemon'), unseen('services', 'mend that')]
  }
}

function absent(named: string | null): Check {
  if (named !== null) return fault('watchtower', `there is no container named ${named}`, 'start it, or correct WATCHTOWER_CONTAINER')
  return fault('watchtower', `there is no container with the label ${WATCHTOWER_LABEL}=true`, 'start Watchtower, or name its container in WATCHTOWER_CONTAINER')
}

/** By its id, or by the program it runs. */
function isSidecar({ id, command }: ContainerFacts, ownId: string | null): boolean {
  return (ownId !== null && id.startsWith(ownId)) || [command.path, ...command.args].some((word) => /(?:^|\/)watchtower-telegram(?:\.cjs)?$/.test(word))
}

async function checksOf(docker: Docker, { id, name }: Listed, { containers }: Facts, { config, engine, now }: Place): Promise<Check[]> {
  const answer = await docker.inspectContainer(id)
  const [self, settings] = [containerFacts(answer), settingsOf(answer)]
  if (!self || !settings) return [fault('watchtower', `${name} is gone`, 'start it again')]
  const log = await readLog(docker, config.docker, { id, tty: settings.tty })
  const version = (log.type === 'read' ? log.version : null) ?? /^v?\d+\.\d+/.exec(imageRef(self.imageRef).tag ?? '')?.input ?? null
  const { status } = self
  const said = log.type === 'read' && log.lastError !== null ? `; it last said: ${log.lastError}` : ''
  const runs =
    status === 'running'
      ? ok('watchtower', `${name} is running, ${version === null ? 'in a version that neither its log nor its image tells' : `version ${version}`}`)
      : fault('watchtower', `${name} is ${status}${said}`, status === 'restarting' ? 'see "Watchtower does not start" in the README' : `start it: docker start ${name}`)
  const reads = log.type === 'read' ? ok('log', `that of ${name} can be read (${settings.log.driver})`) : fault('log', `that of ${name} cannot be read: ${log.found}`, log.remedy)
  return [runs, reads, ...settingsChecks(settings, { version, engine, watchtower: self, containers, startedAt: startOf(answer), now, timeZone: config.style.timeZone })]
}

function startOf(answer: unknown): number | null {
  const at = Date.parse(String((answer as { State?: { StartedAt?: unknown } } | null)?.State?.StartedAt))
  return Number.isNaN(at) ? null : at
}

/** Whether Watchtower leaves itself and the sidecars alone. */
function exclusionCheck(watchtower: ContainerFacts | null, sidecars: readonly ContainerFacts[]): Check {
  const name = 'self-exclusion'
  const marked = sidecars.filter(({ labels }) => labels.get(WATCHTOWER_LABEL) === 'true')
  if (marked.length > 0) return fault(name, `${marked.map((one) => one.name).join(', ')} carries Watchtower's own label: a starting Watchtower removes it`, `take ${WATCHTOWER_LABEL}=true off it`)
  const watches = watchedBy(watchtower)
  const included = [...(watchtower ? [watchtower] : []), ...sidecars].filter(watches).map((one) => one.name)
  if (included.length > 0) return warning(name, `Watchtower reports updates of ${included.join(' and ')} too`, `give it the label ${WATCHTOWER_LABEL}.enable=false`)
  return ok(name, sidecars.length === 0 ? 'Watchtower leaves itself alone; no sidecar container was found' : 'Watchtower leaves itself and the sidecar alone')
}
