// Certificates for tests, made by openssl on the spot: authorities, servers for 127.0.0.1, and clients.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Pair {
  /** PEM files */
  cert: string
  key: string
}

export interface Authority extends Pair {
  /** A certificate for 127.0.0.1 unless named otherwise, of a server and a client alike; expired: since long ago. */
  issue(name: string, options?: { expired?: boolean; host?: string }): Pair
}

const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' })

/** A new authority that keeps its files in this directory. */
export function createAuthority(directory: string): Authority {
  mkdirSync(directory, { recursive: true })
  const file = (name: string): string => join(directory, name)
  const own = { cert: file('ca.pem'), key: file('ca-key.pem') }
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=made-up authority', '-keyout', own.key, '-out', own.cert)
  writeFileSync(file('ca.cnf'), `[ca]\ndefault_ca=one\n[one]\ndatabase=${file('index')}\nserial=${file('serial')}\nnew_certs_dir=${directory}\ndefault_md=sha256\npolicy=any\ncopy_extensions=copy\nunique_subject=no\n[any]\ncommonName=supplied\n`)
  writeFileSync(file('index'), '')
  writeFileSync(file('serial'), '01\n')
  return {
    ...own,
    issue(name, { expired = false, host = 'IP:127.0.0.1,DNS:localhost' } = {}) {
      const pair = { cert: file(`${name}.pem`), key: file(`${name}-key.pem`) }
      const request = file(`${name}.csr`)
      openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`, '-addext', `subjectAltName=${host}`, '-addext', 'extendedKeyUsage=serverAuth,clientAuth', '-keyout', pair.key, '-out', request)
      const validity = expired ? ['-startdate', '20200101000000Z', '-enddate', '20200102000000Z'] : ['-days', '2']
      openssl('ca', '-batch', '-notext', '-config', file('ca.cnf'), '-cert', own.cert, '-keyfile', own.key, ...validity, '-in', request, '-out', pair.cert)
      return pair
    },
  }
}

/** The files as the Docker CLI looks for them, in a directory of their own; gives it, the value for DOCKER_CERT_PATH. */
export function certPath(directory: string, { ca, own }: { ca?: string; own?: Partial<Pair> }): string {
  mkdirSync(directory, { recursive: true })
  for (const [name, from] of [['ca.pem', ca], ['cert.pem', own?.cert], ['key.pem', own?.key]] as const) {
    if (from !== undefined) writeFileSync(join(directory, name), readFileSync(from))
  }
  return directory
}
