// Who writes the log, and who stands before it: several Watchtowers, none, one that replaces itself, a proxy that refuses.
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { container, type DockerApi, madeUpId } from '../fakes/docker-api.js'
import { attached, createStage, done, eventually, found, inParallel, record, sealed, settled, WATCHTOWER } from './stage.js'
import { faultTable } from './table.js'

const watchtower = (name: string, more: { id?: string; status?: string; args?: string[] } = {}) => container({ name, image: 'containrrr/watchtower:1.7.1', labels: WATCHTOWER, ...more })

async function selfUpdate(t: Test): Promise<string> {
  const { stage, sidecar } = await attached(t)
  const [first = '', second = '', third = '', fourth = ''] = stage.names(4, 'nobody')
  stage.say([found(first)])
  const old = stage.api.containers[0]
  if (!old) throw new Error('no Watchtower')
  old.Name = '/eMQXyUvKLz'
  stage.api.events.pushFor(old, 'rename')
  stage.api.containers.push(watchtower('watchtower', { id: madeUpId('the new one') }))
  stage.api.start('watchtower')
  await sidecar.waitFor('watchtower.attached', 2)
  stage.say([record('Watchtower 1.7.2'), found(third)])
  stage.say([found(second), done(2)], 'eMQXyUvKLz')
  stage.say([found(fourth), done(2)])
  await stage.told()
  const updates = sealed(sidecar).map(([, ...names]) => names.sort()).sort()
  t.same(updates, [[first, second], [third, fourth]], 'the checks are not mixed')
  stage.api.remove('eMQXyUvKLz')
  stage.check(1)
  await stage.told()
  await stage.stop(sidecar)
  return stage.verdict()
}

async function twoWatchtowers(t: Test): Promise<string> {
  const stage = await createStage(t, { watchtower: 'tower-a' })
  stage.api.containers.push(watchtower('tower-b', { args: ['--scope', 'b'] }))
  const sidecar = stage.start()
  await sidecar.waitFor('watchtower.attached', 2)
  const [a, b] = [stage.names(2, 'tower-a'), stage.names(2, 'tower-b')]
  for (const index of [0, 1]) {
    stage.say([found(a[index] ?? '')], 'tower-a')
    stage.say([found(b[index] ?? '')], 'tower-b')
  }
  stage.say([done(2)], 'tower-b')
  stage.say([done(2)], 'tower-a')
  await stage.told()
  t.same(sealed(sidecar).sort(), [['tower-a', ...a], ['tower-b', ...b]], 'a check of each, under its name')
  await settled(stage)
  await stage.kill(sidecar)
  const second = stage.start()
  stage.check(1, { on: 'tower-a' })
  stage.check(1, { on: 'tower-b' })
  await stage.told()
  await stage.stop(second)
  return stage.verdict()
}

/** Requests in that many seconds. */
async function requestsWithin(api: DockerApi, seconds: number): Promise<number> {
  const before = api.requests.length
  await sleep(seconds * 1_000)
  return api.requests.length - before
}

async function noWatchtower(t: Test): Promise<string> {
  const stage = await createStage(t, { watchtower: null })
  const sidecar = stage.start({ RECONCILE_EVERY: '30s' })
  await sidecar.waitFor('watchtower.absent')
  const absent = await requestsWithin(stage.api, 4)
  stage.api.containers.push(watchtower('watchtower', { status: 'created' }))
  for (const one of stage.api.containers) stage.api.events.pushFor(one, 'create')
  await eventually(() => stage.api.requests.some(({ path }) => path.includes('/logs')), 'the created one was looked at')
  while ((await requestsWithin(stage.api, 2)) > 0); // what is asked once: how it was told to run, how it is
  const created = await requestsWithin(stage.api, 4)
  t.ok(absent < 8 && created < 8, `less than 2 requests a second: ${absent} and ${created} in 4 s`)
  stage.api.start('watchtower')
  await stage.api.log('watchtower').waitForFollowers(1, 20_000)
  stage.check(2)
  await stage.told()
  t.equal(sidecar.events('watchtower.absent').length, 1, 'said once')
  await stage.stop(sidecar)
  return `${absent} requests in 4 s while absent, ${created} while only created; ${stage.verdict()}`
}

/** A proxy that refuses all, from the start on; for 502 while it runs, too. */
async function refusingProxy(t: Test): Promise<string> {
  const seen: string[] = []
  await inParallel([403, 502, 503], 3, async (status) => {
    const stage = await createStage(t)
    const deny = (): void => stage.api.override(/.*/, { type: 'answer', status, body: '<html><body><h1>Request forbidden by administrative rules.</h1></body></html>' })
    deny()
    const sidecar = stage.start()
    const [line] = await sidecar.waitFor('docker.unreachable')
    t.match(line, { level: 'error', msg: status === 403 ? /socket proxy must allow GET/ : new RegExp(String(status)) })
    const requests = await requestsWithin(stage.api, 3)
    t.ok(requests < 30, `backs off: ${requests} requests in 3 s`)
    stage.api.override(/.*/, null)
    stage.check(1)
    await stage.told()
    if (status === 502) {
      deny()
      stage.api.log('watchtower').destroy()
      stage.api.events.destroy()
      await sidecar.waitFor('docker.unreachable', 2)
      stage.api.override(/.*/, null)
      stage.check(1)
      await stage.told(stage.injected, 60_000)
    }
    t.ok(sidecar.events('docker.unreachable').length <= 2, 'said once each time')
    await stage.stop(sidecar)
    seen.push(`${status}: ${requests} requests in 3 s, ${stage.verdict()}`)
  })
  return seen.sort().join('; ')
}

t.test('the Watchtowers and the way to them', { timeout: 840_000 }, (t) => faultTable(t, [
  { row: 13, fault: 'self-update: the old one renamed, both alive', expected: 'both read, checks not mixed', run: selfUpdate },
  { row: 14, fault: 'two Watchtowers', expected: 'separate checks, each under its name', run: twoWatchtowers },
  { row: 15, fault: 'Watchtower absent, then only created', expected: 'waits, under 2 requests a second, said once', run: noWatchtower },
  { row: 26, fault: 'socket proxy answers 403, 502, 503', expected: 'a clear sentence, backs off, goes on', timeoutMs: 300_000, run: refusingProxy },
]))
