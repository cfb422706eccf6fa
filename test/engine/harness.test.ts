import t from 'tap'
import { existsSync, readFileSync } from 'node:fs'
import { engineTest, startEngine } from './engine.js'
import { checkLines, standInWatchtower } from './watchtower.js'
import { until } from './processes.js'

await engineTest(t, 'a pull moves the tag to the published image and leaves the running container on the old one', async (t, engine) => {
  const started = performance.now()
  const first = await engine.publish({ ref: 'postgres:16', env: { PG_VERSION: '16.1' }, labels: { note: 'a "quoted" $word' } })
  t.equal(await engine.pull('postgres:16'), first)
  const container = await engine.run('--name', 'database', 'postgres:16')

  const second = await engine.publish({ ref: 'postgres:16', env: { PG_VERSION: '16.2' } })
  t.not(second, first, 'two builds never share an id')
  t.equal((await engine.inspect('postgres:16')).Id, first, 'publishing alone changes nothing on the engine')
  t.equal(await engine.pull('postgres:16'), second)

  const running = await engine.inspect('database')
  t.match(running, { Id: container, Image: first, State: { Status: 'running' }, Config: { Image: 'postgres:16' } })
  const old = await engine.inspect(first)
  t.match(old, { Id: first, RepoTags: [], Config: { Labels: { note: 'a "quoted" $word' } } })
  t.ok(old.Config.Env.includes('PG_VERSION=16.1'))
  t.ok((await engine.inspect(second)).Config.Env.includes('PG_VERSION=16.2'))
  t.comment(`two images published and pulled, one container: ${Math.round(performance.now() - started)} ms`)
})

await engineTest(t, 'an image that nobody published cannot be pulled, without asking outside', async (t, engine) => {
  const { code, stderr } = await engine.docker(['pull', 'nobody/published-this:1'], { allowFailure: true })
  t.equal(code, 1)
  t.match(stderr, /127\.0\.0\.1:9: connect: connection refused/)
})

await engineTest(t, 'the stand-in Watchtower prints each fed line once, on stderr, across a restart', async (t, engine) => {
  const watchtower = await standInWatchtower(engine, t, { always: true })
  const logs = async (): Promise<string> => (await engine.docker(['logs', 'watchtower'])).stderr
  const lines = checkLines([{ image: 'postgres:16', id: 'sha256:dbc31cdc91c5ffff' }], 1)
  watchtower.feed(...lines)
  const id = await engine.run('--name', 'watchtower', '-v', watchtower.mount, watchtower.image)
  t.ok(await until(async () => (await logs()).split('\n').length > lines.length, 60_000))
  t.equal(await logs(), `${lines.join('\n')}\n`)
  t.match((await engine.inspect(id)).Config.Labels, { 'com.centurylinklabs.watchtower': 'true' })

  await engine.docker(['restart', 'watchtower'])
  watchtower.feed('after the restart')
  watchtower.exit(3)
  t.ok(await until(async () => (await engine.inspect(id)).State.Status === 'exited', 60_000))
  t.equal((await engine.inspect(id)).State.ExitCode, 3)
  t.equal(await logs(), `${lines.join('\n')}\nafter the restart\n`)
})

await engineTest(t, 'two engines run side by side, and stop leaves nothing of either', async (t, engine) => {
  const started = performance.now()
  const other = await startEngine()
  t.teardown(other.stop)
  const startMs = performance.now() - started
  const bridges: string[] = []
  for (const one of [engine, other]) {
    await one.buildImage({ ref: 'sleeper:1' })
    const network = (await one.docker(['network', 'create', 'bridged'])).stdout
    bridges.push(`/sys/class/net/br-${network.slice(0, 12)}`)
    await one.run('--name', 'sleeper', '--network', 'bridged', 'sleeper:1')
  }
  t.same(bridges.map((path) => existsSync(path)), [true, true])
  const stopping = performance.now()
  for (const one of [engine, other]) {
    await one.stop()
    t.notOk(existsSync(one.directory))
    t.notOk(readFileSync('/proc/self/mountinfo', 'utf8').includes(one.directory))
  }
  t.same(bridges.map((path) => existsSync(path)), [false, false])
  t.comment(`started in ${Math.round(startMs)} ms, both stopped in ${Math.round(performance.now() - stopping)} ms`)
})
