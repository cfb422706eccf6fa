// An engine on another machine, over tcp, whose clock is ten minutes ahead or behind.
import t from 'tap'
import { createWatching, DAY, HOUR, MINUTE } from './watching.js'

const ENV = ['WATCHTOWER_SCHEDULE=0 0 3 * * *', 'TZ=UTC', 'WATCHTOWER_MONITOR_ONLY=true']

for (const [where, aheadMs] of [['ahead', 10 * MINUTE], ['behind', -10 * MINUTE]] as const) {
  /** when the engine's clock says so */
  const at = (day: number, hour: number, minute = 0): number => Date.parse('2026-11-23T00:00:00Z') + day * DAY + hour * HOUR + minute * MINUTE - aheadMs
  const begin = new Date(at(0, 2, 50)).toISOString()

  t.test(`${where}: checks on time, starts right before and after them, and an upgrade are no alarm`, async (t) => {
    const w = await createWatching(t, begin, { aheadMs })
    w.add('watchtower', { env: ENV })
    w.start()
    await w.reach(at(0, 3, 1))
    w.check()
    await w.reach(at(0, 3, 3))
    w.api.stop('watchtower')
    await w.clock.until(Date.now() + 20_000)
    w.api.start('watchtower')
    await w.reach(at(1, 2, 58))
    w.api.remove('watchtower')
    w.add('watchtower', { env: ENV, seed: 'upgraded' })
    await w.reach(at(1, 3, 1))
    w.check()
    await w.reach(at(1, 8))
    t.same(w.said(), [])
    await w.stop()
  })

  t.test(`${where}: this program that begins right after a check awaits the next`, async (t) => {
    const w = await createWatching(t, new Date(at(0, 2, 50)).toISOString(), { aheadMs })
    w.add('watchtower', { env: ENV })
    await w.clock.until(at(0, 3, 5))
    w.start()
    await w.reach(at(0, 9))
    t.same(w.said(), [])
    await w.stop()
  })

  t.test(`${where}: a check that does not come, one that loops, and one that stays away are told of when they would be`, async (t) => {
    const w = await createWatching(t, begin, { aheadMs })
    const one = w.add('watchtower', { env: ENV })
    w.start()
    await w.reach(at(0, 5, 23))
    t.same(w.said(), [])
    await w.reach(at(0, 5, 26))
    t.match(w.said(), [/^⚠️ Watchtower has not checked\n\nwatchtower should have checked on 23 Nov 03:00\./])
    for (let times = 0; times < 8; times += 1) {
      one.RestartCount += 1
      w.api.start('watchtower')
      await w.clock.until(Date.now() + 2_000)
      Object.assign(one.State, { Restarting: true, FinishedAt: new Date(Date.now() + aheadMs).toISOString() })
      await w.clock.until(Date.now() + MINUTE)
      one.State.Restarting = false
    }
    t.match(w.said(1), [/^⚠️ Watchtower is not running\n\nwatchtower ends again each time it is started, \d times so far\./])
    w.api.start('watchtower')
    await w.clock.until(Date.now() + 3 * MINUTE)
    t.match(w.said(2), [/^✅ Watchtower runs again/])
    w.api.stop('watchtower', 1)
    await w.clock.until(Date.now() + 4 * MINUTE)
    t.equal(w.said().length, 3)
    await w.clock.until(Date.now() + 2 * MINUTE)
    t.match(w.said(3), [/^⚠️ Watchtower is not running\n\nwatchtower stopped on 23 Nov/])
    await w.stop()
  })
}
