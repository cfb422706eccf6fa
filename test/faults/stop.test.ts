// The sidecar is stopped, killed and started again while it is idle, reads or sends.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Scripted } from '../fakes/bot-api.js'
import { REPEAT_MARK } from './counter.js'
import { createStage, done, found, record, type Stage, stateFile } from './stage.js'
import { faultTable } from './table.js'

/** How many accepted messages begin with the mark of a possible repeat. */
const marked = ({ bot }: Stage): number => bot.messages.filter(({ text }) => text.startsWith(REPEAT_MARK)).length

async function sigtermWhileIdle(t: Test): Promise<string> {
  const stage = await createStage(t)
  stage.check(2)
  const first = stage.start()
  await stage.told()
  await first.waitFor('report.sent')
  const took = await stage.stop(first)
  t.equal(statSync(join(stage.stateDir, 'state.json')).mode & 0o777, 0o600)
  t.type(JSON.parse(stateFile(stage) ?? ''), 'object')
  const second = stage.start()
  await second.waitFor('watchtower.attached')
  await stage.reads()
  t.equal(stage.bot.messages.length, 1, 'nothing more is sent')
  await stage.stop(second)
  return `exit 0 after ${took} ms; ${stage.verdict()}`
}

async function sigtermWithOpenSession(t: Test): Promise<string> {
  const stage = await createStage(t)
  stage.check(1)
  const first = stage.start()
  await stage.told()
  const names = stage.names(4)
  stage.say([record('Watchtower 1.7.1'), ...names.slice(0, 2).map(found)])
  await stage.reads()
  const took = await stage.stop(first)
  t.equal(stage.bot.messages.length, 1, 'half a check is not sent')
  const second = stage.start()
  await second.waitFor('watchtower.attached')
  await stage.reads()
  stage.say([...names.slice(2).map(found), done(4)])
  await stage.told()
  t.equal(stage.bot.messages.length, 2, 'the whole check is one message')
  await stage.stop(second)
  return `exit 0 after ${took} ms; ${stage.verdict()}`
}

async function sigtermDuringSend(t: Test): Promise<string> {
  const stage = await createStage(t)
  stage.bot.next('sendMessage', { type: 'delay', ms: 1_500 })
  const first = stage.start()
  await first.waitFor('watchtower.attached')
  stage.check(2)
  await stage.bot.waitForRequests('sendMessage', 1, 20_000)
  const took = await stage.stop(first)
  t.equal(first.events('report.sent').length, 1, 'the answer was waited for')
  const second = stage.start()
  await second.waitFor('watchtower.attached')
  stage.check(1)
  await stage.told()
  await stage.stop(second)
  t.equal(marked(stage), 0)
  return `exit 0 after ${took} ms, the answer came after 1500; ${stage.verdict()}`
}

async function killedBeforeFirstSave(t: Test): Promise<string> {
  const stage = await createStage(t)
  stage.check(3)
  stage.api.override(/\/logs$/, { type: 'hang' })
  const unread = stage.start()
  await stage.bot.waitForRequests('getMe', 1, 20_000)
  await stage.kill(unread)
  t.equal(stateFile(stage), null, 'nothing was saved')
  stage.api.override(/\/logs$/, null)
  const early = stage.start()
  await sleep(200)
  await stage.kill(early)
  const last = stage.start()
  await stage.told()
  stage.check(1)
  await stage.told()
  await stage.stop(last)
  return stage.verdict({ mayRepeat: early.events('session.sealed').length > 0 })
}

async function killedOnReceipt(t: Test): Promise<string> {
  const stage = await createStage(t)
  const first = stage.start()
  await first.waitFor('watchtower.attached')
  stage.bot.next('sendMessage', { type: 'hang', accepted: true })
  stage.onRequest = ({ method }) => void (method === 'sendMessage' && first.child.kill('SIGKILL'))
  stage.check(2)
  t.equal(await first.exit, 'SIGKILL')
  stage.onRequest = () => {}
  const second = stage.start()
  await stage.bot.waitForMessages(2, 20_000)
  stage.check(1)
  await stage.told()
  await stage.stop(second)
  t.equal(stage.bot.messages.length, 3, 'repeated once')
  t.equal(marked(stage), 1)
  return stage.verdict({ mayRepeat: true })
}

