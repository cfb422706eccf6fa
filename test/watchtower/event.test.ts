import fc from 'fast-check'
import t from 'tap'
import { eventOf, type WatchtowerEvent } from '../../src/watchtower/event.js'
import { decodeRecord, type Level, type LogRecord } from '../../src/watchtower/record.js'
import { costsLinear } from '../measure.js'
import { PRINT, REAL_LINES } from './dialects.js'

const record = (level: Level, message: string, fields: Record<string, string> = {}): LogRecord => ({ dialect: 'logfmt', time: null, level, message, fields: new Map(Object.entries(fields)) })
const event = (level: Level, message: string, fields: Record<string, string> = {}): WatchtowerEvent | null => eventOf(record(level, message, fields))
const LEVELS: Level[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']
const FULL = 'sha256:c3fd032ac905fd0a1c4b1a9ab2ac9d5a6ee4f6f1c3e4f4c9d0a1b2c3d4e5f607'

/** Every wording that means something: level, message, fields, what it means. */
const TABLE: [title: string, Level, message: string, fields: Record<string, string>, WatchtowerEvent][] = [
  ['a found image', 'info', 'Found new qdrant/qdrant:latest image (c3fd032ac905)', {}, { type: 'update-found', image: 'qdrant/qdrant:latest', newImageId: 'c3fd032ac905', container: null, fullId: false }],
  ['a found image of a registry with a port and no tag', 'info', 'Found new localhost:5999/team/app image (c3fd032ac905)', {}, { type: 'update-found', image: 'localhost:5999/team/app', newImageId: 'c3fd032ac905', container: null, fullId: false }],
  ['a found image of 1.2.1 and older, with its full id', 'info', `Found new redis:7 image (${FULL})`, {}, { type: 'update-found', image: 'redis:7', newImageId: 'c3fd032ac905', container: null, fullId: true }],
  ["the fork's found image, container with a slash", 'info', 'Found new image', { container: '/web', image: 'nginx:latest', new_id: '111111111111' }, { type: 'update-found', image: 'nginx:latest', newImageId: '111111111111', container: 'web', fullId: false }],
  ["the fork's found image, container without a slash", 'info', 'Found new image', { container: 'web', image: 'nginx:latest', new_id: `sha256:${'1'.repeat(64)}` }, { type: 'update-found', image: 'nginx:latest', newImageId: '111111111111', container: 'web', fullId: false }],
  ["the fork's found image, no container", 'info', 'Found new image', { image: 'nginx:latest', new_id: '111111111111' }, { type: 'update-found', image: 'nginx:latest', newImageId: '111111111111', container: null, fullId: false }],
  ['a failed check', 'info', 'Unable to update container "/friday-private": Error response from daemon: Get "https://ghcr.io/v2/": dial tcp: no such host. Proceeding to next.', {}, { type: 'check-failed', container: 'friday-private', detail: 'Error response from daemon: Get "https://ghcr.io/v2/": dial tcp: no such host' }],
  ['a failed check whose error ends in a full stop', 'info', 'Unable to update container "/web": no available image info.. Proceeding to next.', {}, { type: 'check-failed', container: 'web', detail: 'no available image info.' }],
  ['a failed check whose error has lines', 'info', 'Unable to update container "/web": a\nb: Proceeding to next.\nc. Proceeding to next.', {}, { type: 'check-failed', container: 'web', detail: 'a\nb: Proceeding to next.\nc' }],
  ['a failed check that was cut short', 'info', 'Unable to update container "/web": <html> …[cut]', {}, { type: 'check-failed', container: 'web', detail: '<html> …[cut]' }],
  ['a failed check of 1.0.0: no quotes, no error', 'info', 'Unable to update container /web. Proceeding to next.', {}, { type: 'check-failed', container: 'web', detail: '' }],
  ['a failed check of 1.0.0: a name with a dot', 'info', 'Unable to update container /web.1. Proceeding to next.', {}, { type: 'check-failed', container: 'web.1', detail: '' }],
  ['a failed check without quotes, with an error', 'info', 'Unable to update container /web: EOF. Proceeding to next.', {}, { type: 'check-failed', container: 'web', detail: 'EOF' }],
  ["a failed check of late 2020: err='…'", 'info', "Unable to update container /web, err='Error: No such image: it's gone'. Proceeding to next.", {}, { type: 'check-failed', container: 'web', detail: "Error: No such image: it's gone" }],
  ["the fork's authentication failure", 'warn', 'Image pull failed: authentication required', { container: 'web', image: 'x:1', error: '401' }, { type: 'check-failed', container: 'web', detail: 'Image pull failed: authentication required: 401' }],
  ["the fork's rate limit, without an error", 'warn', 'Registry rate limited digest check. Aborting pull', { image: 'x:1' }, { type: 'check-failed', container: 'x:1', detail: 'Registry rate limited digest check. Aborting pull' }],
  ['the end of a session', 'info', 'Session done', { Failed: '1', Scanned: '9', Updated: '5', notify: 'no' }, { type: 'session-done', scanned: 9, available: 5, failed: 1 }],
  ['the end of a session that checked nothing', 'info', 'Session done', { Failed: '0', Scanned: '0', Updated: '0' }, { type: 'session-done', scanned: 0, available: 0, failed: 0 }],
  ['counters that are no numbers', 'info', 'Session done', { Failed: '-1', Scanned: '1e3', Updated: '99999999999999999999' }, { type: 'session-done', scanned: null, available: null, failed: null }],
  ['the end of a session in 1.3, at debug level only', 'debug', 'Session done: 9 scanned, 5 updated, 4 failed', {}, { type: 'session-done', scanned: 9, available: 5, failed: 4 }],
  ["the end of the fork's session", 'info', 'Update session completed', { failed: '0', notify: 'no', scanned: '9', updated: '2' }, { type: 'session-done', scanned: 9, available: 2, failed: 0 }],
  ["the end of the fork's session without counters", 'info', 'Update session completed', {}, { type: 'session-done', scanned: null, available: null, failed: null }],
  ["the fork's aborted session", 'error', 'Update execution failed', { error: 'a\nb' }, { type: 'session-aborted', error: 'a\nb', consequence: false }],
  ["the fork's aborted session without an error", 'fatal', 'Update execution failed', {}, { type: 'session-aborted', error: 'Update execution failed', consequence: false }],
  ['a stopped container', 'info', 'Stopping /friday-nginx (b92fccb7462e) with SIGTERM', {}, { type: 'container-stopped', container: 'friday-nginx' }],
  ['a container stopped by 1.2, with its full id', 'info', `Stopping /web (${'b'.repeat(64)}) with SIGQUIT`, {}, { type: 'container-stopped', container: 'web' }],
  ['a created container', 'info', 'Creating /friday-nginx', {}, { type: 'container-created', container: 'friday-nginx' }],
  ["the fork's stopped container", 'info', 'Stopping container', { container: 'web', id: '1', signal: 'SIGTERM' }, { type: 'container-stopped', container: 'web' }],
  ["the fork's stopped linked container", 'info', 'Stopping linked container', { container: '/web' }, { type: 'container-stopped', container: 'web' }],
  ["the fork's started container", 'info', 'Started new container', { container: 'web', new_id: '1' }, { type: 'container-created', container: 'web' }],
  ["the fork's started linked container", 'info', 'Started linked container', { container: 'web' }, { type: 'container-created', container: 'web' }],
  ['a removed image', 'info', 'Removing image 39d11e656060', {}, { type: 'image-removed' }],
  ['an image removed by 1.2, with its full id', 'info', `Removing image ${FULL}`, {}, { type: 'image-removed' }],
  ["the fork's removed image", 'info', 'Removing image', { image_id: '39d11e656060' }, { type: 'image-removed' }],
  ['the banner', 'info', 'Watchtower 1.7.1', {}, { type: 'started', version: '1.7.1' }],
  ['the banner of a build of one’s own', 'info', 'Watchtower v0.0.0-unknown', {}, { type: 'started', version: '0.0.0-unknown' }],
  ['the banner of 1.3: one message', 'info', 'Watchtower 1.3.0\nUsing no notifications\nChecking all containers', {}, { type: 'started', version: '1.3.0' }],
  ["the fork's banner", 'info', 'Watchtower 1.14.1 using Docker API v1.47', {}, { type: 'started', version: '1.14.1' }],
  ['the banner of 1.1 and older', 'info', 'Starting Watchtower and scheduling first run: 2020-01-02 03:04:05 +0000 UTC m=+1.79', {}, { type: 'started', version: null }],
  ['the clean-up of a second Watchtower', 'info', 'Found multiple running watchtower instances. Cleaning up.', {}, { type: 'cleanup-started' }],
  ['an error', 'error', 'Error response from daemon: Bad response from Docker engine', {}, { type: 'error', message: 'Error response from daemon: Bad response from Docker engine' }],
  ['a fatal error with a field', 'fatal', 'Failed to send', { error: 'timed out' }, { type: 'error', message: 'Failed to send: timed out' }],
]

for (const [title, level, message, fields, expected] of TABLE) {
  t.test(title, (t) => {
    t.strictSame(event(level, message, fields), expected)
    t.end()
  })
}

t.test('the same words at another level mean nothing, or no more than an error', (t) => {
  for (const [title, level, message, fields, { type }] of TABLE) {
    if (type === 'error') continue
    for (const other of LEVELS.filter((l) => l !== level && !(type === 'session-aborted' && (l === 'error' || l === 'fatal')))) {
      t.equal(event(other, message, fields)?.type, other === 'error' || other === 'fatal' ? 'error' : undefined, `${title}, ${other}`)
    }
  }
  t.end()
})

t.test('no words mean anything further inside a message', (t) => {
  const quoting = ['Shoutrrr: ', 'Command output:\n', 'x ', ' ', '"', '\n', 'Unable to send: ', 'time="2026-11-23T20:15:56Z" level=info msg="']
  for (const [title, level, message, fields] of TABLE.filter(([, level]) => level === 'info' || level === 'debug' || level === 'warn')) {
    for (const before of quoting) t.equal(event(level, before + message, fields), null, `${title} after ${JSON.stringify(before)}`)
  }
  t.end()
})

t.test('what the banner says of the next check is kept whole', (t) => {
  for (const message of ['Scheduling first run: 2026-11-23 20:15:56 +0000 UTC', 'Periodic runs are not enabled.', 'Next scheduled run: 2026-02-17 04:00:00 CET in 15 hours']) t.same(event('info', message), { type: 'scheduled', message })
  t.end()
})

t.test('that a request asks for a check', (t) => {
  t.same(event('info', 'Updates triggered by HTTP API request.'), { type: 'asked' })
  t.end()
})

t.test('words with more behind them mean something else', (t) => {
  for (const message of [
    'Found new x:1 image (c3fd032ac905) twice', 'Found new x:1 image (c3fd032ac905)\n', 'Found new x:1 y image (c3fd032ac905)', 'Found new x:1 image (C3FD032AC905)',
    'Found new x:1 image (c3fd032ac90)', `Found new x:1 image (${'c'.repeat(65)})`, 'Found new x:1 image ()', 'Found new  image (c3fd032ac905)', 'found new x:1 image (c3fd032ac905)',
    'Found new image!', 'Session done!', 'Session done: 9 scanned, 5 updated, 4 failed', 'Update session completed.', 'Stopping web (b92fccb7462e) with SIGTERM', 'Stopping /web with SIGTERM',
    'Stopping /web (b92fccb7462e) with SIG TERM', 'Creating web', 'Creating /web now', 'Removing image a b', 'Removing images', 'Watchtower HTTP API started.', 'Watchtower HTTP API skipped.',
    'Watchtower', 'Watchtower latest', 'Unable to update container', 'Unable to update container "": x', 'Unable to update container "/web". x', 'Unable to update container /web',
    'Starting Watchtower', 'Found multiple running watchtower instances. Cleaning up. Now', 'Waiting for running update to be finished...', 'Waiting for the notification goroutine to finish',
    'Using no notifications', 'Checking all containers (except explicitly disabled with label)', 'Scheduling first run: ', 'Note that the first check will be performed in 7 seconds',
    'Running a one time update.', 'Periodic runs are not enabled. Now', 'The HTTP API is enabled at :8080.', 'Updates triggered by HTTP API request. Now', 'Next scheduled run',
    'Skipping container as the pre-update command failed', 'Command output:\nFound new x:1 image (c3fd032ac905)', '',
  ]) {
    t.equal(event('info', message), null, JSON.stringify(message))
  }
  t.end()
})

t.test('warnings about HEAD requests mean nothing', (t) => {
  for (const message of [
    'Could not do a head request for "nginx:latest", falling back to regular pull.', 'Could not do a head request, falling back to regular pull.',
    'Reason: registry responded to head request with "401 Unauthorized", auth: "not present"', 'Digest retrieval failed, falling back to full pull', 'HEAD request failed, falling back to full pull',
  ]) {
    t.equal(event('warn', message, { container: '/web', image: 'nginx:latest' }), null, message)
  }
  t.end()
})

t.test("fields that do not bear the fork's message out make it mean nothing", (t) => {
  const found = { container: 'web', image: 'nginx:latest', new_id: '111111111111' }
  t.equal(event('info', 'Found new image', { ...found, latest_digest: 'sha256:1' }), null, 'the check API: nothing was pulled')
  t.equal(event('info', 'Found new image', { ...found, new_id: 'latest' }), null)
  t.equal(event('info', 'Found new image', { container: 'web', image: 'nginx:latest' }), null)
  t.equal(event('info', 'Found new image', { container: 'web', new_id: '111111111111' }), null)
  t.equal(event('info', 'Session done', { Updated: '9' }), null, 'another program can say so too, but not with what Watchtower scanned')
  t.equal(event('info', 'Stopping container', { container: 'watchtower-old-abc' }), null, "the fork's own clean-up")
  for (const message of ['Stopping container', 'Started new container', 'Stopping linked container', 'Started linked container']) t.equal(event('info', message, { id: '1' }), null, message)
  for (const message of ['Image pull failed: authentication required', 'Registry rate limited digest check. Aborting pull']) t.equal(event('warn', message, {}), null, message)
  t.end()
})

t.test("Go's own panic aborts a session; of a nil dereference the cause stands before it", (t) => {
  const raw = (message: string): WatchtowerEvent | null => eventOf({ ...record('fatal', message), dialect: 'raw' })
  const nil = '2026/11/23 19:54:22 cron: panic running job: runtime error: invalid memory address or nil pointer dereference'
  t.strictSame(raw(nil), { type: 'session-aborted', error: nil, consequence: true })
  const own = '2023/11/30 19:06:53 cron: panic running job: duplicate metrics collector registration attempted'
  t.strictSame(raw(own), { type: 'session-aborted', error: own, consequence: false })
  t.end()
})

t.test('no record makes it throw', (t) => {
  const wordings = TABLE.map(([, , message]) => message)
  const message = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.tuple(fc.constantFrom(...wordings), fc.nat(80), fc.nat(5), fc.string({ unit: 'binary', maxLength: 4 })).map(([text, at, length, piece]) => text.slice(0, at) + piece + text.slice(at + length)),
  )
  const fields = fc.dictionary(fc.constantFrom('container', 'image', 'new_id', 'error', 'Scanned', '__proto__'), fc.string({ unit: 'binary' }), { noNullPrototype: true })
  fc.assert(fc.property(fc.constantFrom(...LEVELS), message, fields, (level, text, pairs) => void event(level, text, pairs)), { numRuns: 3_000 })
  for (const line of REAL_LINES) {
    const decoded = decodeRecord(line)
    if (decoded) eventOf(decoded)
  }
  t.pass('none of 3,000')
  t.end()
})

