// Faults of the Docker daemon itself, on a real engine: stopped, killed, restarted under live containers, frozen.
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import type { Engine } from '../engine/engine.js'
import { execute, until } from '../engine/processes.js'
import { createStage, engineFaults, type Stage } from './engine-stage.js'

/** What the program says of itself to whoever connects to its lock. */
async function health(stage: Stage): Promise<{ healthy: boolean, faults: string[] }> {
  return JSON.parse(await text(connect(join(stage.stateDir, 'lock'))))
}

/** Within 60 s: Docker and Telegram are first asked a moment after the start, and what was told is noted a moment later. */
async function isHealthy(t: Test, stage: Stage): Promise<void> {
  t.ok(await until(async () => (await health(stage)).healthy, 60_000), 'healthy')
}

/** The daemon goes as `end` says and comes back twice, before, during and after an open session. */
async function daemonRestarts(t: Test, engine: Engine, row: number, end: () => Promise<void>): Promise<string> {
  const stage = await createStage(t, engine, { row })
  const tower = await stage.tower('--name', 'watchtower', '--restart', 'always')
  const program = await stage.start()
  for (let times = 1; times <= 2; times += 1) {
    tower.check()
    const [half = ''] = tower.open()
    await tower.logged(half)
    await end()
    await program.waitFor('docker.unreachable', times)
    tower.check()
    await engine.dockerd.start()
    await program.waitFor('docker.connected', 1 + times, 90_000)
    tower.check()
    await stage.told()
  }
  t.equal(program.child.exitCode, null, 'it is still the same process')
  return stage.judge()
}

/** The socket as a container has it that mounts the file: when the daemon makes a new one, the old stays mounted. */
async function mountedSocket(t: Test, engine: Engine): Promise<{ host: string, mount(): Promise<void>, unmount(): Promise<void> }> {
  const path = join(engine.directory, 'mounted.sock')
  writeFileSync(path, '')
  const unmount = async (): Promise<void> => void await execute('umount', [path], { allowFailure: true })
  t.teardown(unmount)
  return { host: `unix://${path}`, mount: async () => void await execute('mount', ['--bind', engine.socketPath, path]), unmount }
}

async function liveRestore(t: Test, engine: Engine): Promise<string> {
  await engine.dockerd.stop()
  await engine.dockerd.start({ 'live-restore': true })
  t.teardown(async () => {
    await engine.dockerd.stop()
    await engine.dockerd.start({})
  })
  const socket = await mountedSocket(t, engine)
  await socket.mount()
  const stage = await createStage(t, engine, { row: 19, host: socket.host, env: { DOCKER_LOST_AFTER: '3s' } })
  const tower = await stage.tower('--name', 'watchtower')
  const program = await stage.start()
  tower.check()
  await stage.told()
  const [half = ''] = tower.open()
  await tower.logged(half)
  const { State: { StartedAt: since } } = await engine.inspect(tower.id)

  await engine.dockerd.stop()
  tower.close()
  tower.check() // waits in the container's pipe, and is stamped when the daemon is back
  await engine.dockerd.start()
  await tower.logged(stage.injected.at(-1) ?? '')
  t.equal((await engine.inspect(tower.id)).State.StartedAt, since, 'the container lived on')
  t.equal(await stage.ended(), 1, 'it gives up on the dead socket')
  t.equal(program.events('docker.lost').length, 1)
  t.match(program.events('docker.lost'), [{ level: 'fatal' }])

  await socket.unmount()
  await socket.mount() // what the restart policy does
  await stage.start()
  return stage.judge()
}

async function frozen(t: Test, engine: Engine): Promise<string> {
  const stage = await createStage(t, engine, { row: 20, env: { DOCKER_TIMEOUT: '2s', DOCKER_LOST_AFTER: '90s' } })
  const tower = await stage.tower('--name', 'watchtower')
  let program = await stage.start()
  tower.check()
  await stage.told()
  await isHealthy(t, stage)
  const [half = ''] = tower.open()
  await tower.logged(half)

  engine.dockerd.freeze()
  tower.close()
  tower.check()
  await program.waitFor('docker.unreachable')
  const [red] = await program.waitFor('health.red')
  t.ok(red?.faults.length > 0, `red while nothing answers: ${red?.faults.join(', ')}`)
  t.equal((await health(stage)).healthy, false)
  engine.dockerd.thaw()
  await stage.told()
  await program.waitFor('health.green')
  await isHealthy(t, stage)
  await stage.stop()

  program = await stage.start({ DOCKER_LOST_AFTER: '8s' })
  engine.dockerd.freeze()
  tower.check()
  t.equal(await stage.ended(), 1, 'it gives up on a daemon that stays frozen')
  t.match(program.events('docker.lost'), [{ level: 'fatal' }])
  engine.dockerd.thaw()
  await until(async () => (await engine.inspect(tower.id)).State.Running, 60_000)
  await stage.start()
  return stage.judge()
}

await engineFaults(t, [
  { row: 17, fault: 'dockerd gets SIGTERM and is started again, twice', expected: 'the same process reads on, nothing lost or repeated', timeoutMs: 300_000, run: (t, engine) => daemonRestarts(t, engine, 17, engine.dockerd.stop) },
  { row: 18, fault: 'dockerd gets SIGKILL and is started again, twice', expected: 'the same process reads on, nothing lost or repeated', timeoutMs: 300_000, run: (t, engine) => daemonRestarts(t, engine, 18, engine.dockerd.kill) },
  { row: 19, fault: 'dockerd restarts with live-restore, the mounted socket file stays dead', expected: 'exit 1 after DOCKER_LOST_AFTER; started on the new socket it catches up', run: liveRestore },
  { row: 20, fault: 'dockerd is frozen, first shorter and then longer than DOCKER_LOST_AFTER', expected: 'red, catches up; then exit 1, and caught up by the next start', run: frozen },
])
