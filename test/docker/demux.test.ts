import { deepStrictEqual } from 'node:assert/strict'
import { Readable } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import { demux, isFramed, MAX_FRAME_BYTES } from '../../src/docker/demux.js'
import { CUT_MARK, linesOf, MAX_LINE_BYTES } from '../../src/docker/lines.js'
import { frame, stamp } from '../fakes/docker-log.js'
import { costsLinear, heldBytes } from '../measure.js'

interface Out {
  lines: string[]
  errors: string[]
}

async function unframed(chunks: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<Out> {
  const errors: string[] = []
  const all: string[] = []
  for await (const line of linesOf(Readable.from(chunks, { objectMode: false }), demux((error) => errors.push(error)))) all.push(line as string)
  return { lines: all, errors }
}
const lines = async (...frames: Buffer[]): Promise<string[]> => (await unframed(frames)).lines

const [A, B, C] = [stamp(1_795_463_659_354, 371_229), stamp(1_795_463_659_354, 371_230), stamp(1_795_463_660_000)]
const out = (text: string | Buffer, at = A): Buffer => frame(1, Buffer.concat([Buffer.from(`${at} `), Buffer.from(text)]))
const err = (text: string | Buffer, at = A): Buffer => frame(2, Buffer.concat([Buffer.from(`${at} `), Buffer.from(text)]))

t.test('each frame is a line', async (t) => {
  t.strictSame(await lines(err('a\n', A), out('b\n', B), frame(0, `${C} c\n`)), [`${A} a`, `${B} b`, `${C} c`])
})

t.test('the parts of a split line are joined, their repeated stamps taken out', async (t) => {
  t.strictSame(await lines(err('x'.repeat(16_384)), err('y'.repeat(16_384)), err('z\n'), err('next\n', B)), [`${A} ${'x'.repeat(16_384)}${'y'.repeat(16_384)}z`, `${B} next`])
})

t.test('a line of the other stream between the parts stays a line of its own', async (t) => {
  t.strictSame(await lines(err('one '), out('other\n', B), err('two\n')), [`${B} other`, `${A} one two`])
})

t.test('parts on both streams at the same time are joined by stream', async (t) => {
  t.strictSame(await lines(err('e1'), out('o1'), err('e2\n'), out('o2\n')), [`${A} e1e2`, `${A} o1o2`])
})

t.test('another stamp ends a line that has no line feed: the local driver of 20.10, a restart', async (t) => {
  t.strictSame(await lines(err('x'.repeat(16_384)), err('end'), err('next\n', B)), [`${A} ${'x'.repeat(16_384)}end`, `${B} next`])
  t.strictSame(await lines(err('killed'), err('started', B)), [`${A} killed`, `${B} started`])
})

t.test('frames without stamps are lines too, joined until a line feed', async (t) => {
  t.strictSame(await lines(frame(2, 'one '), frame(1, 'other\n'), frame(2, 'two\n'), frame(2, 'last')), ['other', 'one two', 'last'])
  t.strictSame(await lines(frame(2, `${A.slice(0, 20)} x`), err('y\n')), [`${A.slice(0, 20)} x`, `${A} y`], 'what is not quite a stamp is none')
})

t.test('half a character at a frame boundary is made whole', async (t) => {
  const bell = Buffer.from('🔔')
  t.strictSame(await lines(err(bell.subarray(0, 2)), out('between\n', B), err(Buffer.concat([bell.subarray(2), Buffer.from('\n')]))), [`${B} between`, `${A} 🔔`])
})

t.test('an empty line, an empty frame and nothing at all', async (t) => {
  t.strictSame(await lines(err('\n'), frame(2, ''), frame(2, '\n')), [`${A} `, ''])
  t.strictSame(await lines(err('one '), frame(2, ''), err('two\n')), [`${A} one two`])
  t.strictSame(await lines(), [])
})

t.test("the daemon's own words in the middle of the log are told, and are no line", async (t) => {
  t.strictSame(await unframed([err('one '), frame(3, 'Error grabbing logs: no such file or directory\n'), err('two\n')]), {
    lines: [`${A} one two`], errors: ['Error grabbing logs: no such file or directory'],
  })
  t.equal((await unframed([frame(3, 'x'.repeat(100_000))])).errors[0]?.length, 1_000)
  t.strictSame(await lines(frame(3, 'nobody listens'), err('a\n')), [`${A} a`])
  const unheard: string[] = []
  for await (const line of linesOf(Readable.from([frame(3, 'x'), err('a\n')]), demux())) unheard.push(line as string)
  t.strictSame(unheard, [`${A} a`])
})

t.test('a header that claims 4 GiB ends the lines at once, with what came before it', async (t) => {
  const claim = Buffer.from([2, 0, 0, 0, 0xff, 0xff, 0xff, 0xff])
  t.strictSame(await unframed([err('a\n'), err('b'), claim, err('lost\n', C)]), { lines: [`${A} a`, `${A} b`], errors: ['the log stream is not framed as Docker frames it'] })
  t.strictSame(await unframed([Buffer.concat([err('a\n'), claim, err('lost\n')])]), { lines: [`${A} a`], errors: ['the log stream is not framed as Docker frames it'] })
})

t.test('a header that is none ends the lines, too', async (t) => {
  for (const header of [[4, 0, 0, 0, 0, 0, 0, 1], [1, 1, 0, 0, 0, 0, 0, 1], [2, 0, 0, 1, 0, 0, 0, 1], [0x74, 0x69, 0x6d, 0x65, 0x3d, 0x22, 0x32, 0x30]]) {
    t.strictSame(await unframed([err('a\n'), Buffer.from(header), err('lost\n')]), { lines: [`${A} a`], errors: ['the log stream is not framed as Docker frames it'] }, String(header))
  }
})

t.test('the largest frame passes, one byte more does not', async (t) => {
  const [whole] = await lines(frame(2, 'x'.repeat(MAX_FRAME_BYTES)))
  t.equal(whole, 'x'.repeat(MAX_LINE_BYTES) + CUT_MARK)
  t.strictSame(await unframed([frame(2, 'x'.repeat(MAX_FRAME_BYTES + 1))]), { lines: [], errors: ['the log stream is not framed as Docker frames it'] })
})

t.test('a body that ends in the middle of a frame gives what came of it; of a header nothing', async (t) => {
  const cut = err('a line that was cut\n', B)
  t.strictSame(await lines(err('a\n'), cut.subarray(0, cut.length - 5)), [`${A} a`, `${B} a line that was`])
  for (const length of [1, 7, 8]) t.strictSame(await lines(err('a\n'), cut.subarray(0, length)), [`${A} a`], String(length))
})

t.test('a joined line keeps one byte more than is allowed, so that it is cut and marked', async (t) => {
  const part = 'x'.repeat(16_384)
  const rest = MAX_LINE_BYTES - `${A} `.length - 3 * part.length
  t.strictSame(await lines(err(part), err(part), err(part), err('y'.repeat(rest)), err('\n')), [`${A} ${part}${part}${part}${'y'.repeat(rest)}`])
  t.strictSame(await lines(err(part), err(part), err(part), err('y'.repeat(rest)), err('z'), err('z\n'), err('next\n', B)), [`${A} ${part}${part}${part}${'y'.repeat(rest)}${CUT_MARK}`, `${B} next`])
})

t.test('whether a body is framed is told by its first eight bytes', (t) => {
  t.equal(isFramed(err('a\n')), true)
  for (const type of [0, 1, 2, 3] as const) t.equal(isFramed(frame(type, '')), true)
  for (const text of ['', '\x01\0\0\0', 'time="2026"', `${A} x`, '\x04\0\0\0\0\0\0\x01', '\x01\0\x01\0\0\0\0\x01', '{"level":']) t.equal(isFramed(Buffer.from(text)), false, JSON.stringify(text))
  t.end()
})

interface Written {
  stream: 1 | 2
  text: Buffer
  /** with a line feed; without, only the next stamp or the end tells that the line is over */
  ended: boolean
  part: number
}

t.test('however lines are split, interleaved and cut into chunks, they come back as written', async (t) => {
  const written: fc.Arbitrary<Written> = fc.record({
    stream: fc.constantFrom(1 as const, 2 as const),
    text: fc.oneof(fc.string({ unit: 'binary', maxLength: 30 }), fc.constantFrom('🔔é🔔é', 'INFO[0001] x ', '')).map((text) => Buffer.from(text.toWellFormed().replaceAll('\n', ' '))),
    ended: fc.boolean(),
    part: fc.integer({ min: 1, max: 12 }),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(written, { maxLength: 12 }), fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }), fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 6 }), async (all, turns, sizes) => {
      const streams: Record<1 | 2, Buffer[]> = { 1: [], 2: [] }
      const expected: Record<1 | 2, string[]> = { 1: [], 2: [] }
      all.forEach(({ stream, text, ended, part }, n) => {
        const at = `${stamp(1_795_463_659_354, n)} `
        const bytes = ended ? Buffer.concat([text, Buffer.from('\n')]) : text
        for (let from = 0; from < bytes.length || from === 0; from += part) streams[stream].push(frame(stream, Buffer.concat([Buffer.from(at), bytes.subarray(from, from + part)])))
        expected[stream].push(at + text.toString())
      })
      const merged: Buffer[] = []
      for (let turn = 0; streams[1].length + streams[2].length > 0; turn += 1) {
        const next = (turns[turn % turns.length] ? streams[1] : streams[2]).shift() ?? streams[1].shift() ?? streams[2].shift()
        merged.push(next as Buffer)
      }
      const body = Buffer.concat(merged)
      const chunks: Buffer[] = []
      for (let from = 0, i = 0; from < body.length; i += 1) {
        const size = sizes[i % sizes.length] ?? body.length
        chunks.push(body.subarray(from, from + size))
        from += size
      }
      const got = await lines(...chunks)
      for (const stream of [1, 2] as const) deepStrictEqual(got.filter((line) => expected[stream].includes(line)), expected[stream])
      deepStrictEqual(got.length, all.length)
    }),
    { numRuns: 250 },
  )
  t.pass('250 of 250')
})

