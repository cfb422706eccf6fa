// The rarer standings of a Watchtower; the common ones are whole tables in deployments.test.ts.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { diagnose } from '../../src/doctor/doctor.js'
import type { Check } from '../../src/doctor/check.js'
import { saveState } from '../../src/state/file.js'
import { emptyState, type State } from '../../src/state/state.js'
import { container } from '../fakes/docker-api.js'
import { WATCHTOWER } from '../world.js'
import { type Deployment, deployment, diagnosed, LEFT_ALONE } from './deployment.js'

async function rows(t: Test, change: (d: Deployment) => void): Promise<Map<string, Check>> {
  const d = await deployment(t)
  change(d)
  return new Map((await diagnosed(t, d)).json.map((check) => [check.name, check]))
}

t.test('several Watchtowers have rows of their own, with their names', async (t) => {
  const seen = await rows(t, ({ api }) => void api.containers.push(container({ name: 'second', image: 'containrrr/watchtower', labels: { ...WATCHTOWER, ...LEFT_ALONE }, env: ['WATCHTOWER_SCOPE=lab'] })))
  t.match(seen.get('watchtower of watchtower'), { mark: 'ok', found: 'watchtower is running, version 1.7.1' })
  t.match(seen.get('watchtower of second'), { mark: 'ok', found: 'second is running, stock, in a version that neither its log nor its image tells' })
  t.match(seen.get('monitor-only of second'), { mark: 'fault' })
  t.match(seen.get('services of second'), { mark: 'warning', found: 'Watchtower watches none' })
  t.match(seen.get('not watched of second'), { mark: 'ok', found: 'friday/caddy, friday/postgres, friday/redis: another scope' })
  t.match(seen.get('conflicts of watchtower'), { mark: 'warning', found: 'it has no scope: each time it starts it removes second' })
  t.match(seen.get('conflicts of second'), { mark: 'ok' })
})

t.test('one that is named and not there, one that is stopped, and a check that runs once', async (t) => {
  t.match((await rows(t, (d) => void (d.env.WATCHTOWER_CONTAINER = 'tower'))).get('watchtower'), { mark: 'fault', found: 'there is no container named tower', remedy: 'correct WATCHTOWER_CONTAINER, or start that container' })
  t.match((await rows(t, ({ api }) => api.stop('watchtower'))).get('watchtower'), { mark: 'fault', found: 'watchtower is exited', remedy: 'start it:', paste: ['docker start watchtower'] })
  const oneOff = await rows(t, ({ api }) => void api.containers.push(container({ name: 'friday_watchtower_run_1', image: 'containrrr/watchtower', labels: { ...WATCHTOWER, 'com.docker.compose.oneoff': 'True' } })))
  t.match(oneOff.get('watchtower'), { mark: 'ok' })
  const once = await rows(t, ({ watchtower }) => void (watchtower.Args = ['--run-once']))
  t.match([once.get('watchtower'), once.get('schedule')], [{ mark: 'ok' }, { mark: 'warning', found: 'it checks once and ends (--run-once)' }], 'where there is no other')
})

t.test('the last error of one that does not run, or does, with the words and the remedy of the alarm', async (t) => {
  const said = (text: string, status: string) => async (t: Test): Promise<Check | undefined> =>
    (await rows(t, ({ api, watchtower }) => {
      Object.assign(watchtower.State, { Status: status, Running: status !== 'exited' })
      api.log('watchtower').write({ at: '2026-11-26T11:59:00.000000000Z', stream: 'stderr', text: `time="2026-11-26T11:59:00Z" level=${text}` })
    })).get('watchtower')
  const [fatal, denied] = ['fatal msg="Only schedule or interval can be defined, not both."', 'error msg="permission denied while trying to connect to the Docker daemon socket"']
  t.match(await said(fatal, 'restarting')(t), {
    mark: 'fault', found: 'watchtower ends again each time it is started; it last said: Only schedule or interval can be defined, not both.',
    remedy: 'keep one of WATCHTOWER_SCHEDULE and WATCHTOWER_POLL_INTERVAL and recreate it', paste: [],
  })
  t.match(await said(denied, 'exited')(t), { mark: 'fault', found: /^watchtower is exited; it last said: permission denied /, remedy: /^it may not use the Docker socket: / })
  t.match(await said('error msg="Something new, with TOKEN=hunter2"', 'restarting')(t), { mark: 'fault', found: /; it last said: Something new, with TOKEN=\[removed\]$/, remedy: 'look at its log:', paste: ['docker logs --tail 20 watchtower'] })
  t.match(await said(denied, 'running')(t), { mark: 'warning', found: /^watchtower is running, version 1\.7\.1; it last said: permission denied /, remedy: /^it may not use the Docker socket: / })
  t.match(await said('info msg="Session done" Failed=0 Scanned=3 Updated=0 notify=no', 'running')(t), { mark: 'ok' })
  t.match(await said(denied, 'paused')(t), { mark: 'fault', found: 'watchtower is paused', paste: ['docker unpause watchtower'] })
})

