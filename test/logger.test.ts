import t from 'tap'
import { createLog, type LogLevel } from '../src/logger.js'

const SECRET = '123456:made-up-token-for-tests-not-real'

function logged(level: LogLevel, write: (log: ReturnType<typeof createLog>) => void): { lines: Record<string, any>[]; raw: string } {
  let raw = ''
  write(createLog(level, [SECRET, ''], { write: (line: string) => void (raw += line) }))
  return { raw, lines: raw.split('\n').filter(Boolean).map((line) => JSON.parse(line)) }
}

t.test('one JSON line per event, with level, time and event first', (t) => {
  const { lines } = logged('debug', (log) => {
    for (const level of ['debug', 'info', 'warn', 'error', 'fatal'] as const) log[level]('it.happened', { more: 1 }, 'in words')
  })
  t.same(lines.map(({ level }) => level), ['debug', 'info', 'warn', 'error', 'fatal'])
  t.match(lines[0], { time: /^\d{4}-\d\d-\d\dT.*Z$/, event: 'it.happened', more: 1, msg: 'in words' })
  t.same(Object.keys(lines[0] ?? {}), ['level', 'time', 'event', 'more', 'msg'])
  t.end()
})

t.test('what is below the level is not written', (t) => {
  t.same(logged('warn', (log) => (log.info('a', {}, ''), log.warn('b', {}, ''))).lines.map(({ event }) => event), ['b'])
  t.end()
})

t.test('secrets and what looks like one are masked wherever they stand, and the line stays JSON', (t) => {
  const { raw, lines } = logged('info', (log) => {
    log.info('a', { url: `https://x/bot${SECRET}/send`, deep: { list: [SECRET] }, stack: new Error(SECRET).stack }, `it is ${SECRET}`)
    log.info('b', { text: '{"password":"p@ss\\"word","token": "abc\\\\"}', quoted: 'password="a\\\\" b', auth: 'Bearer abcdefghijkl' }, 'Get "https://me:pass@host/v2/"')
  })
  t.notMatch(raw, SECRET)
  t.notMatch(raw, /p@ss|abcdefghijkl|me:pass/)
  t.equal(lines.length, 2)
  t.end()
})
