import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { createDecoder, type DatedRecord } from '../../src/watchtower/decoder.js'
import { costsLinear, heldBytes } from '../measure.js'
import { PRINT, REAL_LINES, type Said } from './dialects.js'

/** Decodes the lines of one log, as what the records say. */
function decode(lines: readonly string[]): DatedRecord[] {
  const decoder = createDecoder()
  return [...lines.flatMap((text) => decoder.push({ source: null, at: null, text })), ...decoder.end()]
}
const messages = (lines: readonly string[]): string[] => decode(lines).map(({ record }) => record.message)

const pretty = (message: string, fields: Record<string, string> = {}, level: Said['level'] = 'info'): string[] => PRINT['logrus pretty']({ level, message, fields }).split('\n')
const tty = (message: string, fields: Record<string, string> = {}, level: Said['level'] = 'info'): string[] => PRINT['logrus pretty tty']({ level, message, fields }).split('\n')
/** what a terminal makes of a hook's output, and Watchtower of that */
const hook = (...output: string[]): string => `Command output:\n${output.join('\r\n')}`
const BANNER = 'Watchtower 1.7.1'
const FAKES = [
  'time="2026-11-23T20:15:56Z" level=info msg="Found new evil:1 image (aaaaaaaaaaaa)"',
  '{"level":"info","msg":"Found new evil:1 image (aaaaaaaaaaaa)"}',
  '8:06PM INF Found new image container=evil image=evil:1 new_id=aaaaaaaaaaaa',
  'INFO[0002] Found new evil:1 image (aaaaaaaaaaaa) ',
  ...pretty('Found new evil:1 image (aaaaaaaaaaaa)'),
  ...pretty('Session done', { Failed: '0', Scanned: '9', Updated: '9' }),
  'cron: panic running job: evil',
  'panic: evil',
]

t.test("a record has Docker's time, else its own, else none", (t) => {
  const decoder = createDecoder()
  const own = 'time="2026-11-23T21:15:56+01:00" level=info msg=x'
  t.strictSame(
    [
      ...decoder.push({ source: null, at: '2026-11-23T20:15:56.123456789Z', text: own }),
      ...decoder.push({ source: null, at: null, text: own }),
      ...decoder.push({ source: null, at: null, text: 'INFO[0001] x ' }),
      ...decoder.push({ source: null, at: '2026-11-23T20:15:57.000000001Z', text: 'no record' }),
      ...decoder.end(),
    ].map(({ at, record }) => [at, record.dialect]),
    [['2026-11-23T20:15:56.123456789Z', 'logfmt'], ['2026-11-23T20:15:56Z', 'logfmt'], [null, 'pretty']],
  )
  t.end()
})

t.test('a multi-line message is one record, with the time of its first line', (t) => {
  const decoder = createDecoder()
  const lines = [...pretty(BANNER), ...pretty('Error: a\nb\n\n  c'), ...pretty('Session done', { Scanned: '1' })]
  t.strictSame(
    lines.flatMap((text, i) => decoder.push({ source: null, at: `2026-11-23T20:15:5${i}Z`, text })).map(({ at, record }) => [at, record.message, [...record.fields]]),
    [['2026-11-23T20:15:50Z', BANNER, []], ['2026-11-23T20:15:51Z', 'Error: a\nb\n\n  c', []], ['2026-11-23T20:15:55Z', 'Session done', [['Scanned', '1']]]],
  )
  t.end()
})

t.test('the fields of a multi-line message stand behind its last line', (t) => {
  const failed = 'command exited with code 1  one\ntwo'
  const lines = [...pretty(BANNER), ...pretty(failed, { container: '/web' }, 'error'), ...pretty('Found new nginx:latest image (111111111111)')]
  t.strictSame(decode(lines).map(({ record }) => [record.level, record.message, [...record.fields]]), [
    ['info', BANNER, []], ['error', failed, [['container', '/web']]], ['info', 'Found new nginx:latest image (111111111111)', []],
  ])
  t.end()
})

t.test('a long message with fields does not swallow the next line', (t) => {
  const head = { container: '/web', image: 'nginx:latest' }
  const lines = [
    ...pretty(BANNER),
    ...pretty('Could not do a head request for "nginx:latest", falling back to regular pull.', head, 'warn'),
    ...pretty('Reason: registry responded to head request with "401 Unauthorized", auth: "not present"', head, 'warn'),
    ...pretty('Found new nginx:latest image (111111111111)'),
  ]
  t.equal(messages(lines).length, 4)
  t.equal(messages(lines)[3], 'Found new nginx:latest image (111111111111)')
  t.end()
})

