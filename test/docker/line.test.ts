import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { API_LAYOUT, createLineReader } from '../../src/docker/line.js'
import type { Line } from '../../src/watchtower/record.js'
import { costsLinear } from '../measure.js'
import { REAL_LINES } from '../watchtower/dialects.js'

const read = (...lines: string[]): Line[] => lines.map(createLineReader())
const STAMP = '2026-11-23T19:54:19.112325274Z'
const TEXT = 'time="2026-11-23T19:54:19Z" level=info msg="Watchtower 1.7.1"'
const line = (text: string, at: string | null = null, source: string | null = null): Line => ({ source, at, text })

t.test('plain text is a line as it stands', (t) => {
  t.strictSame(read(TEXT, '', 'a | b', TEXT), [line(TEXT), line(''), line('a | b'), line(TEXT)])
  t.end()
})

t.test("Docker's timestamp is taken off, nanoseconds and all", (t) => {
  t.strictSame(read(`${STAMP} ${TEXT}`, `${STAMP} `), [line(TEXT, STAMP), line('', STAMP)])
  t.end()
})

t.test('a timestamp with an offset is told in UTC, its fraction kept', (t) => {
  t.strictSame(read(`2026-11-23T20:54:19.112325274+01:00 ${TEXT}`, `2026-11-23T19:54:19-05:30 x`, `2026-11-23T19:54:19.5Z x`), [
    line(TEXT, '2026-11-23T19:54:19.112325274Z'), line('x', '2026-11-24T01:24:19Z'), line('x', '2026-11-23T19:54:19.5Z'),
  ])
  t.end()
})

t.test('what only looks like a timestamp is text', (t) => {
  for (const text of ['2026-99-99T99:99:99Z x', '2026-99-99T99:99:99+00:00 x', '2026-11-23T19:54:19.1123252741Z x', '2026-11-23T19:54:19 x', `${STAMP}x`, '9999-12-31T23:59:59-12:00 x', '2026-11-23T19:54:19+99:99 x']) {
    t.strictSame(read(text), [line(text)], text)
    t.strictSame(createLineReader(API_LAYOUT)(text), line(text), text)
  }
  t.end()
})

t.test("compose's prefix names the source: plain, coloured by Compose 1 and 2, before a timestamp", (t) => {
  t.strictSame(
    read(`watchtower  | ${TEXT}`, `\x1b[36mwatchtower    |\x1b[0m ${TEXT}`, `\x1b[33mfriday-watchtower-1  | \x1b[0m${TEXT}`, `watchtower_1  | ${STAMP} ${TEXT}`, 'watchtower  | '),
    [line(TEXT, null, 'watchtower'), line(TEXT, null, 'watchtower'), line(TEXT, null, 'friday-watchtower-1'), line(`${STAMP} ${TEXT}`, null, 'watchtower_1'), line('', null, 'watchtower')],
    'the first record tells whether there are timestamps',
  )
  t.strictSame(read(`watchtower  | ${STAMP} ${TEXT}`), [line(TEXT, STAMP, 'watchtower')])
  t.end()
})

t.test("the padding at a pretty line's end stays", (t) => {
  t.strictSame(read('watchtower  | INFO[0001] x  '), [line('INFO[0001] x  ', null, 'watchtower')])
  t.end()
})

t.test("a terminal's carriage return goes; where Watchtower has none, that of a hook's terminal stays", (t) => {
  const record = 'INFO[0001] x '
  t.strictSame(read('a\r', `${record}\r`, 'b\r\r', 'c\r', 'd'), [line('a'), line(record), line('b\r'), line('c'), line('d')])
  t.strictSame(read('a\r', record, 'b\r'), [line('a'), line(record), line('b\r')])
  t.strictSame([`${STAMP} ${record}`, `${STAMP} b\r`].map(createLineReader(API_LAYOUT)), [line(record, STAMP), line('b\r', STAMP)])
  t.strictSame([`${STAMP} ${record}\r`, `${STAMP} b\r`].map(createLineReader(API_LAYOUT)), [line(record, STAMP), line('b', STAMP)])
  t.end()
})

t.test('the layout is that of the first record: what looks like a prefix or a stamp further down is text', (t) => {
  t.strictSame(read(TEXT, 'evil | x', `${STAMP} x`), [line(TEXT), line('evil | x'), line(`${STAMP} x`)])
  t.strictSame(read(`a  | ${TEXT}`, `b  | evil | ${TEXT}`, 'no prefix'), [line(TEXT, null, 'a'), line(`evil | ${TEXT}`, null, 'b'), line('no prefix')])
  t.strictSame(read(`${STAMP} ${TEXT}`, `${STAMP} ${STAMP} x`, 'evil | x'), [line(TEXT, STAMP), line(`${STAMP} x`, STAMP), line('evil | x')])
  t.end()
})

