// Watchtower's command line as its own parser reads it (spf13/pflag, flag.go). Takes arguments, gives what
// they set. Linear, never throws: what would end Watchtower at its start is taken as a switch.

/** What a command line says. */
export interface Flags {
  /** of each flag, by its long name, what it was set to, in order; a switch without a value is `true` */
  values: ReadonlyMap<string, readonly string[]>
  /** what belongs to no flag: the containers to look at */
  names: readonly string[]
}

// Flags that take a value, with their short names: internal/flags of 1.7.1, of the fork's 1.21.0, and what its main branch has since.
const VALUE_FLAGS = new Map<string, string | null>([
  ['host', 'H'], ['api-version', 'a'], ['interval', 'i'], ['schedule', 's'], ['stop-timeout', 't'], ['disable-containers', 'x'],
  ['log-format', 'l'], ['notifications', 'n'], ['porcelain', 'P'],
  ...[
    'scope', 'log-level', 'http-api-token', 'warn-on-head-failure', 'notifications-level', 'notifications-delay', 'notifications-hostname',
    'notification-title-tag', 'notification-url', 'notification-template', 'notification-email-from', 'notification-email-to',
    'notification-email-server', 'notification-email-server-user', 'notification-email-server-password', 'notification-email-server-port',
    'notification-email-subjecttag', 'notification-email-delay', 'notification-slack-hook-url', 'notification-slack-identifier',
    'notification-slack-channel', 'notification-slack-icon-emoji', 'notification-slack-icon-url', 'notification-msteams-hook',
    'notification-gotify-url', 'notification-gotify-token',
    // the fork's own
    'cert-path', 'cooldown-delay', 'monitor-image-names', 'skip-image-names', 'http-api-endpoints', 'http-api-host', 'http-api-port',
    'http-api-events-token', 'http-api-rate-limit', 'http-api-tls-cert', 'http-api-tls-key', 'http-api-trusted-proxies', 'http-api-proxy-header',
    'http-api-cors-origins', 'http-api-check-timeout', 'http-api-update-timeout', 'cpu-copy-mode', 'lifecycle-uid', 'lifecycle-gid',
    'registry-tls-min-version', 'notification-template-file', 'disk-space-max', 'disk-space-warn', 'enable-containers-by-label',
    'disable-containers-by-label', 'git-image', 'git-auth-token', 'git-username', 'git-password', 'git-ssh-key-path', 'git-ssh-known-hosts',
    'git-timeout', 'git-ca-bundle', 'git-dockerfile', 'git-context', 'compose-project',
  ].map((name): [string, null] => [name, null]),
])
const SHORT = new Map([
  ...[...VALUE_FLAGS].flatMap(([name, short]): [string, string][] => (short === null ? [] : [[short, name]])),
  ['v', 'tlsverify'], ['c', 'cleanup'], ['e', 'label-enable'], ['d', 'debug'], ['m', 'monitor-only'], ['R', 'run-once'], ['S', 'include-stopped'],
] as [string, string][])

/** What a command hands on to Watchtower: what stands after the program, whose path ends so in every image; null where it is not in it. An init may stand before it. */
export function argumentsIn(command: readonly string[]): string[] | null {
  const at = command.findIndex((part) => /(?:^|\/)watchtower$/.test(part))
  return at < 0 ? null : command.slice(at + 1)
}

/** Reads the arguments of Watchtower, without the program itself. */
export function readFlags(args: readonly string[]): Flags {
  const values = new Map<string, string[]>()
  const names: string[] = []
  const set = (name: string, value: string): void => void values.set(name, [...(values.get(name) ?? []), value])
  const waiting = args.values()
  for (const arg of waiting) {
    if (arg === '--') names.push(...waiting)
    else if (arg.startsWith('--')) {
      const cut = arg.indexOf('=')
      const name = arg.slice(2, cut < 0 ? undefined : cut)
      if (cut >= 0) set(name, arg.slice(cut + 1))
      else set(name, VALUE_FLAGS.has(name) ? ((waiting.next().value as string | undefined) ?? '') : 'true')
    } else if (arg.startsWith('-') && arg.length > 1) {
      // a bundle: switches, of which the last may be given its value or be a flag that takes one
      for (let rest = arg.slice(1); rest !== ''; ) {
        const name = SHORT.get(rest[0] as string) ?? (rest[0] as string)
        if (rest.length > 2 && rest[1] === '=') {
          set(name, rest.slice(2))
          break
        }
        if (VALUE_FLAGS.has(name)) {
          set(name, rest.length > 1 ? rest.slice(1) : ((waiting.next().value as string | undefined) ?? ''))
          break
        }
        set(name, 'true')
        rest = rest.slice(1)
      }
    } else names.push(arg)
  }
  return { values, names }
}

/** Go's strconv.ParseBool; null for anything else, which ends Watchtower as a flag and counts as unset elsewhere. */
export function goBoolean(text: string | undefined): boolean | null {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text ?? '')) return true
  return /^(?:0|f|F|FALSE|false|False)$/.test(text ?? '') ? false : null
}
