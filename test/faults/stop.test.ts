// The sidecar is stopped, killed and started again while it is idle, reads or sends.
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { REPEAT_MARK } from './counter.js'
import { createMachine, createStage, done, eventually, found, outboxOf, record, settled, type Stage, stateFile } from './stage.js'
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
  t.same(JSON.parse(stateFile(stage) ?? '').state.cursors, [], 'nothing of the log was saved')
  stage.api.override(/\/logs$/, null)
  const early = stage.start()
  await sleep(200)
  await stage.kill(early)
  const mayRepeat = outboxOf(stage)?.entries[0]?.state === 'sending'
  const last = stage.start()
  await stage.told()
  stage.check(1)
  await stage.told()
  await stage.stop(last)
  return stage.verdict({ mayRepeat })
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
    const first = stage.start({ TELEGRAM_TIMEOUT: '60s' }) // far longer than the end may take
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
  await settled(stage)
  await stage.kill(first)
  for (let round = 0; round < 10; round += 1) {
    const next = stage.start()
    await next.waitFor('watchtower.attached')
    if (round === 5) {
      stage.check(1)
      await stage.told()
      await settled(stage)
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

/** Each start sends as soon as it may, and is killed as soon as Telegram got it. */
async function crashLoopOnSend(t: Test): Promise<string> {
  const { stage, set, start } = await createMachine(t)
  stage.bot.always('sendMessage', { type: 'error', status: 500, description: 'Internal Server Error' })
  stage.check(2)
  const sends = (): number => stage.bot.requests.filter(({ method }) => method === 'sendMessage').length
  const begun = performance.now()
  for (let round = 0; round < 24; round += 1) {
    const [before, next] = [sends(), start({ RETRY_PACE: '1ms' })]
    await next.waitFor('watchtower.attached')
    await Promise.race([eventually(() => sends() > before, 'sent'), stage.reads(1)])
    await stage.kill(next)
  }
  const minutes = (performance.now() - begun) / 60_000
  t.ok(sends() <= 20 * Math.ceil(minutes), `no flood: ${sends()} sends in 24 starts`)
  const seen = `${sends()} sends in 24 starts within ${Math.round(minutes * 60)} s`
  stage.bot.always('sendMessage', null)
  set(120_000)
  const last = start()
  await stage.told()
  await stage.stop(last)
  return `${seen}; ${stage.verdict()}`
}

t.test('the sidecar ends and starts again', { timeout: 840_000 }, (t) => faultTable(t, [
  { row: 1, fault: 'SIGTERM while idle', expected: 'exit 0 within 5 s, state saved, nothing sent', run: sigtermWhileIdle },
  { row: 2, fault: 'SIGTERM with an open check', expected: 'not sent half; read again from its first line, one message', run: sigtermWithOpenSession },
  { row: 3, fault: 'SIGTERM during a send that is answered late', expected: 'waits for the answer, told once', run: sigtermDuringSend },
  { row: 4, fault: 'SIGKILL before the first save', expected: 'all is read again, told', run: killedBeforeFirstSave },
  { row: 7, fault: 'SIGKILL after Telegram accepted, before the save', expected: 'sent again once, marked', run: killedOnReceipt },
  { row: 8, fault: 'restart while sending', expected: 'exit 0 within 5 s, stays sending, sent again once, marked', run: restartWhileSending },
  { row: 9, fault: 'crash loop, 10 restarts', expected: 'nothing twice', run: crashLoop },
  { row: 9, fault: 'crash loop, killed at each send, 24 restarts', expected: 'no flood: at most 20 sends a minute', timeoutMs: 300_000, run: crashLoopOnSend },
]))
