// Recorded logs through the running daemon, with guard and watch: what is no fault of Watchtower's raises no alarm.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { until } from './engine/processes.js'
import { stamp } from './fakes/docker-api.js'
import { createWorld } from './world.js'

const root = join(import.meta.dirname, '../fixtures')
/** The recordings in which something is wrong with Watchtower, and what is told of it. */
const WRONG: Readonly<Record<string, readonly string[]>> = {
  'autoupdate-violation': ['🚨 Watchtower replaced a container'],
  'cron-panic-without-error-line': ['⚠️ Watchtower has not checked'],
  'fork-v120-replaced': ['🚨 Watchtower replaced a container', '🚨 Watchtower replaced a container', '🚨 Watchtower stopped a container'],
  'label-enable-empty': ['⚠️ Watchtower checked nothing'],
  'self-update': ['🚨 Watchtower replaced a container'],
}
const UPDATES = /^🔔|^⚠️ Docker Update Check/

for (const folder of readdirSync(root).filter((name) => existsSync(join(root, name, 'log.txt')))) {
  await t.test(folder, async (t) => {
    const w = await createWorld(t, { timing: { reconcileMs: 100 } })
    void w.start()
    await w.waitFor('watchtower.attached')
    const log = w.api.log('watchtower')
    await log.waitForFollowers(1)
    const lines = readFileSync(join(root, folder, 'log.txt'), 'utf8').split('\n').filter(Boolean)
    log.write(...lines.map((text, index) => ({ at: stamp(Date.parse('2026-11-23T03:00:00Z'), index), stream: 'stderr' as const, text })))
    const plain = (): number => log.queries.filter(({ follow }) => !['1', 'true'].includes(follow ?? '')).length
    const before = plain()
    t.ok(await until(() => plain() >= before + 3, 60_000), 'it was read')
    await until(() => w.bot.messages.filter(({ text }) => !UPDATES.test(text)).length >= (WRONG[folder] ?? []).length, 60_000)
    await w.stop()
    const told = w.bot.messages.map(({ text }) => text.split('\n')[0] ?? '')
    t.same(told.filter((headline) => !UPDATES.test(headline)), WRONG[folder] ?? [])
  })
}
