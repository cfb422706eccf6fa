import t from 'tap'
import { createWatching, DAY, HOUR, MINUTE } from './watching.js'

const ENV = ['WATCHTOWER_SCHEDULE=0 0 3 * * *', 'TZ=UTC', 'WATCHTOWER_MONITOR_ONLY=true']
const at = (day: number, hour: number, minute = 0): number => Date.parse('2026-11-23T00:00:00Z') + day * DAY + hour * HOUR + minute * MINUTE

t.test('a week of checks, restarts, an upgrade and a sleep raises no alarm', async (t) => {
  const w = await createWatching(t, '2026-11-23T00:00:00Z')
  w.add('watchtower', { env: ENV })
  w.start()
  let seed = 0
  for (let day = 0; day < 7; day += 1) {
    await w.reach(at(day, 3, 1))
    w.check()
    await w.reach(at(day, 9))
    if (day === 1) {
      w.api.stop('watchtower', 1)
      await w.clock.until(Date.now() + 20_000)
      w.api.start('watchtower')
    }
    if (day === 2) { // Compose recreates it: the old one is renamed first
      const old = w.api.containers.find(({ Name }) => Name === '/watchtower')
      if (old) old.Name = '/0a1b2c3d_watchtower'
      w.api.stop('0a1b2c3d_watchtower', 1)
      w.add('watchtower', { env: ENV, seed: `recreated ${(seed += 1)}` })
      await w.clock.until(Date.now() + 5_000)
      w.api.remove('0a1b2c3d_watchtower')
    }
    if (day === 3) { // it updates itself: both run for a while
      const old = w.api.containers.find(({ Name }) => Name === '/watchtower')
      if (old) old.Name = '/XVlBzgbaiCMRAjWwhTHctcuAxhxKQFDa'
      w.add('watchtower', { env: ENV, seed: `updated ${(seed += 1)}` })
      await w.clock.until(Date.now() + 5_000)
      w.api.stop('XVlBzgbaiCMRAjWwhTHctcuAxhxKQFDa')
      w.api.remove('XVlBzgbaiCMRAjWwhTHctcuAxhxKQFDa')
    }
    if (day === 4) { // the engine restarts, and with it Watchtower
      w.api.stop('watchtower', 1)
      const down = w.api.down() // it waits on the fake clock
      await w.clock.until(Date.now() + 2 * MINUTE)
      await down
      await w.api.up()
      w.api.start('watchtower')
    }
    if (day === 5) {
      t.equal(await w.stop(), 0)
      w.start()
    }
  }
  await w.reach(at(7, 3, 1))
  w.check()
  await w.reach(at(7, 4))
  t.same(w.said(), [])
  t.equal(w.loud.filter((event) => event.startsWith('watch.')).length, 0)
  await w.stop()
})

t.test('a check that does not come is told of once, also across a restart, and that they come again', async (t) => {
  const w = await createWatching(t, '2026-11-23T02:59:00Z', { host: 'nas' })
  w.add('watchtower', { env: ENV })
  w.start()
  await w.reach(at(0, 3, 1))
  w.check()
  await w.reach(at(1, 5, 23))
  t.same(w.said(), [], 'a tenth of a day is waited')
  await w.reach(at(1, 5, 26))
  t.same(w.said(), ['⚠️ Watchtower has not checked on nas\n\nwatchtower should have checked on 24 Nov 03:00. Its last check was on 23 Nov 03:01.\nLikely reason: not known; its log says nothing.\n\nRemedy: docker restart watchtower'])
  await w.stop()
  w.start()
  await w.reach(at(2, 8))
  t.equal(w.said().length, 1)
  w.check()
  await w.reach(at(2, 8, 2))
  t.same(w.said(1), ['✅ Watchtower checks again on nas\n\nwatchtower checked on 25 Nov 08:00. Its next check is on 26 Nov 03:00.'])
  await w.stop()
})

t.test('a check that breaks off is told of after the grace, with its error, though it would be made again tomorrow', async (t) => {
  const w = await createWatching(t, '2026-11-23T02:50:00Z')
  w.add('watchtower', { env: ENV })
  w.start()
  await w.reach(at(0, 3))
  w.say('watchtower', 'level=error msg="Error response from daemon: Bad response from Docker engine"')
  w.api.log('watchtower').write({ at: '2026-11-23T03:00:00.500000000Z', stream: 'stderr', text: '2026/11/23 03:00:00 cron: panic running job: runtime error: invalid memory address or nil pointer dereference' })
  await w.reach(at(0, 6))
  t.same(w.said(), ['⚠️ Watchtower has not checked\n\nwatchtower should have checked on 23 Nov 03:00. No check of it was seen yet.\nLikely reason: its last check broke off.\nLast error: Error response from daemon: Bad response from Docker engine\n\nRemedy: docker logs --tail 20 watchtower'])
  await w.stop()
})

