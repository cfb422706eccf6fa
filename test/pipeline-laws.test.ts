import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { createPipeline, type SourcedSession } from '../src/pipeline.js'
import type { Line } from '../src/watchtower/record.js'
import { costsLinear, heldBytes } from './measure.js'
import { DIALECTS, type Dialect, PRINT, REAL_LINES, type Said } from './watchtower/dialects.js'

const IDLE = 600_000
const line = (text: string, at: string | null = null, source: string | null = null): Line => ({ source, at, text })
const lines = (...texts: string[]): Line[] => texts.map((text) => line(text))
const info = (message: string, fields?: Said['fields']): Said => ({ level: 'info', message, ...(fields && { fields }) })
const found = (image: string, id = 'c3fd032ac905'): Said => info(`Found new ${image} image (${id})`)
const done = info('Session done', { Failed: 0, Scanned: 4, Updated: 1, notify: 'no' })
const banner = info('Watchtower 1.7.1')
const print = (dialect: Dialect, ...said: Said[]): string[] => said.flatMap((one) => PRINT[dialect](one).split('\n'))
const text = (...said: Said[]): string[] => print('logrus text', ...said)

/** The sessions of a whole log. */
function run(log: readonly Line[], why: 'eof' | 'exited' = 'eof'): SourcedSession[] {
  const pipeline = createPipeline(IDLE)
  return [...log.flatMap((one) => pipeline.push(one)), ...pipeline.end(why)]
}

const minute = (n: number): string => new Date(Date.parse('2026-11-23T20:00:00Z') + n * 60_000).toISOString().replace('.000Z', '.000000000Z')
const FAKE = 'Found new evil:1 image (aaaaaaaaaaaa)'

const noise: fc.Arbitrary<Said> = fc.constantFrom<Said>(
  banner, done, info('Watchtower 1.3.0'), info('Using no notifications'), info('Waiting for running update to be finished...'), info('Removing image 39d11e656060'), info('Creating /web'),
  info('Stopping /web (b92fccb7462e) with SIGTERM'), info('Found multiple running watchtower instances. Cleaning up.'), info('Unable to update container "/x": EOF. Proceeding to next.'),
  { level: 'warn', message: 'Could not do a head request for "nginx:latest", falling back to regular pull.', fields: { container: '/web', image: 'nginx:latest' } },
  { level: 'error', message: 'Error response from daemon: conflict' }, { level: 'error', message: 'Update execution failed', fields: { error: FAKE } }, { level: 'debug', message: FAKE }, { level: 'trace', message: `Shoutrrr: ${FAKE}` },
  info(`Command output:\n${['ok ', FAKE, ...DIALECTS.filter((d) => d !== 'logrus pretty tty').flatMap((d) => print(d, info(FAKE), info('Found new image', { container: 'evil', image: 'evil:1', new_id: 'aaaaaaaaaaaa' }), done)), 'bye'].join('\r\n')}`),
  info(`Unable to update container "/x": ${FAKE}. Proceeding to next.`),
  { level: 'error', message: `command exited with code 1  ${FAKE}\r\n${FAKE}`, fields: { container: '/web' } },
)
const panics = fc.constantFrom('2026/11/23 19:54:22 cron: panic running job: runtime error: nil pointer dereference', 'panic: x', 'goroutine 1 [running]:', '\t/go/x.go:1', '')


t.test('every update that Watchtower wrote is in exactly one session, and nothing that it only quoted', (t) => {
  // the console writer of zerolog prints messages raw, and the fork quotes hook output as a field
  for (const dialect of DIALECTS.filter((d) => d.startsWith('logrus') || d.endsWith('json') || d.endsWith('logfmt'))) {
    const steps = fc.array(fc.oneof({ weight: 3, arbitrary: fc.constant('update' as const) }, { weight: 4, arbitrary: noise }, { weight: 1, arbitrary: panics.map((raw) => ({ raw })) }), { maxLength: 25 })
    fc.assert(
      fc.property(steps, fc.constantFrom('eof' as const, 'exited' as const), fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 8 }), (all, why, gaps) => {
        const images: string[] = []
        const log = all.flatMap((step) => {
          if (step === 'update') images.push(`image${images.length}:1`)
          if (step !== 'update' && 'raw' in step) return dialect.endsWith('tty') ? [`${step.raw}\r`] : [step.raw]
          return print(dialect, step === 'update' ? found(images.at(-1) as string) : step)
        })
        let now = 0
        const sessions = run([...print(dialect, info('Using no notifications')), ...log].map((one, n) => line(one, minute((now += gaps[n % gaps.length] ?? 0)))), why)
        deepStrictEqual(sessions.flatMap((one) => one.found), images.map((image) => ({ image, newImageId: 'c3fd032ac905', containers: [] })))
      }),
      { numRuns: 150 },
    )
  }
  t.pass('150 of 150 in each dialect')
  t.end()
})

