// The guard on a real engine: a Watchtower with wrong settings, one that replaces a container, one that hides what it
// finds; and all the ordinary things that are no alarm.
import t, { type Test } from 'tap'
import { type Engine, engineTest } from './engine.js'
import { until } from './processes.js'
import { type Sidecar, startSidecar } from './sidecar.js'
import { check, composeUp, image, paste, runWatchtower } from './stack.js'
import { standInWatchtower, watchtowerLine } from './watchtower.js'

const PROJECT = `
version: "2.4"
services:
  postgres:
    image: "postgres:16"
    network_mode: none
`

/** Publishes and pulls a version of postgres, as Watchtower does; gives its id. */
async function next(engine: Engine, version: string): Promise<string> {
  const id = await engine.publish(image('postgres:16', { PG_VERSION: `${version}-1.pgdg120+1` }))
  await engine.pull('postgres:16')
  return id
}
const texts = ({ bot }: Sidecar): string[] => bot.messages.map(({ text }) => text)
const told = async (t: Test, sidecar: Sidecar, ...patterns: RegExp[]): Promise<void> => {
  for (const pattern of patterns) t.ok(await until(() => texts(sidecar).some((text) => pattern.test(text)), 60_000), `${pattern} in ${texts(sidecar).join('\n---\n')}`)
}

await engineTest(t, 'not monitor-only, and a container that is really replaced: told at once, and rolled back as the message says', async (t, engine) => {
  const old = await next(engine, '16.1')
  const cwd = await composeUp(engine, 'friday', PROJECT)
  const watchtower = await standInWatchtower(engine, t, { always: true })
  await engine.run('--name', 'watchtower', '-v', watchtower.mount, watchtower.image, '--monitor-only=false')
  const sidecar = await startSidecar(t, engine)
  await told(t, sidecar, /^🚨 Watchtower is not monitor-only\n\nwatchtower stops and replaces[^]*--monitor-only is there, but not set to true[^]*docker stop watchtower$/)

  const id = await next(engine, '16.2')
  watchtower.feed(watchtowerLine('Watchtower 1.7.1'), watchtowerLine(`Found new postgres:16 image (${id.slice(7, 19)})`))
  watchtower.feed(watchtowerLine('Stopping /friday_postgres_1 (111111111111) with SIGTERM'))
  await engine.compose(['up', '-d', 'postgres'], { cwd })
  watchtower.feed(watchtowerLine('Creating /friday_postgres_1'))
  await told(t, sidecar, new RegExp(`^🚨 Watchtower replaced a container\n\nContainer: friday_postgres_1\nImage: postgres:16\nOld: 16\\.1 \\(${old.slice(7, 19)}\\)\nNew: 16\\.2 \\(${id.slice(7, 19)}\\)`))
  t.same(sidecar.events('session.sealed'), [], 'before the check ended')
  watchtower.feed(watchtowerLine('Session done', 'Failed=0 Scanned=1 Updated=1 notify=no'))
  await sidecar.waitFor('session.sealed')
  t.equal(texts(sidecar).filter((text) => /replaced a container/.test(text)).length, 1)

  const alarm = texts(sidecar).find((text) => /replaced a container/.test(text)) ?? ''
  const running = async (): Promise<string> => (await engine.inspect((await engine.compose(['ps', '-q', 'postgres'], { cwd })).stdout.trim())).Image
  t.equal(await running(), id)
  await paste(engine, (alarm.split('roll back:\n')[1] ?? '').split('\n').map((line) => line.trim()), cwd)
  t.equal(await running(), old)
  await paste(engine, ['docker stop watchtower'], cwd)
})

await engineTest(t, 'what was replaced while the sidecar was down is told once', async (t, engine) => {
  await next(engine, '16.1')
  await composeUp(engine, 'friday', PROJECT)
  const watchtower = await standInWatchtower(engine, t, { always: true })
  await runWatchtower(engine, watchtower)
  const first = await startSidecar(t, engine)
  await first.waitFor('watchtower.attached')
  check(watchtower, [], 1)
  await first.waitFor('session.sealed')
  await first.stop()
  watchtower.feed(watchtowerLine('Stopping /friday_postgres_1 (111111111111) with SIGTERM'), watchtowerLine('Creating /friday_postgres_1'))
  check(watchtower, [], 1)
  const second = await startSidecar(t, engine, { bot: first.bot })
  await told(t, second, /^🚨 Watchtower replaced a container\n[^]*2\. Its settings say monitor-only/)
  await second.stop()
  const third = await startSidecar(t, engine, { bot: first.bot })
  await third.waitFor('watchtower.attached')
  t.equal(texts(third).length, 1)
})

await engineTest(t, 'label precedence, a hidden log level, a log too small and one that cannot be read are told of', async (t, engine) => {
  await next(engine, '16.1')
  const watchtower = await standInWatchtower(engine, t, { always: true })
  await engine.run('--name', 'exempt', '--label', 'com.centurylinklabs.watchtower.monitor-only=false', '--network', 'none', 'postgres:16')
  await runWatchtower(engine, watchtower, watchtower, '-e', 'WATCHTOWER_LABEL_TAKE_PRECEDENCE=true', '-e', 'WATCHTOWER_LOG_LEVEL=warn', '-e', 'WATCHTOWER_NO_PULL=true', '--log-opt', 'max-size=1k')
  await engine.run('--name', 'dumb', '--log-driver', 'none', '-v', watchtower.createFeed().mount, watchtower.image)
  const sidecar = await startSidecar(t, engine)
  await told(t, sidecar, /may update a container\n[^]*exempt carries/, /hides its updates/, /log is too small/, /does not look for new images/, /log cannot be read\n\nDocker cannot read the log of dumb \(log driver none\)/)
  t.equal(texts(sidecar).length, 5)
})

await engineTest(t, 'a restart, a recreation, a second Watchtower and a service that Compose recreates during a check are no alarm', async (t, engine) => {
  await next(engine, '16.1')
  const cwd = await composeUp(engine, 'friday', PROJECT)
  const watchtower = await standInWatchtower(engine, t, { always: true })
  await runWatchtower(engine, watchtower)
  const sidecar = await startSidecar(t, engine)
  await sidecar.waitFor('watchtower.attached')
  const id = await next(engine, '16.2')
  watchtower.feed(watchtowerLine('Watchtower 1.7.1'), watchtowerLine(`Found new postgres:16 image (${id.slice(7, 19)})`))
  await engine.compose(['up', '-d', 'postgres'], { cwd })
  check(watchtower, [], 1)
  await sidecar.waitFor('session.sealed')
  await engine.docker(['restart', '-t', '1', 'watchtower'])
  check(watchtower, [], 1)
  await sidecar.waitFor('session.sealed', 2)
  await engine.docker(['rm', '-f', 'watchtower'])
  await runWatchtower(engine, watchtower)
  await sidecar.waitFor('watchtower.attached', 2)
  watchtower.feed(
    watchtowerLine('Found multiple running watchtower instances. Cleaning up.'), watchtowerLine('Stopping /watchtower-old (111111111111) with SIGTERM'),
    watchtowerLine('Removing image 222222222222'), watchtowerLine('Watchtower 1.7.1'),
  )
  check(watchtower, [], 1)
  await sidecar.waitFor('session.sealed', 3)
  t.same([sidecar.events('guard.finding'), sidecar.events('container.replaced'), texts(sidecar)], [[], [], []])
})
