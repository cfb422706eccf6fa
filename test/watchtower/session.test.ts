import t from 'tap'
import type { WatchtowerEvent } from '../../src/watchtower/event.js'
import { advance, type CheckSession, emptySessionState, finish, quiet, type SessionState } from '../../src/watchtower/session.js'
import { costsLinear, heldBytes } from '../measure.js'

const ID = 'c3fd032ac905'
const started = (version: string | null = '1.7.1'): WatchtowerEvent => ({ type: 'started', version })
const cleanup: WatchtowerEvent = { type: 'cleanup-started' }
const found = (image: string, container: string | null = null, fullId = false): WatchtowerEvent => ({ type: 'update-found', image, newImageId: ID, container, fullId })
const failed = (container: string, detail = 'EOF'): WatchtowerEvent => ({ type: 'check-failed', container, detail })
const stopped = (container: string): WatchtowerEvent => ({ type: 'container-stopped', container })
const created = (container: string): WatchtowerEvent => ({ type: 'container-created', container })
const removed: WatchtowerEvent = { type: 'image-removed' }
const done = (scanned: number | null = 4, available: number | null = 3, failures: number | null = 0): WatchtowerEvent => ({ type: 'session-done', scanned, available, failed: failures })
const aborted = (error: string, consequence = true): WatchtowerEvent => ({ type: 'session-aborted', error, consequence })
const error = (message: string): WatchtowerEvent => ({ type: 'error', message })

/** Time of the nth event. */
const at = (n: number): string => `2026-11-23T20:15:${String(n).padStart(2, '0')}Z`

/** The sessions that the events seal, one second apart, and the state after them. */
function run(...events: WatchtowerEvent[]): { sealed: CheckSession[]; state: SessionState } {
  const state = emptySessionState()
  const sealed = events.map((event, n) => advance(state, event, at(n))).filter((session) => session !== null)
  return { sealed, state }
}

/** A session with what differs from an empty one. */
const session = (more: Partial<CheckSession>): CheckSession => ({
  version: '1.7.1', startedAt: at(1), endedAt: at(1), end: 'done', error: null, scanned: null, available: null, failed: null, found: [], failures: [], replaced: [], ...more,
})
const image = (name: string, ...containers: string[]): CheckSession['found'][number] => ({ image: name, newImageId: ID, containers })

t.test('a session goes from its first meaningful line to its end and holds what was said between', (t) => {
  const { sealed, state } = run(started(), failed('private', 'no such host'), found('b:1'), found('a:1'), found('b:1'), done(9, 5, 1))
  t.strictSame(sealed, [session({ startedAt: at(1), endedAt: at(5), scanned: 9, available: 5, failed: 1, found: [image('b:1'), image('a:1')], failures: [{ container: 'private', detail: 'no such host' }] })])
  t.equal(state.open, null)
  t.end()
})

t.test('the end alone is a session: nothing was scanned', (t) => {
  t.strictSame(run(started(), done(0, 0, 0)).sealed, [session({ scanned: 0, available: 0, failed: 0 })])
  t.end()
})

t.test('each end begins anew: the second check repeats the updates of the first', (t) => {
  const { sealed } = run(started(), found('a:1'), done(), found('a:1'), done(4, 1))
  t.strictSame(sealed, [
    session({ startedAt: at(1), endedAt: at(2), scanned: 4, available: 3, failed: 0, found: [image('a:1')] }),
    session({ startedAt: at(3), endedAt: at(4), scanned: 4, available: 1, failed: 0, found: [image('a:1')] }),
  ])
  t.end()
})

t.test('only a found, failed, stopped, created, removed, done or abort line opens a session', (t) => {
  for (const event of [started(), started(null), cleanup, error('x')]) t.equal(run(event).state.open, null, event.type)
  for (const event of [found('a:1'), failed('a'), stopped('a'), created('a'), removed]) t.not(run(event).state.open, null, event.type)
  for (const event of [done(), aborted('panic: x')]) t.equal(run(event).sealed.length, 1, event.type)
  t.end()
})

t.test('the containers of one image are named once each, where they are named', (t) => {
  t.strictSame(run(started(), found('a:1', 'one'), found('a:1', 'two'), found('a:1', 'one'), found('a:1'), done()).sealed[0]?.found, [image('a:1', 'one', 'two')])
  t.end()
})

t.test('one image with two new ids is two updates', (t) => {
  const other: WatchtowerEvent = { type: 'update-found', image: 'a:1', newImageId: '111111111111', container: null, fullId: false }
  t.strictSame(run(found('a:1'), other, done()).sealed[0]?.found, [image('a:1'), { ...image('a:1'), newImageId: '111111111111' }])
  t.end()
})

t.test('of a container that failed twice the last error counts', (t) => {
  t.strictSame(run(failed('a', 'first, and long'), failed('b', 'x'), failed('a', 'last'), done()).sealed[0]?.failures, [{ container: 'a', detail: 'last' }, { container: 'b', detail: 'x' }])
  t.end()
})

