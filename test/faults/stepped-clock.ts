// A fake clock that moves only while nothing is under way, from timer to timer: no answer comes late merely
// because the clock was moved. Sockets, files and setImmediate stay real.
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { install } from '@sinonjs/fake-timers'

export interface SteppedClock {
  /** Resolves when no request of this process waits for its answer, no file is being read or written, and nothing else stirs. */
  settled(): Promise<void>
  /** Moves the clock to this time, through every timer on the way. */
  until(ms: number): Promise<void>
  /** The same in steps, so that timers are late by up to one, as on a machine that sleeps: quicker. */
  leap(ms: number, step: number): Promise<void>
  /** timers that are set now */
  timers(): number
  uninstall(): void
}

/** Answers that never end by themselves: once they have begun, nothing is under way. */
const ENDLESS = /\/events\?|[?&]follow=1/
/** Rounds of the event loop in which nothing stirs: a cut or a line on a local socket takes one or two to arrive. */
const QUIET_ROUNDS = 5
/** Real time; more than the program's own bounds on an answer would be. */
const STUCK_MS = 20_000

/** Fakes Date, timers and performance of this process, beginning at now (milliseconds since 1970). */
export function installSteppedClock(now: number): SteppedClock {
  const clock = install({ now, toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'hrtime'], shouldClearNativeTimers: true })
  const unanswered = new Set<ClientRequest>()
  const began = (message: unknown): void => {
    const { request } = message as { request: ClientRequest }
    unanswered.add(request)
    request.on('close', () => unanswered.delete(request))
  }
  const answered = (message: unknown): void => {
    const { request } = message as { request: ClientRequest; response: IncomingMessage }
    if (ENDLESS.test(request.path)) unanswered.delete(request)
  }
  subscribe('http.client.request.start', began)
  subscribe('http.client.response.finish', answered)

  const stirs = (): boolean => unanswered.size > 0 || process.getActiveResourcesInfo().some((name) => /^(FS|Close)Req/.test(name))

  async function settled(): Promise<void> {
    const started = process.hrtime.bigint()
    for (let quiet = 0; quiet < QUIET_ROUNDS; ) {
      await new Promise(setImmediate)
      quiet = stirs() ? 0 : quiet + 1
      if (process.hrtime.bigint() - started > BigInt(STUCK_MS) * 1_000_000n) throw new Error(`still under way: ${[...unanswered].map(({ path }) => path).join(' ')} ${process.getActiveResourcesInfo().join(' ')}`)
    }
  }

  return {
    settled,
    async until(ms) {
      let reached = ms <= Date.now()
      if (!reached) setTimeout(() => (reached = true), ms - Date.now())
      for (await settled(); !reached; await settled()) clock.next()
    },
    async leap(ms, step) {
      for (await settled(); Date.now() < ms; await settled()) clock.tick(Math.min(step, ms - Date.now()))
    },
    timers: () => clock.countTimers(),
    uninstall() {
      unsubscribe('http.client.request.start', began)
      unsubscribe('http.client.response.finish', answered)
      clock.uninstall()
    },
  }
}
