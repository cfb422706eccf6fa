// HTTPS_PROXY and NO_PROXY for the Bot API, as Go's programs read them (golang.org/x/net/http/httpproxy), Docker among
// them: NO_PROXY names a domain with all below it. Addresses in it are compared whole, without ranges, and no host is exempt
// without being named: not even this machine, which Go leaves out.

const NOT_USABLE = 'HTTPS_PROXY is no usable proxy: give one like http://proxy:3128, before the name user:password@ if it asks for them, with # as %23, / as %2F, @ as %40'

/** The proxy on the way to an https:// address; null where there is none. A fault never quotes it, for it may hold a password. */
export function proxyFor(address: string, env: NodeJS.ProcessEnv): { proxy: URL | null } | { fault: string } {
  const given = env.HTTPS_PROXY ?? env.https_proxy
  if (given === undefined || !URL.canParse(address)) return { proxy: null }
  const { protocol, hostname, port } = new URL(address)
  if (protocol !== 'https:' || isExempt(hostname, port === '' ? '443' : port, env.NO_PROXY ?? env.no_proxy ?? '')) return { proxy: null }
  const text = given.includes('://') ? given : `http://${given}`
  if (!URL.canParse(text)) return { fault: NOT_USABLE }
  const proxy = new URL(text)
  if (!/^https?:$/.test(proxy.protocol) || !isEncoded(proxy.username) || !isEncoded(proxy.password)) return { fault: NOT_USABLE }
  return { proxy }
}

/** What must not be printed: the token, and the password of the proxy in every form that it takes. */
export function secretsOf({ token, proxy }: { token: string; proxy: URL | null }): string[] {
  if (proxy === null || proxy.password === '') return [token]
  const both = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
  return [token, `${proxy.username}:${proxy.password}`, both, Buffer.from(both).toString('base64'), decodeURIComponent(proxy.password)]
}

function isExempt(host: string, port: string, list: string): boolean {
  return list.split(/[\s,]+/).filter(Boolean).some((entry) => {
    if (entry === '*') return true
    const [, name = '', only = port] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(bracketed(entry) ?? entry.toLowerCase()) ?? []
    return name !== '' && only === port && (host === name || host.endsWith(`.${name}`))
  })
}

/** An IPv6 address that is written without brackets, as a URL has it; null where it is none. */
function bracketed(entry: string): string | null {
  const address = `http://[${entry}]`
  return URL.canParse(address) ? new URL(address).hostname : null
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