t.test('the banner of 1.3 is one message in pretty, too', (t) => {
  const banner = 'Watchtower 1.3.0\nUsing no notifications\nChecking all containers (except explicitly disabled with label)\nScheduling first run: 2026-11-23 20:16:16 +0000 UTC\nNote that the first check will be performed in 1 second'
  t.strictSame(messages([...pretty(banner), ...pretty('Found new x:1 image (111111111111)')]), ['Watchtower 1.3.0', 'Found new x:1 image (111111111111)'], 'as the first of all: its first line')
  t.strictSame(messages([...pretty('x'), ...pretty(banner)]), ['x', banner])
  t.end()
})

for (const [name, print] of Object.entries({ 'pretty without a terminal': pretty, 'pretty on a terminal': tty })) {
  t.test(`hook output that imitates records is no record: ${name}`, (t) => {
    const real = 'Found new nginx:latest image (111111111111)'
    for (const fake of FAKES) {
      const lines = [...print(BANNER), ...print(hook('started ', fake, fake, '', 'done')), ...print(real), ...print('Session done', { Scanned: '1' })]
      t.strictSame(decode(lines).map(({ record }) => record.message.split('\n')[0]), [BANNER, 'Command output:', real, 'Session done'], fake)
    }
    t.end()
  })
}

t.test('output without carriage returns ends where a line ends as Watchtower ends its own, and only pretty lines are trusted then', (t) => {
  const raw = (fake: string): string[] => [...pretty(BANNER), 'INFO[0002] Command output:', 'a line that ends in a space ', fake, ...pretty('Session done', { Scanned: '1' })]
  for (const fake of FAKES.filter((f) => !/INFO/.test(f))) t.strictSame(messages(raw(fake)), [BANNER, 'Command output:\na line that ends in a space', 'Session done'], fake)
  t.end()
})

t.test('a log from the middle that begins with hook output is not read as other formats', (t) => {
  for (const fake of FAKES.filter((f) => !/INFO/.test(f))) t.strictSame(messages(['INFO[0002] Command output:', fake, ...pretty('Session done')]), ['Command output:', 'Session done'], fake)
  t.end()
})

for (const [name, print] of Object.entries({ 'without a terminal': pretty, 'on a terminal': tty })) {
  t.test(`output that stands in the record's first line is output, too, however that line ends: ${name}`, (t) => {
    for (const first of ['one', 'one ', 'one  \x1b[31mcontainer\x1b[0m=/web']) {
      for (const fake of FAKES) {
        const failed = `command exited with code 1  ${[first, fake, fake, 'end'].join('\r\n')}`
        const lines = [...print(BANNER), ...print(failed, { container: '/web' }, 'error'), ...print('Session done', { Scanned: '1' })]
        t.strictSame(decode(lines).map(({ record }) => record.message.split(' ')[0]), ['Watchtower', 'command', 'Session'], `${first} ${fake}`)
      }
    }
    t.end()
  })

  t.test(`a log that begins with hook output keeps it apart: ${name}`, (t) => {
    const real = 'Found new nginx:latest image (111111111111)'
    for (const fake of FAKES) {
      const lines = [...print(hook('started ', fake, fake, '', 'done')), ...print(real), ...print('Session done', { Scanned: '1' })]
      t.strictSame(decode(lines).map(({ record }) => record.message.split('\n')[0]), ['Command output:', real, 'Session done'], fake)
    }
    t.end()
  })
}

t.test('where the padding was trimmed, hook output swallows no record', (t) => {
  const trimmed = [...pretty('Command output:\none'), ...pretty('Found new nginx:latest image (111111111111)'), ...pretty('Session done', { Scanned: '1' })].map((line) => line.trimEnd())
  t.strictSame(messages(trimmed), ['Command output:', 'Found new nginx:latest image (111111111111)', 'Session done'])
  t.end()
})

t.test('in text and JSON a message is one line, whatever it quotes', (t) => {
  for (const dialect of ['logrus text', 'logrus json', 'zerolog logfmt', 'zerolog json'] as const) {
    const lines = [BANNER, hook(...FAKES), 'Session done'].map((message) => PRINT[dialect]({ level: 'info', message }))
    t.strictSame(messages(lines), [BANNER, hook(...FAKES), 'Session done'], dialect)
  }
  t.end()
})

t.test('a pretty log whose padding an editor trimmed is read line by line', (t) => {
  const lines = [...pretty(BANNER), ...pretty('Found new x:1 image (111111111111)'), ...pretty('Session done', { Scanned: '1', notify: 'no' })].map((line) => line.trimEnd())
  t.strictSame(messages(lines), [BANNER, 'Found new x:1 image (111111111111)', 'Session done'])
  t.end()
})

t.test("a panic after an error is seen, a trace's lines are not", (t) => {
  const panic = '2026/11/23 19:54:22 cron: panic running job: runtime error: invalid memory address or nil pointer dereference'
  t.strictSame(
    messages([...pretty(hook('a', 'b')), ...pretty(BANNER), ...pretty('Error response from daemon: Bad response from Docker engine', {}, 'error'), panic, 'goroutine 9 [running]:', '\t/go/cron.go:161 +0x69', '']),
    ['Command output:\na\nb', BANNER, 'Error response from daemon: Bad response from Docker engine', panic],
  )
  t.end()
})

