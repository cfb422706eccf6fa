// Whether this machine's clock is right, by the date of any answer of the Bot API's server. The request holds no token.
import type { Config } from '../config.js'
import { fetchAnswer } from '../delivery/https.js'
import { type Check, fault, ok, warning } from './check.js'

/** The date of an answer is to the second, and it travels. */
const WARNING_MS = 30_000
/** Beyond that certificates and quiet hours are at risk. */
const FAULT_MS = 300_000

/** now: milliseconds since 1970, by this machine's clock. */
export async function clockCheck({ apiRoot, proxy }: Pick<Config['telegram'], 'apiRoot' | 'proxy'>, now: () => number, timeoutMs: number): Promise<Check> {
  const date = await dateOf(apiRoot, proxy, timeoutMs)
  if (Number.isNaN(date)) return warning('clock', 'not compared: no answer that is dated', `look at this machine's way to ${apiRoot}`)
  const ahead = now() - date
  const seconds = Math.abs(Math.round(ahead / 1000))
  if (seconds * 1000 <= WARNING_MS) return ok('clock', `right to within ${WARNING_MS / 1000} s`)
  const found = `${seconds} s ${ahead > 0 ? 'ahead of' : 'behind'} Telegram's`
  const remedy = 'set the clock of this machine, with NTP for good: schedules, quiet hours and certificates go by it'
  return seconds * 1000 > FAULT_MS ? fault('clock', found, remedy) : warning('clock', found, remedy)
}

/** NaN where there is none. */
async function dateOf(apiRoot: string, proxy: URL | null, timeoutMs: number): Promise<number> {
  try {
    const { date } = await fetchAnswer(`${apiRoot}/`, { method: 'HEAD', body: new URLSearchParams(), headers: {}, signal: AbortSignal.timeout(timeoutMs) }, proxy)
    return Date.parse(date ?? '')
  } catch {
    return NaN
  }
}
