// What a Watchtower looks at, what it leaves out and why, and what never shows an update. Pure.
import { placeOf } from '../report/place.js'
import type { ContainerFacts, Facts } from '../report/facts.js'
import { goBoolean } from '../report/flags.js'
import { hubPath, imageRef } from '../report/image-ref.js'
import { type Reason, unwatchedBy, WATCHTOWER_LABEL } from '../report/watched.js'
import { type Check, listed, ok, warning } from './check.js'

/** Such a container shows an update only after something else has pulled it (W:pkg/container/container.go, IsNoPull). */
const NO_PULL_LABEL = `${WATCHTOWER_LABEL}.no-pull`

const LEFT_OUT: Readonly<Record<Reason, string>> = {
  excluded: 'its label enable=false',
  'not-enabled': 'no label enable=true, which Watchtower asks for',
  'other-scope': 'another scope',
  disabled: 'disabled by name',
  stopped: 'it is stopped',
  'not-named': 'Watchtower is given other names',
}

/** watchtower: by whose settings; null where none was found. others: Watchtowers and sidecars, of which other rows tell. */
export function servicesChecks({ containers, images }: Facts, watchtower: ContainerFacts | null, others: ReadonlySet<string>): Check[] {
  const reason = unwatchedBy(watchtower)
  const services = containers.filter(({ id }) => !others.has(id))
  const watched = services.filter((container) => reason(container) === null)
  const leftOut = byReason(services, (container) => {
    const why = reason(container)
    return why === null ? null : LEFT_OUT[why]
  })
  const still = byReason(watched, (container) => neverUpdated(container, images.find(({ id }) => id === container.imageId)?.repoDigests ?? null))
  return [
    watched.length === 0 ? warning('services', 'Watchtower watches none', 'start one, or look at its labels, scope and names') : ok('services', `${watchtower ? 'watched' : 'a Watchtower would look at'}: ${unique(watched.map(nameOf))}`),
    ...(leftOut === '' ? [] : [ok('not watched', leftOut)]),
    ...(still === '' ? [] : [warning('never updated', still, 'name them by a tag that moves, like postgres:16; in Swarm deploy with --resolve-image never')]),
  ]
}

/** `caddy, redis: it is stopped; mysql: …`; empty where there is no reason for any. */
function byReason(containers: readonly ContainerFacts[], why: (container: ContainerFacts) => string | null): string {
  const names = new Map<string, string[]>()
  for (const container of containers) {
    const reason = why(container)
    if (reason !== null) names.set(reason, [...(names.get(reason) ?? []), nameOf(container)])
  }
  return [...names].map(([reason, of]) => `${unique(of)}: ${reason}`).join('; ')
}

function unique(names: readonly string[]): string {
  return listed([...new Set(names)].sort())
}

function nameOf(container: ContainerFacts): string {
  const { project, service } = placeOf(container)
  return project === null ? service : `${project}/${service}`
}

/** Why an image that is watched never has an update, or hardly ever; null where it may. */
function neverUpdated({ imageRef: ref, labels }: ContainerFacts, repoDigests: readonly string[] | null): string | null {
  const { digest, tag } = imageRef(ref)
  if (digest !== null) return labels.has('com.docker.swarm.task.id') ? 'a Swarm task, pinned by digest' : 'pinned by digest'
  if (goBoolean(labels.get(NO_PULL_LABEL)) === true) return 'its label no-pull=true'
  // only a pulled image has one (with the classic image store)
  if (repoDigests?.length === 0) return 'built on this machine'
  return tag !== null && isExact(tag, hubPath(ref)) ? `the exact version ${tag}` : null
}

/** Three numbers name one release; PostgreSQL has only two since 10. What was rebuilt under the same tag still shows. */
function isExact(tag: string, path: string | null): boolean {
  return /^v?\d+\.\d+\.\d+(?![\d])/.test(tag) || (path === 'postgres' && /^\d{2}\.\d+(?!\d)/.test(tag))
}
