// What Telegram, or something in its place, answers to a message: nothing usable, refusals, and redirections.
import t, { type Test } from 'tap'
import type { Scripted } from '../fakes/bot-api.js'
import { REPEAT_MARK } from './counter.js'
import { CHAT, TOPIC } from './sidecar-process.js'
import { attached, eventually, outboxOf, settled, type Stage, stateFile } from './stage.js'
import { faultTable } from './table.js'

/** After each of these nobody knows whether the message was taken: it is sent again, marked, once something answers again. */
async function unknownOutcomes(t: Test, answers: Readonly<Record<string, Scripted>>, accepted: boolean): Promise<string> {
  const { stage, sidecar } = await attached(t, { TELEGRAM_TIMEOUT: '3s' })
  for (const [how, answer] of Object.entries(answers)) {
    const [sent, asked] = [stage.bot.messages.length, stage.bot.requests.length]
    stage.bot.next('sendMessage', { ...answer, accepted } as Scripted)
    stage.check(1)
    await stage.bot.waitForMessages(sent + (accepted ? 2 : 1), 20_000)
    const methods = stage.bot.requests.slice(asked).map(({ method }) => method)
    t.equal(methods.filter((method) => method === 'sendMessage').length, 2, `${how}: sent again once`)
    t.match(methods.slice(1, -1), /get(Me|Chat)/, `${how}: first something else is asked`)
    t.ok(stage.bot.messages.at(-1)?.text.startsWith(REPEAT_MARK), `${how}: says that it may be a repeat`)
  }
  stage.check(1)
  await stage.told()
  t.notMatch(stage.bot.messages.at(-1)?.text, REPEAT_MARK)
  await stage.stop(sidecar)
  return `${Object.keys(answers).join(', ')}: ${stage.verdict({ mayRepeat: accepted })}`
}

const NOTHING_USABLE: Readonly<Record<string, Scripted>> = {
  'an error 500': { type: 'error', status: 500, description: 'Internal Server Error' },
  'a page 502': { type: 'html' },
  'a page 200': { type: 'html', status: 200 },
  garbage: { type: 'garbage' },
  'an empty object': { type: 'garbage', body: '{}' },
  'a byte at a time': { type: 'drip', ms: 50 },
  'no answer': { type: 'hang' },
}
const CUTS: Readonly<Record<string, Scripted>> = {
  'a reset': { type: 'cut', reset: true },
  'an end': { type: 'cut' },
  'an end in the body': { type: 'cut', midBody: true },
  'no answer': { type: 'hang' },
  'a page 502': { type: 'html' },
  garbage: { type: 'garbage' },
}

async function refusedMarkup(t: Test): Promise<string> {
  const { stage, sidecar } = await attached(t)
  stage.bot.next('sendMessage', { type: 'error', status: 400, description: 'Bad Request: can\'t parse entities: Unsupported start tag "x" at byte offset 3' })
  stage.check(2)
  await stage.told()
  const sends = stage.bot.requests.filter(({ method }) => method === 'sendMessage')
  t.same(sends.map(({ params }) => params.parse_mode), ['HTML', undefined], 'then as plain text, once')
  t.notMatch(stage.bot.messages[0]?.text, REPEAT_MARK)
  await stage.stop(sidecar)
  return stage.verdict()
}

async function refusedContent(t: Test): Promise<string> {
  const { stage, sidecar } = await attached(t)
  stage.check(1)
  await stage.told()
  const bad: Scripted = { type: 'error', status: 400, description: 'Bad Request: can\'t parse entities: character at byte offset 3 is invalid' }
  stage.bot.next('sendMessage', bad, bad)
  const [setAside = ''] = stage.check(1)
  stage.injected = stage.injected.filter((name) => name !== setAside)
  t.match(await sidecar.waitFor('report.set-aside'), [{ level: 'error' }])
  await stage.bot.waitForMessages(2, 20_000)
  t.match(stage.bot.messages[1]?.text, /^⚠️ A message could not be shown/, 'a notice stands in its place')
  stage.check(1)
  await stage.told()
  t.equal(stage.bot.messages.length, 3, 'the queue goes on')
  await stage.stop(sidecar)
  return `one message set aside, "${stage.bot.messages[1]?.text.split('\n')[0]}" in its place; of the others ${stage.verdict()}`
}