t.test('a check that broke off is told of until one is over', async (t) => {
  const panic = ['time="2026-11-26T11:59:00Z" level=error msg="Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"', '2026/11/26 11:59:00 cron: panic running job: runtime error: invalid memory address or nil pointer dereference']
  const broke = await rows(t, ({ api }) => api.log('watchtower').write(...panic.map((text) => ({ at: '2026-11-26T11:59:00.000000000Z', stream: 'stderr' as const, text }))))
  t.match(broke.get('watchtower'), { mark: 'warning', found: /; it last said: Cannot connect to the Docker daemon /, remedy: /^it does not reach Docker: / })
  const forked = await rows(t, ({ api }) => api.log('watchtower').write({ at: '2026-11-26T11:59:00.000000000Z', stream: 'stderr', text: 'time="2026-11-26T11:59:00Z" level=error msg="Update execution failed" error="failed to list"' }))
  t.match(forked.get('watchtower'), { mark: 'warning', found: /; it last said: failed to list$/ })
})

t.test('one that is named and is no Watchtower', async (t) => {
  t.match((await rows(t, ({ env }) => void (env.WATCHTOWER_CONTAINER = 'friday-redis'))).get('watchtower'), { mark: 'warning', found: 'friday-redis is running, and looks like no Watchtower: it has neither its label nor its program', remedy: 'correct WATCHTOWER_CONTAINER' })
  const unlabelled = await rows(t, ({ env, watchtower }) => void delete watchtower.Config.Labels['com.centurylinklabs.watchtower'] === (env.WATCHTOWER_CONTAINER = 'watchtower'))
  t.match(unlabelled.get('watchtower'), { mark: 'ok' }, 'it has the program')
})

t.test('of two that have stopped with none running, both are faults; one that crashes beside one that runs is one', async (t) => {
  const second = (status: string) => ({ ...container({ name: 'second', image: 'containrrr/watchtower', labels: { ...WATCHTOWER, ...LEFT_ALONE }, status }), Path: '/watchtower' })
  const both = await rows(t, ({ api }) => {
    api.stop('watchtower')
    api.containers.push(second('exited'))
  })
  t.same(['watchtower of watchtower', 'watchtower of second'].map((name) => both.get(name)?.mark), ['fault', 'fault'])
  const crashing = await rows(t, ({ api }) => void api.containers.push(second('restarting')))
  t.match(crashing.get('watchtower of second'), { mark: 'fault', found: 'second ends again each time it is started' })
  const left = await rows(t, ({ api }) => void api.containers.push(second('created')))
  t.match(left.get('old watchtower'), { mark: 'warning', found: 'second is created, beside one that runs', paste: ['docker rm second'] })
  t.match(left.get('watchtower'), { mark: 'ok' })
})

t.test('its banner tells the zone where TZ does not', async (t) => {
  const seen = await rows(t, ({ watchtower }) => void (watchtower.Config.Env = watchtower.Config.Env.filter((line) => !line.startsWith('TZ='))))
  t.match(seen.get('time zone'), { mark: 'ok', found: 'TZ is not set: UTC+01:00, says its banner' })
  t.match(seen.get('schedule'), { mark: 'ok', found: /next check 2026-11-27 03:00 \(Europe\/Paris\)$/ })
})

t.test('one that writes to a terminal, one whose version its image tells, and one that watches itself and the sidecar', async (t) => {
  const tty = await rows(t, ({ watchtower }) => void (watchtower.Config.Tty = true))
  t.match(tty.get('log'), { mark: 'ok' })
  t.match(tty.get('watchtower'), { found: 'watchtower is running, version 1.7.1' })
  const watched = await rows(t, ({ api }) => api.containers.slice(0, 2).forEach(({ Config }) => void delete Config.Labels['com.centurylinklabs.watchtower.enable']))
  t.match(watched.get('self-exclusion'), { mark: 'warning', found: 'Watchtower reports updates of watchtower and watchtower-telegram too' })
  const alone = await rows(t, ({ api }) => void api.containers.splice(1, 1))
  t.match(alone.get('self-exclusion'), { mark: 'ok', found: 'Watchtower leaves itself alone; no sidecar container was found' })
})

