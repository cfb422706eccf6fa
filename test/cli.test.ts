import { chmodSync, closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { main } from '../src/cli.js'
import { asOrdinaryUser } from './ordinary-user.js'
import { program } from './program.js'

const LOG = join('fixtures', 'three-updates-auto', 'log.txt')
const IMAGES = join('fixtures', 'three-updates-auto', 'images.json')
const QUIET = join('fixtures', 'label-enable-empty', 'log.txt')
const LONG = join('fixtures', 'many-updates', 'log.txt')
const READ_ONLY = openSync(LOG, 'r')
t.teardown(() => closeSync(READ_ONLY))

/** One command in this process: its exit code, and what it wrote meanwhile. */
async function command(t: Test, ...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  // what the test itself still has to say goes out first
  await new Promise((resolve) => setImmediate(resolve))
  let stdout = ''
  let stderr = ''
  const streams = [t.capture(process.stdout, 'write', (text: string) => Boolean((stdout += text))), t.capture(process.stderr, 'write', (text: string) => Boolean((stderr += text)))]
  try {
    return { code: await main(argv), stdout, stderr }
  } finally {
    for (const { restore } of streams) restore()
  }
}

t.test('every command has its help, in all spellings, on standard output', async (t) => {
  const cases: [string[], RegExp][] = [
    [['--help'], /^watchtower-telegram: [^]*\nUsage:\n/],
    [['-h'], /\nUsage:\n/],
    [['help'], /\nUsage:\n/],
    [['run', '--help'], /^watchtower-telegram run: [^]*TELEGRAM_BOT_TOKEN_FILE/],
    [['run', '-h'], /^watchtower-telegram run: /],
    [['replay', '--help'], /^watchtower-telegram replay: [^]*--images FILE/],
    [['replay', '-h', 'x'], /^watchtower-telegram replay: /],
    [['doctor', '-h'], /^watchtower-telegram doctor: [^]*--json/],
    [['test-message', '--help'], /^watchtower-telegram test-message: /],
    [['healthcheck', '--help'], /^watchtower-telegram healthcheck: /],
  ]
  for (const [argv, text] of cases) t.match(await command(t, ...argv), { code: 0, stdout: text, stderr: /^$/ }, argv.join(' '))
})

t.test('every command has the version: that of the build, and without a build that of a development', async (t) => {
  const spellings = [['--version'], ['-V'], ['run', '--version'], ['run', '-V'], ['replay', '--version'], ['replay', '-V'], ['doctor', '-V'], ['test-message', '-V'], ['healthcheck', '-V']]
  for (const argv of spellings) t.same(await command(t, ...argv), { code: 0, stdout: 'development\n', stderr: '' }, argv.join(' '))
  t.intercept(globalThis, 'VERSION' as keyof typeof globalThis, { value: '9.8.7' })
  t.same(await command(t, '--version'), { code: 0, stdout: '9.8.7\n', stderr: '' })
})

t.test('what nobody knows exits 2, with one sentence that names it and where to read on', async (t) => {
  const cases: [string[], string][] = [
    [['walk'], 'there is no command walk: see watchtower-telegram --help'],
    [[''], 'there is no command : see watchtower-telegram --help'],
    [['--walk'], 'there is no option --walk: see watchtower-telegram --help'],
    [['-x'], 'there is no option -x: see watchtower-telegram --help'],
    [['--'], 'there is no option --: see watchtower-telegram --help'],
    [['run', '--fast'], "Unknown option '--fast': see watchtower-telegram run --help"],
    [['replay', '--bogus', LOG], "Unknown option '--bogus': see watchtower-telegram replay --help"],
    [['replay', '-x', LOG], "Unknown option '-x': see watchtower-telegram replay --help"],
    [['replay'], 'replay needs a log: name a FILE, or - for standard input'],
    [['replay', '--'], 'replay needs a log: name a FILE, or - for standard input'],
    [['replay', '--html', '--json', LOG], '--html and --json exclude each other: give one'],
  ]
  for (const [argv, sentence] of cases) t.same(await command(t, ...argv), { code: 2, stdout: '', stderr: `watchtower-telegram: ${sentence}\n` }, argv.join(' '))
  for (const argv of [['run', 'now'], ['run', '--', 'now'], ['replay', '--images'], ['replay', '--json=yes', LOG]]) {
    t.match(await command(t, ...argv), { code: 2, stdout: /^$/, stderr: new RegExp(`^watchtower-telegram: .*: see watchtower-telegram ${argv[0]} --help\n$`) }, argv.join(' '))
  }
  t.intercept(process, 'env', { value: { ...process.env, SESSION_IDLE_AFTER: 'soon' } })
  t.match(await command(t, 'replay', LOG), { code: 2, stderr: /^watchtower-telegram: SESSION_IDLE_AFTER is no usable duration: [^\n]*\n$/ })
})

t.test('replay prints texts, HTML or reports, with versions where it is given inspect answers', async (t) => {
  const texts = await command(t, 'replay', '--images', IMAGES, LOG)
  t.match(texts, { code: 0, stdout: /^🔔 3 Docker Updates Available\n\nService: postgres\nCurrent: 16\.1\nNew: 16\.2\n/, stderr: /^$/ })
  t.match(await command(t, 'replay', '--html', '--images', IMAGES, LOG), { code: 0, stdout: /<pre>docker compose pull postgres\n/ })
  const { code, stdout } = await command(t, 'replay', '--json', QUIET)
  t.equal(code, 0)
  t.same(stdout.trim().split('\n').map((line) => JSON.parse(line).type), ['report', 'report'])
  const several = (await command(t, 'replay', LOG, QUIET, LONG)).stdout
  t.equal(several.split('\n────────────────────\n\n').length - 1, several.split('🔔').length - 2, 'a rule stands between every two messages')
})

t.test('a byte order mark hides no record, and a log of any length is read to its end', async (t) => {
  const log = readFileSync(QUIET, 'utf8')
  const first = log.slice(log.indexOf('time="', 1)).split('\n')[0] as string
  const folder = t.testdir({ 'marked.log': `\ufeff${first}\n`, 'long.log': log.repeat(200) })
  t.match(await command(t, 'replay', join(folder, 'marked.log')), { code: 0 }, 'it holds a record')
  t.equal((await command(t, 'replay', '--json', join(folder, 'long.log'))).stdout.trim().split('\n').length, 400)
})

t.test('a log in which nothing is new says so, but not to a program that reads reports', async (t) => {
  t.match(await command(t, 'replay', QUIET), { code: 0, stdout: /^$/, stderr: 'watchtower-telegram: nothing would have been sent: 2 check sessions, no new update and no new failure\n' })
  t.match(await command(t, 'replay', '--json', QUIET), { code: 0, stderr: /^$/ })
})

t.test('an option after -- is a file', async (t) => {
  t.match(await command(t, 'replay', '--', '--json'), { code: 1, stderr: 'watchtower-telegram: --json cannot be read: there is no such file: check the path\n' })
  t.match(await command(t, 'replay', '--json', '--', LOG), { code: 0, stdout: /^\{"type":"report"/ })
})

t.test('a log that cannot be read exits 1, a wrong --images 2, each with one sentence and its remedy', async (t) => {
  const folder = t.testdir({ 'empty.log': '', 'other.log': 'line of something else\n', 'odd.json': '{"no": "array"}', 'half.json': '[{"Id": "a', secret: 'x', directory: {} })
  const [empty, other, odd, half, secret, directory] = ['empty.log', 'other.log', 'odd.json', 'half.json', 'secret', 'directory'].map((name) => join(folder, name)) as [string, string, string, string, string, string]
  const long = 'x'.repeat(300)
  const cases: [string[], number, RegExp][] = [
    [[join(folder, 'none.log')], 1, /none\.log cannot be read: there is no such file: check the path$/],
    [[LOG, directory], 1, /log\.txt, .*directory cannot be read: it is a directory: name a file$/],
    [[long], 1, /xxx cannot be read: ENAMETOOLONG$/],
    [[empty], 1, /no line in .*empty\.log is Watchtower's: .*2>&1`$/],
    [[empty, other], 1, /no line in .*empty\.log, .*other\.log is Watchtower's/],
    [['--images', join(folder, 'none.json'), LOG], 2, /--images .*none\.json cannot be read: there is no such file: check the path$/],
    [['--images', directory, LOG], 2, /--images .*directory cannot be read: it is a directory: name a file$/],
    [['--images', long, LOG], 2, /--images xxx.* cannot be read: ENAMETOOLONG$/],
    [['--images', odd, LOG], 2, /--images .*odd\.json holds no inspect answers: write it with docker inspect \$\(docker ps -aq\) \$\(docker images -aq\) > .*odd\.json$/],
    [['--images', half, LOG], 2, /--images .*half\.json holds no inspect answers/],
  ]
  for (const [argv, code, sentence] of cases) {
    const got = await command(t, 'replay', ...argv)
    t.equal(got.code, code, argv.join(' '))
    t.match(got.stderr, /^watchtower-telegram: [^\n]*\n$/)
    t.match(got.stderr.trimEnd(), sentence)
  }
  chmodSync(secret, 0)
  t.match(await asOrdinaryUser(() => command(t, 'replay', secret)), { code: 1, stderr: /secret cannot be read: permission denied: make it readable\n$/ })
})

t.test('a fault that is no file\'s is not taken for one', async (t) => {
  const through = process.stdout.write.bind(process.stdout)
  const { restore } = t.capture(process.stdout, 'write', (text: string) => {
    if (text.startsWith('{"type":"report"')) throw new Error('made up')
    return through(text)
  })
  await t.rejects(main(['replay', '--json', LOG]).finally(restore), { message: 'made up' })
})

t.test('- is standard input, and a reader that is slower than the log gets all of it', async (t) => {
  const { child, exit, lines, stderr } = program(t, ['replay', '--json', LONG, '-', LONG])
  child.stdin?.end(readFileSync(LOG))
  t.same(await exit, 0)
  t.equal(stderr(), '')
  const one = JSON.parse(readFileSync(join('fixtures', 'many-updates', 'report.json'), 'utf8')).updates.length
  t.same(lines().map(({ updates }) => updates.length).filter((n) => n === one), [one, one])
  t.equal(lines().length, 4)
})

t.test('a reader that has seen enough ends it quietly, an output that cannot be written with one sentence', async (t) => {
  const early = program(t, ['replay', '--json', ...Array.from({ length: 200 }, () => LONG)])
  early.child.stdout?.once('data', () => early.child.stdout?.destroy())
  t.equal(await early.exit, 0)
  t.equal(early.stderr(), '')
  const unwritable = program(t, ['replay', '--json', LOG], { stdio: ['ignore', READ_ONLY, 'pipe'] })
  t.equal(await unwritable.exit, 1)
  t.equal(unwritable.stderr(), 'watchtower-telegram: standard output cannot be written (EBADF): give it a place with room\n')
})
