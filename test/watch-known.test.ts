// What the watch knows of a Watchtower from before, from its banner, and when the engine says less than usual.
import t from 'tap'
import { createWatching, DAY, HOUR, MINUTE } from './watching.js'

const ENV = ['WATCHTOWER_SCHEDULE=0 0 3 * * *', 'TZ=UTC', 'WATCHTOWER_MONITOR_ONLY=true']
const at = (day: number, hour: number, minute = 0): number => Date.parse('2026-11-23T00:00:00Z') + day * DAY + hour * HOUR + minute * MINUTE

t.test('one that is gone when this program starts anew is told of, for what it was before', async (t) => {
  const w = await createWatching(t, '2026-11-23T12:00:00Z')
  w.add('watchtower', { env: ENV })
  w.start()
  await w.reach(at(0, 13))
  await w.stop()
  w.api.remove('watchtower')
  w.start()
  await w.reach(at(0, 14))
  t.match(w.said(), [/^⚠️ Watchtower is not running\n\nwatchtower is gone since 23 Nov 13:0\d\./])
  await w.stop()
})

t.test('the first check that a banner announces is awaited where the schedule is not understood', async (t) => {
  const w = await createWatching(t, '2026-11-23T12:00:00Z')
  w.add('watchtower', { env: ['WATCHTOWER_SCHEDULE=odd', 'WATCHTOWER_MONITOR_ONLY=true'] })
  w.start()
  w.say('watchtower', 'level=info msg="Watchtower 1.7.1"', 'level=info msg="Scheduling first run: 2026-11-24 03:00:00 +0000 UTC"')
  await w.reach(at(1, 3, 29))
  t.same(w.said(), [])
  await w.reach(at(1, 3, 32))
  t.match(w.said(), [/^⚠️ Watchtower has not checked\n\nwatchtower should have checked on 24 Nov 03:00\. No check of it was seen yet\.\nLikely reason: its schedule “odd” is not understood/])
  await w.stop()
})

t.test('one that another WATCHTOWER_CONTAINER left out for a while is awaited again from when it is seen, with the last check that was known', async (t) => {
  const w = await createWatching(t, '2026-11-23T02:00:00Z')
  for (const name of ['watchtower', 'other']) w.add(name, { env: ENV })
  w.start()
  await w.reach(at(0, 3, 1))
  await w.clock.until(at(0, 3, 1) + 30_000)
  for (const name of ['watchtower', 'other']) w.check(9, name)
  for (const watchtower of ['watchtower', null]) {
    await w.clock.until(Date.now() + HOUR)
    await w.stop()
    w.start({ watchtower })
  }
  await w.reach(at(1, 3, 1))
  w.check(9, 'watchtower')
  await w.reach(at(1, 6))
  t.match(w.said(), [/^⚠️ Watchtower has not checked\n\nother should have checked on 24 Nov 03:00\. Its last check was on 23 Nov 03:01\./])
  await w.stop()
})

t.test('one that checks only when it is asked to is not awaited, however it is started', async (t) => {
  const w = await createWatching(t, '2026-11-23T12:00:00Z')
  w.add('watchtower', { env: ['WATCHTOWER_HTTP_API_UPDATE=true', 'WATCHTOWER_MONITOR_ONLY=true'] })
  w.start()
  for (let day = 0; day < 4; day += 1) {
    await w.reach(at(day, 13))
    w.api.stop('watchtower')
    await w.clock.until(Date.now() + MINUTE)
    w.api.start('watchtower')
  }
  await w.reach(at(4, 13))
  t.same(w.said(), [])
  await w.stop()
})

t.test('one that the engine lists and does not show for a moment is there all the same', async (t) => {
  const w = await createWatching(t, '2026-11-23T12:00:00Z')
  const one = w.add('watchtower', { env: ENV })
  w.start()
  await w.reach(at(0, 12, 30))
  w.api.override(`/containers/${one.Id}/json`, { type: 'answer', status: 404, body: { message: 'No such container' } })
  await w.clock.until(Date.now() + 4 * MINUTE)
  w.api.override(`/containers/${one.Id}/json`, null)
  await w.reach(at(0, 13))
  t.same(w.said(), [])
  await w.stop()
})

t.test('a check that a request asked for may be of a few images only: of one that also checks by itself it is not told that it looked at nothing', async (t) => {
  const w = await createWatching(t, '2026-11-22T12:00:00Z')
  w.add('watchtower', { env: [...ENV, 'WATCHTOWER_HTTP_API_UPDATE=true', 'WATCHTOWER_HTTP_API_PERIODIC_POLLS=true'] })
  w.start()
  const check = async (day: number, scanned: number, asked: boolean): Promise<void> => {
    await w.reach(at(day, asked ? 2 : 3, 1))
    if (asked) w.say('watchtower', 'level=info msg="Updates triggered by HTTP API request."')
    w.check(scanned)
    await w.reach(at(day, asked ? 2 : 3, 30))
  }
  await check(0, 0, true)
  await check(0, 9, false)
  t.same(w.said(), [])
  await check(1, 0, false)
  await check(2, 1, true)
  t.match(w.said(), [/^⚠️ Watchtower checked nothing/])
  await check(2, 9, false)
  t.match(w.said(1), [/^✅ Watchtower checks again/])
  await w.stop()
})
