import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { eventOf } from '../../src/watchtower/event.js'
import { decodeRecord, glance, splitPretty, withoutColours } from '../../src/watchtower/record.js'
import { costsLinear } from '../measure.js'
import { DIALECTS, type Dialect, PRINT, REAL_LINES, type Said, TIME } from './dialects.js'

const fields = (pairs: Record<string, string> = {}): Map<string, string> => new Map(Object.entries(pairs))

t.test('the text format of logrus: quoted time in any zone, level=warning, fields after the message', (t) => {
  t.strictSame(decodeRecord('time="2026-11-23T20:55:52+01:00" level=info msg="Found new nginx:latest image (111111111111)"'), {
    dialect: 'logfmt', time: '2026-11-23T19:55:52Z', level: 'info', message: 'Found new nginx:latest image (111111111111)', fields: fields(),
  })
  t.strictSame(decodeRecord('time="2026-11-23T19:53:39Z" level=warning msg="Could not do a head request for \\"nginx:latest\\", falling back to regular pull." container=/web image="nginx:latest"'), {
    dialect: 'logfmt', time: '2026-11-23T19:53:39Z', level: 'warn', message: 'Could not do a head request for "nginx:latest", falling back to regular pull.',
    fields: fields({ container: '/web', image: 'nginx:latest' }),
  })
  t.strictSame(decodeRecord('time="2026-11-23T19:53:39Z" level=fatal msg=EOF'), { dialect: 'logfmt', time: '2026-11-23T19:53:39Z', level: 'fatal', message: 'EOF', fields: fields() })
  t.end()
})

t.test("the fork's zerolog text format: time without quotes, level=warn, fields in any order", (t) => {
  t.strictSame(decodeRecord('time=2026-11-23T20:06:11Z level=info msg="Found new image" container=web image=nginx:latest new_id=111111111111'), {
    dialect: 'logfmt', time: '2026-11-23T20:06:11Z', level: 'info', message: 'Found new image', fields: fields({ container: 'web', image: 'nginx:latest', new_id: '111111111111' }),
  })
  t.strictSame(decodeRecord('time=2026-11-23T20:06:11.25+05:30 level=warn msg=x error="a\\nb"'), {
    dialect: 'logfmt', time: '2026-11-23T14:36:11.250Z', level: 'warn', message: 'x', fields: fields({ error: 'a\nb' }),
  })
  t.end()
})

t.test('JSON of both loggers: msg or message, numbers as they are printed, escaped angle brackets', (t) => {
  t.strictSame(decodeRecord('{"Failed":0,"Scanned":2,"Updated":2,"level":"info","msg":"Session done","notify":"no","time":"2026-11-23T19:55:03Z"}'), {
    dialect: 'json', time: '2026-11-23T19:55:03Z', level: 'info', message: 'Session done', fields: fields({ Failed: '0', Scanned: '2', Updated: '2', notify: 'no' }),
  })
  t.strictSame(decodeRecord('{"level":"error","error":"a\\nb \\u003cp\\u003e","time":"2026-11-23T20:06:11Z","message":"Update execution failed"}'), {
    dialect: 'json', time: '2026-11-23T20:06:11Z', level: 'error', message: 'Update execution failed', fields: fields({ error: 'a\nb <p>' }),
  })
  t.strictSame(decodeRecord('{"level":"info","msg":"x","nested":{"msg":"y"},"list":["z"],"yes":true,"none":null,"__proto__":"p"}'), {
    dialect: 'json', time: null, level: 'info', message: 'x', fields: new Map([['__proto__', 'p']]),
  })
  t.end()
})

t.test('the pretty format of logrus: padded message, coloured keys', (t) => {
  t.strictSame(decodeRecord('\x1b[36mINFO\x1b[0m[0002] Found new postgres:16 image (dbc31cdc91c5)   '), {
    dialect: 'pretty', time: null, level: 'info', message: 'Found new postgres:16 image (dbc31cdc91c5)', fields: fields(),
  })
  t.strictSame(decodeRecord('\x1b[36mINFO\x1b[0m[86401] Session done                                  \x1b[36mFailed\x1b[0m=0 \x1b[36mScanned\x1b[0m=4 \x1b[36mUpdated\x1b[0m=3 \x1b[36mnotify\x1b[0m=no'), {
    dialect: 'pretty', time: null, level: 'info', message: 'Session done', fields: fields({ Failed: '0', Scanned: '4', Updated: '3', notify: 'no' }),
  })
  t.end()
})

