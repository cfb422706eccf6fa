// The connections to a Unix socket, kept as Node's own agent keeps them.
import { Agent, type AgentOptions } from 'node:http'
import { inspect } from 'node:util'

/**
 * servername: none. Without it Node looks at the first request whether the host, which a socket has none of, is an IPv6
 * address, and to compile the pattern for that takes a fifth of Node's own start (lib/_http_agent.js calculateServerName).
 */
export const socketAgent = new Agent({ keepAlive: true, scheduling: 'lifo', timeout: 5_000, servername: '' } as AgentOptions)

// docker-modem writes out all options of every request, to any depth, for a line that nobody reads (lib/modem.js buildRequest)
Object.assign(socketAgent, { [inspect.custom]: () => 'socketAgent' })
