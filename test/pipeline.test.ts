import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { createPipeline, type SourcedSession } from '../src/pipeline.js'
import type { WatchtowerEvent } from '../src/watchtower/event.js'
import type { Line } from '../src/watchtower/record.js'
import { costsLinear, heldBytes } from './measure.js'
import { DIALECTS, type Dialect, PRINT, REAL_LINES, type Said, TIME } from './watchtower/dialects.js'

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

const session = (more: Partial<SourcedSession>): SourcedSession => ({
  source: null, version: '1.7.1', startedAt: TIME, endedAt: TIME, end: 'done', error: null, scanned: 4, available: 1, failed: 0, found: [], failures: [], replaced: [], ...more,
})
const nginx = { image: 'nginx:latest', newImageId: '111111111111', containers: [] }
const minute = (n: number): string => new Date(Date.parse('2026-11-23T20:00:00Z') + n * 60_000).toISOString().replace('.000Z', '.000000000Z')

t.test('one check in every dialect is one session', (t) => {
  const failure = { container: 'private', detail: 'Error response from daemon: Get "https://ghcr.io/v2/": no such host' }
  for (const dialect of DIALECTS) {
    const fork = dialect.startsWith('zerolog')
    const log = fork
      ? [info('Watchtower 1.21.0 using Docker API v1.47'), { ...info('Image pull failed: authentication required', { container: 'private', error: '401' }), level: 'warn' as const }, info('Found new image', { container: 'web', image: 'nginx:latest', new_id: '111111111111' }), info('Update session completed', { failed: 0, notify: 'no', scanned: 4, updated: 1 })]
      : [banner, info(`Unable to update container "/private": ${failure.detail}. Proceeding to next.`), found('nginx:latest', '111111111111'), done]
    const dated = /text|logfmt|json/.test(dialect) ? {} : { startedAt: null, endedAt: null }
    const expected = fork
      ? session({ ...dated, version: '1.21.0', found: [{ ...nginx, containers: ['web'] }], failures: [{ container: 'private', detail: 'Image pull failed: authentication required: 401' }] })
      : session({ ...dated, found: [nginx], failures: [failure] })
    t.strictSame(run(lines(...print(dialect, ...log))), [expected], dialect)
  }
  t.end()
})

t.test('debug and trace duplicates are never counted', (t) => {
  const echo = (level: Said['level']): Said[] => [found('nginx:latest', '111111111111'), done, info('Creating /web')].map((said) => ({ ...said, level }))
  t.strictSame(run(lines(...text(banner, ...echo('debug'), found('nginx:latest', '111111111111'), ...echo('trace'), { level: 'trace', message: 'Shoutrrr: Found new evil:1 image (aaaaaaaaaaaa)' }, done))), [session({ found: [nginx] })])
  t.end()
})

t.test('banners, HEAD warnings and shutdown lines open nothing and end nothing', (t) => {
  const around: Said[] = [
    info('Using no notifications'), info('Scheduling first run: 2026-11-23 20:15:56 +0000 UTC'), { level: 'warn', message: 'Could not do a head request for "nginx:latest", falling back to regular pull.', fields: { container: '/web' } },
    { level: 'warn', message: 'Reason: no such host' }, info('Waiting for running update to be finished...'), info('Waiting for the notification goroutine to finish', { notify: 'no' }), { level: 'error', message: 'Failed to send' },
  ]
  t.strictSame(run(lines(...text(banner, ...around)), 'exited'), [])
  t.strictSame(run(lines(...text(banner, found('nginx:latest', '111111111111'), ...around, found('a:1'), done))), [session({ found: [nginx, { image: 'a:1', newImageId: 'c3fd032ac905', containers: [] }] })])
  t.end()
})

t.test("Docker's stamps go before the record's own", (t) => {
  const [one, two, three] = text(banner, found('nginx:latest', '111111111111'), done) as [string, string, string]
  t.strictSame(run([line(one, minute(0)), line(two, minute(1)), line(three, minute(2))]), [session({ startedAt: minute(1), endedAt: minute(2), found: [nginx] })])
  t.end()
})

t.test('a panic aborts the session with the error line before it; the next one is whole', (t) => {
  const panic = '2026/11/23 19:54:22 cron: panic running job: runtime error: invalid memory address or nil pointer dereference'
  const cause: Said = { level: 'error', message: 'Error response from daemon: Bad response from Docker engine' }
  for (const dialect of ['logrus text', 'logrus json'] as const) {
    t.strictSame(run(lines(...print(dialect, banner, cause), panic, 'goroutine 9 [running]:', '\t/go/cron.go:161 +0x69', ...print(dialect, found('nginx:latest', '111111111111'), done))), [
      session({ startedAt: null, endedAt: null, end: 'aborted', error: cause.message, scanned: null, available: null, failed: null }),
      session({ found: [nginx] }),
    ])
  }
  t.strictSame(run(lines(...print('zerolog logfmt', info('Watchtower 1.21.0'), { level: 'error', message: 'Update execution failed', fields: { error: 'a\nb' } }))), [
    session({ version: '1.21.0', end: 'aborted', error: 'a\nb', scanned: null, available: null, failed: null }),
  ])
  t.end()
})

t.test('the end of a log seals what is open: a file as eof, a container as aborted', (t) => {
  const open = { startedAt: TIME, endedAt: TIME, scanned: null, available: null, failed: null, found: [nginx] }
  const log = lines(...text(banner, found('nginx:latest', '111111111111')))
  t.strictSame(run(log, 'eof'), [session({ ...open, end: 'eof' })])
  t.strictSame(run(log, 'exited'), [session({ ...open, end: 'aborted' })])
  t.strictSame(run(lines(...text(banner)), 'exited'), [])
  t.end()
})

