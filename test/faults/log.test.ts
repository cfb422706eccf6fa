// The log is broken: frames that are none, lines cut, torn, endless or no text, clocks that jump.
import t, { type Test } from 'tap'
import { frame, stamp } from '../fakes/docker-api.js'
import { foundLine } from './counter.js'
import { attached, done, found, record, sealed, settled } from './stage.js'
import { faultTable } from './table.js'

async function engineErrorInBand(t: Test): Promise<string> {
  const { stage, sidecar } = await attached(t)
  stage.say([found(stage.names(1)[0] ?? '')])
  stage.api.log('watchtower').writeRaw(frame(3, 'Error grabbing logs: no such file or directory'))
  stage.api.log('watchtower').end()
  await sidecar.waitFor('log.broken')
  stage.check(1)
  await stage.told()
  await stage.reads(3)
  t.match(sidecar.events('log.broken'), [{ error: 'Error grabbing logs: no such file or directory' }])
  t.equal(sidecar.events('log.broken').length, 1, 'said once')
  t.same(sealed(sidecar).map((names) => names.length), [3], 'one check, not broken off by it')
  t.notMatch(stage.bot.messages.map(({ text }) => text).join('\n'), /grabbing/)
  await stage.stop(sidecar)
  return stage.verdict()
}

async function longLines(t: Test): Promise<string> {
  const { stage, sidecar } = await attached(t)
  const names = stage.names(3)
  const long = (container: string, size: number): string => record(`Unable to update container "/${container}": ${'long '.repeat(size / 5)}. Proceeding to next.`)
  stage.say([found(names[0] ?? ''), long('forty-kilobytes', 40_000), found(names[1] ?? ''), long('ten-megabytes', 10_000_000), found(names[2] ?? ''), done(3)])
  const [message] = await stage.told()
  const rss = sidecar.rss()
  t.ok(rss < 150 * 2 ** 20)
  t.match(message?.text, /^Could not check: forty-kilobytes.*…/m, 'cut, and it shows')
  t.match(sidecar.events('session.sealed')[0]?.report.failures, [{ container: 'forty-kilobytes' }])
  const told = stage.verdict()
  await stage.stop(sidecar)
  return `the lines between them whole, ${Math.round(rss / 2 ** 20)} MB; ${told}`
}

async function hugeFrame(t: Test): Promise<string> {
  const { stage, sidecar } = await attached(t)
  stage.check(1)
  await stage.told()
  const header = Buffer.from([2, 0, 0, 0, 0xff, 0xff, 0xff, 0xff])
  stage.api.log('watchtower').writeRaw(Buffer.concat([header, Buffer.from(`${stage.now()} no frame`)]))
  await sidecar.waitFor('log.broken')
  const rss = sidecar.rss()
  stage.api.log('watchtower').clear()
  stage.check(1)
  await stage.told()
  t.ok(rss < 150 * 2 ** 20)
  t.equal(sidecar.events('log.broken').length, 1, 'said once')
  const told = stage.verdict()
  await stage.stop(sidecar)
  return `${Math.round(rss / 2 ** 20)} MB; after the broken frame rotated away ${told}`
}

/** A line of more than 16 KB whose 16384th byte is in the middle of a character, and lines that are no UTF-8. */
async function bytesThatAreNoText(t: Test): Promise<string> {
  const { stage, sidecar } = await attached(t)
  const [first = '', second = ''] = stage.names(2)
  const start = 'Unable to update container "/accents": '
  const shift = (Buffer.byteLength(record(start)) - 1) % 2 === 0 ? 'x' : ''
  const invalid = Buffer.concat([Buffer.from(record('Unable to update container "/bytes": ').slice(0, -1)), Buffer.from([0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80]), Buffer.from('. Proceeding to next."')])
  const log = stage.api.log('watchtower')
  log.pieceBytes = 1_021
  stage.say([found(first), record(`${start}${shift}${'é'.repeat(20_000)}. Proceeding to next.`)])
  log.write({ at: stage.now(), stream: 'stderr', text: invalid })
  stage.say([found(second), done(2)])
  const [message] = await stage.told()
  t.ok(message?.text.isWellFormed())
  t.match(message?.text, /accents, x?é+/)
  const [sealedLine] = sidecar.events('session.sealed')
  t.match(sealedLine?.report.failures, [{ container: 'accents', detail: /^x?é+$/ }, { container: 'bytes', detail: /\ufffd/ }], 'joined without a torn character')
  await stage.stop(sidecar)
  return stage.verdict()
}

async function noNewlineAtExit(t: Test): Promise<string> {
  const { stage, sidecar } = await attached(t)
  const [first = '', second = ''] = stage.names(2)
  stage.api.log('watchtower').write({ at: stage.now(), stream: 'stderr', text: found(first), partial: true })
  stage.api.stop('watchtower', 137)
  await sidecar.waitFor('watchtower.stopped')
  stage.api.start('watchtower')
  stage.say([record('Watchtower 1.7.1'), found(second), done(1)])
  await stage.told()
  t.same(sealed(sidecar), [['watchtower', first], ['watchtower', second]], 'two lines, two checks')
  await stage.stop(sidecar)
  return stage.verdict()
}