t.test('a container that was stopped and created is recreated, in either order', (t) => {
  t.strictSame(run(found('a:1'), stopped('web'), stopped('db'), created('web'), created('self'), removed, stopped('self'), done()).sealed[0]?.replaced, [
    { container: 'web', state: 'recreated', at: at(1) }, { container: 'db', state: 'stopped', at: at(2) }, { container: 'self', state: 'recreated', at: at(4) },
  ])
  t.end()
})

t.test('names of every object are names like others', (t) => {
  const [one] = run(found('__proto__', '__proto__'), failed('constructor'), created('__proto__'), done()).sealed
  t.strictSame([one?.found, one?.failures, one?.replaced], [[image('__proto__', '__proto__')], [{ container: 'constructor', detail: 'EOF' }], [{ container: '__proto__', state: 'recreated', at: at(2) }]])
  t.end()
})

t.test('a panic aborts a session, for the error that was logged before it', (t) => {
  t.strictSame(run(started(), found('a:1'), error('Error response from daemon: Bad response'), aborted('panic: nil')).sealed, [
    session({ startedAt: at(1), endedAt: at(3), end: 'aborted', error: 'Error response from daemon: Bad response', found: [image('a:1')] }),
  ])
  t.strictSame(run(started(), error('Error response from daemon: Bad response'), aborted('panic: nil')).sealed, [
    session({ startedAt: at(2), endedAt: at(2), end: 'aborted', error: 'Error response from daemon: Bad response' }),
  ], 'nothing was open: the listing failed')
  t.strictSame(run(started(), aborted('panic: nil')).sealed, [session({ end: 'aborted', error: 'panic: nil' })], 'no error before it')
  t.end()
})

t.test('what names its own cause is aborted for that, whatever was logged before', (t) => {
  t.equal(run(started(), error('Failed to send shoutrrr notification'), aborted('duplicate metrics', false)).sealed[0]?.error, 'duplicate metrics')
  t.end()
})

t.test('an error belongs to the session it stands in', (t) => {
  t.equal(run(error('old'), done(), aborted('panic: nil')).sealed[1]?.error, 'panic: nil', 'before another session was sealed')
  t.equal(run(error('old'), found('a:1'), aborted('panic: nil')).sealed[0]?.error, 'panic: nil', 'before the session was opened')
  t.equal(run(error('old'), started(), aborted('panic: nil')).sealed[0]?.error, 'panic: nil', 'before a restart')
  t.equal(run(found('a:1'), error('old'), done()).sealed[0]?.error, null, 'of a session that ended well it is no cause')
  t.end()
})

t.test('a new banner aborts an open session and begins with its own version', (t) => {
  t.strictSame(run(started('1.7.0'), found('a:1'), error('signal'), started('1.7.1'), done()).sealed, [
    session({ version: '1.7.0', startedAt: at(1), endedAt: at(3), end: 'aborted', error: 'signal', found: [image('a:1')] }),
    session({ startedAt: at(4), endedAt: at(4), scanned: 4, available: 3, failed: 0 }),
  ])
  t.equal(run(started(), done(), started()).sealed.length, 1, 'nothing was open')
  t.end()
})

t.test('the clean-up of a second Watchtower is neither a session nor a replacement', (t) => {
  t.strictSame(run(cleanup, stopped('qwertyuiop'), removed, started(), done()).sealed, [session({ startedAt: at(4), endedAt: at(4), scanned: 4, available: 3, failed: 0 })])
  t.strictSame(run(stopped('qwertyuiop'), removed, started(), done()).sealed.length, 1, 'its first line was lost')
  t.end()
})

t.test('a session that a restart cut keeps what it had, without the clean-up that follows', (t) => {
  t.strictSame(run(started(), found('a:1'), cleanup, stopped('qwertyuiop'), removed, started()).sealed, [
    session({ startedAt: at(1), endedAt: at(5), end: 'aborted', found: [image('a:1')] }),
  ])
  for (const event of [failed('web'), created('web')]) t.equal(run(started(), event, started()).sealed[0]?.end, 'aborted', event.type)
  t.end()
})

t.test('the clean-up ends with the first check where no banner is printed', (t) => {
  t.strictSame(run(cleanup, stopped('old'), found('a:1'), stopped('web'), done()).sealed[0]?.replaced, [{ container: 'web', state: 'stopped', at: at(3) }])
  t.end()
})

t.test('quiet time ends the sessions of versions that print no end, and of no others', (t) => {
  const idle = (version: string | null, ...events: WatchtowerEvent[]): CheckSession | null => quiet(run(started(version), ...events).state)
  for (const version of [null, '1.3.0', '1.2.1', '1.0.0']) {
    t.strictSame(idle(version, found('a:1'), found('b:1')), session({ version, startedAt: at(1), endedAt: at(2), end: 'idle', found: [image('a:1'), image('b:1')] }), String(version))
  }
  for (const version of ['1.4.0', '1.7.1', '1.10.0', '1.21.0', '2.0.0', '0.0.0-unknown', '1', 'dev']) t.equal(idle(version, found('a:1')), null, version)
  t.equal(idle('1.3.0'), null, 'nothing is open')
  t.strictSame(quiet(run(found('a:1')).state), session({ version: null, startedAt: at(0), endedAt: at(0), end: 'idle', found: [image('a:1')] }), 'a version that no banner told may print none')
  t.equal(quiet(run(done(), found('a:1')).state), null, 'unless it has printed one')
  t.strictSame(quiet(run(found('a:1', null, true)).state), session({ version: null, startedAt: at(0), endedAt: at(0), end: 'idle', found: [image('a:1')] }), 'a full id tells the version')
  t.equal(quiet(run(found('a:1', null, true), done(), started(), found('a:1')).state), null, 'a newer Watchtower took over')
  t.end()
})

