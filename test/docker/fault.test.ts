import t from 'tap'
import type { DockerHost } from '../../src/docker/client.js'
import { describeDockerError, dockerFault } from '../../src/docker/fault.js'

const plain = { type: 'tcp', host: 'nas', port: 2375 } as const
const tls = { ...plain, port: 2376, tls: { ca: '', own: { cert: '', key: '' } } } as const
const of = (code: string, host: DockerHost = tls): string => describeDockerError({ code, message: 'odd' }, host)

t.test('every code of TLS has its sentence and its remedy; test/engine/tls.test.ts shows which a real engine gives', (t) => {
  t.match(of('CERT_HAS_EXPIRED'), /^the certificate of nas:2376 has expired: renew it there/)
  t.match(of('CERT_NOT_YET_VALID'), /not valid yet: set this machine's clock/)
  t.match(of('ERR_TLS_CERT_ALTNAME_INVALID'), /is for another name: set DOCKER_HOST to a name that it is for/)
  for (const code of ['SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_SIGNATURE_FAILURE', 'INVALID_CA']) {
    t.equal(of(code), `the certificate of nas:2376 was not issued by the CA of ca.pem (${code}): put the engine's own CA into ca.pem of DOCKER_CERT_PATH`)
  }
  t.match(of('ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED'), /refuses cert\.pem, which has expired: renew/)
  t.match(of('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), /asks for a client certificate: put cert\.pem and key\.pem/)
  t.match(of('ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', { ...tls, tls: { ca: '', own: null } }), /asks for a client certificate/)
  for (const code of ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA']) t.match(of(code), /refuses the client certificate: cert\.pem in DOCKER_CERT_PATH must be there/)
  for (const code of ['ERR_SSL_WRONG_VERSION_NUMBER', 'EPROTO']) t.match(of(code), /does not speak TLS: unset DOCKER_TLS_VERIFY/)
  for (const code of ['ECONNREFUSED', 'ENOENT', '']) t.notMatch(of(code), /certificate|TLS/)
  t.end()
})

t.test('a plain request to a port that speaks TLS is told, no other bad request is', (t) => {
  const answer = (statusCode: number, message: string) => dockerFault({ statusCode, message }, plain)
  t.match(answer(400, '(HTTP code 400) unexpected - Client sent an HTTP request to an HTTPS server.'), { found: 'nas:2375 speaks TLS', remedy: /set DOCKER_TLS_VERIFY=1/ })
  t.match(answer(400, 'client version 1.24 is too old'), { found: 'Docker at nas:2375 did not answer as expected: client version 1.24 is too old', remedy: null })
  t.end()
})

t.test('each fault of the connection is one sentence with its remedy', (t) => {
  const unix = { type: 'unix', path: '/run/docker.sock' } as const
  const tcp = { type: 'tcp', host: 'proxy', port: 2375 } as const
  const code = (value: string) => Object.assign(new Error('x'), { code: value })
  t.match(describeDockerError(code('ENOENT'), unix), /no Docker socket at \/run\/docker\.sock: mount it/)
  t.match(describeDockerError(code('EACCES'), unix), /group_add with the number that `stat -c %g \/run\/docker\.sock` prints/)
  t.match(describeDockerError(code('ECONNREFUSED'), tcp), /nothing listens at proxy:2375/)
  t.match(describeDockerError(code('ENOTFOUND'), tcp), /proxy:2375 of DOCKER_HOST does not resolve: correct it/)
  t.match(describeDockerError(Object.assign(new Error('x'), { statusCode: 403 }), tcp), /a socket proxy must allow GET/)
  t.match(describeDockerError(Object.assign(new Error('x'), { statusCode: 501 }), unix), /log driver does not support reading/)
  t.match(describeDockerError(new Error('odd'), unix), /did not answer as expected: odd/)
  t.match(describeDockerError('odd', unix), /did not answer as expected: odd/)
  t.end()
})
