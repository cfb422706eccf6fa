import t from 'tap'
import { emptyLedger, forget, type Ledger, mentionOnly, refresh, restand, reveal, reword, show, supersede } from '../../src/life/ledger.js'
import type { Block, Standing } from '../../src/report/block.js'
import type { Update } from '../../src/report/update.js'
import { update } from '../report/made-up.js'

const block = (one: Update, standing: Standing = { type: 'pending' }): Block => ({ update: one, standing, since: null, before: null })
const placed = (...blocks: Block[]) => ({ host: null, blocks, failedChecks: [], stillPending: [], index: 0, count: 1, total: blocks.length, severalProjects: false, reminder: false })
const shown = (...messages: Block[][]): Ledger => messages.reduce((ledger, blocks, n) => show(ledger, { chat: 1, messageId: 100 + n, link: null, sentAt: 0, content: placed(...blocks) }), emptyLedger)
const standings = ({ ledger }: { ledger: Ledger }): string[][] => ledger.shown.map(({ content }) => content.blocks.map(({ standing }) => standing.type))
const [a, b, newerA] = [update({ service: 'a' }), update({ service: 'b' }), update({ service: 'a', newImageId: '999999999999', newVersion: '16.3' })]
const applied: Standing = { type: 'applied', at: 1, health: 'none', unhealthySince: null }

t.test('what stands differently changes in the messages that show it, and only those are edited', (t) => {
  const changed = restand(shown([block(a), block(b)], [block(update({ service: 'c' }))]), [{ update: a, standing: applied }])
  t.same(standings(changed), [['applied', 'pending'], ['pending']])
  t.same(changed.edited, [1])
  t.same(restand(changed.ledger, [{ update: a, standing: applied }]).edited, [], 'once')
  t.end()
})

t.test('what was struck through or removed stays so', (t) => {
  const over = shown([block(a, { type: 'superseded', by: '16.3', link: null }), block(b, { type: 'removed' })])
  t.same(restand(over, [{ update: a, standing: applied }, { update: b, standing: applied }]).edited, [])
  t.end()
})

t.test('a newer message strikes through what older ones said of its services, and they lead to it', (t) => {
  const led = supersede(shown([block(a), block(b)], [block(newerA)]), [block(newerA)], 'https://t.me/c/1/2', 2)
  t.same(standings(led), [['superseded', 'pending'], ['pending']])
  t.same(led.ledger.shown[0]?.content.blocks[0]?.standing, { type: 'superseded', by: '16.3', link: 'https://t.me/c/1/2' })
  t.same(led.edited, [1])
  t.same(supersede(led.ledger, [block(newerA)], 'https://t.me/c/1/3', 2).edited, [], 'the first link stays')
  const nameless = supersede(shown([block(a)]), [block({ ...newerA, newVersion: null })], null, 2)
  t.match(nameless.ledger.shown[0]?.content.blocks[0]?.standing, { by: '999999999999', link: null })
  t.end()
})

t.test('a version that comes back does not take its own place', (t) => {
  const led = supersede(shown([block(a)], [block(newerA)]), [block(newerA)], null, 2)
  const back = supersede(led.ledger, [block(a)], null, 3)
  t.same(back.ledger.shown.map(({ content }) => content.blocks[0]?.standing), [{ type: 'superseded', by: '16.3', link: null }, { type: 'superseded', by: '16.2', link: null }])
  t.same(back.edited, [2])
  t.end()
})

t.test('what is pending is shown as it is known now, what is over as it was', (t) => {
  const alone = { ...a, commands: ['docker compose up -d --no-deps a'] }
  const led = reword(shown([block(a), block(b)], [block(a, applied)]), [alone])
  t.same(led.ledger.shown.map(({ content }) => content.blocks.map(({ update: { commands } }) => commands)), [[alone.commands, b.commands], [a.commands]])
  t.same(led.edited, [1])
  t.end()
})

t.test('an image that was told by itself becomes its services, in the message where it was told first', (t) => {
  const vague = update({ service: 'app', project: null, currentImageId: null })
  const [one, two] = [block(update({ service: 'one' })), block(update({ service: 'two', project: 'saturday' }))]
  const led = reveal(shown([block(b)], [block(vague)], [block(vague)], [block(vague, { type: 'superseded', by: 'x', link: null })]), [one, two, block({ ...a, newImageId: '999999999999' })])
  t.same(led.ledger.shown.map(({ content: { blocks, total, severalProjects } }) => [blocks.map(({ update: { service } }) => service), total, severalProjects]), [[['b'], 1, false], [['one', 'two'], 2, true], [['app'], 1, false], [['app'], 1, false]])
  t.same(led.told.map(({ block: { update: { service } }, in: { id } }) => [service, id]), [['one', 2], ['two', 2]])
  t.same(led.edited, [2])
  t.same(standings(supersede(led.ledger, [one], null, 2)), [['pending'], ['pending', 'pending'], ['superseded'], ['superseded']], 'where it was told once more it leads there')
  t.end()
})

t.test('what waits no more is mentioned no more, and only messages that mentioned it are edited', (t) => {
  const mentions = (...updates: Update[]): Ledger => show(shown([block(a)]), { chat: 1, messageId: 101, link: null, sentAt: 0, content: { ...placed(block(b)), stillPending: updates.map((one) => ({ update: one, since: 0 })) } })
  const led = mentionOnly(mentions(a, newerA), [newerA, b])
  t.same([led.ledger, led.edited], [mentions(newerA), [2]])
  t.same(mentionOnly(led.ledger, [newerA, b]), { ledger: led.ledger, edited: [] })
  t.end()
})

t.test('a message is brought up to date, forgotten, and the oldest make room', (t) => {
  t.same(standings(refresh(shown([block(a)], [block(b)]), 2, (one) => ({ ...one, standing: applied }))), [['pending'], ['applied']])
  t.same(forget(shown([block(a)], [block(b)]), 1).shown.map(({ id }) => id), [2])
  t.same(shown(...Array.from({ length: 205 }, () => [block(a)])).shown.map(({ id }) => id).slice(0, 2), [6, 7])
  t.same(shown(...Array.from({ length: 202 }, (_, n) => [block(a, n === 1 || n === 3 ? applied : { type: 'pending' })])).shown.map(({ id }) => id).slice(0, 3), [1, 3, 5], 'what waits for nothing first')
  t.end()
})
