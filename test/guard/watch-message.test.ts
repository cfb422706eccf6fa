// Every alarm of the watch in both languages, as fixtures/watch/ has it. UPDATE_FIXTURES=1 writes them anew.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type WatchAlarm, watchMessage } from '../../src/guard/watch-message.js'
import { type Language, LANGUAGES } from '../../src/report/texts.js'
import { MADE_UP_TOKEN } from '../fakes/bot-api.js'
import { parseTelegramHtml } from '../fakes/telegram-html.js'

const at = (text: string): number => Date.parse(text)
const NOW = at('2026-11-27T06:00:00Z')
const name = 'watchtower'
const overdue = { type: 'overdue', name, swarm: null, due: at('2026-11-27T02:00:00Z'), checkedAt: at('2026-11-26T02:00:41Z') } as const
const looping = { type: 'looping', name, restarts: 9 } as const
const ALARMS: readonly WatchAlarm[] = [
  { type: 'stopped', name, swarm: null, at: at('2026-11-27T05:10:00Z'), exitCode: 1, error: null },
  { type: 'stopped', name, swarm: null, at: null, exitCode: 137, error: null },
  { ...looping, error: 'Error response from daemon: client version 1.25 is too old. Minimum supported API version is 1.44, please upgrade your client to a newer version' },
  { ...looping, restarts: 0, error: 'Error response from daemon: client version 1.44 is too new. Maximum supported API version is 1.41' },
  { ...looping, restarts: 1, error: 'Only schedule or interval can be defined, not both.' },
  { ...looping, error: 'Rolling restarts is not compatible with the global monitor only flag' },
  { ...looping, error: 'Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock' },
  { ...looping, error: 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?' },
  { ...looping, error: 'Expected 5 to 6 fields, found 1: bogus' },
  { ...looping, error: 'unknown flag: --bogus' },
  { ...looping, error: 'Failed to initialize logging: invalid log format: foo' },
  { ...looping, error: `Failed to initialize Shoutrrr notifications: invalid telegram token ${MADE_UP_TOKEN}` },
  { type: 'gone', name, swarm: null, since: at('2026-11-27T05:10:00Z'), error: null },
  { type: 'absent', wanted: null },
  { type: 'absent', wanted: 'wt' },
  { ...overdue, reason: { type: 'silent' } },
  { ...overdue, due: null, checkedAt: null, reason: { type: 'log-level', level: 'warn' } },
  { ...overdue, reason: { type: 'broke-off', error: 'Get "https://me:secret@registry.example/v2/": EOF' } },
  { ...overdue, reason: { type: 'broke-off', error: null } },
  { ...overdue, due: null, reason: { type: 'schedule-unreadable', text: 'every <night>', why: 'expected 5 to 6 fields, found 2' } },
  { ...overdue, due: null, reason: { type: 'never', text: '0 0 3 31 2 *' } },
  { ...overdue, reason: { type: 'not-up' } },
  { ...overdue, due: null, checkedAt: null, reason: { type: 'started-anew' } },
  { ...overdue, reason: { type: 'restarts', times: 3 } },
  { ...overdue, reason: { type: 'restarts', times: 1 } },
  { ...overdue, reason: { type: 'error', error: 'Error response from daemon: Bad response from Docker engine' } },
  { type: 'idle', name },
  { type: 'one-off', name: 'friday_watchtower_run_1', exitCode: 2, error: 'Error response from daemon: Bad response from Docker engine' },
  { type: 'one-off', name: 'friday_watchtower_run_1', exitCode: null, error: 'unknown flag: --bogus' },
  { type: 'up', name, next: null },
  { type: 'up', name, next: at('2026-11-28T02:00:00Z') },
  { type: 'found', name },
  { type: 'stopped', name: 'hosts_watchtower.3xk2.9pq', swarm: 'hosts_watchtower', at: at('2026-11-27T05:10:00Z'), exitCode: 1, error: null },
  { type: 'checks-again', name, at: at('2026-11-27T05:59:00Z'), next: at('2026-11-28T02:00:00Z') },
]
const RULE = '\n────────────────────\n'

const messages = (language: Language, host: string | null = 'nas') => ALARMS.map((alarm) => watchMessage(alarm, { host, language, timeZone: 'Europe/Paris', now: NOW }))

t.test('every alarm, in every language', (t) => {
  for (const language of LANGUAGES) {
    const file = join(import.meta.dirname, `../../fixtures/watch/${language}.txt`)
    const all = `${messages(language).map(({ text }) => text).join(RULE)}\n`
    if (process.env.UPDATE_FIXTURES === '1') writeFileSync(file, all)
    t.equal(all, readFileSync(file, 'utf8'), language)
  }
  t.end()
})

t.test('Telegram shows its text, and nothing foreign is markup', (t) => {
  for (const language of LANGUAGES) {
    for (const { html, text, buttons } of messages(language, null)) {
      t.match(parseTelegramHtml(html), { text })
      t.same(buttons, [])
    }
  }
  t.end()
})

t.test('names and errors of any length and kind make a message that Telegram takes', (t) => {
  const long = '<b>&'.repeat(5_000)
  const { html, text } = watchMessage({ type: 'stopped', name: long, swarm: null, at: 0, exitCode: 1, error: `${long}\n\u202e` }, { host: long, language: 'en', timeZone: 'UTC', now: NOW })
  t.ok(text.length < 1_500)
  t.notMatch(html, /<b>/)
  t.end()
})
