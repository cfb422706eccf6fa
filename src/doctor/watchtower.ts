// The Watchtowers: found, running, readable, what their settings mean for the sidecar, and what they look at.
import type { Config } from '../config.js'
import type { Docker, Listed } from '../docker/client.js'
import { dockerFault } from '../docker/fault.js'
import { findWatchtowers, isOneOff } from '../docker/discover.js'
import { gatherFacts } from '../docker/inspect.js'
import { causeOf } from '../guard/cause.js'
import { settingsOf } from '../guard/settings.js'
import { type ContainerFacts, containerFacts, type Facts } from '../report/facts.js'
import { WATCH_TEXTS } from '../report/watch-texts.js'
import { WATCHTOWER_LABEL, watchedBy } from '../report/watched.js'
import { type Check, fault, ok, unseen, warning } from './check.js'
import { type Edition, editionOf } from './edition.js'
import type { EngineVersion } from './engine.js'
import { readLog } from './log.js'
import { servicesChecks } from './services.js'
import { settingsChecks } from './settings.js'

export interface Place {
  config: Config
  engine: EngineVersion
  /** by container id, as its banner was read before; null: it never was */
  versions: ReadonlyMap<string, string | null>
  /** of the container this runs in, in full or its first digits; null outside one */
  ownId: string | null
  /** milliseconds since 1970 */
  now: number
}

/** Docker's words for a container that does nothing any more. */
const OVER = ['created', 'exited', 'dead']

/** Rows for each Watchtower; where there are several, with its name. */
export async function watchtowerChecks(docker: Docker, place: Place): Promise<Check[]> {
  const { config } = place
  try {
    const facts = await gatherFacts(docker, [])
    const sidecars = facts.containers.filter((one) => isSidecar(one, place.ownId))
    const all = (await findWatchtowers(docker, config.watchtower)).filter((one) => !sidecars.some(({ id }) => id === one.id))
    const staying = all.filter((one) => !isOneOff(one))
    const found = staying.length > 0 || config.watchtower !== null ? staying : all
    const others = new Set([...found, ...sidecars].map(({ id }) => id))
    if (found.length === 0) return [absent(config.watchtower), ...servicesChecks(facts, null, others)]
    const statusOf = ({ id }: Listed): string => facts.containers.find((one) => one.id === id)?.status ?? 'gone'
    const isOver = (one: Listed): boolean => OVER.includes(statusOf(one))
    const old = found.every(isOver) ? [] : found.filter(isOver)
    const used = found.filter((one) => !old.includes(one))
    const rows: Check[] = []
    for (const one of used) {
      const self = facts.containers.find(({ id }) => id === one.id) ?? null
      const beside = used.filter((other) => other !== one).map(({ name }) => name)
      const its = [...(await checksOf(docker, one, facts, { ...place, beside })), exclusionCheck(self, sidecars), ...servicesChecks(facts, self, others)]
      rows.push(...(used.length === 1 ? its : its.map((row) => ({ ...row, name: `${row.name} of ${one.name}` }))))
    }
    for (const one of old) rows.push(warning('old watchtower', `${one.name} is ${statusOf(one)}, beside one that runs`, 'remove it if nobody needs it:', `docker rm ${one.name}`))
    return rows
  } catch (error) {
    const { found, remedy } = dockerFault(error, config.docker)
    return [fault('watchtower', `it cannot be looked for: ${found}`, remedy ?? 'look at the log of the Docker daemon'), unseen('services', 'mend that')]
  }
}

function absent(named: string | null): Check {
  if (named !== null) return fault('watchtower', `there is no container named ${named}`, WATCH_TEXTS.en.remedies.wanted)
  return fault('watchtower', `there is no container with the label ${WATCHTOWER_LABEL}=true`, `start Watchtower (${WATCH_TEXTS.en.remedies.create}), or name its container in WATCHTOWER_CONTAINER`)
}

