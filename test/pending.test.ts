import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { main } from '../src/cli.js'
import { announce } from '../src/life/pending.js'
import { listPending } from '../src/list-pending.js'
import { saveState } from '../src/state/file.js'
import { emptyState } from '../src/state/state.js'
import { update } from './report/made-up.js'

const FOUND = Date.parse('2026-11-20T03:00:00Z')
const NOW = Date.parse('2026-11-25T09:00:00Z')
const tracked = announce(announce([], [update()], FOUND), [update({ service: 'redis', project: null, directory: null, currentVersion: null, newVersion: null, commands: ['docker pull redis:7'] })], NOW)
const options = { json: false, timeZone: 'UTC', now: NOW }

/** `pending` with this state directory. */
async function pending(t: Test, stateDir: string, ...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', '']
  const before = process.env.STATE_DIR
  process.env.STATE_DIR = stateDir
  const streams = [t.capture(process.stdout, 'write', (text: string) => Boolean((stdout += text))), t.capture(process.stderr, 'write', (text: string) => Boolean((stderr += text)))]
  try {
    return { code: await main(['pending', ...argv]), stdout, stderr }
  } finally {
    for (const { restore } of streams) restore()
    if (before === undefined) delete process.env.STATE_DIR
    else process.env.STATE_DIR = before
  }
}

t.test('what is pending is a table, the oldest first, with the commands below', (t) => {
  t.equal(listPending(tracked, options), `SERVICE   PROJECT  UPDATE                  PENDING SINCE
postgres  friday   16.1 → 16.2             2026-11-20 03:00 (5 days)
    cd /opt/friday
    docker compose pull postgres
    docker compose up -d postgres
redis              unknown → dbc31cdc91c5  2026-11-25 09:00 (today)
    docker pull redis:7
`)
  t.match(listPending(tracked, { ...options, timeZone: 'Europe/Paris', now: FOUND + 86_400_000 }), '2026-11-20 04:00 (1 day)')
  t.equal(listPending([], options), 'Nothing is pending.\n')
  t.notMatch(listPending(announce([], [update({ service: 'a\u001b[2Jb' })], FOUND), options), '\u001b')
  t.end()
})

t.test('as JSON it is an array of the updates with their time', (t) => {
  t.match(JSON.parse(listPending(tracked, { ...options, json: true })), [{ service: 'postgres', newVersion: '16.2', since: '2026-11-20T03:00:00.000Z' }, { service: 'redis' }])
  t.same(JSON.parse(listPending([], { ...options, json: true })), [])
  t.end()
})

t.test('the command reads the state of the running sidecar and touches nothing', async (t) => {
  const stateDir = t.testdir()
  t.match(await pending(t, stateDir), { code: 1, stderr: /there is no state in .*: set STATE_DIR to the directory that the running sidecar uses\n$/ })
  await saveState(stateDir, { ...emptyState, tracked })
  t.match(await pending(t, stateDir), { code: 0, stdout: /^SERVICE[^]*postgres[^]*redis/, stderr: '' })
  t.match(await pending(t, stateDir, '--json'), { code: 0, stdout: /^\[\n/ })
  await saveState(stateDir, emptyState)
  writeFileSync(join(stateDir, 'state.json'), 'garbage')
  t.match(await pending(t, stateDir), { code: 0, stdout: /^SERVICE/ }, 'the backup serves')
  writeFileSync(join(stateDir, 'state.json.bak'), 'garbage')
  t.match(await pending(t, stateDir), { code: 1, stderr: /is damaged: the sidecar mends it at its next start/ })
  writeFileSync(join(stateDir, 'state.json'), '{"version":9,"sum":"","state":{}}')
  t.match(await pending(t, stateDir), { code: 1, stderr: /written by a newer version/ })
})

t.test('it has its help, its version and its usage errors', async (t) => {
  const stateDir = t.testdir()
  t.match(await pending(t, stateDir, '--help'), { code: 0, stdout: /^watchtower-telegram pending: [^]*--json/ })
  t.match(await pending(t, stateDir, '--version'), { code: 0, stdout: 'development\n' })
  t.match(await pending(t, stateDir, '--yaml'), { code: 2, stderr: /Unknown option '--yaml': see watchtower-telegram pending --help/ })
  const before = process.env.TZ
  process.env.TZ = 'Mars/Olympus'
  t.teardown(() => (before === undefined ? delete process.env.TZ : (process.env.TZ = before)))
  t.match(await pending(t, stateDir), { code: 2, stderr: /TZ is no time zone/ })
})