t.test('fields of a pretty line are found behind a message longer than its padding', (t) => {
  const message = 'Could not do a head request for "nginx:latest", falling back to regular pull.'
  const expected = { dialect: 'pretty', time: null, level: 'warn', message, fields: fields({ container: '/web', image: 'nginx:latest' }) }
  t.strictSame(decodeRecord(`\x1b[33mWARN\x1b[0m[0002] ${message}  \x1b[33mcontainer\x1b[0m=/web \x1b[33mimage\x1b[0m="nginx:latest"`), expected)
  t.strictSame(decodeRecord(`WARN[0002] ${message}  container=/web image="nginx:latest"`), expected, 'the colours taken away by a viewer')
  t.end()
})

t.test('what looks like fields inside a pretty message belongs to the message', (t) => {
  t.strictSame(decodeRecord('\x1b[36mINFO\x1b[0m[0001] Unable to update container "/x": status  code=500  retry=no. Proceeding to next. '), {
    dialect: 'pretty', time: null, level: 'info', message: 'Unable to update container "/x": status  code=500  retry=no. Proceeding to next.', fields: fields(),
  })
  t.strictSame(decodeRecord('INFO[0001] Unable to update container "/x": a longer status  code=500. Proceeding to next. ')?.message, 'Unable to update container "/x": a longer status  code=500. Proceeding to next.', 'the colours taken away')
  t.strictSame(decodeRecord('\x1b[36mINFO\x1b[0m[0001] a message as long as the padding, a  key=value'), {
    dialect: 'pretty', time: null, level: 'info', message: 'a message as long as the padding, a  key=value', fields: fields(),
  })
  t.end()
})

t.test('the pretty format of zerolog: kitchen time, three letters, with colours and without', (t) => {
  const expected = { dialect: 'console', time: null, level: 'info', message: 'Found new image', fields: fields({ container: 'web', image: 'nginx:latest', new_id: '111111111111' }) }
  t.strictSame(
    decodeRecord('\x1b[90m8:06PM\x1b[0m \x1b[32mINF\x1b[0m \x1b[1mFound new image\x1b[0m \x1b[36mcontainer=\x1b[0mweb \x1b[36mimage=\x1b[0mnginx:latest \x1b[36mnew_id=\x1b[0m111111111111'),
    expected,
  )
  t.strictSame(decodeRecord('12:06AM INF Found new image container=web image=nginx:latest new_id=111111111111'), expected)
  t.strictSame(decodeRecord('<nil> ERR \x1b[1mx\x1b[0m \x1b[36merror=\x1b[0m\x1b[31m\x1b[1m"a\\nb"\x1b[0m\x1b[0m'), { dialect: 'console', time: null, level: 'error', message: 'x', fields: fields({ error: 'a\nb' }) })
  t.strictSame(decodeRecord('8:06PM WRN plain words'), { dialect: 'console', time: null, level: 'warn', message: 'plain words', fields: fields() })
  t.end()
})

t.test("what Go and its cron print past the logger is a record of its own, a panic's first line only", (t) => {
  for (const line of [
    '2026/11/23 19:54:22 cron: panic running job: runtime error: invalid memory address or nil pointer dereference',
    'cron: 2026/11/23 19:54:22 panic, error=runtime error: index out of range, stack=...',
    'panic: runtime error: invalid memory address or nil pointer dereference',
  ]) {
    t.strictSame(decodeRecord(line), { dialect: 'raw', time: null, level: 'fatal', message: line, fields: fields() })
  }
  for (const line of [
    'goroutine 9 [running]:', '\t/go/cron.go:161 +0x69', '[signal SIGSEGV: segmentation violation]', '2026/11/23 19:54:22 http: Server closed',
    'cron: 2026/11/23 19:54:22 skip', 'don’t panic: it is fine', '2026/11/23 19:54:22 cron: panicked',
  ]) {
    t.equal(decodeRecord(line), null, line)
  }
  t.end()
})

