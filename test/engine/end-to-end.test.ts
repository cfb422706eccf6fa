import t from 'tap'
import { engineTest } from './engine.js'
import { until } from './processes.js'
import { startSidecar, TOPIC } from './sidecar.js'
import { check, composeUp, image, paste, runWatchtower } from './stack.js'
import { checkLines, standInWatchtower, watchtowerLine } from './watchtower.js'

const POSTGRES = `
version: "2.4"
services:
  postgres: { image: "postgres:16", network_mode: none }
`

await engineTest(t, 'v1 runs, v2 is pushed, the message is in the topic, and the container is still the same one on v1', async (t, engine) => {
  const v1 = await engine.publish(image('postgres:16', { PG_VERSION: '16.1-1.pgdg120+1' }))
  await engine.pull('postgres:16')
  const cwd = await composeUp(engine, 'friday', POSTGRES)
  const before = (await engine.compose(['ps', '-q', 'postgres'], { cwd })).stdout.trim()
  const watchtower = await standInWatchtower(engine, t)
  await runWatchtower(engine, watchtower)
  const sidecar = await startSidecar(t, engine)
  await sidecar.waitFor('watchtower.attached')

  const v2 = await engine.publish(image('postgres:16', { PG_VERSION: '16.2-1.pgdg120+2' }))
  if (watchtower.kind === 'stand-in') await engine.pull('postgres:16')
  check(watchtower, [{ image: 'postgres:16', id: v2 }], 1)

  const [message] = await sidecar.bot.waitForMessages(1, 60_000)
  t.equal(message?.message_thread_id, TOPIC)
  const pinned = (await engine.inspect(v1)).RepoDigests[0]
  t.equal(message?.text, `🔔 Docker Update Available

Service: postgres
Current: 16.1
New: 16.2

Command:
docker compose pull postgres
docker compose up -d postgres

Roll back:
docker tag ${v1.slice(7, 19)} postgres:16
docker compose up -d postgres
Pinned: ${pinned}`)
  const after = (await engine.compose(['ps', '-q', 'postgres'], { cwd })).stdout.trim()
  t.equal(after, before, 'monitor-only: the same container')
  t.match(await engine.inspect(after), { Image: v1, State: { Status: 'running' } })
  const [sealed] = await sidecar.waitFor('session.sealed')
  t.match(sealed?.report.updates, [{ project: 'friday', directory: cwd, currentImageId: v1.slice(7, 19), newImageId: v2.slice(7, 19) }])

  await engine.compose(['up', '-d', 'postgres'], { cwd })
  t.match(await engine.inspect((await engine.compose(['ps', '-q', 'postgres'], { cwd })).stdout.trim()), { Image: v2 }, 'the command of the message applies it')
  check(watchtower, [{ image: 'postgres:16', id: v2 }], 1)
  await sidecar.waitFor('session.sealed', 2)
  t.same(sidecar.events('session.sealed')[1]?.report.updates, [], 'what is applied is reported no more')
})

await engineTest(t, 'a wrong id names no service', async (t, engine) => {
  await engine.publish(image('postgres:16'))
  await engine.pull('postgres:16')
  await composeUp(engine, 'friday', POSTGRES)
  const watchtower = await standInWatchtower(engine, t, { always: true })
  await runWatchtower(engine, watchtower)
  const sidecar = await startSidecar(t, engine)
  await sidecar.waitFor('watchtower.attached')
  check(watchtower, [{ image: 'postgres:16', id: 'deadbeef0000' }], 1)
  const [message] = await sidecar.bot.waitForMessages(1, 60_000)
  t.equal(message?.text, '🔔 Docker Update Available\n\nImage: postgres:16\nCurrent: unknown\nNew: image deadbeef0000')
})

await engineTest(t, 'scaled services, services sharing an image, containers outside compose and excluded ones are told apart', async (t, engine) => {
  await engine.publish(image('nginx:1.25', { NGINX_VERSION: '1.25.3' }))
  await engine.pull('nginx:1.25')
  await composeUp(engine, 'shop', `
version: "2.4"
services:
  web: { image: "nginx:1.25", network_mode: none, scale: 2 }
  admin: { image: "nginx:1.25", network_mode: none }
  quiet: { image: "nginx:1.25", network_mode: none, labels: { com.centurylinklabs.watchtower.enable: "false" } }
`)
  await engine.run('--name', 'lone', 'nginx:1.25')
  const watchtower = await standInWatchtower(engine, t, { always: true })
  await runWatchtower(engine, watchtower)
  const sidecar = await startSidecar(t, engine)
  await sidecar.waitFor('watchtower.attached')
  const next = await engine.publish(image('nginx:1.25', { NGINX_VERSION: '1.25.4' }))
  await engine.pull('nginx:1.25')
  check(watchtower, Array.from({ length: 4 }, () => ({ image: 'nginx:1.25', id: next })), 5)
  const [sealed] = await sidecar.waitFor('session.sealed')
  const updates = sealed?.report.updates as { service: string; containers: string[]; commands: string[] }[]
  t.same(new Map(updates.map((u) => [u.service, u.containers.length])), new Map([['web', 2], ['admin', 1], ['lone', 1]]))
  t.same(updates.find((u) => u.service === 'lone')?.commands, ['docker pull nginx:1.25', '# then recreate lone by hand: not started by Compose'])
  t.same(updates.find((u) => u.service === 'web')?.commands, ['docker compose pull web', 'docker compose up -d --scale web=2 web'])
})

