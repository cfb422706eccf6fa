// Which containers a Watchtower looks at, from its own settings. Takes container facts, gives a
// predicate. Rules: pkg/filters/filters.go and cmd/root.go of Watchtower 1.7.1.
import { parseArgs } from 'node:util'
import type { ContainerFacts } from './facts.js'

/** Marks a container as a Watchtower; the released images carry it. */
export const WATCHTOWER_LABEL = 'com.centurylinklabs.watchtower'
const ENABLE_LABEL = `${WATCHTOWER_LABEL}.enable`
const SCOPE_LABEL = `${WATCHTOWER_LABEL}.scope`

// Flags that take a value; without them a value would pass for a container name.
const VALUE_FLAGS: Readonly<Record<string, string | undefined>> = {
  host: 'H', 'api-version': 'a', interval: 'i', schedule: 's', 'stop-timeout': 't', 'disable-containers': 'x', 'log-format': 'l',
  notifications: 'n', porcelain: 'P', scope: undefined, 'log-level': undefined, 'http-api-token': undefined, 'warn-on-head-failure': undefined,
  'notifications-level': undefined, 'notifications-delay': undefined, 'notifications-hostname': undefined, 'notification-title-tag': undefined,
  'notification-url': undefined, 'notification-template': undefined, 'notification-email-from': undefined, 'notification-email-to': undefined,
  'notification-email-server': undefined, 'notification-email-server-user': undefined, 'notification-email-server-password': undefined,
  'notification-email-server-port': undefined, 'notification-email-subjecttag': undefined, 'notification-email-delay': undefined,
  'notification-slack-hook-url': undefined, 'notification-slack-identifier': undefined, 'notification-slack-channel': undefined,
  'notification-slack-icon-emoji': undefined, 'notification-slack-icon-url': undefined,
  'notification-msteams-hook': undefined, 'notification-gotify-url': undefined, 'notification-gotify-token': undefined,
}
const SWITCHES: Readonly<Record<string, string>> = { 'label-enable': 'e', 'include-stopped': 'S' }
// A container that is paused or restarting now may have been running when Watchtower looked.
const LIVE = ['running', 'paused', 'restarting']
const STOPPED = ['created', 'exited']

const OPTIONS = Object.fromEntries([
  ...Object.entries(VALUE_FLAGS).map(([name, short]) => [name, { type: 'string', multiple: true, ...(short && { short }) }] as const),
  ...Object.entries(SWITCHES).map(([name, short]) => [name, { type: 'boolean', short }] as const),
])

/** Why a Watchtower leaves a container out: by the container's label, for want of one, by its own scope or settings, or as it is stopped. */
export type Reason = 'excluded' | 'not-enabled' | 'other-scope' | 'disabled' | 'stopped' | 'not-named'

/** Whether this Watchtower watches a container; null stands for an unknown Watchtower: all but the excluded. */
export function watchedBy(watchtower: ContainerFacts | null): (container: ContainerFacts) => boolean {
  const reason = unwatchedBy(watchtower)
  return (container) => reason(container) === null
}

/** Why this Watchtower does not watch a container; null where it does. */
export function unwatchedBy(watchtower: ContainerFacts | null): (container: ContainerFacts) => Reason | null {
  // an image that only stands in for Watchtower has arguments of its own
  const args = watchtower?.command.path.endsWith('watchtower') ? [...watchtower.command.args] : []
  const { values, positionals } = parseArgs({ args, options: OPTIONS, strict: false, allowPositionals: true })
  // a flag wins over its variable; one that is repeated adds to a list, or the last one counts
  const given = (flag: string): string[] => [values[flag] ?? watchtower?.env.get(`WATCHTOWER_${flag.toUpperCase().replaceAll('-', '_')}`) ?? []].flat().map(String)
  const set = (flag: string): boolean => goBoolean(given(flag)[0]) === true

  // `-x=a` is `-x a` to Watchtower's parser
  const disabled = new Set(given('disable-containers').flatMap((list) => list.replace(/^=/, '').split(/[\s,]+/)).map(bare))
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
    return positionals.length === 0 || positionals.some((name) => bare(name) === container.name || covers(name, container.name)) ? null : 'not-named'
  }
}

/** Go's strconv.ParseBool; null for anything else, as Watchtower treats it. */
function goBoolean(text: string | undefined): boolean | null {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text ?? '')) return true
  return /^(?:0|f|F|FALSE|false|False)$/.test(text ?? '') ? false : null
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
