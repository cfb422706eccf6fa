import { spawn } from 'node:child_process'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { createWorld, done, found, MESSAGE } from './world.js'

/** Runs the program with these variables and none of the outer ones that it reads; the loader of the test serves for it too. */
function program(t: Test, args: string[], env: Record<string, string>) {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TELEGRAM|TOPIC|DOCKER|WATCHTOWER|HOST_LABEL|SESSION|LOG_LEVEL)/.test(name)))
  const child = spawn(process.execPath, [...process.execArgv, 'src/main.ts', ...args], { env: { ...inherited, ...env } as NodeJS.ProcessEnv })
  t.teardown(() => child.kill('SIGKILL'))
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  const exit = once(child, 'close').then(([code]) => code as number | null)
  return { child, exit, stdout: () => stdout, stderr: () => stderr, lines: () => stdout.trim().split('\n').map((line) => JSON.parse(line)) }
}

t.test('run sends the report, writes only JSON lines and exits 0 within 5 s of SIGTERM', async (t) => {
  const w = await createWorld(t)
  const { child, exit, lines, stdout, stderr } = program(t, [], {
    TELEGRAM_BOT_TOKEN: w.bot.token, TELEGRAM_CHAT_ID: String(w.config.telegram.chat), TOPIC_SYSTEM_ID: String(w.config.telegram.topic),
    TELEGRAM_API_URL: w.bot.url, DOCKER_HOST: w.api.host, HOST_LABEL: '',
  })
  await w.api.log('watchtower').waitForFollowers(1, 30_000)
  w.say('watchtower', found, done)
  t.equal((await w.bot.waitForMessages(1))[0]?.text, MESSAGE)
  const asked = performance.now()
  child.kill('SIGTERM')
  t.equal(await exit, 0)
  t.ok(performance.now() - asked < 5_000)
  t.equal(stderr(), '')
  t.same(lines().map((line) => line.event).filter((event) => /^(started|stopping|stopped)$/.test(event)), ['started', 'stopping', 'stopped'])
  t.notMatch(stdout(), w.bot.token)
})

t.test('SIGINT while Telegram does not answer still ends the program in time, with the unsent message said', async (t) => {
  const w = await createWorld(t)
  w.bot.next('sendMessage', { type: 'hang' })
  const { child, exit, lines } = program(t, ['run'], {
    TELEGRAM_BOT_TOKEN: w.bot.token, TELEGRAM_CHAT_ID: String(w.config.telegram.chat), TELEGRAM_API_URL: w.bot.url, DOCKER_HOST: w.api.host,
  })
  await w.api.log('watchtower').waitForFollowers(1, 30_000)
  w.say('watchtower', found, done)
  await w.bot.waitForRequests('sendMessage', 1)
  const asked = performance.now()
  child.kill('SIGINT')
  t.equal(await exit, 0)
  t.ok(performance.now() - asked < 5_000)
  t.match(lines().find((line) => line.event === 'report.unsent'), { messages: 1 })
})

t.test('a configuration with several faults exits 2 and names them all in one JSON line', async (t) => {
  const { exit, lines, stderr } = program(t, ['run'], { TELEGRAM_BOT_TOKEN: 'not-a-token', TELEGRAM_CHAT_ID: 'here', TOPIC_SYSTEM_ID: '0', LOG_LEVEL: 'loud', DOCKER_HOST: 'ssh://x' })
  t.equal(await exit, 2)
  const [line, ...more] = lines()
  t.same(more, [])
  t.match(line, { level: 'fatal', event: 'config.invalid' })
  t.same(line.faults.map((fault: string) => fault.split(' ')[0]), ['TELEGRAM_BOT_TOKEN', 'TELEGRAM_CHAT_ID', 'TOPIC_SYSTEM_ID', 'DOCKER_HOST', 'LOG_LEVEL'])
  t.notMatch(JSON.stringify(line), 'not-a-token')
  t.equal(stderr(), '')
})

t.test('every spelling of DOCKER_HOST that config takes starts, and no other Docker variable has a say', async (t) => {
  const token = '123456789:made-up-token-for-tests-not-real'
  for (const [host, env] of [['tcp://:1', {}], ['tcp://127.0.0.1:1', { DOCKER_CERT_PATH: '/nowhere', DOCKER_CLIENT_TIMEOUT: '1' }]] as const) {
    const child = spawn(process.execPath, ['dist/watchtower-telegram.cjs'], {
      env: { PATH: process.env.PATH, TELEGRAM_BOT_TOKEN: token, TELEGRAM_CHAT_ID: '-1', TELEGRAM_API_URL: 'http://127.0.0.1:1', DOCKER_HOST: host, ...env },
    })
    t.teardown(() => child.kill('SIGKILL'))
    let stdout = ''
    child.stdout.on('data', (chunk) => {
      stdout += chunk
      if (stdout.includes('docker.unreachable')) child.kill('SIGTERM')
    })
    t.equal((await once(child, 'close'))[0], 0, host)
    t.match(stdout, /"docker\.unreachable","msg":"nothing listens at (localhost|127\.0\.0\.1):1/, host)
  }
})
