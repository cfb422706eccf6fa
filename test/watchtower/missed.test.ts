import t from 'tap'
import { createMissed } from '../../src/watchtower/missed.js'
import type { CheckSession } from '../../src/watchtower/session.js'
import { found, session } from '../report/made-up.js'

function merged(history: boolean, ...sessions: Partial<CheckSession>[]): CheckSession | null {
  const missed = createMissed(history)
  for (const one of sessions) missed.add(session(one))
  return missed.take()
}
const failure = (container: string) => ({ container, detail: 'x' })
const replaced = (container: string, at = '1') => ({ container, state: 'recreated' as const, at })

t.test('the last session stands, with what earlier ones found, of each image the newest', (t) => {
  t.same(
    merged(false, { endedAt: '1', found: [found('a:1', 'old'), found('b:1', 'b')] }, { endedAt: '2', scanned: 7, found: [found('a:1', 'new')] }),
    session({ endedAt: '2', scanned: 7, found: [found('b:1', 'b'), found('a:1', 'new')] }),
  )
  t.equal(merged(false), null)
  t.end()
})

t.test('failures are those of the last check, and of the one before it if it broke off', (t) => {
  t.same(merged(false, { failures: [failure('a')] }, { failures: [failure('b')] })?.failures, [failure('b')])
  t.same(merged(false, { failures: [failure('a')] }, { end: 'aborted', failures: [failure('b')] })?.failures, [failure('a'), failure('b')])
  t.end()
})

t.test('every replaced container is an incident that counts', (t) => {
  t.same(merged(false, { replaced: [replaced('a')] }, { replaced: [replaced('b')] })?.replaced, [replaced('a'), replaced('b')])
  t.same(merged(false, { replaced: [replaced('a')] }, { replaced: [replaced('a', '2'), replaced('a', '2')] })?.replaced, [replaced('a'), replaced('a', '2')], 'each time anew')
  t.end()
})

t.test('in history a complete check stands for all before it, and old incidents are past', (t) => {
  t.match(
    merged(true, { found: [found('a:1', 'a')], replaced: [replaced('a')] }, { found: [found('b:1', 'b')] }, { end: 'aborted', found: [found('c:1', 'c')] }),
    { found: [found('b:1', 'b'), found('c:1', 'c')], replaced: [] },
  )
  t.end()
})

t.test('what was taken does not come again, and what is kept is bounded', (t) => {
  const missed = createMissed(false)
  missed.add(session({ found: Array.from({ length: 10_500 }, (_, n) => found(`image${n}`, 'x')), failures: [failure('a')] }))
  t.equal(missed.take()?.found.length, 10_000)
  t.equal(missed.take(), null)
  missed.add(session())
  t.same(missed.take(), session())
  t.end()
})
