// The laws of delivery and of the checklist, whatever happens in whatever order (model.ts).
import { deepStrictEqual, ok, strictEqual } from 'node:assert'
import fc from 'fast-check'
import t from 'tap'
import { isSame, isVague, samePlace } from '../../src/report/announce.js'
import { partAgain } from '../../src/report/message.js'
import { type Command, delivery, life, run } from './model.js'

const name = (service: number, image: number): string => `s${service}-v${image}.`
const isMarked = (text: string): boolean => text.startsWith('↻ Possible repeat')
const holds = (text: string, [service, image]: [number, number]): boolean => new RegExp(`Service: s${service}\nCurrent: old\nNew: (v\\d\\. → )?v${image}\\.(,|$)`, 'm').test(text)
/** How often an update is news: once, and again whenever another image of its service was found in between. */
function timesNew(log: readonly (readonly [number, number][])[], [service, image]: [number, number]): number {
  const images = log.flatMap((session) => session.filter(([of]) => of === service).map(([, found]) => found))
  return images.filter((found, n) => found === image && images[n - 1] !== image).length
}
const isSure = (command: Command): boolean => command.type !== 'crash' && (command.type !== 'send' || ['sent', 'not-sent'].includes(command.outcome))

t.test('whatever crashes when, no update is lost, reordered, or repeated without its mark', (t) => {
  fc.assert(
    fc.property(fc.array(delivery, { maxLength: 40 }), (commands) => {
      const { messages, log } = run(commands)
      const texts = messages.map(({ text }) => text)
      let [sofar, latest] = [0, 0]
      // one report in several messages is in order of names
      const inParts = log.some((session) => session.length > 20)
      for (const [index, session] of log.entries()) {
        sofar = latest
        for (const update of session) {
          const tellings = texts.flatMap((text, at) => (holds(text, update) ? [at] : []))
          const [first] = tellings
          // an update that was not told yet may give way to a newer image of its service
          const superseded = log.slice(index).some((other) => other.some(([service, image]) => service === update[0] && image !== update[1]))
          ok(first !== undefined || superseded, `${name(...update)} was never told`)
          ok(tellings.filter((at, n) => n === 0 || !isMarked(texts[at] as string)).length <= timesNew(log, update), `${name(...update)} was repeated without a mark`)
          const isNew = !log.slice(0, index).some((other) => other.some(([service, image]) => service === update[0] && image === update[1]))
          if (first === undefined || superseded || !isNew || inParts) continue
          ok(first >= sofar, `${name(...update)} was overtaken`)
          // the updates of one session may come in any order
          latest = Math.max(latest, first)
        }
      }
    }),
    { numRuns: 600 },
  )
  t.pass('600 of 600')
  t.end()
})

t.test('without crashes and lost answers every message is sent once, unmarked', (t) => {
  fc.assert(
    fc.property(fc.array(delivery, { maxLength: 30 }), (commands) => {
      const { messages, log } = run(commands.filter(isSure))
      ok(!messages.some(({ text }) => isMarked(text)))
      for (const update of log.flat()) ok(messages.filter(({ text }) => holds(text, update)).length <= timesNew(log, update))
    }),
    { numRuns: 200 },
  )
  t.pass('200 of 200')
  t.end()
})

t.test('what was found last is pending; each pending update has its block in exactly one live message, and every live message says how its updates stand', (t) => {
  fc.assert(
    fc.property(life, (commands) => {
      // what Telegram has and the program does not know of cannot be edited
      const { messages, state, latest, format } = run(commands.filter((command) => command.type !== 'send' || !/accepted$/.test(command.outcome)))
      const live = state.ledger.shown.filter(({ messageId }) => !messages[messageId - 1]?.deleted)
      for (const update of latest) {
        const tracked = state.tracked.find((one) => samePlace(one.update, update))
        ok(tracked && isSame(tracked.update, update), `${update.service} ${update.newVersion} was found last, and is not what is tracked`)
        if (tracked.standing.type === 'pending') deepStrictEqual(tracked.update, update)
      }
      for (const { update, standing } of state.tracked) {
        if (standing.type !== 'pending') continue
        const blocks = live.flatMap(({ content }) => content.blocks.filter((block) => isSame(block.update, update) && block.standing.type === 'pending'))
        for (const block of blocks) deepStrictEqual(block.update, update, 'the block says what is known now')
        // of a message that somebody deleted the program learns when it edits it; then the next check tells it again
        const deleted = state.ledger.shown.some(({ messageId, content }) => messages[messageId - 1]?.deleted && content.blocks.some((block) => isSame(block.update, update)))
        const again = !state.announced.updates.some((key) => key === JSON.stringify([update.project, update.service, update.image, update.newImageId]))
        ok(blocks.length === 1 || (blocks.length === 0 && (deleted || again)), `${update.service} ${update.newVersion} has ${blocks.length} blocks`)
      }
      for (const { messageId, content, sentAt } of live) {
        for (const { update, standing } of content.blocks) {
          if (standing.type !== 'pending') continue
          const again = live.flatMap(({ content: { blocks } }) => blocks).filter((block) => block.standing.type === 'pending' && block.update.newImageId === update.newImageId)
          // an image that was told by itself is not told a second time, under its services
          if (isVague(update)) strictEqual(again.length, 1, `${update.newImageId} is told ${again.length} times`)
          else ok(state.tracked.some((one) => isSame(one.update, update) && one.standing.type === 'pending'), `${update.service} ${update.newVersion} is shown as pending and is not`)
        }
        const shown = messages[messageId - 1]?.now ?? ''
        const told = shown.replace(/^((↻|⏱)[^\n]*\n\n)*/, '')
        strictEqual(told, partAgain(content, { ...format, now: sentAt }).text)
        for (const { update } of content.stillPending) ok(state.tracked.some((one) => isSame(one.update, update) && one.standing.type === 'pending'), `${update.service} ${update.newVersion} is mentioned as pending and is not`)
      }
    }),
    { numRuns: 600 },
  )
  t.pass('600 of 600')
  t.end()
})
