// A model of everything between the log and the chat, on the real transitions: sessions, sends, crashes, what a person
// does with a service or a message, in any order. The disk is a copy of the state, Telegram a list of texts.
import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import { begin, done, nextStep, notSent, recovered, unknown } from '../../src/delivery/outbox.js'
import { renderEntry } from '../../src/life/render.js'
import { newsOf } from '../../src/report/announce.js'
import type { Report } from '../../src/report/report.js'
import { plainUpdate, type Update } from '../../src/report/update.js'
import { accepted, commit, editRefused, emptyState, observed, State } from '../../src/state/state.js'
import { engine, PLAIN, service as madeUpService, short, update as madeUpUpdate } from '../report/made-up.js'

export type Command =
  /** Watchtower ends a check that found these services with these image numbers; how: what inspect answers when it is read */
  | { type: 'session'; found: [service: number, image: number][]; how?: How }
  /** the next session of the log is read and committed */
  | { type: 'read' }
  /** the background write catches up */
  | { type: 'save' }
  | { type: 'send'; outcome: 'sent' | 'not-sent' | 'lost-answer-accepted' | 'lost-answer' | 'crash-before' | 'crash-accepted' }
  | { type: 'crash' }
  | { type: 'hours'; n: number }
  /** a person puts a service on this image */
  | { type: 'apply'; service: number; image: number | 'old' }
  /** the engine is looked at */
  | { type: 'look' }
  /** a person deletes a message */
  | { type: 'delete'; nth: number }

/** deps: a dependency is pending as well, so that commands differ; blind: nothing, so that only images are known */
type How = 'plain' | 'deps' | 'blind'

const found = fc.uniqueArray(fc.tuple(fc.nat(8), fc.nat(3)), { maxLength: 5, selector: ([service]) => service })
const crowd = fc.integer({ min: 40, max: 90 }).map((n) => Array.from({ length: n }, (_, service): [number, number] => [service + 10, 1]))
const OUTCOMES = ['sent', 'sent', 'not-sent', 'lost-answer-accepted', 'lost-answer', 'crash-before', 'crash-accepted'] as const

/** Commands of the delivery alone. */
export const delivery = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('session' as const), found }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('session' as const), found: crowd }) },
  { weight: 6, arbitrary: fc.constant({ type: 'read' as const }) },
  { weight: 3, arbitrary: fc.constant({ type: 'save' as const }) },
  { weight: 9, arbitrary: fc.record({ type: fc.constant('send' as const), outcome: fc.constantFrom(...OUTCOMES) }) },
  { weight: 3, arbitrary: fc.constant({ type: 'crash' as const }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('hours' as const), n: fc.integer({ min: 1, max: 30 }) }) },
) as fc.Arbitrary<Command>

const few = fc.uniqueArray(fc.tuple(fc.nat(2), fc.nat(2)), { maxLength: 3, selector: ([service]) => service })
/** A check of few services that is read and told, mostly. */
const told = fc.tuple(few, fc.constantFrom<How>('plain', 'deps', 'blind'), fc.nat(3)).map(([some, how, sends]): Command[] => [
  { type: 'session', found: some, how }, { type: 'read' }, ...Array.from({ length: sends }, (): Command => ({ type: 'send', outcome: 'sent' })),
])

/** And what a person does, and an engine that does not answer. */
export const life = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: delivery.map((one) => [one]) },
      { weight: 3, arbitrary: told },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('apply' as const), service: fc.nat(3), image: fc.oneof(fc.nat(3), fc.constant('old' as const)) }).map((one): Command[] => [one]) },
      { weight: 1, arbitrary: fc.constant<Command[]>([{ type: 'look' }]) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('delete' as const), nth: fc.nat(5) }).map((one): Command[] => [one]) },
    ),
    { maxLength: 40 },
  )
  .map((commands) => commands.flat())

/** A message in the chat, or one that was deleted. */
export interface LiveMessage {
  /** as it was accepted first */
  text: string
  now: string
  deleted: boolean
}

export interface Outcome {
  messages: LiveMessage[]
  log: [number, number][][]
  state: State
  /** what was found last of each service that nobody has put on another image since */
  latest: Update[]
  format: typeof PLAIN & { now: number }
}

const stampOf = (n: number): string => `2026-11-23T03:00:00.${String(n).padStart(9, '0')}Z`
const imageOf = (image: number | 'old'): string => short(`image ${image}`)

/** The update of a service to an image, from what it runs. */
function updateOf(service: number, image: number, from: number | 'old', how: How): Update {
  const commands = [`docker compose up -d ${how === 'deps' ? '--no-deps ' : ''}s${service}`]
  return madeUpUpdate({ service: `s${service}`, image: 'app:1', currentImageId: imageOf(from), currentVersion: 'old', newVersion: `v${image}.`, newImageId: imageOf(image), commands })
}

