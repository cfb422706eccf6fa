// The doctor at a real engine: what it finds there, and what its one write does, at the socket and at a proxy.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Check } from '../../src/doctor/check.js'
import { probeWrite } from '../../src/docker/client.js'
import { diagnose } from '../../src/doctor/doctor.js'
import { type BotApi, createBotApi } from '../fakes/bot-api.js'
import { CHAT, TOPIC } from '../world.js'
import { type Engine, engineTest } from './engine.js'
import { denyWrites, haproxyMissing } from './haproxy.js'
import { until } from './processes.js'
import { composeUp, image, runWatchtower } from './stack.js'
import { standInWatchtower, watchtowerLine } from './watchtower.js'

const never = new AbortController().signal

async function rows(t: Test, host: string, bot: BotApi): Promise<Map<string, Check>> {
  const stateDir = mkdtempSync(join(tmpdir(), 'wt-doctor-'))
  t.teardown(() => rmSync(stateDir, { recursive: true }))
  const { checks } = await diagnose(Date.now, { TELEGRAM_BOT_TOKEN: bot.token, TELEGRAM_CHAT_ID: String(CHAT), TOPIC_SYSTEM_ID: String(TOPIC), TELEGRAM_API_URL: bot.url, DOCKER_HOST: host, STATE_DIR: stateDir })
  return new Map(checks.map((check) => [check.name, check]))
}

async function stand(t: Test, engine: Engine): Promise<BotApi> {
  const bot = await createBotApi({ chats: [{ id: CHAT, is_forum: true, topics: [TOPIC] }] })
  t.teardown(() => bot.close())
  await engine.publish(image('postgres:16', { PG_VERSION: '16.1' }))
  await engine.pull('postgres:16')
  await engine.buildImage({ ref: 'made-here:1' })
  await composeUp(engine, 'friday', `
version: "2.4"
services:
  postgres: { image: "postgres:16", network_mode: none }
  made: { image: "made-here:1", network_mode: none }
`)
  const watchtower = await standInWatchtower(engine, t)
  await runWatchtower(engine, watchtower, watchtower, '-e', 'WATCHTOWER_MONITOR_ONLY=true', '-e', 'DOCKER_API_VERSION=1.41')
  if (watchtower.kind === 'stand-in') watchtower.feed(watchtowerLine('Watchtower 1.7.1'))
  t.ok(await until(async () => (await engine.docker(['logs', 'watchtower'])).stderr.includes('Watchtower 1.7.1'), 60_000), 'it has begun')
  return bot
}

await engineTest(t, 'a real engine: what it is, who may use it, that writes reach it, and what is watched', async (t, engine) => {
  const bot = await stand(t, engine)
  chmodSync(engine.socketPath, 0o660)
  const before = (await engine.docker(['ps', '--all', '--format', '{{.ID}} {{.State}}'])).stdout
  const seen = await rows(t, engine.host, bot)
  t.match(seen.get('socket'), { mark: 'ok', found: /docker\.sock answers; user 0 and group \d+ may use it, and with it are root \(mode 660\)$/ })
  t.match(seen.get('engine'), { mark: 'ok', found: /^Docker \d+\.\d+\.\S+, API 1\.\d+ to 1\.\d+$/ })
  t.match(seen.get('writes'), { mark: 'warning', found: /^they reach the engine: .* :ro on the mount changes nothing$/ })
  t.match(seen.get('watchtower'), { mark: 'ok', found: /^watchtower is running/ })
  t.match(seen.get('services'), { mark: 'ok', found: 'watched: friday/made, friday/postgres' })
  t.match(seen.get('never updated'), { mark: 'warning', found: 'friday/made: built on this machine' })
  t.equal((await engine.docker(['ps', '--all', '--format', '{{.ID}} {{.State}}'])).stdout, before, 'and nothing has changed')
  t.equal(bot.messages.length, 0)
  t.same(await probeWrite({ type: 'unix', path: engine.socketPath }, 5_000, never), { reached: true, status: 404 })
})

await engineTest(t, 'a proxy that refuses writes is told from a socket that does not', async (t, engine) => {
  const missing = haproxyMissing()
  if (missing !== null && process.env.ENGINE_REQUIRED !== '1') return t.comment(missing)
  const bot = await stand(t, engine)
  const host = await denyWrites(t, engine)
  t.same(await probeWrite({ type: 'unix', path: host.slice('unix://'.length) }, 5_000, never), { reached: false, status: 403 })
  const seen = await rows(t, host, bot)
  t.match(seen.get('writes'), { mark: 'ok', found: 'they are refused (403)' })
  t.match(seen.get('services'), { mark: 'ok', found: 'watched: friday/made, friday/postgres' })
})