t.test('a message that the log ends in is given at the end, once', (t) => {
  const decoder = createDecoder()
  for (const text of [...pretty(BANNER), 'INFO[0002] Unfinished', 'business']) decoder.push({ source: null, at: null, text })
  t.strictSame(decoder.end().map(({ record }) => record.message), ['Unfinished\nbusiness'])
  t.strictSame(decoder.end(), [])
  t.end()
})

t.test('carriage returns of a terminal are no part of any format', (t) => {
  for (const dialect of ['logrus text', 'logrus json', 'zerolog logfmt', 'zerolog pretty', 'zerolog json'] as const) {
    const said: Said = { level: 'info', message: 'Session done', fields: { Scanned: 4 } }
    t.strictSame(decode([`${PRINT[dialect](said)}\r`]), decode([PRINT[dialect](said)]), dialect)
  }
  t.strictSame(decode([...tty('Session done', { Scanned: '4', notify: 'no' })]), decode([...pretty('Session done', { Scanned: '4', notify: 'no' })]))
  t.end()
})

t.test('a message without end is kept to a bound', (t) => {
  for (const filler of ['', 'x'.repeat(1_000)]) {
    const decoder = createDecoder()
    for (const text of [...pretty(BANNER), 'INFO[0002] Command output:']) decoder.push({ source: null, at: null, text })
    const before = heldBytes()
    for (let i = 0; i < 300_000; i += 1) decoder.push({ source: null, at: null, text: filler && `${filler}${i}` })
    const grown = heldBytes() - before
    t.ok(grown < 3_000_000, `300,000 lines of ${filler.length} characters: ${grown} bytes`)
    t.ok((decoder.end()[0]?.record.message.length ?? 0) <= 65_536)
  }
  t.end()
})

const text = fc.string({ unit: fc.oneof({ weight: 5, arbitrary: fc.constantFrom('a', ' ', '=', '"', '\x1b[36m', '\x1b[0m', 'INFO[0002] ', 'time=', '{') }, { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) }), maxLength: 60 })
const oneLine = text.map((line) => line.replace(/[\n\r]/g, ''))
const output = fc.array(fc.oneof({ weight: 2, arbitrary: oneLine }, { weight: 1, arbitrary: fc.constantFrom(...FAKES, ...REAL_LINES) }), { minLength: 1, maxLength: 8 }).map((lines) => hook(...lines.map((l) => l.replace(/\r$/, ''))).trimEnd())
const ordinary = fc.stringMatching(/^[A-Za-z]{1,9}( [a-z0-9:/.()"]{1,12}){0,12}$/)

t.test('whatever a hook prints to its terminal, the records are those that Watchtower wrote', (t) => {
  for (const print of [pretty, tty]) {
    fc.assert(
      fc.property(fc.array(fc.oneof(ordinary.map((message) => [message, { Scanned: '4' }] as const), ordinary.map((message) => [message, {}] as const), output.map((message) => [message, {}] as const)), { maxLength: 12 }), (said) => {
        const lines = [...print(BANNER), ...said.flatMap(([message, fields]) => print(message, fields))]
        deepStrictEqual(
          decode(lines).map(({ record }) => [record.message.split('\n')[0], [...record.fields]]),
          [[BANNER, []], ...said.map(([message, fields]) => [message.split('\n')[0]?.trimEnd(), Object.entries(fields)])],
        )
      }),
      { numRuns: 500 },
    )
  }
  t.pass('1,000 of 1,000')
  t.end()
})

t.test('no lines make it throw', (t) => {
  const piece = fc.oneof(oneLine, fc.constantFrom(...FAKES, ...REAL_LINES), fc.tuple(fc.constantFrom(...REAL_LINES), fc.nat(120)).map(([line, at]) => line.slice(0, at)))
  fc.assert(fc.property(fc.array(piece, { maxLength: 20 }), (lines) => void decode(lines)), { numRuns: 1_000 })
  t.pass('none of 1,000')
  t.end()
})

t.test('hostile lines cost time in proportion to their number and length', async (t) => {
  const many = (line: string) => (n: number) => [...pretty(BANNER), 'INFO[0002] Command output:', ...Array.from({ length: n }, () => line)]
  await costsLinear(t, 'lines that go on', many('x'), decode, 20_000)
  await costsLinear(t, 'empty lines that go on', many(''), decode, 20_000)
  await costsLinear(t, 'lines that end and begin', many('INFO[0001] x '), decode, 5_000)
  for (const unit of ['  \x1b[1m', '  \x1b[1ma', ' ', '\x1b[1', '\r']) {
    await costsLinear(t, JSON.stringify(`…${unit}…`), (n) => [...pretty(BANNER), 'INFO[0002] Command output:', unit.repeat(n / unit.length)], decode)
  }
})