t.test('a message that still waited for its end counts at the end', (t) => {
  t.strictSame(run(lines(...print('logrus pretty', banner), 'INFO[0002] Creating /web')), [session({ startedAt: null, endedAt: null, end: 'eof', scanned: null, available: null, failed: null, replaced: [{ container: 'web', state: 'recreated' }] })])
  t.end()
})

t.test('after the end a pipeline begins anew', (t) => {
  const pipeline = createPipeline(IDLE)
  const log = lines(...text(banner, found('nginx:latest', '111111111111')))
  for (const one of log) pipeline.push(one)
  t.equal(pipeline.end('exited').length, 1)
  t.strictSame(pipeline.end('exited'), [])
  t.strictSame(text(done).flatMap((one) => pipeline.push(line(one))), [session({ version: null })])
  t.end()
})

t.test('quiet time, by the stamps, ends a session only where no end is printed', (t) => {
  const log = (version: string, gap: number): Line[] => {
    const [start = '', first = '', second = ''] = text(info(`Watchtower ${version}`), found('nginx:latest', '111111111111'), found('a:1'))
    return [line(start, minute(0)), line(first, minute(1)), line(second, minute(1 + gap))]
  }
  const other = { image: 'a:1', newImageId: 'c3fd032ac905', containers: [] }
  const none = { scanned: null, available: null, failed: null }
  t.strictSame(run(log('1.3.0', 10)), [
    session({ ...none, version: '1.3.0', startedAt: minute(1), endedAt: minute(1), end: 'idle', found: [nginx] }),
    session({ ...none, version: '1.3.0', startedAt: minute(11), endedAt: minute(11), end: 'eof', found: [other] }),
  ])
  t.strictSame(run(log('1.3.0', 9)), [session({ ...none, version: '1.3.0', startedAt: minute(1), endedAt: minute(10), end: 'eof', found: [nginx, other] })])
  t.strictSame(run(log('1.7.1', 600)), [session({ ...none, startedAt: minute(1), endedAt: minute(601), end: 'eof', found: [nginx, other] })], 'a long pull does not split a check')
  t.end()
})

t.test('a line that means nothing is no quiet time, one without a stamp is no measure', (t) => {
  const [start = '', first = '', debug = '', second = ''] = text(info('Watchtower 1.3.0'), found('nginx:latest', '111111111111'), { level: 'debug', message: 'Pulling image' }, found('a:1'))
  t.equal(run([line(start, minute(0)), line(first, minute(1)), line(debug, minute(9)), line(second, minute(18))]).length, 1)
  const pretty = print('logrus pretty', info('Watchtower 1.3.0'), found('nginx:latest', '111111111111'), found('a:1'))
  t.equal(run(pretty.map((one) => line(one))).length, 1)
  t.equal(run([line(pretty[0] as string, minute(0)), line(pretty[1] as string), line(pretty[2] as string, minute(30))]).length, 2)
  t.end()
})

t.test('when nothing is written any more, quiet seals what only quiet can end', (t) => {
  for (const [version, ends] of [['1.3.0', ['idle']], ['1.7.1', []]] as const) {
    const pipeline = createPipeline(IDLE)
    for (const one of lines(...text(info(`Watchtower ${version}`), found('nginx:latest', '111111111111')))) pipeline.push(one)
    t.strictSame(pipeline.quiet().map(({ end }) => end), ends)
    t.strictSame(pipeline.quiet(), [])
  }
  t.end()
})

t.test('each source of a log has sessions of its own', (t) => {
  const a = text(info('Watchtower 1.7.0'), found('a:1'), done)
  const b = print('logrus pretty', banner, found('nginx:latest', '111111111111'), done)
  const mixed = a.flatMap((one, i) => [line(one, null, 'a'), line(b[i] as string, null, 'b')])
  t.strictSame(run([line('Attaching to a, b'), ...mixed, line('GET / 200', null, 'web')]), [
    session({ source: 'a', version: '1.7.0', found: [{ image: 'a:1', newImageId: 'c3fd032ac905', containers: [] }] }),
    session({ source: 'b', startedAt: null, endedAt: null, found: [nginx] }),
  ])
  t.end()
})

t.test('sources beyond a thousand are no Watchtowers', (t) => {
  const [end = ''] = text(done)
  const log = Array.from({ length: 1_100 }, (_, n) => line(end, null, `source${n}`))
  t.strictSame(run([...log, ...log.slice(0, 1)]).map(({ source }) => source), [...Array.from({ length: 1_000 }, (_, n) => `source${n}`), 'source0'])
  t.end()
})

t.test('every event is told with its time, every record is counted', (t) => {
  const events: [WatchtowerEvent['type'], string | null][] = []
  const pipeline = createPipeline(IDLE, (event, at) => events.push([event.type, at]))
  for (const one of [...lines('no record', ...text(banner, info('Using no notifications'))), line(text(done)[0] as string, minute(1))]) pipeline.push(one)
  t.strictSame(events, [['started', TIME], ['session-done', minute(1)]])
  t.equal(pipeline.decoded(), 3)
  pipeline.end('eof')
  t.equal(pipeline.decoded(), 3)
  t.end()
})

// Everything Watchtower may say beside its updates; hook output quotes records to deceive.
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
