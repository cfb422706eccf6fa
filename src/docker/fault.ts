// What is wrong between this program and the engine, in sentences, each with its remedy where one is known.
import type { DockerHost, DockerTls } from './client.js'
import { remedyForRights } from './socket-rights.js'

/** What is wrong with the connection, and how to mend it where that is known. */
export function dockerFault(error: unknown, host: DockerHost): { found: string; remedy: string | null } {
  const { code, statusCode, message } = error as { code?: string; statusCode?: number; message?: string }
  const where = host.type === 'unix' ? host.path : `${host.host}:${host.port}`
  const ofTls = tlsFault(error as object, where, (host.type === 'tcp' && host.tls) || null)
  if (ofTls) return ofTls
  if (code === 'ENOENT') return { found: `no Docker socket at ${where}`, remedy: 'mount it, or set DOCKER_HOST' }
  if (code === 'EACCES') return { found: `no permission to use ${where}`, remedy: remedyForRights(where) }
  if (code === 'ECONNREFUSED') return { found: `nothing listens at ${where}`, remedy: 'is the Docker daemon running?' }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return { found: `the name ${where} of DOCKER_HOST does not resolve`, remedy: 'correct it, or bring both containers into one network' }
  if (statusCode === 403) return { found: `${where} refused the request`, remedy: 'a socket proxy must allow GET on _ping, version, events, containers and images' }
  if (statusCode === 501) return { found: 'its log driver does not support reading', remedy: 'use json-file, local or journald' }
  return { found: `Docker at ${where} did not answer as expected: ${message ?? String(error)}`, remedy: null }
}

/** The same in one sentence. */
export function describeDockerError(error: unknown, host: DockerHost): string {
  const { found, remedy } = dockerFault(error, host)
  return remedy === null ? found : `${found}: ${remedy}`
}

/** From the codes of Node and OpenSSL; null where it is nothing of TLS. where: host:port; tls: null where this end speaks none. */
function tlsFault({ code = '', statusCode, message = '' }: { code?: string; statusCode?: number; message?: string }, where: string, tls: DockerTls | null): { found: string; remedy: string } | null {
  // the answer of Go's server to plain HTTP (net/http server.go)
  if (tls === null) return statusCode === 400 && /HTTP request to an HTTPS server/i.test(message) ? { found: `${where} speaks TLS`, remedy: 'set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the directory with ca.pem, cert.pem and key.pem' } : null
  if (code === 'CERT_HAS_EXPIRED') return { found: `the certificate of ${where} has expired`, remedy: "renew it there; if it has not, set this machine's clock" }
  if (code === 'CERT_NOT_YET_VALID') return { found: `the certificate of ${where} is not valid yet`, remedy: "set this machine's clock" }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return { found: `the certificate of ${where} is for another name`, remedy: 'set DOCKER_HOST to a name that it is for, or make one with this name (subjectAltName)' }
  if (/^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_\w+|CERT_\w+|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)$/.test(code)) {
    return { found: `the certificate of ${where} was not issued by the CA of ca.pem (${code})`, remedy: "put the engine's own CA into ca.pem of DOCKER_CERT_PATH" }
  }
  if (/CERTIFICATE_EXPIRED/.test(code)) return { found: `${where} refuses cert.pem, which has expired`, remedy: 'renew cert.pem and key.pem in DOCKER_CERT_PATH' }
  // Go's servers call a certificate that is not there a bad one
  if (/CERTIFICATE_REQUIRED/.test(code) || (tls.own === null && /BAD_CERTIFICATE/.test(code))) return { found: `${where} asks for a client certificate`, remedy: 'put cert.pem and key.pem into DOCKER_CERT_PATH' }
  if (/ALERT_(BAD_CERTIFICATE|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE|CERTIFICATE_UNKNOWN|CERTIFICATE_REVOKED|ACCESS_DENIED)/.test(code)) {
    return { found: `${where} refuses the client certificate`, remedy: "cert.pem in DOCKER_CERT_PATH must be there, not expired, and issued by the CA of the engine's --tlscacert" }
  }
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG' || code === 'EPROTO') return { found: `${where} does not speak TLS`, remedy: 'unset DOCKER_TLS_VERIFY, or start dockerd with --tlsverify' }
  return null
}