t.test('an engine that answers, but not all that is asked, is a fault with its remedy', async (t) => {
  const refused = await rows(t, ({ api }) => api.override('/containers/json', { type: 'answer', status: 403, body: 'Forbidden' }))
  t.match(refused.get('watchtower'), { mark: 'fault', found: 'it cannot be looked for: /var/run/docker.sock refused the request', remedy: /^a socket proxy must allow GET on / })
  t.match(refused.get('services'), { mark: 'warning', found: 'not looked at' })
  const odd = await rows(t, ({ api }) => api.override('/containers/json', { type: 'answer', status: 500, body: 'odd' }))
  t.match(odd.get('watchtower'), { mark: 'fault', remedy: 'look at the log of the Docker daemon' })
  const unread = await rows(t, ({ api }) => api.override(/\/logs$/, { type: 'answer', status: 500, body: 'odd' }))
  t.match(unread.get('log'), { mark: 'fault', found: /^that of watchtower cannot be read: Docker at .* did not answer as expected/, remedy: 'look at the log of the Docker daemon' })
  const gone = await rows(t, ({ api, watchtower }) => api.override(`/containers/${watchtower.Id}/json`, { type: 'answer', status: 404, body: 'gone' }))
  t.match(gone.get('watchtower'), { mark: 'fault', found: 'watchtower is gone' })
})

t.test('a DOCKER_HOST that is wrong, or an engine that does not tell its version, leaves the rest to be looked at', async (t) => {
  const wrong = await rows(t, ({ env }) => void (env.DOCKER_HOST = 'ssh://nas'))
  for (const name of ['socket', 'writes', 'engine', 'watchtower', 'services']) t.match(wrong.get(name), { mark: 'warning', found: 'not looked at', remedy: 'correct DOCKER_HOST first' })
  const mute = await rows(t, ({ api }) => api.override('/version', { type: 'answer', status: 403, body: '' }))
  t.match([mute.get('engine'), mute.get('watchtower'), mute.get('chat')], [{ mark: 'fault' }, { mark: 'warning', found: 'not looked at' }, { mark: 'ok' }])
})

t.test('a version that the sidecar read before the log was rotated still counts', async (t) => {
  const d = await deployment(t)
  const { Id: id } = d.watchtower
  d.watchtower.Config.Image = 'registry.lan/watchtower:latest'
  d.api.log('watchtower').clear()
  const row = async (checkpoint: State['cursors'][number]['checkpoint']) => {
    await saveState(d.stateDir, { ...emptyState, cursors: [{ id, name: 'watchtower', checkpoint }] })
    return (await diagnosed(t, d)).json.find(({ name }) => name === 'watchtower')?.found
  }
  const position = { since: '2026-11-26T11:00:00.000000000Z', lines: [] }
  t.equal(await row({ position, context: { version: '1.14.1', endless: false } }), 'watchtower is running, version 1.14.1')
  t.equal(await row(null), 'watchtower is running, in a version that neither its log nor its image tells')
  d.env.STATE_DIR = '/dev/null/below'
  t.match((await diagnose(() => d.now, d.env)).checks.find(({ name }) => name === 'watchtower'), { mark: 'ok' })
})

t.test('its own container is told by its mounts, whatever it runs; without them by its program', async (t) => {
  const d = await deployment(t)
  const sidecar = d.api.containers[1]!
  sidecar.Args = ['/srv/renamed.cjs']
  const mounts = join(d.stateDir, 'mountinfo')
  writeFileSync(mounts, `612 598 8:1 /var/lib/docker/containers/${sidecar.Id}/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n`)
  const row = async (file: string) => (await diagnose(() => d.now, d.env, file)).checks.find(({ name }) => name === 'self-exclusion')
  t.match(await row(mounts), { mark: 'ok', found: 'Watchtower leaves itself and the sidecar alone' })
  t.match(await row('/nowhere'), { mark: 'ok', found: 'Watchtower leaves itself alone; no sidecar container was found' })
})