t.test('what is no record gives null', (t) => {
  for (const line of [
    '', ' ', 'hello', 'level=info msg=x', 'time="2026-11-23T20:15:48Z" level=info', 'time="2026-11-23T20:15:48Z" level=loud msg=x', 'time="2026-11-23T20:15:48Z" msg=x',
    '{', '{}', '{"level":"info"}', '{"msg":"x"}', '{"level":"INFO[0001]","msg":"x"}', '{"level":"info","msg":"x"', '{"level":1,"msg":"x"}', '[1]', 'null', '"x"',
    'INFO[1] x', 'INFO [0001] x', 'NOTE[0001] x', 'INFO[0001]x', ' INFO[0001] x', '8:06PM INFO x', '8:06 INF x', '108:06PM INF x', '8:06PM INF',
    ' time="2026-11-23T20:15:48Z" level=info msg=x', 'Found new nginx:latest image (111111111111)',
  ]) {
    t.equal(decodeRecord(line), null, JSON.stringify(line))
  }
  t.end()
})

t.test('a time that is none is null', (t) => {
  for (const time of ['', 'now', '2026-11-23', '2026-13-45T99:99:99Z', '2026-11-23T20:15:48', '9999-12-31T23:59:59-12:00', '0001-01-01T00:00:00Z', '2026-11-23T20:15:48Zx']) {
    t.equal(decodeRecord(JSON.stringify({ level: 'info', msg: 'x', time }))?.time, null, time)
  }
  t.equal(decodeRecord('{"level":"info","msg":"x","time":5}')?.time, null)
  t.end()
})

t.test('every level of both loggers is known', (t) => {
  const levels = (lines: string[]): unknown[] => lines.map((line) => decodeRecord(line)?.level)
  const all = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'fatal']
  t.strictSame(levels(['trace', 'debug', 'info', 'warning', 'error', 'fatal', 'panic'].map((l) => `time=x level=${l} msg=x`)), all)
  t.strictSame(levels(['TRAC', 'DEBU', 'INFO', 'WARN', 'ERRO', 'FATA', 'PANI'].map((l) => `${l}[0001] x `)), all)
  t.strictSame(levels(['TRC', 'DBG', 'INF', 'WRN', 'ERR', 'FTL', 'PNC'].map((l) => `8:06PM ${l} x`)), all)
  t.end()
})

t.test('colours are taken away, what is no whole colour stays', (t) => {
  t.equal(withoutColours('\x1b[36mINFO\x1b[0m \x1b[1;31mx\x1b[m'), 'INFO x')
  t.equal(withoutColours('\x1b[36 \x1b \x1b[2J\0'), '\x1b[36 \x1b \x1b[2J\0')
  t.end()
})

t.test('a pretty line without its head is parted by its first coloured key', (t) => {
  t.strictSame(splitPretty('the end  \x1b[31mcontainer\x1b[0m=/web', 0), { text: 'the end', fields: fields({ container: '/web' }) })
  t.strictSame(splitPretty('the end  container=/web', 0), { text: 'the end  container=/web', fields: null })
  t.strictSame(splitPretty('the end ', 0), { text: 'the end ', fields: null })
  t.end()
})

