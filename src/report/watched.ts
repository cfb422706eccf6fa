// Which containers a Watchtower looks at, from its own settings. Takes container facts, gives a
// predicate. Rules: pkg/filters/filters.go and cmd/root.go of Watchtower 1.7.1.
import type { ContainerFacts } from './facts.js'
import { argumentsIn, goBoolean, readFlags } from './flags.js'

/** Marks a container as a Watchtower; the released images carry it. */
export const WATCHTOWER_LABEL = 'com.centurylinklabs.watchtower'
const ENABLE_LABEL = `${WATCHTOWER_LABEL}.enable`
const SCOPE_LABEL = `${WATCHTOWER_LABEL}.scope`

// A container that is paused or restarting now may have been running when Watchtower looked.
const LIVE = ['running', 'paused', 'restarting']
const STOPPED = ['created', 'exited']

/** Why a Watchtower leaves a container out: by the container's label, for want of one, by its own scope or settings, or as it is stopped. */
export type Reason = 'excluded' | 'not-enabled' | 'other-scope' | 'disabled' | 'stopped' | 'not-named'

/** What decides whether a container is watched. */
export type Watchable = Pick<ContainerFacts, 'name' | 'labels' | 'status'>

/** Whether this Watchtower watches a container; null stands for an unknown Watchtower: all but the excluded. */
export function watchedBy(watchtower: ContainerFacts | null): (container: Watchable) => boolean {
  const reason = unwatchedBy(watchtower)
  return (container) => reason(container) === null
}

/** Why this Watchtower does not watch a container; null where it does. */
export function unwatchedBy(watchtower: ContainerFacts | null): (container: Watchable) => Reason | null {
  // an image that only stands in for Watchtower has arguments of its own
  const { values, names } = readFlags((watchtower && argumentsIn([watchtower.command.path, ...watchtower.command.args])) ?? [])
  // a flag wins over its variable; one that is repeated adds to a list, or the last one counts
  const given = (flag: string): string[] => [values.get(flag) ?? watchtower?.env.get(`WATCHTOWER_${flag.toUpperCase().replaceAll('-', '_')}`) ?? []].flat()
  const set = (flag: string): boolean => goBoolean(given(flag).at(-1)) === true

  const disabled = new Set(given('disable-containers').flatMap((list) => list.split(/[\s,]+/)).map(bare))
  const scope = given('scope').at(-1) ?? ''
  const statuses = new Set([...LIVE, ...(set('include-stopped') ? STOPPED : [])])
  const labelEnable = set('label-enable')

  return (container) => {
    const enable = goBoolean(container.labels.get(ENABLE_LABEL))
    if (enable === false) return 'excluded'
    if (labelEnable && enable === null) return 'not-enabled'
    if (scope !== '' && (container.labels.get(SCOPE_LABEL) || 'none') !== scope) return 'other-scope'
    if (disabled.has(container.name)) return 'disabled'
    if (!statuses.has(container.status)) return 'stopped'
    return names.length === 0 || names.some((name) => bare(name) === container.name || covers(name, container.name)) ? null : 'not-named'
  }
}

const bare = (name: string): string => name.replace(/^\//, '')

/**
 * Names are also taken as regular expressions that must cover the name, all but its last character
 * (filters.go:29-37). What only Go can read may match: rather one service too many than an update lost.
 */
function covers(pattern: string, name: string): boolean {
  try {
    const found = new RegExp(pattern).exec(`/${name}`)
    return found !== null && found.index <= 1 && found.index + found[0].length >= name.length
  } catch {
    return true
  }
}