t.test('hostile messages cost time in proportion to their length', async (t) => {
  const starts = [
    '', 'Found new ', 'Found new x image (', 'Unable to update container ', 'Unable to update container "', 'Unable to update container "/x": ', "Unable to update container /x, err='",
    'Session done: ', 'Stopping /', 'Stopping /x (', 'Stopping /x (b92fccb7462e) with ', 'Creating /', 'Removing image ', 'Watchtower 1', 'Watchtower v', 'Starting Watchtower ',
  ]
  const units = [' to ', 'a', '1', '"', '\\', ' ', '/', '.', ':', "'", ', err=', ', ', '\n', ' image (', '"Unable to update container ', 'Found new ', "'. Proceeding to next.", '. Proceeding to next', '\0']
  for (const start of starts) {
    for (const unit of units) await costsLinear(t, JSON.stringify(`${start}${unit}…`), (n) => record('info', start + unit.repeat(n / unit.length)), eventOf, 32_768)
  }
  for (const level of LEVELS) await costsLinear(t, `${level}: 8 KB of " to "`, (n) => record(level, ' to '.repeat(n / 4)), eventOf, 8_192)
  await costsLinear(t, 'counters', (n) => record('info', 'Session done', { Scanned: '1'.repeat(n) }), eventOf)
  await costsLinear(t, 'image ids', (n) => record('info', 'Found new image', { image: 'x', new_id: '1'.repeat(n) }), eventOf)
  await costsLinear(t, 'a whole line', (n) => PRINT['logrus text']({ level: 'info', message: `Unable to update container "/x": ${'"Unable to update container '.repeat(n / 27)}` }), (line) => eventOf(decodeRecord(line) as LogRecord))
})
