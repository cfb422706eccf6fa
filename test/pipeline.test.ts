import t from 'tap'
import { createPipeline, type SourcedSession } from '../src/pipeline.js'
import type { WatchtowerEvent } from '../src/watchtower/event.js'
import type { Line } from '../src/watchtower/record.js'
import { DIALECTS, type Dialect, PRINT, type Said, TIME } from './watchtower/dialects.js'

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
  t.strictSame(run(lines(...print('logrus pretty', banner), 'INFO[0002] Creating /web')), [session({ startedAt: null, endedAt: null, end: 'eof', scanned: null, available: null, failed: null, replaced: [{ container: 'web', state: 'recreated', at: null }] })])
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

t.test("another program's panic in a mixed log aborts nothing", (t) => {
  t.strictSame(run([line('panic: runtime error: x', null, 'app-1'), line(text(info('an error'))[0] as string, null, 'app-1'), line('panic: runtime error: x', null, 'app-1')]), [])
  t.equal(run([line('panic: runtime error: x', null)]).length, 1, 'a log of its own is taken to be Watchtower’s')
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
  const pipeline = createPipeline(IDLE, { onEvent: (event, at) => void events.push([event.type, at]) })
  for (const one of [...lines('no record', ...text(banner, info('Using no notifications'))), line(text(done)[0] as string, minute(1))]) pipeline.push(one)
  t.strictSame(events, [['started', TIME], ['session-done', minute(1)]])
  t.equal(pipeline.decoded(), 3)
  pipeline.end('eof')
  t.equal(pipeline.decoded(), 3)
  t.end()
})