/** By its id, or by the program it runs. */
function isSidecar({ id, command }: ContainerFacts, ownId: string | null): boolean {
  return (ownId !== null && id.startsWith(ownId)) || [command.path, ...command.args].some((word) => /(?:^|\/)watchtower-telegram(?:\.cjs)?$/.test(word))
}

async function checksOf(docker: Docker, { id, name }: Listed, { containers, images }: Facts, { config, engine, versions, now, beside }: Place & { beside: string[] }): Promise<Check[]> {
  const answer = await docker.inspectContainer(id)
  const [self, settings] = [containerFacts(answer), settingsOf(answer)]
  if (!self || !settings) return [fault('watchtower', `${name} is gone`, 'start it again')]
  const log = await readLog(docker, config.docker, { id, tty: settings.tty })
  const { version, zone, lastError } = log.type === 'read' ? log : { version: null, zone: null, lastError: null }
  const edition = editionOf(self.imageRef, images.find((one) => one.id === self.imageId)?.labels ?? self.labels, version ?? versions.get(id) ?? null)
  const around = { edition, zone, engine, watchtower: self, containers, others: beside, log, startedAt: startOf(answer), now, timeZone: config.style.timeZone }
  return [standingCheck(self, edition, lastError), ...settingsChecks(settings, around)]
}

/** How it fares; what its last error means is told in the words of the alarm. */
function standingCheck(self: ContainerFacts, edition: Edition, lastError: string | null): Check {
  const row = 'watchtower'
  const { name, status } = self
  const { causes, remedies } = WATCH_TEXTS.en
  const said = lastError === null ? '' : `; it last said: ${lastError}`
  const cause = lastError === null ? null : causeOf(lastError)
  const mended = (mark: typeof warning, found: string, otherwise: string, command: string): Check =>
    cause === null ? mark(row, found, otherwise, command) : mark(row, found, causes[cause.type](cause.value))
  if (self.labels.get(WATCHTOWER_LABEL) !== 'true' && !/(?:^|\/)watchtower$/.test(self.command.path)) return warning(row, `${name} is ${status}, and looks like no Watchtower: it has neither its label nor its program`, 'correct WATCHTOWER_CONTAINER')
  if (status === 'running') {
    const found = `${name} is running, ${edition.name}`
    return lastError === null ? ok(row, found) : mended(warning, found + said, 'look at its log:', remedies.look(name))
  }
  if (status === 'restarting') return mended(fault, `${name} ends again each time it is started${said}`, 'look at its log:', remedies.look(name))
  if (status === 'paused') return fault(row, `${name} is paused`, 'let it go on:', `docker unpause ${name}`)
  return mended(fault, `${name} is ${status}${said}`, 'start it:', remedies.start(name))
}

function startOf(answer: unknown): number | null {
  const at = Date.parse(String((answer as { State?: { StartedAt?: unknown } } | null)?.State?.StartedAt))
  return Number.isNaN(at) ? null : at
}

/** Whether Watchtower leaves itself and the sidecars alone. */
function exclusionCheck(watchtower: ContainerFacts | null, sidecars: readonly ContainerFacts[]): Check {
  const name = 'self-exclusion'
  const marked = sidecars.filter(({ labels }) => labels.get(WATCHTOWER_LABEL) === 'true')
  if (marked.length > 0) return fault(name, `${marked.map((one) => one.name).join(', ')} carries Watchtower's own label: a starting Watchtower removes it`, `take ${WATCHTOWER_LABEL}=true off it and recreate it`)
  const watches = watchedBy(watchtower)
  const included = [...(watchtower ? [watchtower] : []), ...sidecars].filter(watches).map((one) => one.name)
  if (included.length > 0) return warning(name, `Watchtower reports updates of ${included.join(' and ')} too`, `give it the label ${WATCHTOWER_LABEL}.enable=false and recreate it`)
  return ok(name, sidecars.length === 0 ? 'Watchtower leaves itself alone; no sidecar container was found' : 'Watchtower leaves itself and the sidecar alone')
}