t.test('Docker’s own 16 KB parts of long lines on both streams come back as written', async (t) => {
  const text = (letter: string, length: number): string => `${letter}é🔔`.repeat(length / 7)
  const parts = (stream: 1 | 2, at: string, line: string): Buffer[] => {
    const bytes = Buffer.from(`${line}\n`)
    return Array.from({ length: Math.ceil(bytes.length / 16_384) }, (_, i) => frame(stream, Buffer.concat([Buffer.from(`${at} `), bytes.subarray(i * 16_384, (i + 1) * 16_384)])))
  }
  const [one, two] = [text('a', 60_000), text('b', 50_000)]
  const [first, second] = [parts(1, A, one), parts(2, B, two)]
  const merged = first.flatMap((part, i) => [part, ...second.slice(i, i + 1)])
  t.strictSame((await lines(...merged)).sort(), [`${A} ${one}`, `${B} ${two}`].sort())
  const body = Buffer.concat(merged)
  for (const size of [1_000, 16_384, 65_536]) {
    const chunks = Array.from({ length: Math.ceil(body.length / size) }, (_, i) => body.subarray(i * size, (i + 1) * size))
    t.strictSame((await lines(...chunks)).sort(), [`${A} ${one}`, `${B} ${two}`].sort(), `chunks of ${size}`)
  }
})

