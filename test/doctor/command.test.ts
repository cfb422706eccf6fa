// `doctor`, `test-message` and `healthcheck` as a person or Docker types them, beside a running sidecar.
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import t from 'tap'
import { main } from '../../src/cli.js'
import { program } from '../program.js'
import { createWorld, done, found, type World } from '../world.js'

interface Finished {
  code: number
  stdout: string
  stderr: string
}

function command(args: string[], env: Record<string, string> = {}): Promise<Finished> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['dist/watchtower-telegram.cjs', ...args], { env }, (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, stdout, stderr }))
  })
}

const environmentFor = (w: World): Record<string, string> => ({
  TELEGRAM_BOT_TOKEN: w.bot.token, TELEGRAM_CHAT_ID: String(w.config.telegram.chat), TOPIC_SYSTEM_ID: String(w.config.telegram.topic), TELEGRAM_API_URL: w.bot.url,
  DOCKER_HOST: w.api.host, STATE_DIR: w.config.stateDir,
})

t.test('the doctor works beside a running sidecar, which it neither disturbs nor speaks for', async (t) => {
  const w = await createWorld(t)
  void w.start()
  await w.well()
  const text = await command(['doctor'], environmentFor(w))
  t.match(text, { stdout: /^✓ sidecar +following watchtower, Docker answered \d+ s ago, 0 to send$/m, stderr: '' })
  t.match(text.stdout, /^(no|\d+) faults?, (no|\d+) warnings?\n$/m)
  const json = await command(['doctor', '--json'], environmentFor(w))
  const rows = JSON.parse(json.stdout) as { mark: string; name: string; found: string; remedy: string | null; paste: string[] }[]
  for (const row of rows) t.same(Object.keys(row), ['mark', 'name', 'found', 'remedy', 'paste'])
  t.equal(json.code, rows.some(({ mark }) => mark === 'fault') ? 1 : 0)
  t.equal(text.code, json.code)
  t.notMatch(`${text.stdout}${json.stdout}`, w.bot.token)
  t.same(readdirSync(w.config.stateDir).filter((file) => !/^(lock|state\.json(\.bak)?(\.new)?)$/.test(file)), [], 'it leaves no file of its own')
  t.equal(w.bot.requests.filter(({ method }) => method === 'sendMessage').length, 0)
  w.say('watchtower', found, done)
  await w.waitFor('report.sent')
  t.same(w.events('state.unusable'), [])
})

t.test('with a configuration that `run` refuses, the doctor still looks at what it can, and exits 1', async (t) => {
  const w = await createWorld(t)
  const { code, stdout: table } = await command(['doctor'], { ...environmentFor(w), TELEGRAM_BOT_TOKEN: '', TOPIC_SYSTEM_ID: 'seven', DOCKER_HOST: 'ssh://nas', STATE_DIR: w.config.stateDir })
  t.equal(code, 1)
  const stdout = table.replace(/\n {6,}(?![ →])/g, ' ')
  t.match(stdout, /^✗ configuration +TELEGRAM_BOT_TOKEN is missing: [^\n]*; TOPIC_SYSTEM_ID is no topic: [^\n]*; DOCKER_HOST ssh:\/\/ is not supported, /)
  t.match(stdout, /^! socket +not looked at\n +→ correct DOCKER_HOST first$/m)
  t.match(stdout, /^! bot +not looked at\n +→ correct TELEGRAM_BOT_TOKEN first$/m)
  t.match(stdout, /^✓ state directory +\S+ can be written and has room$/m)
  const tls = await command(['doctor'], { ...environmentFor(w), DOCKER_TLS_VERIFY: '1', TOPIC_SYSTEM_ID: '0', HTTPS_PROXY: 'socks5://proxy', https_proxy: 'socks5://proxy' })
  t.match(tls.stdout, /^! engine +not looked at\n +→ correct DOCKER_TLS_VERIFY first$/m)
  t.match(tls.stdout, /^✓ chat +Home/m)
  t.match(tls.stdout, /^! topic +not looked at\n +→ correct TOPIC_SYSTEM_ID first$/m)
})

t.test('test-message says where it is, and what is wrong with 1, or with 2 if it is the configuration', async (t) => {
  const w = await createWorld(t)
  t.same(await command(['test-message'], environmentFor(w)), { code: 0, stdout: 'the test message is in topic 7: https://t.me/c/1234567890/7/101\n', stderr: '' })
  w.bot.chats[0]!.topics = []
  t.match(await command(['test-message'], environmentFor(w)), { code: 1, stdout: '', stderr: /^watchtower-telegram: the test message was sent \(.*\), but topic 7 is closed or deleted/ })
  t.match(await command(['test-message'], { TELEGRAM_CHAT_ID: 'x' }), { code: 2, stderr: /^watchtower-telegram: TELEGRAM_BOT_TOKEN is missing: .*; TELEGRAM_CHAT_ID is no chat: / })
})

t.test('from its source as well: the same words', async (t) => {
  const w = await createWorld(t)
  w.api.containers[0]?.Config.Env.push('WATCHTOWER_MONITOR_ONLY=true')
  t.intercept(process, 'env', { value: environmentFor(w) })
  const run = async (...args: string[]): Promise<[number, string]> => {
    // what the test itself still has to say goes out first
    await new Promise((resolve) => setImmediate(resolve))
    let said = ''
    const streams = [process.stdout, process.stderr].map((stream) => t.capture(stream, 'write', (text: string) => Boolean((said += text))))
    try {
      return [await main(args), said]
    } finally {
      for (const { restore } of streams) restore()
    }
  }
  t.match(await run('doctor'), [0, /^✓ configuration +complete\n/])
  t.match(await run('doctor', '--json'), [0, /^\[\n/])
  t.match(await run('test-message'), [0, /^the test message is in topic 7: /])
  w.bot.chats[0]!.topics = []
  t.match(await run('doctor'), [1, /^✗ topic /m])
  t.match(await run('test-message'), [1, /but topic 7 is closed or deleted/])
  t.match(await run('healthcheck'), [1, /^unhealthy: no watchtower-telegram is running with STATE_DIR /])
  void w.start()
  await w.well()
  t.match(await run('healthcheck'), [0, /^healthy: following watchtower/])
  const { exit, stdout } = program(t, ['healthcheck'], { env: environmentFor(w) })
  t.equal(await exit, 0)
  t.match(stdout(), /^healthy: following watchtower/)
})

t.test('each has its help, its version, and a sentence for what it does not know', async (t) => {
  for (const name of ['doctor', 'test-message', 'healthcheck']) {
    t.match(await command([name, '--help']), { code: 0, stdout: new RegExp(`^watchtower-telegram ${name}: `), stderr: '' })
    t.match(await command([name, '-V']), { code: 0, stdout: /^\d+\.\d+\.\d+\n$/ })
    t.match(await command([name, '--fast']), { code: 2, stdout: '', stderr: `watchtower-telegram: Unknown option '--fast': see watchtower-telegram ${name} --help\n` })
    t.match((await command([name, 'now'])).code, 2)
  }
})
