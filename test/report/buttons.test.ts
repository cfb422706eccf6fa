import t from 'tap'
import type { Block } from '../../src/report/block.js'
import { buttonsOf } from '../../src/report/buttons.js'
import { partAgain, partsOf } from '../../src/report/message.js'
import { PLAIN, update } from './made-up.js'

const url = 'https://www.postgresql.org/docs/release/16.2/'
const block = (given: Parameters<typeof update>[0], standing: Block['standing'] = { type: 'pending' }): Block => ({ update: update({ releaseNotesUrl: url, ...given }), standing, since: null, before: null })
const buttons = (blocks: Block[], severalProjects = false, language: 'en' | 'fr' = 'en') => buttonsOf({ blocks, severalProjects }, { language })

t.test('an update whose release notes are known has a button to them', async (t) => {
  t.same(buttons([block({}), block({ service: 'redis', releaseNotesUrl: null })]), [{ text: '📖 postgres 16.2', url }])
  t.same(buttons([block({ newVersion: null })]), [{ text: '📖 postgres', url }])
  t.same(buttons([block({ newVersion: '16.2 (rebuilt)' })], true, 'fr'), [{ text: '📖 postgres (friday) 16.2 (reconstruite)', url }])
  t.same(buttons([block({ service: 'a-service-with-a-name-that-has-no-end', newVersion: '1'.repeat(99) })]), [{ text: `📖 a-service-wi…-has-no-end ${'1'.repeat(12)}…${'1'.repeat(11)}`, url }])
  for (const odd of ['ftp://x', 'javascript:x', `https://${'x'.repeat(600)}`, 'https:// x', '']) t.same(buttons([block({ releaseNotesUrl: odd })]), [], odd)
})

t.test('eight updates have buttons, more have only the link at their version', async (t) => {
  const some = (count: number): Block[] => Array.from({ length: count }, (_, i) => block({ service: `s${i}` }))
  t.equal(buttons(some(8)).length, 8)
  t.same(buttons(some(9)), [])
  t.equal(buttons([...some(8), block({ releaseNotesUrl: null })]).length, 8)
  const parts = partsOf({ host: null, blocks: some(8), failedChecks: [], stillPending: [] }, { ...PLAIN, now: 0 })
  t.equal(parts[0]?.message.buttons.length, 8)
  t.match(parts[0]?.message.html, `<a href="${url}">16.2</a>`, 'the link is there in any case')
})

t.test('a ticked update keeps its button, what is superseded or removed has none', async (t) => {
  const [part] = partsOf({ host: null, blocks: [block({})], failedChecks: [], stillPending: [] }, { ...PLAIN, now: 0 })
  const again = (standing: Block['standing']) => partAgain({ ...part!, blocks: [block({}, standing)] }, { ...PLAIN, now: 0 }).buttons.length
  t.equal(again({ type: 'applied', at: 0, health: 'none', unhealthySince: null }), 1)
  t.equal(again({ type: 'rolled-back', at: 0 }), 1)
  t.equal(again({ type: 'superseded', by: '16.3', link: null }), 0)
  t.equal(again({ type: 'removed' }), 0)
})
