import t from 'tap'
import { engineTest } from './engine.js'
import { startSidecar } from './sidecar.js'
import { check, composeUp, image, paste, runWatchtower } from './stack.js'
import { standInWatchtower } from './watchtower.js'

await engineTest(t, 'the way back works when pasted: the old version runs again, and the pinned reference is that version', async (t, engine) => {
  const [v1] = [await engine.publish(image('postgres:16', { PG_VERSION: '16.1-1.pgdg120+1' })), await engine.pull('postgres:16')]
  // an engine with a dependency that is to stay as it is, and a container outside Compose
  await engine.publish(image('team/app:1'))
  await engine.pull('team/app:1')
  const cwd = await composeUp(engine, 'friday', `
version: "2.4"
services:
  app: { image: "team/app:1", network_mode: none, depends_on: [postgres], labels: { com.docker.compose.depends_on: "postgres:service_started:false" } }
  postgres: { image: "postgres:16", network_mode: none }
`)
  await engine.run('--name', 'lone', 'postgres:16')
  const running = async (service: string): Promise<string> => (await engine.inspect((await engine.compose(['ps', '-q', service], { cwd })).stdout.trim())).Image
  const app1 = await running('app')
  const watchtower = await standInWatchtower(engine, t, { always: true })
  await runWatchtower(engine, watchtower)
  const sidecar = await startSidecar(t, engine)
  await sidecar.waitFor('watchtower.attached')
  const v2 = await engine.publish(image('postgres:16', { PG_VERSION: '16.2-1.pgdg120+2' }))
  const app2 = await engine.publish(image('team/app:1'))
  for (const ref of ['postgres:16', 'team/app:1']) await engine.pull(ref)
  check(watchtower, [{ image: 'postgres:16', id: v2 }, { image: 'team/app:1', id: app2 }], 3)
  const [sealed] = await sidecar.waitFor('session.sealed')
  const updates = sealed?.report.updates as { service: string; commands: string[]; rollback: string[]; pinned: string }[]
  const of = (service: string) => updates.find((update) => update.service === service) as (typeof updates)[number]

  await paste(engine, of('app').commands, cwd)
  await paste(engine, of('postgres').commands, cwd)
  t.same([await running('app'), await running('postgres')], [app2, v2], 'both are applied')
  await engine.compose(['down'], { cwd })
  await engine.compose(['up', '-d'], { cwd })
  t.equal(await running('postgres'), v2, 'down and up is no way back')
  await paste(engine, of('postgres').rollback, cwd)
  t.equal(await running('postgres'), v1, 'the way back is')
  t.equal(await running('app'), app2)
  await paste(engine, of('app').rollback, cwd)
  t.equal(await running('app'), app1)
  t.match(of('app').rollback.at(-1), 'up -d --no-deps app')
  t.same(of('lone').rollback, [`docker tag ${v1.slice(7, 19)} postgres:16`, '# then recreate lone by hand: not started by Compose'])
  t.equal((await engine.inspect(of('postgres').pinned)).Id, v1)
})
