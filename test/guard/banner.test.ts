import t from 'tap'
import { announcementOf } from '../../src/guard/banner.js'

const said = Date.parse('2026-11-26T12:44:40Z')
const first = (at: string, minutes: number | null): unknown => ({ type: 'first-run', at: Date.parse(at), offset: minutes === null ? null : { type: 'offset', minutes } })

t.test('the first run, as every version announces it', (t) => {
  t.same(announcementOf('Scheduling first run: 2026-11-27 03:00:00 +0100 CET', said), first('2026-11-27T02:00:00Z', 60))
  t.same(announcementOf('Scheduling first run: 2026-11-27 03:00:00 -0330 NST', said), first('2026-11-27T06:30:00Z', -210))
  t.same(announcementOf('Watchtower 1.3.0\nUsing no notifications\nChecking all containers (except explicitly disabled with label)\nScheduling first run: 2026-11-27 03:00:00 +0000 UTC\nNote that the first check will be performed in 14 hours', said), first('2026-11-27T03:00:00Z', 0))
  t.same(announcementOf('Starting Watchtower and scheduling first run: 2026-11-27 12:44:40.123456789 +0000 UTC m=+86401.790000000', said), first('2026-11-27T12:44:40Z', 0))
  t.same(announcementOf('Next scheduled run: 2026-11-27 04:00:00 CET in 15 hours, 15 minutes, 20 seconds', said), first('2026-11-27T04:00:00Z', null))
  t.same(announcementOf('Next scheduled run: 2026-12-03 04:00:00 CET in 1 day, 1 second', said), first('2026-11-27T12:44:41Z', null))
  t.end()
})

t.test('that there is none', (t) => {
  t.same(announcementOf('Running a one time update.', said), { type: 'one-time' })
  t.same(announcementOf('Periodic runs are not enabled.', said), { type: 'no-runs' })
  for (const message of ['Session done', 'Scheduling first run: tomorrow', 'Scheduling first run: 2026-99-99 03:00:00 +0000 UTC', 'Next scheduled run: soon', '"Scheduling first run: 2026-11-27 03:00:00 +0000 UTC"']) t.equal(announcementOf(message, said), null, message)
  t.end()
})
