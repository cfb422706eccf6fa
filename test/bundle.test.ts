import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'

/** Bytes of the whole program: half again as much would show in memory and start. */
const MOST = 700_000
/** What the packages of package.json bring along, of which something is used. */
const BROUGHT: Readonly<Record<string, readonly string[]>> = {
  dockerode: ['docker-modem', 'split-ca'],
  'https-proxy-agent': ['agent-base'],
  pino: ['atomic-sleep', 'on-exit-leak-free', 'pino-std-serializers', 'quick-format-unescaped', 'safe-stable-stringify', 'sonic-boom'],
}

const directory = mkdtempSync(join(tmpdir(), 'wt-bundle-'))
t.teardown(() => rmSync(directory, { recursive: true }))
execFileSync(process.execPath, ['src/build.mjs', directory])

t.test('the bundle is small, holds every dependency of package.json, and nothing that is not used', (t) => {
  const [output] = Object.values((JSON.parse(readFileSync(join(directory, 'meta.json'), 'utf8')) as { outputs: Record<string, { inputs: Record<string, { bytesInOutput: number }> }> }).outputs)
  const packages = Object.entries(output?.inputs ?? {}).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? ''] : []))
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> }
  t.same([...new Set(packages)].filter(Boolean).sort(), [...Object.keys(dependencies), ...Object.values(BROUGHT).flat()].sort())
  const size = statSync(join(directory, 'program.cjs')).size
  t.ok(size < MOST, `${size} bytes`)
  t.end()
})

t.test('what Node deprecates of the things that libraries call is told to nobody who only uses the program', (t) => {
  // Node 24 tells of url.parse, which docker-modem calls over tcp, in code that is not below node_modules; Node 20 when asked to
  const env = { DOCKER_HOST: 'tcp://127.0.0.1:1', TELEGRAM_API_URL: 'http://127.0.0.1:1', TELEGRAM_CHAT_ID: '1', TELEGRAM_BOT_TOKEN: `1:${'made_up'.repeat(5)}`, STATE_DIR: directory }
  const { stdout, stderr } = spawnSync(process.execPath, ['--pending-deprecation', join(directory, 'watchtower-telegram.cjs'), 'doctor'], { encoding: 'utf8', env, timeout: 60_000 })
  t.match(stdout, /nothing listens at 127\.0\.0\.1:1/)
  t.notMatch(stderr, /url\.parse/)
  t.end()
})

t.test('Telegram is asked without the built-in fetch, which costs 16 MB', (t) => {
  const watch = join(directory, 'watch.cjs')
  writeFileSync(watch, "Object.defineProperty(globalThis, 'fetch', { get() { process.stderr.write('the built-in fetch is used') } })")
  const env = { TELEGRAM_API_URL: 'http://127.0.0.1:1', TELEGRAM_CHAT_ID: '1', TELEGRAM_BOT_TOKEN: `1:${'made_up'.repeat(5)}` }
  const { stderr } = spawnSync(process.execPath, ['--require', watch, join(directory, 'watchtower-telegram.cjs'), 'test-message'], { encoding: 'utf8', env, timeout: 60_000 })
  t.match(stderr, /the Bot API cannot be reached/)
  t.notMatch(stderr, /built-in fetch/)
  t.end()
})
