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
  'notification-msteams-hook': undefined, 'notification-gotify-url': undefined, 'notification-gotify-token': undefined,
}
const SWITCHES: Readonly<Record<string, string | undefined>> = {
  'label-enable': 'e', 'include-stopped': 'S', 'include-restarting': undefined,
}

const OPTIONS = Object.fromEntries([
  ...Object.entries(VALUE_FLAGS).map(([name, short]) => [name, { type: 'string', ...(short && { short }) }] as const),
  ...Object.entries(SWITCHES).map(([name, short]) => [name, { type: 'boolean', ...(short && { short }) }] as const),
])

/** Whether this Watchtower watches a container; null stands for an unknown Watchtower: all but the excluded. */
export function watchedBy(watchtower: ContainerFacts | null): (container: ContainerFacts) => boolean {
  // an image that only stands in for Watchtower has arguments of its own
  const isWatchtower = watchtower?.command.path.endsWith('watchtower') ?? false
  const { values, positionals } = parseArgs({ args: isWatchtower ? [...(watchtower?.command.args ?? [])] : [], options: OPTIONS, strict: false, allowPositionals: true })
  const set = (flag: string): boolean => {
    const given = values[flag] ?? watchtower?.env.get(`WATCHTOWER_${flag.toUpperCase().replaceAll('-', '_')}`)
    return given === true || goBoolean(String(given)) === true
  }
  const text = (flag: string): string => String(values[flag] ?? watchtower?.env.get(`WATCHTOWER_${flag.toUpperCase().replaceAll('-', '_')}`) ?? '')

  const names = positionals.flatMap((name) => name.split(/[\s,]+/)).filter(Boolean)
  const disabled = new Set(text('disable-containers').split(/[\s,]+/).filter(Boolean).map(bare))
  const scope = text('scope')
  const statuses = new Set(['running', 'paused', 'restarting', ...(set('include-stopped') ? ['created', 'exited', 'dead'] : [])])
  const labelEnable = set('label-enable')

  return (container) => {
    const enable = goBoolean(container.labels.get(ENABLE_LABEL))
    if (enable === false || (labelEnable && enable === null)) return false
    if (scope !== '' && (container.labels.get(SCOPE_LABEL) || 'none') !== scope) return false
    if (disabled.has(container.name) || !statuses.has(container.status)) return false
    return names.length === 0 || names.some((name) => bare(name) === container.name || wholeMatch(name, container.name))
  }
}

/** Go's strconv.ParseBool; null for anything else, as Watchtower treats it. */
function goBoolean(text: string | undefined): boolean | null {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text ?? '')) return true
  return /^(?:0|f|F|FALSE|false|False)$/.test(text ?? '') ? false : null
}

const bare = (name: string): string => name.replace(/^\//, '')

/** Names are also taken as regular expressions that must cover the whole name (filters.go:22-37). */
function wholeMatch(pattern: string, name: string): boolean {
  try {
    return new RegExp(`^/?(?:${pattern})$`).test(name) || new RegExp(`^(?:${pattern})$`).test(`/${name}`)
  } catch {
    return false
  }
}
