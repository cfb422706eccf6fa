// Checks that run once, by hand or by a timer, with and without `--rm`.
import t from 'tap'
import { createWatching, HOUR, MINUTE, type Watching } from './watching.js'

const ENV = ['WATCHTOWER_SCHEDULE=0 0 3 * * *', 'TZ=UTC', 'WATCHTOWER_MONITOR_ONLY=true']
const at = (day: number, hour: number): number => Date.parse('2026-11-23T00:00:00Z') + (24 * day + hour) * HOUR
const BROKEN = 'level=error msg="Error response from daemon: Bad response from Docker engine"'
const UNSENT = 'level=error msg="Failed to send shoutrrr notification"'

t.test('one-off checks are not awaited; one that ends after an error is told of', async (t) => {
  const w = await createWatching(t, '2026-11-23T08:00:00Z')
  w.add('watchtower', { env: ENV })
  w.start()
  await w.reach(at(0, 9))
  for (const [name, exitCode] of [['good', 0], ['bad', 1]] as const) {
    w.add(name, { args: ['--run-once', '--monitor-only'] })
    await w.clock.until(Date.now() + 2_000)
    if (exitCode === 1) w.say(name, 'level=fatal msg="unknown flag: --bogus password=hunter2hunter2"')
    else w.check(3, name)
    await w.clock.until(Date.now() + 2_000)
    w.api.stop(name, exitCode)
    await w.clock.until(Date.now() + MINUTE)
  }
  await w.reach(at(0, 23))
  t.same(w.said(), ['⚠️ A one-off check failed\n\nbad ended with exit code 1.\nLast error: unknown flag: --bogus password=[removed]\n\nRemedy: it does not know --bogus password=[removed]: correct its command'])
  await w.stop()
})

t.test('one that is kept and started by a timer is told of at each end after an error, not where somebody ended it', async (t) => {
  const w = await createWatching(t, '2026-11-23T08:00:00Z')
  w.add('watchtower', { env: ENV })
  w.add('nightly', { args: ['--run-once', '--monitor-only'] })
  w.start()
  await w.reach(at(0, 9))
  for (const exitCode of [1, 0, 1, 130, 143]) {
    w.api.start('nightly')
    await w.clock.until(Date.now() + 2_000)
    if (exitCode === 0) w.check(3, 'nightly')
    else w.say('nightly', BROKEN)
    await w.clock.until(Date.now() + 2_000)
    w.api.stop('nightly', exitCode)
    await w.clock.until(Date.now() + 10 * MINUTE)
  }
  t.same(w.said().map((text) => text.split('\n')[2]), Array(2).fill('nightly ended with exit code 1.'))
  await w.stop()
})

/** What `docker compose run --rm watchtower --run-once --monitor-only` does. */
async function runAndRemove(w: Watching, name: string, lines: () => void, options: Parameters<Watching['add']>[1] = {}): Promise<void> {
  w.add(name, { args: ['--run-once', '--monitor-only'], labels: { 'com.docker.compose.oneoff': 'True' }, ...options })
  await w.clock.until(Date.now() + 2_000)
  lines()
  await w.clock.until(Date.now() + 2_000)
  w.api.remove(name)
  await w.clock.until(Date.now() + MINUTE)
}

t.test('one that is removed at once is told of by its last words, one that came to its end is not', async (t) => {
  const w = await createWatching(t, '2026-11-23T08:00:00Z')
  w.add('watchtower', { env: ENV })
  w.start()
  await w.reach(at(0, 9))
  await runAndRemove(w, 'good', () => w.check(3, 'good'))
  await runAndRemove(w, 'unsent', () => {
    w.check(3, 'unsent')
    w.say('unsent', UNSENT)
  })
  await runAndRemove(w, 'silent', () => {})
  await runAndRemove(w, 'quiet', () => w.say('quiet', UNSENT), { args: ['--run-once', '--monitor-only', '--log-level=error'] })
  t.same(w.said(), [])
  await runAndRemove(w, 'bad', () => w.say('bad', BROKEN))
  t.same(w.said(), ['⚠️ A one-off check failed\n\nbad ended before its check did.\nLast error: Error response from daemon: Bad response from Docker engine'])
  await runAndRemove(w, 'by variable', () => w.say('by variable', BROKEN), { args: [], labels: {}, env: ['WATCHTOWER_RUN_ONCE=true', 'WATCHTOWER_MONITOR_ONLY=true'] })
  t.match(w.said(1), [/\n\nby variable ended before its check did\./])
  await runAndRemove(w, 'fork', () => w.say('fork', 'level=error msg="Update execution failed" error="failed to list containers"'))
  t.match(w.said(2), [/\n\nfork ended before its check did\.\nLast error: failed to list containers$/])
  w.api.stop('watchtower')
  w.say('watchtower', BROKEN)
  w.api.remove('watchtower')
  await w.clock.until(Date.now() + 2 * MINUTE)
  t.equal(w.said().length, 3, 'one that is there to stay is no one-off check')
  await w.stop()
})

t.test('one that ended before this program began is history, though it is removed while it runs', async (t) => {
  const w = await createWatching(t, '2026-11-23T08:00:00Z')
  w.add('watchtower', { env: ENV })
  const old = w.add('old', { args: ['--run-once'], labels: { 'com.docker.compose.oneoff': 'True' } })
  old.State.FinishedAt = new Date().toISOString()
  w.say('old', BROKEN)
  w.api.stop('old', 1)
  await w.clock.until(Date.now() + MINUTE)
  w.start()
  await w.reach(at(0, 9))
  w.api.remove('old')
  const never = w.add('never started', { args: ['--run-once'], labels: { 'com.docker.compose.oneoff': 'True' } })
  Object.assign(never.State, { Status: 'created', Running: false, StartedAt: '0001-01-01T00:00:00Z' })
  await w.clock.until(Date.now() + MINUTE)
  w.api.remove('never started')
  await w.reach(at(0, 10))
  t.same(w.said(), [])
  await w.stop()
})