async function migrated(t: Test): Promise<string> {
  const { stage, sidecar } = await attached(t)
  const moved = -1009876543210
  Object.assign(stage.bot.chats[0] ?? {}, { migratedTo: moved })
  stage.bot.chats.push({ id: moved, is_forum: true, topics: [TOPIC] })
  stage.check(1)
  await stage.told()
  await settled(stage)
  await eventually(() => stateFile(stage)?.includes(String(moved)) === true, 'the move is noted')
  await sidecar.waitFor('report.rerouted') // said once it is on the disk
  await stage.kill(sidecar)
  const second = stage.start()
  stage.check(1)
  await stage.told()
  await stage.stop(second)
  const asked = stage.bot.requests.filter(({ method }) => method === 'sendMessage').map(({ params }) => params.chat_id)
  t.same(asked, [CHAT, moved, moved].map(String), 'the new chat is kept across a restart')
  t.match(sidecar.output(), `set TELEGRAM_CHAT_ID to ${moved}`)
  return `asked the old chat once; ${stage.verdict()}`
}

async function withoutTopic(t: Test): Promise<string> {
  const seen: string[] = []
  for (const [how, change] of [['deleted', { topics: [] }], ['closed', { closedTopics: [TOPIC] }]] as const) {
    const { stage, sidecar } = await attached(t)
    Object.assign(stage.bot.chats[0] ?? {}, change)
    stage.check(2)
    const [message] = await stage.told()
    t.equal(message?.message_thread_id, null, 'into the chat itself')
    t.match(message?.text, /^⚠️ Topic 7 is closed or deleted/m, 'and says so')
    await stage.stop(sidecar)
    seen.push(`${how}: ${stage.verdict()}`)
  }
  return seen.join('; ')
}

/** What only a person can mend: all is kept, tried rarely, said once, red; and told when it is mended. */
async function untilMended(t: Test, faults: Readonly<Record<string, [fail: (stage: Stage) => void, mend: (stage: Stage) => void]>>): Promise<string> {
  const seen: string[] = []
  for (const [how, [fail, mend]] of Object.entries(faults)) {
    const { stage, sidecar } = await attached(t, { RETRY_PACE: '2ms' })
    fail(stage)
    stage.check(1)
    await sidecar.waitFor('report.failed')
    await sidecar.waitFor('health.red')
    t.match(await stage.health(), { healthy: false, faults: [/\S/] })
    stage.check(1)
    await stage.bot.waitForRequests('sendMessage', 2, 20_000)
    t.equal(sidecar.events('report.failed').length, 1, `${how}: said once`)
    await eventually(() => stage.bot.requests.every(({ status }) => status !== null) && outboxOf(stage)?.entries[0]?.state === 'pending', 'the refusal is noted')
    await stage.kill(sidecar)
    const second = stage.start({ RETRY_PACE: '2ms' })
    await second.waitFor('health.red')
    const asked = stage.bot.requests.length
    mend(stage)
    await stage.told(stage.injected, 40_000)
    await second.waitFor('health.green')
    t.ok(stage.bot.requests.length - asked < 12, `${how}: few requests: ${stage.bot.requests.length - asked}`)
    t.notMatch(stage.bot.messages.map(({ text }) => text).join('\n'), REPEAT_MARK, `${how}: a refused message is no repeat`)
    await stage.stop(second)
    seen.push(`${how}: ${stage.verdict()}`)
  }
  return seen.join('; ')
}

const always = (method: string, status: number, description: string): [(stage: Stage) => void, (stage: Stage) => void] =>
  [({ bot }) => bot.always(method, { type: 'error', status, description }), ({ bot }) => bot.always(method, null)]

t.test('what Telegram answers', { timeout: 840_000 }, (t) => faultTable(t, [
  { row: 39, fault: '500, 502 page, garbage, a byte at a time, no answer', expected: 'unknown: asks first, sent again once, marked', run: (t) => unknownOutcomes(t, NOTHING_USABLE, false) },
  { row: 40, fault: 'accepted, then a reset, an end, half a body, garbage', expected: 'one marked repeat at most', run: (t) => unknownOutcomes(t, CUTS, true) },
  { row: 41, fault: '400 can\'t parse entities', expected: 'sent as plain text, once', run: refusedMarkup },
  { row: 41, fault: '400 as plain text too', expected: 'set aside visibly, the queue goes on', run: refusedContent },
  { row: 42, fault: 'the group became a supergroup', expected: 'followed, kept across a restart', run: migrated },
  { row: 43, fault: 'topic deleted or closed', expected: 'told in the chat, with a notice', run: withoutTopic },
  {
    row: 44, fault: 'bot kicked, token revoked, chat not found; mended later, SIGKILL in between', expected: 'all kept, few tries, said once, red; then told',
    run: (t) => untilMended(t, {
      kicked: always('sendMessage', 403, 'Forbidden: bot was kicked from the supergroup chat'),
      revoked: always('*', 401, 'Unauthorized'),
      'not found': always('*', 400, 'Bad Request: chat not found'),
    }),
  },
]))
