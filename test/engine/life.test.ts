// The whole life of an update on a real engine: announced, reminded of, applied as the message says, ticked, healthy;
// applied while nobody looked, superseded, rolled back as the message says, its message deleted.
import t, { type Test } from 'tap'
import type { BotApi } from '../fakes/bot-api.js'
import { type Engine, engineTest } from './engine.js'
import { until } from './processes.js'
import { startSidecar } from './sidecar.js'
import { check, composeUp, image, paste, runWatchtower } from './stack.js'
import { standInWatchtower, type WatchtowerImage } from './watchtower.js'

interface Stage {
  watchtower: WatchtowerImage
  cwd: string
  /** publishes and pulls the next version, as Watchtower does; gives its id */
  next(version: string): Promise<string>
  running(): Promise<string>
}

/** A postgres with a health check that fails while /tmp/sick is there, on 16.1, and a Watchtower beside it. */
async function stage(t: Test, engine: Engine): Promise<Stage> {
  const next = async (version: string): Promise<string> => {
    const id = await engine.publish(image('postgres:16', { PG_VERSION: `${version}-1.pgdg120+1` }))
    await engine.pull('postgres:16')
    return id
  }
  await next('16.1')
  const cwd = await composeUp(engine, 'friday', `
version: "2.4"
services:
  postgres:
    image: "postgres:16"
    network_mode: none
    healthcheck: { test: ["CMD-SHELL", "test ! -e /tmp/sick"], interval: 1s, retries: 1 }
`)
  const watchtower = await standInWatchtower(engine, t, { always: true })
  await runWatchtower(engine, watchtower)
  const id = async (): Promise<string> => (await engine.compose(['ps', '-q', 'postgres'], { cwd })).stdout.trim()
  return { watchtower, cwd, next, running: async () => (await engine.inspect(await id())).Image }
}

/** The first message of the chat once it reads so. */
async function shows(bot: BotApi, pattern: RegExp, nth = 0): Promise<string> {
  await until(() => pattern.test(bot.messages[nth]?.text ?? ''), 60_000)
  return bot.messages[nth]?.text ?? ''
}

const commands = (text: string, after: string): string[] => (text.split(`${after}\n`)[1] ?? '').split('\n').filter((line) => line.startsWith('docker ')).slice(0, 2)

await engineTest(t, 'announced, reminded of, applied as the message says, ticked, healthy; then rolled back as it says', async (t, engine) => {
  const { watchtower, cwd, next, running } = await stage(t, engine)
  const sidecar = await startSidecar(t, engine, { remindMs: 3_600_000 })
  await sidecar.waitFor('watchtower.attached')
  const old = await running()
  const id = await next('16.2')
  check(watchtower, [{ image: 'postgres:16', id }], 1)
  const [{ text } = { text: '' }] = await sidecar.bot.waitForMessages(1, 60_000)

  check(watchtower, [{ image: 'postgres:16', id }], 1)
  const reminder = (await sidecar.bot.waitForMessages(2, 60_000))[1]
  t.match(reminder, { text: /postgres 16\.1 → 16\.2, (today|1 day)/, params: { disable_notification: 'true' } })

  await paste(engine, commands(text, 'Command:'), cwd)
  t.equal(await running(), id)
  t.match(await shows(sidecar.bot, /healthy/), /^✅ Docker Update Applied\n\n✅ postgres 16\.1 → 16\.2, applied \d\d:\d\d.*, healthy/)

  await engine.compose(['exec', '-T', 'postgres', 'touch', '/tmp/sick'], { cwd })
  const sick = await shows(sidecar.bot, /unhealthy/)
  t.match(sick, /❌ postgres 16\.1 → 16\.2.*unhealthy since \d\d:\d\d/)
  await paste(engine, commands(sick, 'Roll back:'), cwd)
  t.equal(await running(), old)
  t.match(await shows(sidecar.bot, /↩️/), /↩️ postgres rolled back to 16\.1/)
  await engine.pull('postgres:16')
  check(watchtower, [{ image: 'postgres:16', id }], 1)
  await sidecar.waitFor('session.sealed', 3)
  t.equal(sidecar.bot.messages.length, 2, 'what was refused is not said again')

  const newer = await next('16.3')
  check(watchtower, [{ image: 'postgres:16', id: newer }], 1)
  t.match((await sidecar.bot.waitForMessages(3, 60_000))[2]?.text, /Current: 16\.1\nNew: 16\.3/)
})

await engineTest(t, 'superseded, applied while the sidecar is down, and a message that somebody deleted', async (t, engine) => {
  const { watchtower, cwd, next } = await stage(t, engine)
  const first = await startSidecar(t, engine)
  const { bot } = first
  await first.waitFor('watchtower.attached')
  check(watchtower, [{ image: 'postgres:16', id: await next('16.2') }], 1)
  await bot.waitForMessages(1, 60_000)
  const newest = await next('16.3')
  check(watchtower, [{ image: 'postgres:16', id: newest }], 1)
  const second = (await bot.waitForMessages(2, 60_000))[1]
  t.match(second?.text, /New: 16\.2 → 16\.3, pending since \d+ \w+\n/)
  await until(() => /<s>/.test(bot.messages[0]?.html ?? ''), 60_000)
  t.match(bot.messages[0]?.html, new RegExp(`<s>[^]*</s>[^]*https://t\\.me/c/1234567890/7/${second?.message_id}"`))
  await first.stop()

  await engine.compose(['up', '-d', 'postgres'], { cwd })
  const later = await startSidecar(t, engine, { bot })
  t.match(await shows(bot, /✅/, 1), /✅ postgres 16\.1 → 16\.3, applied/)
  t.equal(bot.messages.length, 2)

  await later.waitFor('watchtower.attached')
  const next4 = await next('16.4')
  check(watchtower, [{ image: 'postgres:16', id: next4 }], 1)
  await bot.waitForMessages(3, 60_000)
  bot.messages.splice(2, 1)
  await engine.compose(['up', '-d', 'postgres'], { cwd })
  t.match(await later.waitFor('report.not-edited'), [{ level: 'warn' }])
  check(watchtower, [], 1)
  await later.waitFor('session.sealed', 2)
  t.equal(bot.messages.length, 2, 'nothing was pending in it')
})
