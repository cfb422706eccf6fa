// The engine: who may use its socket, whether it answers, and whether writes reach it.
import { statSync } from 'node:fs'
import * as z from 'zod/mini'
import { type Docker, type DockerHost, probeWrite } from '../docker/client.js'
import { dockerFault } from '../docker/fault.js'
import { type Check, fault, ok, unseen, warning } from './check.js'

/** What an engine says of itself. */
export const EngineVersion = z.object({ Version: z.string(), ApiVersion: z.string(), MinAPIVersion: z._default(z.string(), '1.12') })
export type EngineVersion = z.infer<typeof EngineVersion>

/** An engine's answer is dated to the second, and it travels. */
const SKEW_MS = 30_000

export interface SeenEngine {
  checks: Check[]
  /** null: it cannot be asked for anything else */
  version: EngineVersion | null
}

/** timeoutMs: bound on each of three requests. */
export async function engineChecks(docker: Docker, host: DockerHost, timeoutMs: number, signal: AbortSignal): Promise<SeenEngine> {
  const name = 'socket'
  try {
    await docker.ping()
  } catch (error) {
    const { found, remedy } = dockerFault(error, host)
    const rest = ['writes', 'engine'].map((row) => unseen(row, `mend the ${name}`))
    return { checks: [fault(name, found, remedy ?? 'look at the log of the Docker daemon, and of the proxy if there is one'), ...rest], version: null }
  }
  const { data } = EngineVersion.safeParse(await docker.version().catch(() => null))
  const engine = data ? clockOf(`Docker ${data.Version}, API ${data.MinAPIVersion} to ${data.ApiVersion}`, docker.aheadMs()) : fault('engine', 'it does not tell its version', 'a socket proxy must allow GET on version')
  return { checks: [await usersCheck(name, host), await writesCheck(host, timeoutMs, signal), engine], version: data ?? null }
}

/** aheadMs: of the engine's clock before this machine's, where it is another's. */
function clockOf(found: string, aheadMs: number): Check {
  const seconds = Math.round(aheadMs / 1000)
  if (Math.abs(seconds) * 1000 <= SKEW_MS) return ok('engine', found)
  return warning('engine', `${found}; its clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'} this machine's`, 'set the clocks of both, with NTP for good: checks are awaited by the one and told by the other')
}

async function usersCheck(name: string, host: DockerHost): Promise<Check> {
  if (host.type === 'tcp') {
    const where = `${host.host}:${host.port}`
    if (!host.tls) return ok(name, `${where} answers whoever can reach it: keep it on a private network`)
    if (host.tls.own) return ok(name, `${where} answers over TLS; who has key.pem may use it`)
    return warning(name, `${where} answers over TLS, but asks nobody for a certificate: who can reach it is root there`, 'start dockerd with --tlsverify and --tlscacert')
  }
  const { uid, gid, mode } = statSync(host.path)
  const permissions = `mode ${(mode & 0o777).toString(8)}`
  if ((mode & 0o006) !== 0) return warning(name, `${host.path} is open to every user of the machine (${permissions}): who can use it is root there`, 'close it, on the host:', `chmod 660 ${host.path}`)
  const group = (mode & 0o060) === 0 ? '' : ` and group ${gid}`
  return ok(name, `${host.path} answers; user ${uid}${group} may use it, and with it are root (${permissions})`)
}

async function writesCheck(host: DockerHost, timeoutMs: number, signal: AbortSignal): Promise<Check> {
  const name = 'writes'
  try {
    const { reached, status } = await probeWrite(host, timeoutMs, signal)
    if (reached) return warning(name, 'they reach the engine: whoever takes over this program is root on that machine. It sends none itself; :ro on the mount changes nothing', 'put the strict proxy in between: docker-compose.proxy.yml (compose/README.md, Scenarios)')
    return status >= 400 && status < 500 ? ok(name, `they are refused (${status})`) : warning(name, `whether they are refused is not known (${status})`, 'look at the log of the proxy')
  } catch (error) {
    return warning(name, `whether they are refused is not known: ${dockerFault(error, host).found}`, 'look at the log of the proxy')
  }
}
