// Ports at 127.0.0.1 that stay free while their server is away or not there yet: below those that Linux gives by itself to
// who asks for any (net.ipv4.ip_local_port_range, from 32768 on), and in a range of its own for each test that tap runs.
import { createServer } from 'node:net'

const FIRST = 12_000
/** Of each test's range; tap runs five at once at most. */
const SIZE = 4_000

const range = FIRST + (Number(process.env.TAP_JOB_ID ?? 0) % 5) * SIZE
// another run on the same machine has other ids
let asked = process.pid

/** A port that this process was not given before, and at which nobody listens. */
export async function ownPort(): Promise<number> {
  const port = range + ((asked += 1) % SIZE)
  return (await isFree(port)) ? port : ownPort()
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
