import t from 'tap'
import { isQuiet, quietHours } from '../../src/life/quiet.js'

t.test('a window of the day is read, anything else is none', (t) => {
  t.same(quietHours('22:00-08:00'), { from: 1_320, to: 480 })
  t.same(quietHours('9:30 – 17:05'), { from: 570, to: 1_025 })
  for (const text of ['', '22-08', '24:00-08:00', '22:60-08:00', '22:00', '08:00-08:00', '22:00-08:00 ']) t.equal(quietHours(text), null, text)
  t.end()
})

t.test('it is quiet inside the window, over midnight too, on the clocks of the zone', (t) => {
  const at = (clock: string): number => Date.parse(`2026-11-25T${clock}:00Z`)
  const quiet = (text: string, clock: string, zone = 'UTC'): boolean => isQuiet(quietHours(text), at(clock), zone)
  t.same(['21:59', '22:00', '00:00', '07:59', '08:00', '12:00'].map((clock) => quiet('22:00-08:00', clock)), [false, true, true, true, false, false])
  t.same(['12:59', '13:00', '14:59', '15:00'].map((clock) => quiet('13:00-15:00', clock)), [false, true, true, false])
  t.equal(quiet('22:00-08:00', '21:30', 'Europe/Paris'), true)
  t.equal(isQuiet(null, at('03:00'), 'UTC'), false)
  t.end()
})
