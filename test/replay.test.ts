import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'

const fixture = (name: string): string => join('fixtures', name, 'log.txt')
const images = 'fixtures/three-updates-auto/images.json'

/** Runs the built program, the file that is shipped. */
function program(args: string[], { input = '', env = {} }: { input?: string | Buffer; env?: Record<string, string> } = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/watchtower-telegram.cjs', ...args], { input, encoding: 'utf8', env: { ...process.env, ...env }, maxBuffer: 1 << 26 })
  return { status, stdout, stderr }
}

t.test('replay shows the message with versions, and what was announced in one file is not repeated in the next', (t) => {
  const { status, stdout, stderr } = program(['replay', '--images', images, fixture('three-updates-auto'), fixture('three-updates-json')])
  t.equal(status, 0)
  t.equal(stderr, '')
  t.match(stdout, /^🔔 3 Docker Updates Available\n\nService: postgres\nCurrent: 16\.1\nNew: 16\.2\n\nCommand:\ndocker compose pull postgres\n/)
  t.equal(stdout.split('🔔').length - 1, 1)
  t.end()
})

t.test('--json prints one report per check and nothing else, --html what goes to Telegram, - reads standard input', (t) => {
  const log = readFileSync(fixture('three-updates-auto'))
  const json = program(['replay', '--json', '-'], { input: log, env: { HOST_LABEL: 'nas' } })
  t.same(json.stdout.trim().split('\n').map((line) => JSON.parse(line)).map(({ type, host }) => [type, host]), [['report', 'nas'], ['report', 'nas']])
  t.match(program(['replay', '--html', '-'], { input: log }).stdout, /<pre>docker compose pull postgres\ndocker compose up -d postgres<\/pre>/)
  t.end()
})

t.test('sessions never cross files', (t) => {
  const found = 'time="2026-11-23T20:15:56Z" level=info msg="Found new postgres:16 image (dbc31cdc91c5)"\n'
  const done = 'time="2026-11-23T20:15:57Z" level=info msg="Session done" Failed=0 Scanned=1 Updated=1 notify=no\n'
  const folder = t.testdir({ 'a.log': found, 'b.log': done })
  const { stdout } = program(['replay', '--json', join(folder, 'a.log'), join(folder, 'b.log')])
  t.same(stdout.trim().split('\n').map((line) => JSON.parse(line)).map(({ session, updates }) => [session.end, updates.length]), [['eof', 1], ['done', 0]])
  t.end()
})

t.test('a byte order mark hides nothing', (t) => {
  const log = readFileSync(fixture('three-updates-auto'), 'utf8')
  const first = log.slice(log.indexOf('time="2026-11-23T20:15:56Z" level=info msg="Found new'))
  const updates = (input: string): number[] => program(['replay', '--json', '-'], { input }).stdout.trim().split('\n').map((line) => JSON.parse(line).updates.length)
  t.same(updates(`\ufeff${first}`), updates(first))
  t.same(updates(first)[0], 3)
  t.end()
})

t.test('an output that is full ends in one sentence', { skip: existsSync('/dev/full') ? false : 'there is no /dev/full' }, (t) => {
  const { status, stderr } = spawnSync('sh', ['-c', '"$0" "$@" > /dev/full', process.execPath, 'dist/watchtower-telegram.cjs', 'replay', '--json', fixture('three-updates-auto')], { encoding: 'utf8' })
  t.same({ status, stderr }, { status: 1, stderr: 'watchtower-telegram: standard output cannot be written (ENOSPC): give it a place with room\n' })
  t.end()
})

t.test('a log in which nothing is new says so on standard error', (t) => {
  const { status, stdout, stderr } = program(['replay', fixture('label-enable-empty')])
  t.equal(status, 0)
  t.equal(stdout, '')
  t.match(stderr, /^watchtower-telegram: nothing would have been sent: \d+ check sessions, no new update and no new failure\n$/)
  t.end()
})

t.test('each bad input gets one sentence that names it, and its exit code', (t) => {
  const folder = t.testdir({ 'empty.log': '', 'odd.json': '{"no": "array"}' })
  mkdirSync(join(folder, 'directory'))
  const cases: [string[], number, RegExp][] = [
    [['replay'], 2, /replay needs a log: name a FILE/],
    [['replay', '--bogus', 'x'], 2, /Unknown option '--bogus': see watchtower-telegram replay --help/],
    [['replay', '--html', '--json', 'x'], 2, /--html and --json exclude each other/],
    [['replay', '--images', join(folder, 'none.json'), 'x'], 2, /--images .*none\.json cannot be read: there is no such file/],
    [['replay', '--images', join(folder, 'odd.json'), 'x'], 2, /--images .*odd\.json holds no inspect answers: write it with docker inspect/],
    [['replay', join(folder, 'none.log')], 1, /none\.log cannot be read: there is no such file/],
    [['replay', join(folder, 'directory')], 1, /cannot be read: it is a directory/],
    [['replay', join(folder, 'empty.log')], 1, /no line in .*empty\.log is Watchtower's.*2>&1/],
    [['walk'], 2, /there is no command walk/],
    [['--walk'], 2, /there is no option --walk/],
    [['run', 'now'], 2, /Unexpected argument 'now'/],
  ]
  for (const [args, code, sentence] of cases) {
    const { status, stdout, stderr } = program(args)
    t.same({ status, stdout, lines: stderr.split('\n').length }, { status: code, stdout: '', lines: 2 }, args.join(' '))
    t.match(stderr, sentence)
  }
  const variable = program(['replay', 'x'], { env: { SESSION_IDLE_AFTER: 'soon' } })
  t.match(variable, { status: 2, stderr: /SESSION_IDLE_AFTER is no usable duration/ })
  t.end()
})

t.test('every command has help and version', (t) => {
  for (const args of [['--help'], ['run', '--help'], ['replay', '--help']]) t.match(program(args), { status: 0, stdout: /^watchtower-telegram/, stderr: '' })
  for (const args of [['--version'], ['run', '--version'], ['replay', '--version']]) t.match(program(args), { status: 0, stdout: `${JSON.parse(readFileSync('package.json', 'utf8')).version}\n` })
  t.end()
})

t.test('a log of 20 MB replays, also into a pipe that closes early', (t) => {
  const folder = t.testdir({})
  const one = readFileSync(fixture('debug-duplicates'))
  const log = join(folder, 'big.log')
  writeFileSync(log, Buffer.concat(Array.from({ length: Math.ceil(20_000_000 / one.length) }, () => one)))
  const whole = spawnSync('sh', ['-c', '"$0" "$@" | head -n 1', process.execPath, 'dist/watchtower-telegram.cjs', 'replay', '--json', log], { encoding: 'utf8' })
  t.equal(whole.status, 0)
  t.equal(whole.stderr, '')
  t.match(JSON.parse(whole.stdout), { type: 'report' })
  t.end()
})