t.test('one that cannot start is told of with the remedy, one that was stopped on purpose once; both when they are back', async (t) => {
  const w = await createWatching(t, '2026-11-23T08:00:00Z')
  const one = w.add('watchtower', { env: ENV })
  w.start()
  const crash = async (): Promise<void> => {
    w.say('watchtower', 'level=error msg="Error response from daemon: client version 1.25 is too old. Minimum supported API version is 1.44, please upgrade your client to a newer version"')
    one.RestartCount += 1
    Object.assign(one.State, { Status: 'restarting', Running: true, Restarting: true, StartedAt: new Date().toISOString() })
    await w.clock.until(Date.now() + MINUTE)
  }
  for (let times = 0; times < 8; times += 1) await crash()
  t.same(w.said(), ['⚠️ Watchtower is not running\n\nwatchtower ends again each time it is started, 6 times so far. Until it runs, nobody looks for updates.\nLast error: Error response from daemon: client version 1.25 is too old. Minimum supported API version is 1.44, please upgrade your client to a newer version\n\nRemedy: its API version is too old for this Docker: set DOCKER_API_VERSION=1.44 in its environment and recreate it'])
  Object.assign(one.State, { Restarting: false })
  w.api.start('watchtower')
  await w.clock.until(Date.now() + 3 * MINUTE)
  t.same(w.said(1), ['✅ Watchtower runs again\n\nwatchtower is up. Its next check is on 24 Nov 03:00.'])
  w.api.stop('watchtower', 1)
  const stopped = new Date().toISOString().slice(11, 16)
  await w.reach(Date.now() + 3 * DAY)
  t.same(w.said(2), [`⚠️ Watchtower is not running\n\nwatchtower stopped on 23 Nov ${stopped}, exit code 1. Until it runs, nobody looks for updates.\nLast error: Error response from daemon: client version 1.25 is too old. Minimum supported API version is 1.44, please upgrade your client to a newer version\n\nRemedy: its API version is too old for this Docker: set DOCKER_API_VERSION=1.44 in its environment and recreate it`])
  w.api.start('watchtower')
  await w.clock.until(Date.now() + 3 * MINUTE)
  t.match(w.said(3), [/^✅ Watchtower runs again/])
  await w.stop()
})

t.test('one that is removed is told of, and its successor under another name is it', async (t) => {
  const w = await createWatching(t, '2026-11-23T08:00:00Z')
  w.add('watchtower', { env: ENV })
  w.start()
  await w.reach(at(0, 9))
  w.api.remove('watchtower')
  await w.clock.until(at(0, 9, 10))
  t.same(w.said(), ['⚠️ Watchtower is not running\n\nwatchtower is gone since 23 Nov 09:00. Until it runs, nobody looks for updates.\n\nRemedy: docker compose up -d, where its compose file is'])
  w.add('wt', { env: ENV })
  await w.reach(at(0, 9, 12))
  t.match(w.said(1), [/^✅ Watchtower runs again\n\nwt is up/])
  await w.stop()
})

t.test('where there never was one, that is said, and when one comes', async (t) => {
  const w = await createWatching(t, '2026-11-23T08:00:00Z', { watchtower: 'wt' })
  w.start()
  await w.reach(at(0, 9))
  t.same(w.said(), ['⚠️ No Watchtower\n\nThere is no container named wt. Until it runs, nobody looks for updates.\n\nRemedy: correct WATCHTOWER_CONTAINER, or start that container'])
  w.add('wt', { env: ENV })
  await w.reach(at(0, 9, 5))
  t.same(w.said(1), ['✅ Watchtower is there\n\nwt is followed from now on.'])
  await w.stop()
})

t.test('a check that looked at nothing is said once, until one looks at something', async (t) => {
  const w = await createWatching(t, '2026-11-23T02:59:00Z')
  w.add('watchtower', { env: ENV })
  w.start()
  for (let day = 0; day < 3; day += 1) {
    await w.reach(at(day, 3, 1))
    w.check(day === 2 ? 4 : 0)
    await w.reach(at(day, 3, 2))
    t.equal(w.said().length, [1, 1, 2][day])
  }
  t.match(w.said(), [/^⚠️ Watchtower checked nothing\n\nwatchtower ended its check without looking at a single container\.\n\nRemedy: look at WATCHTOWER_LABEL_ENABLE/, /^✅ Watchtower checks again\n\nwatchtower checked on 25 Nov 03:01/])
  await w.stop()
})

t.test('time in which nobody could look does not count', async (t) => {
  const w = await createWatching(t, '2026-11-23T02:59:00Z')
  w.add('watchtower', { env: ENV })
  w.start()
  await w.reach(at(0, 3, 1))
  w.check()
  await w.reach(at(0, 20))
  await w.clock.leap(at(1, 10), 14 * HOUR) // the lid was closed; its own clock goes on where it stood
  await w.reach(at(1, 17))
  w.check()
  await w.reach(at(1, 18))
  t.same(w.said(), [])
  await w.stop()
})