t.test('until the first record each line is taken for itself', (t) => {
  t.strictSame(read('Attaching to watchtower', 'web  | hello', `${STAMP} hello`, `watchtower  | ${TEXT}`, `${STAMP} x`), [
    line('Attaching to watchtower'), line('hello', null, 'web'), line('hello', STAMP), line(TEXT, null, 'watchtower'), line(`${STAMP} x`),
  ])
  t.end()
})

t.test('a record in any dialect settles the layout', (t) => {
  for (const record of REAL_LINES.filter((text) => !/panic/.test(text))) t.strictSame(read(`${STAMP} ${record}`, 'a | b')[1], line('a | b'), record)
  for (const other of REAL_LINES.filter((text) => /panic/.test(text))) t.strictSame(read(`${STAMP} ${other}`, 'a | b')[1], line('b', null, 'a'), other)
  t.end()
})

t.test('the Docker API stamps every line and names no source', (t) => {
  const lines = [`${STAMP} ${TEXT}`, `${STAMP} a | b`, 'a | b', `${STAMP} `].map(createLineReader(API_LAYOUT))
  t.strictSame(lines, [line(TEXT, STAMP), line('a | b', STAMP), line('a | b'), line('', STAMP)])
  t.end()
})

t.test("the stamps in the middle of a terminal's long line are taken out, in a short line nothing is", (t) => {
  const part = 'x'.repeat(16_384)
  t.strictSame(createLineReader(API_LAYOUT)(`${STAMP} ${part}${STAMP} ${part}${STAMP} y`), line(`${part}${part}y`, STAMP))
  t.strictSame(createLineReader(API_LAYOUT)(`${STAMP} x${STAMP} y`), line(`x${STAMP} y`, STAMP))
  t.end()
})

t.test('what Docker and compose put in front comes off again, whatever the text', (t) => {
  const name = fc.stringMatching(/^[a-zA-Z0-9][\w.-]{0,20}$/)
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...REAL_LINES))
  const stamp = fc.date({ min: new Date('2000-01-01'), max: new Date('2999-12-30'), noInvalidDate: true }).map((date) => `${date.toISOString().slice(0, -1)}000042Z`)
  fc.assert(
    fc.property(name, fc.array(fc.tuple(stamp, text), { maxLength: 5 }), fc.boolean(), fc.boolean(), (source, written, prefixed, stamped) => {
      const reader = createLineReader()
      const put = (at: string, said: string): string => `${prefixed ? `${source}  | ` : ''}${stamped ? `${at} ` : ''}${said}`
      reader(put(STAMP, TEXT))
      // colours at the start of a prefixed line are taken for the prefix's
      const expected = written.map(([at, said]) => line(prefixed && !stamped ? said.replace(/^ ?(?:\x1b\[[\d;]*m)+/, (c) => (c.startsWith(' ') ? c : '')) : said, stamped ? at : null, prefixed ? source : null))
      deepStrictEqual(written.map(([at, said]) => reader(put(at, said))), expected)
    }),
    { numRuns: 500 },
  )
  t.pass('500 of 500')
  t.end()
})

t.test('no text makes it throw', (t) => {
  const piece = fc.constantFrom('2', '0', '-', 'T', ':', '.', 'Z', '+', ' ', '|', 'a', '\x1b[', 'm', ';', STAMP, '\0', '\r')
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.array(piece).map((p) => p.join('')))), (lines) => {
      lines.map(createLineReader())
      lines.map(createLineReader(API_LAYOUT))
    }),
    { numRuns: 1_000 },
  )
  fc.assert(
    fc.property(fc.stringMatching(/^2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d) x$/), (text) => {
      const { at } = createLineReader(API_LAYOUT)(text)
      deepStrictEqual(at === null || !Number.isNaN(Date.parse(at)), true)
    }),
    { numRuns: 1_000 },
  )
  t.pass('none of 2,000')
  t.end()
})

t.test('hostile text costs time in proportion to its length', async (t) => {
  for (const start of ['', 'a', '\x1b[', 'watchtower  |', `${STAMP} `, 'a | ']) {
    for (const unit of ['a', ' ', '|', '\x1b', '\x1b[', '\x1b[0m', '1', '1;', '-', '2026', `${STAMP} `, '\0']) {
      await costsLinear(t, JSON.stringify(`${start}${unit}…`), (n) => start + unit.repeat(n / unit.length), (text) => createLineReader()(text))
    }
  }
})