/** Runs the commands and then everything that is left. */
export function run(commands: readonly Command[]): Outcome {
  let memory: State = emptyState
  let disk = JSON.stringify(memory)
  let now = 1_000_000_000
  const messages: LiveMessage[] = []
  const log: [number, number][][] = []
  const hows: How[] = []
  let latest = new Map<number, Update>()
  let latestOnDisk = latest
  /** what each service runs, and since when */
  const running = new Map<number, { image: number | 'old'; since: number }>()

  const read = (): void => {
    const next = Number(memory.cursors[0]?.checkpoint?.position.since.slice(-10, -1) ?? 0)
    const session = log[next]
    if (!session) return
    const how = hows[next] as How
    const updates = session.flatMap(([service, image]) => {
      const from = running.get(service)?.image ?? 'old'
      if (how === 'blind') return [plainUpdate({ image: 'app:1', newImageId: imageOf(image), containers: [] })]
      if (from === image) return []
      const update = updateOf(service, image, from, how)
      latest.set(service, update)
      return [update]
    })
    const report = { host: null, updates, session: { end: 'done' } } as unknown as Report
    const { news, stillFailing, announced } = newsOf(memory.announced, 'watchtower', report, [])
    const checkpoint = { position: { since: stampOf(next + 1), lines: [] }, context: { version: null, endless: null } }
    memory = commit(memory, { container: { id: 'w', name: 'watchtower' }, checkpoint, announced, updates, news, stillFailing, now, stateLost: false, remindMs: 7 * 86_400_000 })
  }
  const look = (): void => {
    now += 1_000
    const containers = Array.from({ length: 100 }, (_, service) => {
      const { image, since } = running.get(service) ?? { image: 'old' as const, since: 0 }
      return { ...madeUpService(`s${service}`, 'app:1', `image ${image}`), Created: new Date(since).toISOString() }
    })
    memory = observed(memory, engine(...containers), now)
  }
  const crash = (): void => {
    const loaded = State.parse(JSON.parse(disk))
    memory = { ...loaded, outbox: recovered(loaded.outbox, false) }
    latest = new Map(latestOnDisk)
    save()
  }
  const save = (): void => {
    disk = JSON.stringify(memory)
    latestOnDisk = new Map(latest)
  }
  const change = (outbox: State['outbox']): void => void (memory = { ...memory, outbox })
  const send = (outcome: (Command & { type: 'send' })['outcome']): void => {
    now += 61_000
    const render: Parameters<typeof nextStep>[3] = (entry, at) => renderEntry(entry, memory.tracked, memory.ledger, { ...PLAIN, now: at })
    const step = nextStep(memory.outbox, now, 1_000, render, 'en')
    if (step.type === 'drop') return change(done(memory.outbox))
    if (step.type !== 'send') return
    const { content } = step.entry
    change(begin(memory.outbox, now, step.parts))
    save()
    const target = content.type === 'edit' ? messages[(memory.ledger.shown.find(({ id }) => id === content.shown)?.messageId ?? 0) - 1] : null
    if (['sent', 'lost-answer-accepted', 'crash-accepted'].includes(outcome)) {
      if (!target) messages.push({ text: step.message.text, now: step.message.text, deleted: false })
      else if (!target.deleted) target.now = step.message.text
    }
    if (outcome.startsWith('crash')) return crash()
    if (outcome === 'not-sent') return change(notSent(memory.outbox))
    if (outcome !== 'sent') return change(unknown(memory.outbox))
    memory = target?.deleted ? editRefused(memory) : accepted(memory, { chat: 1, messageId: messages.length, link: null, now })
    save()
  }

  for (const one of commands) {
    if (one.type === 'session') {
      log.push(one.found)
      hows.push(one.how ?? 'plain')
    } else if (one.type === 'read') read()
    else if (one.type === 'save') save()
    else if (one.type === 'send') send(one.outcome)
    else if (one.type === 'crash') crash()
    else if (one.type === 'look') look()
    else if (one.type === 'apply') {
      running.set(one.service, { image: one.image, since: (now += 1_000) })
      for (const known of [latest, latestOnDisk]) known.delete(one.service)
    } else if (one.type === 'delete') Object.assign(messages[one.nth] ?? {}, { deleted: true })
    else now += one.n * 3_600_000
  }
  for (const _ of log) read()
  if (commands.some(({ type }) => type === 'look')) look()
  for (let left = 900; memory.outbox.entries.length > 0 && left > 0; left -= 1) send('sent')
  deepStrictEqual(memory.outbox.entries, [])
  return { messages, log, state: memory, latest: [...latest.values()], format: { ...PLAIN, now } }
}
