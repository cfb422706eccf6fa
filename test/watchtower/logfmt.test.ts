import { deepStrictEqual } from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { decodeLogfmt } from '../../src/watchtower/logfmt.js'
import { costsLinear } from '../measure.js'
import { quote } from './dialects.js'

const decoded = (text: string): [string, string][] => [...decodeLogfmt(text)]

t.test('pairs come in the order they are written, quoted or not', (t) => {
  t.strictSame(decoded('time="2026-11-23T20:15:56Z" level=info msg="Session done" Failed=0 Scanned=4 Updated=3 notify=no'), [
    ['time', '2026-11-23T20:15:56Z'], ['level', 'info'], ['msg', 'Session done'], ['Failed', '0'], ['Scanned', '4'], ['Updated', '3'], ['notify', 'no'],
  ])
  t.strictSame(decoded(''), [])
  t.strictSame(decoded('   '), [])
  t.end()
})

t.test('an empty value is printed as nothing at all', (t) => {
  t.strictSame(decoded('a= b="" c='), [['a', ''], ['b', ''], ['c', '']])
  t.end()
})

t.test('every escape of %q is undone, those that JSON lacks included', (t) => {
  t.strictSame(decoded(String.raw`m="\a\b\f\n\r\t\v\\\"" x="\x00\x1b[0m" u="\u2028" U="\U0001f514"`), [
    ['m', '\x07\b\f\n\r\t\v\\"'], ['x', '\0\x1b[0m'], ['u', '\u2028'], ['U', '🔔'],
  ])
  t.end()
})

t.test('a byte that was no UTF-8 and a number that is no character become the replacement character', (t) => {
  t.strictSame(decoded(String.raw`byte="\xff\x80" half="\ud83d" beyond="\U00110000"`), [['byte', '\ufffd\ufffd'], ['half', '\ufffd'], ['beyond', '\ufffd']])
  t.end()
})

t.test('an escape that Go does not write stands for its character', (t) => {
  t.strictSame(decoded(String.raw`a="\x1" b="\xzz" c="\u12" d="\U12345" e="\q\'"`), [['a', 'x1'], ['b', 'xzz'], ['c', 'u12'], ['d', 'U12345'], ['e', "q'"]])
  t.strictSame(decoded('a="\\🔔"'), [['a', '🔔']])
  t.end()
})

t.test('an unterminated quote runs to the end of the text', (t) => {
  t.strictSame(decoded('msg="Found new x'), [['msg', 'Found new x']])
  t.strictSame(decoded('msg="Found\\'), [['msg', 'Found\\']])
  t.strictSame(decoded('msg="Found\\n\\'), [['msg', 'Found\n\\']])
  t.strictSame(decoded('msg="'), [['msg', '']])
  t.end()
})

t.test('what is inside quotes is never a pair', (t) => {
  t.strictSame(decoded(String.raw`msg="a \" level=error msg=\"b" level=info`), [['msg', 'a " level=error msg="b'], ['level', 'info']])
  t.end()
})

t.test('of a repeated key the first value counts, keys without a value or a name are passed over', (t) => {
  t.strictSame(decoded('a=1 a=2 b =x ="y" c="1"d=2'), [['a', '1'], ['c', '1'], ['d', '2']])
  t.end()
})

t.test('keys of every object are keys like others', (t) => {
  t.strictSame(decoded('__proto__=1 constructor=2 hasOwnProperty=3'), [['__proto__', '1'], ['constructor', '2'], ['hasOwnProperty', '3']])
  t.equal(({} as Record<string, unknown>)['1'], undefined)
  t.end()
})

t.test('whatever Go quotes is read as it was', (t) => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 5 }), (values) => {
      deepStrictEqual(decoded(values.map((value, i) => `k${i}=${quote(value)}`).join(' ')), values.map((value, i) => [`k${i}`, value]))
    }),
    { numRuns: 300 },
  )
  t.pass('300 of 300')
  t.end()
})

t.test('no text makes it throw', (t) => {
  const piece = fc.constantFrom('"', '\\', '=', ' ', 'a', '\\x', '\\u', '\\U', 'f', '0', '\n', '\ud83d')
  fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.array(piece).map((p) => p.join(''))), (text) => void decodeLogfmt(text)), { numRuns: 2_000 })
  t.pass('none of 2,000')
  t.end()
})

t.test('hostile text costs time in proportion to its length', async (t) => {
  for (const [name, unit] of Object.entries({
    quotes: '"', 'quoted pairs': 'a="" ', backslashes: '\\', spaces: ' ', equals: '=', letters: 'a', 'open quotes': 'a="', 'words of one letter': 'a ', 'distinct escapes': '\\x1b',
  })) {
    await costsLinear(t, name, (n) => unit.repeat(n / unit.length), decodeLogfmt)
    await costsLinear(t, `${name}, quoted`, (n) => `msg="${unit.repeat(n / unit.length)}`, decodeLogfmt)
  }
  await costsLinear(t, 'distinct keys', (n) => Array.from({ length: n / 8 }, (_, i) => `k${i}=1`).join(' '), decodeLogfmt)
})
