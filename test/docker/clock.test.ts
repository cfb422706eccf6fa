import t from 'tap'
import { aheadBy } from '../../src/docker/clock.js'

const NOW = Date.parse('2026-11-27T12:00:00Z')
const SECOND = 1_000
const MINUTE = 60_000
const date = (ms: number): string => new Date(ms).toUTCString()

t.test('a clock that is minutes off is known by the date of an answer, half a second and half the way from it', (t) => {
  t.equal(aheadBy(date(NOW + 10 * MINUTE), NOW - 100, NOW + 100), 10 * MINUTE + 500)
  t.equal(aheadBy(date(NOW - 10 * MINUTE), NOW, NOW), -10 * MINUTE + 500)
  t.end()
})

t.test('clocks that are kept are the same', (t) => {
  for (const off of [0, SECOND, -SECOND, 4 * SECOND, -5 * SECOND]) t.equal(aheadBy(date(NOW + off), NOW, NOW), 0, `${off}`)
  t.not(aheadBy(date(NOW + 5 * SECOND), NOW, NOW), 0)
  t.end()
})

t.test('an answer without a date, one that took long and one before which our clock was set back tell nothing', (t) => {
  t.equal(aheadBy(undefined, NOW, NOW), null)
  t.equal(aheadBy('yesterday', NOW, NOW), null)
  t.equal(aheadBy(date(NOW), NOW, NOW + 5 * SECOND + 1), null)
  t.equal(aheadBy(date(NOW), NOW, NOW - 1), null)
  t.end()
})
