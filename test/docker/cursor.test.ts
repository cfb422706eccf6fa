import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { createCursor } from '../../src/docker/cursor.js'
import type { Line } from '../../src/watchtower/record.js'
import { nanosOf, parseSince, stamp } from '../fakes/docker-log.js'
import { costsLinear } from '../measure.js'

const MS = 1_795_463_659_354
const line = (at: string | null, text = 'x'): Line => ({ source: null, at, text })

t.test('a log is read from its start as long as no line had a stamp', (t) => {
  const cursor = createCursor()
  t.equal(cursor.since(), null)
  t.equal(cursor.isNew(line(null)), true)
  t.equal(cursor.since(), null)
  t.end()
})

t.test('the next request begins a second before the last line, to the nanosecond', (t) => {
  const cursor = createCursor()
  cursor.isNew(line(stamp(MS, 371_229)))
  t.equal(cursor.since(), '1795463658.354371229')
  cursor.isNew(line('2026-11-23T20:00:00Z'))
  t.equal(cursor.since(), '1795463999.0')
  t.end()
})

t.test('a line with an earlier stamp, of the other stream, does not move it back', (t) => {
  const cursor = createCursor()
  cursor.isNew(line(stamp(MS, 5)))
  t.equal(cursor.isNew(line(stamp(MS - 7, 5))), true)
  t.equal(cursor.since(), `${Math.floor(MS / 1000) - 1}.354000005`)
  t.end()
})

t.test('a clock that is set back takes it along, and what was read before is still known', (t) => {
  const cursor = createCursor()
  cursor.isNew(line(stamp(MS)))
  t.equal(cursor.isNew(line(stamp(MS - 3_600_000, 5))), true)
  t.equal(cursor.since(), `${Math.floor(MS / 1000) - 3_601}.354000005`)
  t.equal(cursor.isNew(line(stamp(MS))), false)
  t.end()
})

t.test('a line that was read before is not new; one that differs in time or text is', (t) => {
  const cursor = createCursor()
  t.strictSame(
    [line(stamp(MS), 'a'), line(stamp(MS), 'a'), line(stamp(MS), 'b'), line(stamp(MS, 1), 'a'), line(stamp(MS), 'b'), line(stamp(MS, 1), 'a')].map((one) => cursor.isNew(one)),
    [true, false, true, true, false, false],
  )
  t.end()
})

t.test('lines without stamps cannot be told apart: each is new', (t) => {
  const cursor = createCursor()
  t.strictSame([line(null), line(null)].map((one) => cursor.isNew(one)), [true, true])
  t.end()
})

t.test('what is older than any request can bring is forgotten', (t) => {
  const cursor = createCursor()
  cursor.isNew(line(stamp(MS)))
  cursor.isNew(line(stamp(MS + 1_000)))
  t.equal(cursor.isNew(line(stamp(MS))), false, 'exactly a second: it is asked for again')
  cursor.isNew(line(stamp(MS + 1_000, 1)))
  t.equal(cursor.isNew(line(stamp(MS))), true, 'a nanosecond more: it is not')
  t.end()
})

t.test('it remembers a bounded number of lines, whichever way the clock goes', (t) => {
  for (const step of [1, -1]) {
    const cursor = createCursor()
    for (let n = 0; n <= 20_000; n += 1) cursor.isNew(line(stamp(MS, 500_000 + step * n), `${n}`))
    t.equal(cursor.isNew(line(stamp(MS, 500_000 + step), '1')), false, 'the 20,000th of them is known')
    t.equal(cursor.isNew(line(stamp(MS, 500_000), '0')), true, 'the one before is not')
  }
  t.end()
})

t.test('what is read again after a flood is known from its first line on', (t) => {
  const cursor = createCursor()
  const flood = Array.from({ length: 20_100 }, (_, n) => line(stamp(MS, n), `${n}`))
  for (const one of flood) cursor.isNew(one)
  const again = flood.filter(({ at }) => nanosOf(at as string) >= (parseSince(cursor.since() ?? '') ?? 0n))
  t.equal(again.length, 20_000)
  t.ok(again.every((one) => cursor.knows(one)))
  t.same(again.filter((one) => cursor.isNew(one)), [])
  t.ok(cursor.knows(flood[0] as Line), 'and so is what lies before')
  t.notOk(cursor.knows(line(stamp(MS, 20_100), 'next')))
  t.end()
})

t.test('reading on after any cut gives each line once', (t) => {
  const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 900_000_000 }), fc.constantFrom('a', 'b', '')), { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(steps, fc.array(fc.nat(30), { maxLength: 6 }), (written, cuts) => {
      let now = BigInt(MS) * 1_000_000n
      const log = written.map(([step, text], n) => {
        now += BigInt(step) + 1n
        return line(stamp(Number(now / 1_000_000n), Number(now % 1_000_000n)), `${text}${n}`)
      })
      const cursor = createCursor()
      const got: Line[] = []
      for (const cut of [...cuts, log.length]) {
        const since = parseSince(cursor.since() ?? '') ?? 0n
        got.push(...log.slice(0, cut).filter(({ at }) => nanosOf(at as string) >= since).filter((one) => cursor.isNew(one)))
      }
      deepStrictEqual(got, log)
    }),
    { numRuns: 500 },
  )
  t.pass('500 of 500')
  t.end()
})

t.test('a log costs time in proportion to its lines', async (t) => {
  const log = (spread: number) => (n: number) => Array.from({ length: n }, (_, i) => line(stamp(MS + i * spread, i % 1_000_000), `${i}`))
  const read = (lines: Line[]): void => {
    const cursor = createCursor()
    for (const one of lines) cursor.isNew(one)
  }
  await costsLinear(t, 'one a minute', log(60_000), read, 8_000)
  await costsLinear(t, 'all within a millisecond', log(0), read, 8_000)
})

t.test('before the first line the position is that of the earlier process', (t) => {
  const saved = { since: stamp(MS), lines: ['abc'] }
  t.equal(createCursor(saved).position(), saved)
  t.equal(createCursor().position(), null)
  t.end()
})

t.test('a position holds the newest thousand lines of a second, and those before are not read again', (t) => {
  const cursor = createCursor()
  const log = Array.from({ length: 3_000 }, (_, n) => line(stamp(MS, n), `${n}`))
  // the two streams of a container may come one after the other
  for (const rest of [1, 0]) for (const one of log.filter((_, n) => n % 2 === rest)) cursor.isNew(one)
  const position = cursor.position()
  t.same({ since: position?.since, lines: position?.lines.length }, { since: stamp(MS, 2_000), lines: 1_000 })
  const later = createCursor(position)
  const since = parseSince(later.since() ?? '') ?? 0n
  t.same(log.filter(({ at }) => nanosOf(at as string) >= since).filter((one) => later.isNew(one)), [])
  t.equal(later.isNew(line(stamp(MS, 3_000), 'next')), true)
  t.equal(later.isNew(line(stamp(MS + 10_000), 'much later')), true)
  t.equal(later.isNew(line(stamp(MS, 3_000), 'next')), true, 'what no request can bring again is forgotten')
  t.end()
})
