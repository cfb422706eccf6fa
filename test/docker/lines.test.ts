import { deepStrictEqual } from 'node:assert/strict'
import { Readable, Transform } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import { bound, CUT_MARK, linesOf, MAX_LINE_BYTES } from '../../src/docker/lines.js'
import { costsLinear, heldBytes } from '../measure.js'

async function lines(chunks: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<string[]> {
  const all: string[] = []
  for await (const line of linesOf(Readable.from(chunks, { objectMode: false }))) all.push(line as string)
  return all
}

/** The bytes in pieces of the given lengths, over and over; the rest in one. */
function cut(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  let at = 0
  for (let i = 0; at < bytes.length; i += 1) {
    const length = i < 10_000 ? (lengths[i % lengths.length] ?? bytes.length) : bytes.length
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }
  return pieces
}
const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 5 })
const LONG = 'é'.repeat(MAX_LINE_BYTES / 2)

t.test('lines come without their line feeds, empty ones and an unfinished last one included', async (t) => {
  t.strictSame(await lines([Buffer.from('a\n\nb\r\nc')]), ['a', '', 'b\r', 'c'])
  t.strictSame(await lines([Buffer.from('a\n')]), ['a'])
  t.strictSame(await lines([]), [])
})

t.test('half a character at the end of a chunk waits for its other half', async (t) => {
  const bell = Buffer.from('🔔\n')
  t.strictSame(await lines([bell.subarray(0, 1), bell.subarray(1, 3), bell.subarray(3)]), ['🔔'])
  t.strictSame(await lines([bell.subarray(0, 2)]), ['\ufffd'])
})

t.test('NUL, ESC and bytes that are no UTF-8 pass', async (t) => {
  t.strictSame(await lines([Buffer.from('a\0b\x1b[0m\n'), Buffer.from([0xff, 0xfe, 0x0a])]), ['a\0b\x1b[0m', '\ufffd\ufffd'])
})

t.test('a line of the longest allowed length is whole, a longer one is cut and marked, the next is whole', async (t) => {
  for (const size of [1_000, 65_536, 70_001, 1_000_000]) {
    t.strictSame(await lines(cut(Buffer.from(`${LONG}\nx\n`), [size])), [LONG, 'x'])
    t.strictSame(await lines(cut(Buffer.from(`${LONG}é\nx\n${LONG}é`), [size])), [LONG + CUT_MARK, 'x', LONG + CUT_MARK])
  }
})

t.test('a character that the cut goes through becomes the replacement character', async (t) => {
  t.strictSame(await lines([Buffer.from(`a${LONG}\n`)]), [`a${LONG.slice(0, -1)}\ufffd${CUT_MARK}`])
})

t.test('a line is cut at the same byte wherever the chunks end', async (t) => {
  const whole = await lines([Buffer.from(`x\n${LONG}overlong\n\n${LONG}${LONG}\nend`)])
  t.strictSame(whole, ['x', LONG + CUT_MARK, '', LONG + CUT_MARK, 'end'])
  for (const ahead of [0, 1, 2, 3, 4, 5]) {
    const bytes = Buffer.from(`x\n${LONG}overlong\n\n${LONG}${LONG}\nend`)
    const at = 2 + MAX_LINE_BYTES - 2 + ahead
    t.strictSame(await lines([bytes.subarray(0, at), bytes.subarray(at, at + 1), bytes.subarray(at + 1)]), whole, `chunk of one byte at ${at}`)
  }
})

t.test('chunk boundaries never change the lines', async (t) => {
  const text = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\n', '\r\n', '\n\n', '🔔', '')), { maxLength: 12 }).map((parts) => parts.join('').toWellFormed())
  await fc.assert(
    fc.asyncProperty(text, lengths, async (written, sizes) => {
      const expected = written.split('\n')
      if (expected.at(-1) === '') expected.pop()
      deepStrictEqual(await lines(cut(Buffer.from(written), sizes)), expected)
    }),
    { numRuns: 250 },
  )
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)), lengths, async (bytes, sizes) => {
      deepStrictEqual(await lines(cut(bytes, sizes)), await lines([bytes]))
    }),
    { numRuns: 250 },
  )
  t.pass('500 of 500')
})

t.test('a line without end is held to a bound', async (t) => {
  const before = heldBytes()
  let most = 0
  function* endless(): Generator<Buffer> {
    for (let i = 0; i < 480; i += 1) {
      if (i % 120 === 119) most = Math.max(most, heldBytes())
      yield Buffer.alloc(65_536, 'x')
    }
    yield Buffer.from('\nx')
  }
  t.strictSame(await lines(endless()), ['x'.repeat(MAX_LINE_BYTES) + CUT_MARK, 'x'])
  t.ok(most - before < 10_000_000, `30 MB without a line feed hold ${most - before} bytes`)
})

t.test('10 MB lines cost time in proportion to their length', async (t) => {
  await costsLinear(t, '10 MB', (n) => [...Array.from({ length: n / 65_536 }, () => Buffer.alloc(65_536, 'x')), Buffer.from('\n')], lines, 160 * 65_536)
})

t.test('many short lines in one chunk cost no more than their number', async (t) => {
  t.equal((await lines([Buffer.from('x\n'.repeat(50_000))])).length, 50_000)
})

t.test('lines fail as their source or its unframing fails', async (t) => {
  const consume = async (stream: Readable): Promise<void> => {
    for await (const _ of stream) continue
  }
  const broken = new Readable({ read() { this.destroy(new Error('reset')) } })
  await t.rejects(consume(linesOf(broken)), { message: 'reset' })
  const unframe = new Transform({ transform: (_chunk, _encoding, done) => done(new Error('not framed')) })
  await t.rejects(consume(linesOf(Readable.from([Buffer.from('x')]), unframe)), { message: 'not framed' })
})

t.test('who stops reading stops the source', async (t) => {
  const source = Readable.from((function* () { for (;;) yield Buffer.from('x\n') })())
  for await (const line of linesOf(source)) {
    t.equal(line, 'x')
    break
  }
  await new Promise((resolve) => source.on('close', resolve))
  t.equal(source.destroyed, true)
})

t.test('what is shorter than the bound passes untouched', async (t) => {
  const all: Buffer[] = []
  for await (const chunk of Readable.from([Buffer.from('a\n'), Buffer.from('b')]).pipe(bound())) all.push(chunk as Buffer)
  t.equal(Buffer.concat(all).toString(), 'a\nb')
})
