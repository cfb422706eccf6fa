// What looks like a Watchtower that stopped or does not check, and is none.
import t from 'tap'
import { createWatching, DAY, HOUR, MINUTE } from './watching.js'

const ENV = ['WATCHTOWER_SCHEDULE=0 0 3 * * *', 'TZ=UTC', 'WATCHTOWER_MONITOR_ONLY=true']
const at = (day: number, hour: number, minute = 0): number => Date.parse('2026-11-23T00:00:00Z') + day * DAY + hour * HOUR + minute * MINUTE

t.test('a Swarm task that takes the place of one which stays, stopped, in the history', async (t) => {
  const task = (id: string): Record<string, string> => ({ 'com.docker.swarm.service.name': 'hosts_watchtower', 'com.docker.swarm.task.name': `hosts_watchtower.node1.${id}`, 'com.docker.swarm.task.id': id })
  const w = await createWatching(t, '2026-11-22T12:00:00Z')
  w.add('hosts_watchtower.node1.a', { env: ENV, labels: task('a') })
  w.start()
  await w.reach(at(0, 3, 1))
  w.check(9, 'hosts_watchtower.node1.a')
  await w.reach(at(0, 12))
  w.api.stop('hosts_watchtower.node1.a', 0)
  w.add('hosts_watchtower.node1.b', { env: ENV, labels: task('b') })
  await w.reach(at(1, 3, 1))
  w.check(9, 'hosts_watchtower.node1.b')
  await w.reach(at(1, 12))
  t.same(w.said(), [])
  await w.stop()
})

t.test('five fields of a Watchtower whose log no longer tells its version', async (t) => {
  const w = await createWatching(t, '2026-11-22T12:00:00Z')
  w.add('watchtower', { env: ['WATCHTOWER_SCHEDULE=0 3 * * *', 'TZ=UTC', 'WATCHTOWER_MONITOR_ONLY=true'] })
  w.start()
  await w.reach(at(0, 3, 1))
  w.check()
  await w.reach(at(1, 2))
  t.same(w.said(), [])
  await w.stop()
})

t.test('a clock that is set after the start of Watchtower, and before this program', async (t) => {
  const w = await createWatching(t, '2026-11-22T12:00:00Z')
  w.add('watchtower', { env: ENV })
  w.start()
  await w.reach(at(0, 3, 1))
  w.check()
  await w.reach(at(0, 22))
  w.api.stop('watchtower', 0)
  await w.stop()
  await w.clock.until(at(0, 22, 1))
  w.api.start('watchtower')
  await w.clock.until(at(1, 10))
  w.start()
  await w.reach(at(1, 14))
  t.same(w.said(), [])
  await w.stop()
})

t.test('a version that tells no end, with CHECK_OVERDUE_AFTER', async (t) => {
  const w = await createWatching(t, '2026-11-22T12:00:00Z', { timing: { overdueAfterMs: 26 * HOUR } })
  w.add('watchtower', { env: ENV })
  w.say('watchtower', 'level=info msg="Watchtower 1.3.0\\nUsing no notifications\\nChecking all containers (except explicitly disabled with label)\\nScheduling first run: 2026-11-23 03:00:00 +0000 UTC"')
  w.start()
  await w.reach(at(3, 3, 1))
  t.same(w.said(), [])
  await w.stop()
})

t.test('a version whose banner names none, which tells no end either, before and after this program is started anew', async (t) => {
  const w = await createWatching(t, '2026-11-22T12:00:00Z')
  w.add('watchtower', { env: ENV })
  w.say('watchtower', 'level=info msg="Starting Watchtower and scheduling first run: 2026-11-23 03:00:00 +0000 UTC m=+1.79"')
  w.start()
  await w.reach(at(2, 3, 1))
  w.say('watchtower', `level=info msg="Found new nginx:latest image (sha256:${'7'.repeat(64)})"`)
  await w.reach(at(2, 12))
  await w.stop()
  const before = w.said().length
  w.start()
  await w.reach(at(5, 3, 1))
  t.same([before, w.said(before)], [1, []], 'its update, and nothing else')
  await w.stop()
})

t.test('a night in which summer time ends, where the zone is that of a mounted /etc/localtime', async (t) => {
  const w = await createWatching(t, '2026-10-24T10:30:00Z')
  w.add('watchtower', { env: ['WATCHTOWER_SCHEDULE=0 0 0,6,12,18 * * *', 'WATCHTOWER_MONITOR_ONLY=true'] })
  w.start()
  // midnight and six in Paris are seven hours apart
  for (const check of ['2026-10-24T16:01:00Z', '2026-10-24T22:01:00Z', '2026-10-25T05:01:00Z']) {
    await w.reach(Date.parse(check))
    w.check()
  }
  await w.reach(Date.parse('2026-10-25T06:00:00Z'))
  t.same(w.said(), [])
  await w.stop()
})

t.test('one that was seen to stop before this program did, and comes back within the grace after it', async (t) => {
  const w = await createWatching(t, '2026-11-22T12:00:00Z')
  w.add('watchtower', { env: ENV })
  w.start()
  await w.reach(at(0, 3, 1))
  w.check()
  await w.reach(at(0, 12))
  w.api.stop('watchtower', 0)
  await w.clock.until(at(0, 12) + 10_000)
  await w.stop()
  await w.clock.until(at(4, 12))
  w.start()
  await w.clock.until(at(4, 12, 4))
  w.api.start('watchtower')
  await w.reach(at(4, 13))
  t.same(w.said(), [])
  await w.stop()
})