t.test('an error of an idle session is not its error', (t) => {
  t.equal(quiet(run(started('1.3.0'), found('a:1'), error('x')).state)?.error, null)
  t.end()
})

t.test('the end of a file seals only what has something to say', (t) => {
  for (const [event, more] of [
    [found('a:1'), { found: [image('a:1')] }],
    [failed('a'), { failures: [{ container: 'a', detail: 'EOF' }] }],
    [stopped('a'), { replaced: [{ container: 'a', state: 'stopped', at: at(1) }] }],
    [created('a'), { replaced: [{ container: 'a', state: 'recreated', at: at(1) }] }],
  ] satisfies [WatchtowerEvent, Partial<CheckSession>][]) {
    t.strictSame(finish(run(started(), event, error('x')).state, 'eof'), session({ end: 'eof', ...more }), event.type)
  }
  const { state } = run(started(), removed)
  t.equal(finish(state, 'eof'), null)
  t.equal(state.open, null)
  t.equal(finish(run(started(), error('x')).state, 'eof'), null)
  t.end()
})

t.test("the container's end aborts what is open, at its last line", (t) => {
  t.strictSame(finish(run(started(), found('a:1'), found('b:1'), error('killed')).state, 'exited'), session({ startedAt: at(1), endedAt: at(2), end: 'aborted', error: 'killed', found: [image('a:1'), image('b:1')] }))
  t.strictSame(finish(run(started(), removed).state, 'exited'), session({ end: 'aborted' }))
  t.equal(finish(run(started(), error('client version 1.25 is too old')).state, 'exited'), null, 'no session was open')
  t.end()
})

t.test('an event that nobody knows changes nothing', (t) => {
  const { state } = run(started(), found('a:1'))
  const before = structuredClone(state)
  t.equal(advance(state, { type: 'unheard-of' } as never, at(2)), null)
  t.strictSame(state, before)
  t.end()
})

t.test('without times there are none, a later time counts', (t) => {
  const state = emptySessionState()
  advance(state, found('a:1'), null)
  t.strictSame(advance(state, done(null, null, null), null), session({ version: null, startedAt: null, endedAt: null, found: [image('a:1')] }))
  advance(state, found('a:1'), null)
  advance(state, found('b:1'), at(3))
  advance(state, found('c:1'), null)
  t.strictSame(finish(state, 'eof'), session({ version: null, startedAt: null, endedAt: at(3), end: 'eof', found: [image('a:1'), image('b:1'), image('c:1')] }))
  t.end()
})

t.test('what one session keeps is bounded, whatever its log says, and its first entries are kept', (t) => {
  const floods: Record<string, (n: number) => WatchtowerEvent> = {
    images: (n) => found(`image${n}:1`),
    'containers of one image': (n) => found('a:1', `container${n}`),
    failures: (n) => failed(`container${n}`, `${n}${'x'.repeat(5_000)}`),
    'ever longer errors of a few containers': (n) => failed(`container${n % 90}`, `${n}${'x'.repeat(n / 2)}`),
    replacements: (n) => created(`container${n}`),
    'stopped containers': (n) => stopped(`container${n}`),
  }
  for (const [name, flood] of Object.entries(floods)) {
    const state = emptySessionState()
    advance(state, found('first:1', 'first'), null)
    const before = heldBytes()
    for (let n = 0; n < 100_000; n += 1) advance(state, flood(n), null)
    const grown = heldBytes() - before
    t.ok(grown < 30_000_000, `${name}: ${grown} bytes`)
    const sealed = advance(state, done(), null)
    t.strictSame(sealed?.found[0], image('first:1', 'first'))
    t.equal(sealed?.scanned, 4)
  }
  t.end()
})

t.test('a session of many events costs time in proportion to their number', async (t) => {
  const all = (make: (n: number) => WatchtowerEvent) => (n: number) => Array.from({ length: n }, (_, i) => make(i))
  const take = (events: WatchtowerEvent[]): void => {
    const state = emptySessionState()
    for (const event of events) advance(state, event, null)
    finish(state, 'eof')
  }
  await costsLinear(t, 'images', all((n) => found(`image${n}:1`)), take, 8_000)
  await costsLinear(t, 'containers of one image', all((n) => found('a:1', `container${n}`)), take, 8_000)
  await costsLinear(t, 'sessions', all((n) => (n % 2 === 0 ? found('a:1') : done())), take, 8_000)
})
