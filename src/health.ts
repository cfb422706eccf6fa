// How the program is, in sentences. Red while there is a fault: told when it turns red, when what is wrong changes, and
// when it is green again. Who asks (the health check) also learns what has not happened yet.
import type { Outbox } from './delivery/outbox.js'

/** The parts that can be at fault. */
export type Part = 'docker' | 'state' | 'telegram'

type Sign = 'ping' | 'looked' | 'accepted' | 'delivered'

/** What became of one Watchtower: its log is being caught up with, followed, over for now, or cannot be read. */
export type Standing = 'reading' | 'following' | 'waiting' | { fault: string }

/** The answer to who asks, one JSON line. */
export interface Answer {
  healthy: boolean
  /** each in one sentence, with its remedy */
  faults: string[]
  /** what is being done, in one sentence */
  doing: string
  /** since it started, milliseconds */
  upMs: number
}

export interface Health {
  /** A fault of one part, in one sentence with its remedy; null when it works again. */
  set(part: Part, fault: string | null): void
  faults(): string[]
  /** ping: Docker answered. looked: it told which Watchtowers there are. accepted: Telegram took token and chat. delivered: and a message. */
  seen(sign: Sign): void
  /** What became of a container; null when it is gone. */
  watch(id: string, name: string, standing: Standing | null): void
  /** what waits to be sent; the daemon sets it once it knows */
  outbox: () => Pick<Outbox, 'entries'>
  answer(): Answer
}

/** Docker is pinged every 15 s, and each ping is bounded by 5: three that are missing are no accident. */
const PING_STALE_MS = 60_000
/** A message that waits longer is stuck: retries are a minute apart at most while nobody has to act, floods are over in minutes. */
const OUTBOX_STUCK_MS = 900_000

/** now: milliseconds since 1970. heldMs: what was found is held back for so long at most before it is first sent. */
export function createHealth(now: () => number, onChange: (faults: string[]) => void, heldMs = 0): Health {
  const wrong = new Map<Part, string>()
  const watched = new Map<string, { name: string; standing: Standing }>()
  const last: Record<Sign, number | null> = { ping: null, looked: null, accepted: null, delivered: null }
  const started = now()
  const faults = (): string[] => [...wrong.values()]
  const namesOf = (standing: Standing): string => [...watched.values()].filter((one) => one.standing === standing).map(({ name }) => name).join(', ')

  function dockerFault(): string | null {
    if (wrong.has('docker')) return null
    if (last.ping === null) return 'Docker has not answered yet'
    const age = now() - last.ping
    return age > PING_STALE_MS ? `Docker last answered ${seconds(age)} ago: restart this container` : null
  }

  function watchFaults(): string[] {
    if (last.looked === null) return ['it has not looked for Watchtower yet']
    const unreadable = [...watched.values()].flatMap(({ name, standing }) => (typeof standing === 'object' ? [`the log of ${name} cannot be read: ${standing.fault}`] : []))
    const reading = namesOf('reading')
    return reading === '' ? unreadable : [...unreadable, `it is not attached to ${reading} yet: its log is being read`]
  }

  function deliveryFault([first]: Outbox['entries']): string | null {
    if (wrong.has('telegram')) return null
    if (last.accepted === null) return 'Telegram has not accepted token and chat yet: see the log of this container'
    const age = first ? now() - Math.max(first.queuedAt, last.delivered ?? started, started) : 0
    return age > OUTBOX_STUCK_MS + heldMs ? `a message has been waiting to be sent for ${seconds(age)}: see the log of this container` : null
  }

  const health: Health = {
    set(part, fault) {
      if (fault === (wrong.get(part) ?? null)) return
      if (fault === null) wrong.delete(part)
      else wrong.set(part, fault)
      onChange(faults())
    },
    faults,
    seen(sign) {
      last[sign] = now()
    },
    watch(id, name, standing) {
      if (standing) watched.set(id, { name, standing })
      else watched.delete(id)
    },
    outbox: () => ({ entries: [] }),
    answer() {
      const { entries } = health.outbox()
      const all = [...faults(), dockerFault(), ...watchFaults(), deliveryFault(entries)].filter((fault) => fault !== null)
      const [following, waiting] = [namesOf('following'), namesOf('waiting')]
      const doing = following !== '' ? `following ${following}` : waiting !== '' ? `waiting for ${waiting} to start` : 'waiting for a Watchtower'
      const asked = last.ping === null ? '' : `, Docker answered ${seconds(now() - last.ping)} ago`
      return { healthy: all.length === 0, faults: all, doing: `${doing}${asked}, ${entries.length} to send`, upMs: now() - started }
    },
  }
  return health
}

function seconds(ms: number): string {
  return `${Math.max(0, Math.round(ms / 1000))} s`
}
