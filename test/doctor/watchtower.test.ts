// The rarer standings of a Watchtower; the common ones are whole tables in deployments.test.ts.
import t, { type Test } from 'tap'
import type { Check } from '../../src/doctor/check.js'
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
  t.match(seen.get('watchtower of second'), { mark: 'ok', found: 'second is running, in a version that neither its log nor its image tells' })
  t.match(seen.get('monitor-only of second'), { mark: 'fault' })
  t.match(seen.get('services of second'), { mark: 'fault', found: 'Watchtower watches none' })
  t.match(seen.get('not watched of second'), { mark: 'ok', found: 'friday/caddy: another scope, friday/postgres: another scope, friday/redis: another scope' })
})

t.test('one that is named and not there, one that is stopped, and a check that runs once', async (t) => {
  t.match((await rows(t, (d) => void (d.env.WATCHTOWER_CONTAINER = 'tower'))).get('watchtower'), { mark: 'fault', found: 'there is no container named tower', remedy: 'start it, or correct WATCHTOWER_CONTAINER' })
  t.match((await rows(t, ({ api }) => api.stop('watchtower'))).get('watchtower'), { mark: 'fault', found: 'watchtower is exited', remedy: 'start it: docker start watchtower' })
  const oneOff = await rows(t, ({ api }) => void api.containers.push(container({ name: 'friday_watchtower_run_1', image: 'containrrr/watchtower', labels: { ...WATCHTOWER, 'com.docker.compose.oneoff': 'True' } })))
  t.match(oneOff.get('watchtower'), { mark: 'ok' })
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

t.test('Telegram that cannot be reached, a chat that moved, one without topics', async (t) => {
  const down = await rows(t, (d) => void (d.env.TELEGRAM_API_URL = 'http://127.0.0.1:9'))
  t.match(down.get('bot'), { mark: 'fault', found: 'the Bot API cannot be reached: ECONNREFUSED', remedy: /^look at this machine's way to http:\/\/127\.0\.0\.1:9: name, firewall, proxy$/ })
  const moved = await rows(t, ({ chat, bot }) => {
    chat.migratedTo = -1009876543210
    bot.chats.push({ id: -1009876543210, is_forum: true, topics: [7] })
  })
  t.match(moved.get('topic'), { mark: 'warning', found: 'the chat moved to -1009876543210', remedy: 'set TELEGRAM_CHAT_ID to -1009876543210' })
  t.match((await rows(t, (d) => void (d.env.TOPIC_SYSTEM_ID = ''))).get('topic'), { mark: 'ok', found: 'none is set: messages go to the chat itself' })
  t.match((await rows(t, ({ chat, env }) => void Object.assign(chat, { is_forum: false }, (env.TOPIC_SYSTEM_ID = '1')))).get('topic'), { mark: 'fault', found: 'TOPIC_SYSTEM_ID is 1, but the chat has no topics' })
})