/** A stamp of some seconds ago that would be lost if it was asked for as a number: rounded to a double it is later. */
function roundedUp(): string {
  const seconds = Math.floor(Date.now() / 1_000) - 5
  for (let nanos = 100_000_229; ; nanos += 101) {
    const [, fraction = ''] = String(Number(`${seconds}.${nanos}`)).split('.')
    if (fraction.padEnd(9, '0') > String(nanos)) return stamp(seconds * 1_000 + Math.floor(nanos / 1_000_000), nanos % 1_000_000)
  }
}

/** Half a line on one stream; a whole check on the other, stamped seconds later; the sidecar is killed; the other half. */
async function interleavedParts(t: Test, readApart: boolean): Promise<string> {
  const { stage, sidecar } = await attached(t)
  const [torn = '', whole = ''] = stage.names(2)
  const log = stage.api.log('watchtower')
  const at = roundedUp()
  const line = found(torn)
  log.write({ at, stream: 'stdout', text: line.slice(0, 40), partial: true })
  if (readApart) await stage.reads()
  stage.say([found(whole), done(1)])
  await stage.told([whole])
  await settled(stage)
  await stage.reads()
  await stage.kill(sidecar)
  log.write({ at, stream: 'stdout', text: line.slice(40) })
  stage.say([done(1)])
  const second = stage.start()
  await stage.told()
  await stage.stop(second)
  return stage.verdict()
}

async function clockSteps(t: Test): Promise<string> {
  const { stage, sidecar } = await attached(t)
  const log = stage.api.log('watchtower')
  log.sinceOnce = true
  const base = Date.now()
  let current = sidecar
  for (const [round, hours] of [0, -1, -1, 0, 1, 0, -1, -1].entries()) {
    const [name = ''] = stage.names(1)
    const at = (second: number): string => stamp(base + hours * 3_600_000 + round * 10_000 + second * 1_000, 229)
    // the record's own time is that of a zone that changes too
    const zoned = (line: string): string => line.replace(/Z"/, round % 2 === 0 ? '+02:00"' : '+01:00"')
    log.write(...[found(name), done(1)].map((text, index) => ({ at: at(index), stream: 'stderr' as const, text: zoned(text) })))
    await stage.told()
    // what was logged before the step has rotated away
    if (hours === -1) log.clear()
    if (round !== 4) continue
    await settled(stage)
    await stage.kill(current)
    current = stage.start()
    await current.waitFor('watchtower.attached')
  }
  await stage.stop(current)
  return stage.verdict()
}

/** What waited in the pipe while the engine was away is stamped when it is back, all at once. */
async function burst(t: Test): Promise<string> {
  const { stage, sidecar } = await attached(t)
  await stage.api.down()
  await sidecar.waitFor('docker.unreachable')
  const at = stage.now()
  const names = stage.names(30)
  const log = stage.api.log('watchtower')
  log.write(...names.slice(0, 15).map((name) => ({ at, stream: 'stderr' as const, text: record(foundLine(name, Number(name.slice(4)))) })))
  stage.say([done(15), ...names.map(found), done(30)])
  await stage.api.up()
  await stage.told()
  t.ok(sealed(sidecar).length <= 2)
  await stage.stop(sidecar)
  return `${sealed(sidecar).length} checks; ${stage.verdict()}`
}

t.test('the log is not as it should be', { timeout: 840_000 }, (t) => faultTable(t, [
  { row: 24, fault: 'in-band Error grabbing logs, then an end', expected: 'no log line; reopened, said once', run: engineErrorInBand },
  { row: 30, fault: 'lines of 40 KB and 10 MB', expected: 'cut, the next line intact, under 150 MB', run: longLines },
  { row: 31, fault: 'a frame header claims 4 GiB', expected: 'stream given up, nothing allocated', run: hugeFrame },
  { row: 32, fault: 'a character across the 16 KB boundary, invalid UTF-8', expected: 'no throw, valid text', run: bytesThatAreNoText },
  { row: 33, fault: 'no line feed at exit, then a restart', expected: 'two lines', run: noNewlineAtExit },
  { row: 34, fault: 'a line in parts, a check on the other stream in between, SIGKILL', expected: 'joined, cursor not past the part, to the nanosecond', run: (t) => interleavedParts(t, true) },
  { row: 34, fault: 'the same, part and check in one read', expected: 'joined, cursor not past the part', run: (t) => interleavedParts(t, false) },
  { row: 35, fault: 'engine clock steps by an hour, both ways, SIGKILL in between', expected: 'no loss (engines from 23)', run: clockSteps },
  { row: 36, fault: 'a burst stamped at the engine\'s return', expected: 'one check or two, nothing lost', run: burst },
]))