t.test('bytes that are no stream at all make it throw nothing', async (t) => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc.array(fc.tuple(fc.nat(4), fc.nat(40), fc.string({ maxLength: 20 })), { maxLength: 6 }).map((frames) => Buffer.concat(frames.flatMap(([type, size, text]) => [Buffer.from([type, 0, 0, 0, 0, 0, 0, size]), Buffer.from(text)]))),
  )
  await fc.assert(fc.asyncProperty(bytes, async (body) => void (await unframed([Buffer.from(body)]))), { numRuns: 300 })
  t.pass('none of 300')
})

t.test('parts without end, empty ones too, are held to a bound', async (t) => {
  for (const [name, part] of Object.entries({ 'of 16 KB': 'x'.repeat(16_384), empty: '' })) {
    const before = heldBytes()
    let most = 0
    async function* endless(): AsyncGenerator<Buffer> {
      for (let i = 0; i < 1_600; i += 1) {
        // as from a socket: Node 24 gives nothing back before the event loop's next turn
        if (i % 10 === 0) await new Promise(setImmediate)
        if (i % 400 === 399) most = Math.max(most, heldBytes())
        yield Buffer.concat([err(part), out(`${i}\n`, B)])
      }
    }
    const got = await unframed(endless())
    t.equal(got.lines.length, 1_601)
    t.ok(most - before < 10_000_000, `1,600 parts ${name} hold ${most - before} bytes`)
  }
})

t.test('a large frame in small chunks and many small frames in one chunk cost time in proportion to their bytes', async (t) => {
  const cases: Record<string, (n: number) => Buffer[]> = {
    'one frame': (n) => {
      const whole = frame(2, 'x'.repeat(n))
      return Array.from({ length: Math.ceil(whole.length / 64) }, (_, i) => whole.subarray(i * 64, (i + 1) * 64))
    },
    'small frames': (n) => [Buffer.concat(Array.from({ length: n / 64 }, () => err('x\n')))],
    'parts of one line': (n) => [Buffer.concat(Array.from({ length: n / 64 }, () => err('x')))],
  }
  for (const [name, make] of Object.entries(cases)) await costsLinear(t, name, make, unframed, MAX_FRAME_BYTES / 4)
})