t.test('sources that are mixed give the sessions that each gives alone', (t) => {
  const log = fc.tuple(fc.constantFrom<Dialect>('logrus text', 'logrus pretty', 'logrus json'), fc.array(fc.oneof(noise, fc.nat(5).map((n) => found(`image${n}:1`))), { maxLength: 10 })).map(([dialect, said]) => print(dialect, banner, ...said))
  fc.assert(
    fc.property(log, log, fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }), (a, b, turns) => {
      const waiting = { a: a.map((one) => line(one, null, 'a')), b: b.map((one) => line(one, null, 'b')) }
      const alone = { a: run(waiting.a), b: run(waiting.b) }
      const mixed: Line[] = []
      for (let n = 0; waiting.a.length + waiting.b.length > 0; n += 1) {
        const from = (turns[n % turns.length] && waiting.a.length > 0) || waiting.b.length === 0 ? 'a' : 'b'
        mixed.push(...waiting[from].splice(0, 1))
      }
      const sessions = run(mixed)
      for (const source of ['a', 'b'] as const) deepStrictEqual(sessions.filter((one) => one.source === source), alone[source])
    }),
    { numRuns: 300 },
  )
  t.pass('300 of 300')
  t.end()
})

t.test('no lines make it throw, real ones with some of their characters changed included', (t) => {
  const odd = fc.constantFrom('"', '\\', '=', ' ', '\x1b[', '{', '}', '\0', '\r', '\n', '\ud800', '(', ')', ':', '')
  const mutated = fc
    .tuple(fc.constantFrom(...REAL_LINES), fc.array(fc.tuple(fc.nat(200), fc.nat(10), odd), { maxLength: 4 }))
    .map(([one, edits]) => edits.reduce((changed, [at, length, piece]) => changed.slice(0, at) + piece + changed.slice(at + length), one))
  const at = fc.option(fc.nat(100_000).map(minute))
  const any = fc.tuple(fc.oneof(mutated, fc.constantFrom(...REAL_LINES), fc.string({ unit: 'binary' })), at, fc.constantFrom(null, 'a', '__proto__'))
  fc.assert(fc.property(fc.array(any, { maxLength: 30 }), fc.constantFrom('eof' as const, 'exited' as const), (all, why) => void run(all.map(([one, stamp, source]) => line(one, stamp, source)), why)), { numRuns: 1_000 })
  t.pass('none of 1,000')
  t.end()
})

t.test('a log costs time in proportion to its lines', async (t) => {
  const logs: Record<string, (n: number) => Line[]> = {
    'updates of one session': (n) => lines(...text(...Array.from({ length: n }, (_, i) => found(`image${i}:1`)))),
    'sessions': (n) => lines(...Array.from({ length: n }, (_, i) => text(i % 2 === 0 ? found('a:1') : done)[0] as string)),
    'hook output': (n) => lines(...print('logrus pretty', banner), 'INFO[0002] Command output:', ...Array.from({ length: n }, () => 'x\r')),
    'lines of many sources': (n) => Array.from({ length: n }, (_, i) => line('x', null, `source${i % 900}`)),
  }
  for (const [name, make] of Object.entries(logs)) await costsLinear(t, name, make, run, 4_000)
  for (const words of [' to ', '"Unable to update container ', '\\', '  \x1b[1ma', '{"a":']) await costsLinear(t, `lines of 8 KB: ${JSON.stringify(words)}`, (n) => lines(...DIALECTS.flatMap((dialect) => print(dialect, info(words.repeat(n / words.length))))), run, 8_192)
})

t.test('a log without end is held to a bound', (t) => {
  const pipeline = createPipeline(IDLE)
  const before = heldBytes()
  for (let n = 0; n < 60_000; n += 1) {
    pipeline.push(line(PRINT['logrus text'](found(`image${n}:1`)), null, n % 3 ? null : `source${n}`))
    pipeline.push(line(PRINT['logrus text'](info(`Unable to update container "/x${n}": ${'x'.repeat(500)}. Proceeding to next.`))))
  }
  const grown = heldBytes() - before
  t.ok(grown < 40_000_000, `120,000 lines hold ${grown} bytes`)
  t.end()
})