await engineTest(t, 'a command for a service leaves its dependency with a pending update alone', async (t, engine) => {
  for (const ref of ['redis:7', 'team/app:1']) {
    await engine.publish(image(ref))
    await engine.pull(ref)
  }
  // Compose 1 writes no depends_on label; the one that Compose 2 writes is given here
  const cwd = await composeUp(engine, 'stack', `
version: "2.4"
services:
  app: { image: "team/app:1", network_mode: none, depends_on: [redis], labels: { com.docker.compose.depends_on: "redis:service_started:false" } }
  redis: { image: "redis:7", network_mode: none }
`)
  const id = async (service: string): Promise<string> => (await engine.compose(['ps', '-q', service], { cwd })).stdout.trim()
  const [app, redis] = [await id('app'), await id('redis')]
  const watchtower = await standInWatchtower(engine, t, { always: true })
  await runWatchtower(engine, watchtower)
  const sidecar = await startSidecar(t, engine)
  await sidecar.waitFor('watchtower.attached')
  const found = []
  for (const ref of ['redis:7', 'team/app:1']) {
    found.push({ image: ref, id: await engine.publish(image(ref)) })
    await engine.pull(ref)
  }
  check(watchtower, found, 2)
  const [sealed] = await sidecar.waitFor('session.sealed')
  const updates = sealed?.report.updates as { service: string; commands: string[] }[]
  t.same(updates.find((u) => u.service === 'redis')?.commands, ['docker compose pull redis', 'docker compose up -d redis'])
  const commands = updates.find((u) => u.service === 'app')?.commands ?? []
  t.same(commands, ['docker compose pull app', 'docker compose up -d --no-deps app'])
  await paste(engine, commands, cwd)
  t.not(await id('app'), app, 'the service is recreated')
  t.equal(await id('redis'), redis, 'its dependency is not')

  await paste(engine, ['docker compose up -d app'], cwd)
  t.not(await id('redis'), redis, 'without --no-deps it would have been: that is why')
})

await engineTest(t, 'several Watchtowers, a one-off check and a recreated Watchtower are followed', async (t, engine) => {
  await engine.publish(image('postgres:16'))
  await engine.pull('postgres:16')
  await composeUp(engine, 'friday', POSTGRES)
  const watchtower = await standInWatchtower(engine, t, { always: true })
  await runWatchtower(engine, watchtower)
  const sidecar = await startSidecar(t, engine)
  await sidecar.waitFor('watchtower.attached')

  const once = watchtower.createFeed()
  once.feed(watchtowerLine('Unable to update container "/friday_postgres_1": Error response from daemon: toomanyrequests: too fast. Proceeding to next.'), ...checkLines([], 0))
  once.exit(0)
  await engine.run('--name', 'once', '-v', once.mount, watchtower.image)
  t.match(await sidecar.waitFor('session.sealed'), [{ report: { watchtower: { container: 'once' }, failures: [{ container: 'friday_postgres_1', reason: 'rate-limited' }] } }])

  watchtower.feed(watchtowerLine('Found new postgres:16 image (dbc31cdc91c5)'))
  // a Watchtower that is removed before it has printed the line has lost it, not we
  await until(async () => (await engine.docker(['logs', 'watchtower'])).stderr.includes('Found new'), 60_000)
  await engine.docker(['rm', '--force', 'watchtower'])
  const sealed = await sidecar.waitFor('session.sealed', 2)
  t.match(sealed[1], { report: { watchtower: { container: 'watchtower' }, session: { end: 'aborted' } } })

  await runWatchtower(engine, watchtower)
  await sidecar.waitFor('watchtower.attached', 3)
  await engine.docker(['restart', '--time', '1', 'watchtower'])
  check(watchtower, [], 1)
  t.match((await sidecar.waitFor('session.sealed', 3))[2], { report: { watchtower: { container: 'watchtower' }, session: { end: 'done', scanned: 1 } } })
})

await engineTest(t, 'a Watchtower with a terminal is read as well', async (t, engine) => {
  await engine.publish(image('postgres:16', { PG_VERSION: '16.1-1' }))
  await engine.pull('postgres:16')
  await composeUp(engine, 'friday', POSTGRES)
  const watchtower = await standInWatchtower(engine, t, { always: true })
  await runWatchtower(engine, watchtower, watchtower, '-t')
  const sidecar = await startSidecar(t, engine)
  await sidecar.waitFor('watchtower.attached')
  const next = await engine.publish(image('postgres:16', { PG_VERSION: '16.2-1' }))
  await engine.pull('postgres:16')
  watchtower.feed(
    `\u001b[36mINFO\u001b[0m[0002] ${`Found new postgres:16 image (${next.slice(7, 19)})`.padEnd(44)} `,
    `\u001b[36mINFO\u001b[0m[0002] ${'Session done'.padEnd(44)}  \u001b[36mFailed\u001b[0m=0 \u001b[36mScanned\u001b[0m=1 \u001b[36mUpdated\u001b[0m=1 \u001b[36mnotify\u001b[0m=no`,
  )
  t.match((await sidecar.bot.waitForMessages(1, 60_000))[0]?.text, /Current: 16\.1\nNew: 16\.2/)
  t.match(sidecar.events('session.sealed'), [{ report: { session: { end: 'done', scanned: 1, available: 1, failed: 0 } } }])
})