t.test('Telegram that cannot be reached, a chat that moved, one without topics', async (t) => {
  const down = await rows(t, (d) => void (d.env.TELEGRAM_API_URL = 'http://127.0.0.1:9'))
  t.match(down.get('bot'), { mark: 'fault', found: 'the Bot API cannot be reached: ECONNREFUSED', remedy: /^look at this machine's way to http:\/\/127\.0\.0\.1:9: name, firewall, proxy$/ })
  const moved = await rows(t, ({ chat, bot }) => {
    chat.migratedTo = -1009876543210
    bot.chats.push({ id: -1009876543210, is_forum: true, topics: [7] })
  })
  t.match(moved.get('topic'), { mark: 'warning', found: 'the chat moved to -1009876543210', remedy: 'set TELEGRAM_CHAT_ID to -1009876543210' })
  t.match((await rows(t, (d) => void (d.env.TOPIC_SYSTEM_ID = ''))).get('topic'), { mark: 'ok', found: 'none is set: messages go to the chat itself' })
  t.match((await rows(t, ({ chat, env }) => void Object.assign(chat, { is_forum: false, type: 'private' }, (env.TOPIC_SYSTEM_ID = '')))).get('rights'), { mark: 'ok', found: 'a private chat; it may write' })
  t.match((await rows(t, (d) => d.bot.always('getMe', { type: 'error', status: 429, description: 'Too Many Requests: retry after 5', parameters: { retry_after: 5 } }))).get('bot'), { mark: 'warning', found: /^429: Too Many Requests/, remedy: 'run the doctor again in 5 s' })
  t.match((await rows(t, (d) => d.bot.always('sendChatAction', { type: 'error', status: 502, description: 'Bad Gateway' }))).get('topic'), { mark: 'fault', found: /502/, remedy: /^look at this machine's way / })
  t.match((await rows(t, ({ env }) => void (env.TOPIC_SYSTEM_ID = 'seven'))).get('topic'), { mark: 'warning', found: 'not looked at', remedy: 'correct TOPIC_SYSTEM_ID first' })
  t.match((await rows(t, ({ env }) => void Object.assign(env, { TELEGRAM_BOT_TOKEN: '', TELEGRAM_API_URL: 'x' }))).get('rights'), { mark: 'warning', remedy: 'correct TELEGRAM_BOT_TOKEN and TELEGRAM_API_URL first' })
  t.match((await rows(t, ({ chat, env }) => void Object.assign(chat, { is_forum: false }, (env.TOPIC_SYSTEM_ID = '1')))).get('topic'), { mark: 'fault', found: 'TOPIC_SYSTEM_ID is 1, but the chat has no topics' })
})

t.test('a container with the label no-pull shows an update only when something else has pulled it', async (t) => {
  const seen = await rows(t, ({ api }) => void Object.assign(api.containers[2]?.Config.Labels ?? {}, { 'com.centurylinklabs.watchtower.no-pull': 'true' }))
  t.match(seen.get('never updated'), { mark: 'warning', found: 'friday/postgres: its label no-pull=true' })
})

t.test('a log that is gone, and banners that name no zone or version', async (t) => {
  const gone = await rows(t, ({ api }) => api.override(/\/logs$/, { type: 'answer', status: 404, body: '{"message":"No such container"}' }))
  t.match(gone.get('log'), { mark: 'ok' })
  t.match(gone.get('watchtower'), { found: 'watchtower is running, version 1.7.1' }, 'its tag tells')
  const banner = (...texts: string[]) => (d: Deployment): void => {
    d.watchtower.Config.Env = d.watchtower.Config.Env.filter((line) => !line.startsWith('TZ='))
    d.watchtower.State.StartedAt = ''
    d.api.log('watchtower').write(...texts.map((text) => ({ at: '2026-11-26T11:30:00.000000000Z', stream: 'stderr' as const, text: `time="2026-11-26T11:30:00Z" level=info msg="${text}"` })))
  }
  const forked = await rows(t, banner('Watchtower 1.14.1 using Docker API v1.47', 'Next scheduled run: 2026-11-27 03:00:00 CET in 15 hours'))
  t.match(forked.get('time zone'), { found: 'TZ is not set: UTC' })
  t.match(forked.get('watchtower'), { found: 'watchtower is running, version 1.14.1' })
  t.match((await rows(t, banner('Periodic runs are not enabled.'))).get('time zone'), { found: 'TZ is not set: UTC' })
  const old = await rows(t, banner('Starting Watchtower and scheduling first run: 2026-11-27 03:00:00 +0100 CET m=+1.79'))
  t.match(old.get('watchtower'), { found: 'watchtower is running, version 1.7.1' }, 'what an older banner said')
})