async function restartWhileSending(t: Test): Promise<string> {
  const seen: string[] = []
  for (const accepted of [false, true]) {
    const stage = await createStage(t)
    const first = stage.start()
    await first.waitFor('watchtower.attached')
    stage.bot.next('sendMessage', { type: 'hang', accepted })
    stage.check(2)
    await stage.bot.waitForRequests('sendMessage', 1, 20_000)
    const took = await stage.stop(first)
    t.equal(first.events('report.sent').length, 0)
    const second = stage.start()
    await stage.bot.waitForMessages(accepted ? 2 : 1, 20_000)
    stage.check(1)
    await stage.told()
    await stage.stop(second)
    t.equal(stage.bot.messages.length, accepted ? 3 : 2)
    t.ok(stage.bot.messages[accepted ? 1 : 0]?.text.startsWith(REPEAT_MARK), 'it says that it may be a repeat')
    seen.push(`${accepted ? 'accepted' : 'not accepted'}: exit 0 after ${took} ms, ${stage.verdict({ mayRepeat: accepted })}`)
  }
  return seen.join('; ')
}

async function crashLoop(t: Test): Promise<string> {
  const stage = await createStage(t)
  stage.check(2)
  const first = stage.start()
  await stage.told()
  await first.waitFor('report.sent')
  await stage.kill(first)
  for (let round = 0; round < 10; round += 1) {
    const next = stage.start()
    await next.waitFor('watchtower.attached')
    if (round === 5) {
      stage.check(1)
      await next.waitFor('report.sent')
    }
    await stage.kill(next)
  }
  const last = stage.start()
  stage.check(1)
  await stage.told()
  await stage.stop(last)
  t.equal(stage.bot.messages.length, 3)
  return stage.verdict()
}

/** Telegram does not answer well either: each start may try once, and no start forgets how often was tried. */
async function crashLoopWhileTelegramFails(t: Test): Promise<string> {
  const stage = await createStage(t)
  const answer: Scripted = { type: 'error', status: 500, description: 'Internal Server Error' }
  stage.bot.always('sendMessage', answer)
  stage.check(2)
  for (let round = 0; round < 10; round += 1) {
    const next = stage.start({ RETRY_PACE: '1s' })
    await next.waitFor('watchtower.attached')
    await stage.reads()
    await stage.kill(next)
  }
  const sends = stage.bot.requests.filter(({ method }) => method === 'sendMessage').length
  t.ok(sends <= 10, `no flood: ${sends} sends in 10 starts`)
  stage.bot.always('sendMessage', null)
  const last = stage.start()
  await stage.told(stage.injected, 40_000)
  await stage.stop(last)
  return `${sends} sends in 10 starts; ${stage.verdict()}`
}

t.test('the sidecar ends and starts again', { timeout: 280_000 }, (t) => faultTable(t, [
  { row: 1, fault: 'SIGTERM while idle', expected: 'exit 0 within 5 s, state saved, nothing sent', run: sigtermWhileIdle },
  { row: 2, fault: 'SIGTERM with an open check', expected: 'not sent half; read again from its first line, one message', run: sigtermWithOpenSession },
  { row: 3, fault: 'SIGTERM during a send that is answered late', expected: 'waits for the answer, told once', run: sigtermDuringSend },
  { row: 4, fault: 'SIGKILL before the first save', expected: 'all is read again, told', run: killedBeforeFirstSave },
  { row: 7, fault: 'SIGKILL after Telegram accepted, before the save', expected: 'sent again once, marked', run: killedOnReceipt },
  { row: 8, fault: 'restart while sending', expected: 'exit 0 within 5 s, stays sending, sent again once, marked', run: restartWhileSending },
  { row: 9, fault: 'crash loop, 10 restarts', expected: 'nothing twice', run: crashLoop },
  { row: 9, fault: 'crash loop, 10 restarts while Telegram answers 500', expected: 'no flood, then told', run: crashLoopWhileTelegramFails },
]))