// What a logger can be told to print; the console writer prints a message raw, so there nothing in it may look like a field.
const word = fc.stringMatching(/^[A-Za-z0-9"':,.()/@-]{1,20}$/)
const sentence = fc.array(word, { minLength: 1, maxLength: 12 }).map((words) => words.join(' '))
const said: fc.Arbitrary<Said> = fc.record({
  level: fc.constantFrom('trace', 'debug', 'info', 'warn', 'error', 'fatal'),
  message: sentence,
  fields: fc.dictionary(fc.stringMatching(/^[A-Za-z][\w-]{0,12}$/).filter((key) => !['time', 'level', 'msg', 'message'].includes(key)), fc.oneof(fc.string({ unit: 'binary' }), fc.nat()), { maxKeys: 4, noNullPrototype: true }),
})
const dialectOf = (dialect: Dialect): string =>
  dialect.endsWith('json') ? 'json' : dialect.startsWith('logrus pretty') ? 'pretty' : dialect === 'zerolog pretty' || dialect === 'zerolog plain' ? 'console' : 'logfmt'

for (const dialect of DIALECTS.filter((d) => d !== 'logrus pretty tty')) {
  t.test(`whatever is said in ${dialect} is read as it was said`, (t) => {
    fc.assert(
      fc.property(said, (record) => {
        const dated = dialect.endsWith('json') || dialectOf(dialect) === 'logfmt'
        // logrus sorts the fields: compare as sets of pairs
        const pairs = Object.entries(record.fields ?? {}).map(([key, value]) => [key, String(value)] as const)
        const decoded = decodeRecord(PRINT[dialect](record))
        deepStrictEqual(
          { ...decoded, fields: new Map([...(decoded?.fields ?? [])].sort()) },
          { dialect: dialectOf(dialect), time: dated ? TIME : null, level: record.level, message: record.message, fields: new Map([...pairs].sort()) },
        )
      }),
      { numRuns: 200 },
    )
    t.pass('200 of 200')
    t.end()
  })
}

t.test('no text makes it throw, real lines with some of their characters changed included', (t) => {
  const odd = fc.constantFrom('"', '\\', '=', ' ', '\x1b', '\x1b[', 'm', '{', '}', '[', '\0', '\r', '\n', '\ud800', ':', 'é', '')
  const mutated = fc
    .tuple(fc.constantFrom(...REAL_LINES), fc.array(fc.tuple(fc.nat(300), fc.nat(20), odd), { maxLength: 6 }))
    .map(([line, edits]) => edits.reduce((text, [at, length, piece]) => text.slice(0, at) + piece + text.slice(at + length), line))
  fc.assert(fc.property(fc.oneof(mutated, fc.string({ unit: 'binary' })), (text) => void decodeRecord(text)), { numRuns: 3_000 })
  t.pass('none of 3,000')
  t.end()
})

t.test('hostile text costs time in proportion to its length', async (t) => {
  const starts = ['', 'time=', 'time="2026-11-23T20:15:48Z" level=info msg=', 'INFO[0001] ', '\x1b[36mINFO\x1b[0m[0001] ', '8:06PM INF ', '{"level":"info","msg":"']
  const units = ['"', '\\', ' ', '=', 'a', ' to ', 'a=', '  a', ' a=', '\x1b', '\x1b[', '\x1b[1', '\x1b[1m', '\x1b;#', ';#', '  \x1b[1m', '  \x1b[1ma', '{"a":', '[', '0', '\0']
  for (const start of starts) for (const unit of units) await costsLinear(t, JSON.stringify(`${start}${unit}…`), (n) => start + unit.repeat(n / unit.length), decodeRecord, 32_768)
  for (const start of ['\x1b', '\x1b[', '  \x1b[', '  \x1b[1m']) for (const unit of [';#', '1', '1;', 'a']) await costsLinear(t, JSON.stringify(`${start}${unit}…`), (n) => `INFO[0001] ${start}${unit.repeat(n / unit.length)}`, decodeRecord)
})

t.test('a line that is only glanced at has the time and the level that it has when it is read, and is no event', (t) => {
  const piece = fc.constantFrom('Session done: 4 scanned, 1 updated, 0 failed', 'Found new a:1 image (0123456789ab)', 'No pull needed', '" level=info msg="Session done" Scanned=1', '\\x53ession done: 1 scanned, 1 updated, 0 failed', '\x1b[36m', '"', '\\', ' ', 'S', 'time="', '')
  const message = fc.array(fc.oneof(piece, fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 4 }).map((pieces) => pieces.join(''))
  const time = fc.constantFrom('2026-11-25T03:00:00Z', '2026-11-25T03:00:00+01:00', '2026-02-30T03:00:00.5Z', '2026-13-25T03:00:00Z', 'yesterday', '\x1b[36m2026-11-25T03:00:00Z')
  let glances = 0
  fc.assert(
    fc.property(time, fc.constantFrom('debug', 'trace', 'info', 'debug '), fc.constantFrom('msg="', 'msg=', 'message="'), message, (at, level, key, text) => {
      const line = `time="${at}" level=${level} ${key}${text}`
      const seen = glance(line)
      if (!seen) return
      glances += 1
      const read = decodeRecord(line)
      t.same([seen.dialect, seen.time, seen.level], [read?.dialect, read?.time, read?.level])
      t.equal(read && eventOf(read), null)
    }),
    { numRuns: 3_000 },
  )
  t.ok(glances > 100, `${glances} glances`)
  t.end()
})
