// The laws of delivery as a model: sessions, sends, crashes and reloads in any order, on the real
// transitions. The disk is a copy of the state, Telegram a list of texts.
import { deepStrictEqual, ok } from 'node:assert'
import fc from 'fast-check'
import t from 'tap'
import { begin, done, nextStep, notSent, recovered, unknown } from '../../src/delivery/outbox.js'
import { newsOf } from '../../src/report/announce.js'
import type { Report } from '../../src/report/report.js'
import { commit, emptyState, State } from '../../src/state/state.js'
import { PLAIN, update as madeUpUpdate } from '../report/made-up.js'

type Command =
  /** Watchtower ends a check that found these services with these image numbers */
  | { type: 'session'; found: [service: number, image: number][] }
  /** the next session of the log is read and committed */
  | { type: 'read' }
  /** the background write catches up */
  | { type: 'save' }
  | { type: 'send'; outcome: 'sent' | 'not-sent' | 'lost-answer-accepted' | 'lost-answer' | 'crash-before' | 'crash-accepted' }
  | { type: 'crash' }
  | { type: 'hours'; n: number }

const found = fc.array(fc.tuple(fc.nat(8), fc.nat(3)), { maxLength: 5 })
const crowd = fc.integer({ min: 40, max: 90 }).map((n) => Array.from({ length: n }, (_, service): [number, number] => [service + 10, 1]))
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ type: fc.constant('session' as const), found }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('session' as const), found: crowd }) },
  { weight: 6, arbitrary: fc.constant({ type: 'read' as const }) },
  { weight: 3, arbitrary: fc.constant({ type: 'save' as const }) },
  { weight: 9, arbitrary: fc.record({ type: fc.constant('send' as const), outcome: fc.constantFrom('sent', 'sent', 'not-sent', 'lost-answer-accepted', 'lost-answer', 'crash-before', 'crash-accepted') }) },
  { weight: 3, arbitrary: fc.constant({ type: 'crash' as const }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('hours' as const), n: fc.integer({ min: 1, max: 30 }) }) },
) as fc.Arbitrary<Command>

const name = (service: number, image: number): string => `s${service}-v${image}.`
const stampOf = (n: number): string => `2026-11-23T03:00:00.${String(n).padStart(9, '0')}Z`

/** Runs the commands and then everything that is left; gives what Telegram accepted, and the log. */
function run(commands: readonly Command[]): { accepted: string[]; log: [number, number][][] } {
  let memory: State = emptyState
  let disk = JSON.stringify(memory)
  let now = 1_000_000_000
  const accepted: string[] = []
  const log: [number, number][][] = []

  const read = (): void => {
    const next = Number(memory.cursors[0]?.checkpoint.position.since.slice(-10, -1) ?? 0)
    const session = log[next]
    if (!session) return
    const updates = session.map(([service, image]) => madeUpUpdate({ service: `s${service}`, currentVersion: 'old', newVersion: `v${image}.`, newImageId: String(image).padStart(12, '0') }))
    const report = { host: null, updates, session: { end: 'done' } } as unknown as Report
    const { news, announced } = newsOf(memory.announced, 'watchtower', report, [])
    const checkpoint = { position: { since: stampOf(next + 1), lines: [] }, context: { version: null, endless: null } }
    memory = commit(memory, { container: { id: 'w', name: 'watchtower' }, checkpoint, announced, news, now, stateLost: false })
  }
  const crash = (): void => {
    const loaded = State.parse(JSON.parse(disk))
    memory = { ...loaded, outbox: recovered(loaded.outbox, false) }
    disk = JSON.stringify(memory)
  }
  const save = (): void => void (disk = JSON.stringify(memory))
  const change = (outbox: State['outbox']): void => void (memory = { ...memory, outbox })
  const send = (outcome: (Command & { type: 'send' })['outcome']): void => {
    now += 61_000
    const step = nextStep(memory.outbox, now, 1_000, PLAIN)
    if (step.type !== 'send') return
    change(begin(memory.outbox, now, PLAIN))
    save()
    if (['sent', 'lost-answer-accepted', 'crash-accepted'].includes(outcome)) accepted.push(step.message.text)
    if (outcome.startsWith('crash')) return crash()
    change({ sent: done, 'not-sent': notSent, 'lost-answer': unknown, 'lost-answer-accepted': unknown }[outcome as 'sent'](memory.outbox))
  }

  for (const one of commands) {
    if (one.type === 'session') log.push(one.found)
    else if (one.type === 'read') read()
    else if (one.type === 'save') save()
    else if (one.type === 'send') send(one.outcome)
    else if (one.type === 'crash') crash()
    else now += one.n * 3_600_000
  }
  for (const _ of log) read()
  for (let left = 500; memory.outbox.entries.length > 0 && left > 0; left -= 1) send('sent')
  deepStrictEqual(memory.outbox.entries, [])
  return { accepted, log }
}

const isMarked = (text: string): boolean => text.startsWith('↻ Possible repeat')
const holds = (text: string, [service, image]: [number, number]): boolean => text.includes(`Service: s${service}\nCurrent: old\nNew: v${image}.`)

t.test('whatever crashes when, no update is lost, reordered, or repeated without its mark', (t) => {
  fc.assert(
    fc.property(fc.array(command, { maxLength: 40 }), (commands) => {
      const { accepted, log } = run(commands)
      let [sofar, latest] = [0, 0]
      // one report in several messages is in order of names
      const inParts = log.some((session) => session.length > 20)
      for (const [index, session] of log.entries()) {
        sofar = latest
        for (const update of session) {
          const places = accepted.flatMap((text, at) => (holds(text, update) ? [at] : []))
          const [first, ...later] = places
          // an update that was not told yet may give way to a newer image of its service
          const superseded = log.slice(index).some((other) => other.some(([service, image]) => service === update[0] && image !== update[1]))
          ok(first !== undefined || superseded, `${name(...update)} was never told`)
          for (const at of later) ok(isMarked(accepted[at] as string), `${name(...update)} was repeated without a mark`)
          const isNew = !log.slice(0, index).some((other) => other.some(([service, image]) => service === update[0] && image === update[1]))
          if (first === undefined || superseded || !isNew) continue
          if (inParts) continue
          ok(first >= sofar, `${name(...update)} was overtaken`)
          // the updates of one session may come in any order
          latest = Math.max(latest, first)
        }
      }
    }),
    { numRuns: 1_000 },
  )
  t.pass('1,000 of 1,000')
  t.end()
})

t.test('without crashes and lost answers every message is sent once, unmarked', (t) => {
  const calm = fc.array(command, { maxLength: 30 }).map((commands) => commands.filter((c) => c.type !== 'crash' && (c.type !== 'send' || ['sent', 'not-sent'].includes(c.outcome))))
  fc.assert(
    fc.property(calm, (commands) => {
      const { accepted, log } = run(commands)
      ok(!accepted.some(isMarked))
      for (const update of log.flat()) ok(accepted.filter((text) => holds(text, update)).length <= 1)
    }),
    { numRuns: 200 },
  )
  t.pass('200 of 200')
  t.end()
})
