// DOCKER_HOST, and the certificates for it, as the Docker CLI reads them (docker/cli cli/flags/options.go, opts/hosts.go):
// DOCKER_TLS_VERIFY is on whatever its value, ca.pem, cert.pem and key.pem are in DOCKER_CERT_PATH, DOCKER_CONFIG or ~/.docker.
// A host without a port is at 2375, with TLS too: 2376 is only where no host is given.
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import type { DockerHost, DockerTls } from './docker/client.js'

type Faulty = { fault: string; of: string }

const PORT = '2375'
const OVER_TLS = 'tcp://localhost:2376'
const NOT_SUPPORTED = 'DOCKER_HOST is not supported: give unix:///path/to/docker.sock or tcp://host:2375'
const UNBRACKETED = 'DOCKER_HOST has an IPv6 address without brackets: write it like tcp://[::1]:2375'
const BARE_IPV6 = /^(tcp:\/\/)?[\da-f]*(:[\da-f.]*){2,}\/?$/i
const SSH = 'DOCKER_HOST ssh:// is not supported, for it takes a key that may run anything there: give tcp://host:2376 with DOCKER_TLS_VERIFY=1, or run one sidecar on each host'
const UNVERIFIED = 'DOCKER_TLS encrypts without checking who answers, which is not supported: set DOCKER_TLS_VERIFY=1 instead, with ca.pem in DOCKER_CERT_PATH'

/** Where the engine is; or what is wrong in one sentence with the remedy, and of which variable. Quotes no key. */
export function dockerHostFrom(env: NodeJS.ProcessEnv): { host: DockerHost } | Faulty {
  const { DOCKER_TLS_VERIFY: verify, DOCKER_TLS: unverified } = env
  const text = env.DOCKER_HOST?.trim() ?? ''
  if (verify === undefined && unverified !== undefined) return { fault: UNVERIFIED, of: 'DOCKER_TLS' }
  if (text.startsWith('ssh://')) return { fault: SSH, of: 'DOCKER_HOST' }
  const isTls = verify !== undefined
  const host = parsed(text || (isTls ? OVER_TLS : 'unix://'))
  if (host === null) return { fault: BARE_IPV6.test(text) ? UNBRACKETED : NOT_SUPPORTED, of: 'DOCKER_HOST' }
  if (!isTls) return { host }
  if (host.type === 'unix') return { fault: 'DOCKER_TLS_VERIFY is set, but a unix socket has no TLS: set DOCKER_HOST to tcp://host:2376, or unset DOCKER_TLS_VERIFY', of: 'DOCKER_TLS_VERIFY' }
  const tls = certificates(env.DOCKER_CERT_PATH ?? env.DOCKER_CONFIG ?? join(homedir(), '.docker'))
  return typeof tls === 'string' ? { fault: tls, of: 'DOCKER_TLS_VERIFY' } : { host: { ...host, tls } }
}

function parsed(text: string): DockerHost | null {
  if (text.startsWith('unix://')) return { type: 'unix', path: text.slice('unix://'.length) || '/var/run/docker.sock' }
  if (text.includes('://') && !text.startsWith('tcp://')) return null
  const address = text.replace(/^tcp:\/\//, '')
  const [, host, digits = PORT] = /^(\[[\da-fA-F:.]+\]|[\w.-]*)(?::(\d{1,5})?)?\/?$/.exec(address) ?? []
  const number = Number(digits)
  if (host === undefined || number < 1 || number > 65_535) return null
  return { type: 'tcp', host: host === '' ? 'localhost' : host, port: number }
}

/** The three files of a directory, each known to be usable; or the fault. The client's own two may both be missing. */
function certificates(directory: string): DockerTls | string {
  const [ca, cert, key] = ['ca.pem', 'cert.pem', 'key.pem'].map((name) => read(join(directory, name))) as [Pem, Pem, Pem]
  if (ca.text === null) return `DOCKER_TLS_VERIFY is set, but ${ca.fault}: put the engine's CA there, or set DOCKER_CERT_PATH to the directory that holds it`
  for (const { text, code, fault } of [cert, key]) if (text === null && code !== 'ENOENT') return fault
  if ((cert.text === null) !== (key.text === null)) return `${cert.text === null ? cert.fault : key.fault}, though its counterpart is there: cert.pem and key.pem belong together, put both there or neither`
  for (const { file, text } of [ca, cert]) if (text !== null && !isCertificate(text)) return `${file} holds no certificate: it must begin with -----BEGIN CERTIFICATE-----`
  if (cert.text === null || key.text === null) return { ca: ca.text, own: null }
  const own = { cert: cert.text, key: key.text }
  try {
    createSecureContext(own)
  } catch (error) {
    const isOther = (error as NodeJS.ErrnoException).code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'
    return isOther ? `${key.file} is not the key of ${cert.file}: copy both from the same client` : `${key.file} holds no usable private key: it must be a PEM file without a passphrase`
  }
  return { ca: ca.text, own }
}

interface Pem {
  file: string
  text: string | null
  code: string | undefined
  fault: string
}

function read(file: string): Pem {
  try {
    return { file, text: readFileSync(file, 'utf8'), code: undefined, fault: '' }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const fault = code === 'ENOENT' ? `there is no file ${file}` : code === 'EACCES' ? `user ${process.getuid?.()} may not read ${file}: make it readable for it` : `${file} cannot be read (${code})`
    return { file, text: null, code, fault }
  }
}

function isCertificate(text: string): boolean {
  try {
    return new X509Certificate(text).subject !== undefined
  } catch {
    return false
  }
}
