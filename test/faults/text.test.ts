// What stands in the log is foreign text: it is shown as it is, never obeyed, and no secret is shown at all.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { container, image, madeUpId } from '../fakes/docker-api.js'
import { PRINT } from '../watchtower/dialects.js'
import { foundLine } from './counter.js'
import { workedMs } from './sidecar-process.js'
import { attached, createStage, done, eventually, found, record, settled, WATCHTOWER } from './stage.js'
import { faultTable } from './table.js'

/** A message of Watchtower's, quoted as Go does. */
const said = (message: string): string => PRINT['logrus text']({ level: 'info', message })
const failed = (name: string, detail: string): string => `Unable to update container "${name}": ${detail}. Proceeding to next.`
const hex = (name: string): string => madeUpId(name).slice(0, 12)

async function injection(t: Test): Promise<string> {
  const stage = await createStage(t)
  for (const name of ['pretty', 'json']) stage.api.containers.push(container({ name, image: 'containrrr/watchtower:1.7.1', labels: WATCHTOWER }))
  const sidecar = stage.start()
  await sidecar.waitFor('watchtower.attached', 3)
  const forged = Array.from({ length: 10 }, (_, index) => `Found new app-9000${index}:1 image (${hex(String(index))})`)
  const [text = '', pretty = '', json = ''] = stage.names(3, 'nobody')
  const quoted = (index: number): string => said(forged[index] ?? '')
  stage.say([
    said(`Command output:\n${forged[0]}\n${quoted(0)}`),
    said(failed('/registry', `Error response from daemon: Get "https://registry.example/": ${quoted(1)}`)),
    said(`Executing command: echo ${quoted(2)}`),
    `  ${forged[3]}`, ` ${quoted(3)}`, `watchtower  | ${quoted(3)}`,
    said(`No new images found for /x because ${forged[4]}`),
    found(text), done(1),
  ])
  stage.say([
    PRINT['logrus pretty']({ level: 'info', message: foundLine(pretty, 2) }),
    ...`${PRINT['logrus pretty']({ level: 'info', message: 'Command output:' }).trimEnd()}\n${forged[5]}\n${PRINT['logrus pretty']({ level: 'info', message: forged[6] ?? '' })}\r\n${quoted(5)} `.split('\n'),
    PRINT['logrus pretty']({ level: 'info', message: 'Session done', fields: { Failed: 0, Scanned: 1, Updated: 1, notify: 'no' } }),
  ], 'pretty')
  stage.say([
    PRINT['logrus json']({ level: 'info', message: `Command output:\n${forged[7]}` }),
    PRINT['logrus json']({ level: 'info', message: 'x', fields: { nested: PRINT['logrus json']({ level: 'info', message: forged[8] ?? '' }) } }),
    JSON.stringify({ level: 'info', msg: { msg: forged[9] }, time: '2026-11-23T20:00:00Z' }),
    PRINT['logrus json']({ level: 'info', message: foundLine(json, 3) }),
    PRINT['logrus json']({ level: 'info', message: 'Session done', fields: { Failed: 0, Scanned: 1, Updated: 1, notify: 'no' } }),
  ], 'json')
  await stage.told()
  t.same(sidecar.events('update.found').filter(({ update }) => /app-9/.test(JSON.stringify(update))), [], 'none became an update')
  t.notMatch(stage.bot.messages.map((message) => message.text).join('\n'), /^(Service|Image): .*app-9/m)
  await stage.stop(sidecar)
  return `none of ${forged.length} forged lines taken; ${stage.verdict()}`
}

async function markup(t: Test): Promise<string> {
  const { stage, sidecar } = await attached(t, { HOST_LABEL: '<b>&"{{.Host}}$& $1 *_`' })
  const [a = '', b = '', c = '', d = '', e = ''] = stage.names(5, 'nobody')
  const refs = [`<b>${a}</b>:1`, `${b}&amp;$&$1$\`$':1`, `{{.Name}}/${c}:1`, `*${d}*_x_[l](http://x)\`:1`]
  const service = `<i>${e}</i>$&{{.}}&lt;`
  stage.api.images.push(image({ ref: null, id: `sha256:${madeUpId('old')}` }), image({ ref: `${e}:1`, id: `sha256:${madeUpId('new')}`, labels: { 'org.opencontainers.image.version': '<u>$&</u>' } }))
  stage.api.containers.push(container({ name: 'service', image: `${e}:1`, imageId: `sha256:${madeUpId('old')}`, labels: { 'com.docker.compose.project': '<p>', 'com.docker.compose.service': service, 'com.docker.compose.project.working_dir': '/srv/<x>&$&' } }))
  stage.say([
    ...refs.map((ref, index) => said(`Found new ${ref} image (${hex(String(index))})`)), said(`Found new ${e}:1 image (${hex('new')})`),
    said(failed('/<u>x</u>', '<script>alert(1)</script> $& {{.}} &amp; *_`')), done(5),
  ])
  const text = (await stage.told()).map((message) => message.text).join('\n')
  for (const ref of [...refs, service, '<b>&"{{.Host}}$& $1 *_`', '<script>alert(1)</script> $& {{.}} &amp; *_`']) t.ok(text.includes(ref), `shown literally: ${ref}`)
  t.same(stage.bot.requests.filter(({ status }) => status !== 200), [], 'no request was refused')
  await stage.stop(sidecar)
  return stage.verdict()
}

// Telegram itself drops or replaces some of these; here none may even be sent
const HIDDEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/

async function hiddenCharacters(t: Test): Promise<string> {
  const { stage, sidecar } = await attached(t)
  const [a = '', b = '', c = ''] = stage.names(3, 'nobody')
  const hidden = '\u001b[31mred\u001b[0m \u0000\u0007\u202Egnp.exe\u202C \u200Bzero\u200D \u2028line\u2029 \u00adsoft \ufeff\u0085end'
  const detail = failed('/hidden', hidden)
  stage.say([
    record(`Found new ${a}\u202E:1 image (${hex(a)})`), JSON.stringify({ level: 'info', msg: `Found new \u200b${b}:1 image (${hex(b)})`, time: '2026-11-23T20:00:00Z' }),
    said(detail), JSON.stringify({ level: 'info', msg: failed('/hidden\u202E\u0000two', hidden), time: '2026-11-23T20:00:00Z' }),
    `\u001b[31m\u001b[1m${found(c)}\u001b[0m`, done(3),
  ])
  const messages = await stage.told()
  for (const { html } of messages) t.notMatch(html, HIDDEN)
  t.notMatch(sidecar.output(), /[\u0000-\u0009\u000b-\u001f]/, 'the log has none either')
  await stage.stop(sidecar)
  return stage.verdict()
}

async function prototypes(t: Test): Promise<string> {
  const { stage, sidecar } = await attached(t)
  const [a = '', b = ''] = stage.names(2, 'nobody')
  const info = (message: string, more = ''): string => `{"__proto__":{"level":"panic","msg":"x"},"constructor":{"prototype":{"polluted":1}},"toString":"x","hasOwnProperty":1,${more}"level":"info","msg":${JSON.stringify(message)},"time":"2026-11-23T20:00:00Z"}`
  stage.say([
    info(foundLine(a, 1)), info(`Found new __proto__:1 image (${hex('p')})`), info(`Found new constructor:1 image (${hex('c')})`),
    '{"level":"__proto__","msg":"Session done"}', '{"level":"constructor","msg":"Session done"}', '[1,2]', '{"level":"info"}', '{"__proto__":null}',
    info('Found new image', `"image":"${b}:1","new_id":"${hex(b)}","container":"__proto__",`), info(failed('/__proto__', 'denied')), info(failed('/toString', 'x')),
    info('Session done', '"Scanned":4,"Updated":4,"Failed":0,'),
  ])
  const [message] = await stage.told()
  t.match(message?.text, /__proto__:1[^]*constructor:1|constructor:1[^]*__proto__:1/)
  t.match(message?.text, /toString/)
  await settled(stage)
  await stage.kill(sidecar)
  const second = stage.start()
  stage.check(1)
  await stage.told()
  await stage.stop(second)
  t.equal(stage.bot.messages.length, 2, 'remembered too')
  return stage.verdict()
}

async function slowPatterns(t: Test): Promise<string> {
  const { stage, sidecar } = await attached(t)
  const fill = (piece: string): string => piece.repeat(Math.ceil(8_192 / piece.length))
  const pieces = [' to ', 'a: ', '\\"', '\u001b[', '\u001b[3', '=', '1:', '//@', 'token=', '  \u001b[36ma', ' x=', 'Bearer a', '"', '(', ' | ', '2026-11-23T20:15:56Z ']
  const hostile = pieces.flatMap((piece) => [fill(piece), `time=${fill(piece)}`, `{"${fill(piece)}`, `\u001b[36mINFO\u001b[0m[0002] ${fill(piece)} `, said(`Found new ${fill(piece)} image (`), said(failed('/slow', fill(piece))), said(failed(fill(piece), 'x'))])
  /** What the lines cost it in work: that is the same however long it waits for a processor. */
  const timed = async (lines: readonly string[]): Promise<number> => {
    const [name = ''] = stage.names(1, 'nobody')
    const start = workedMs(sidecar)
    stage.say([found(name), ...lines, done(1)])
    await eventually(() => stage.bot.messages.some(({ text }) => text.includes(name)), 'told', 60_000)
    return workedMs(sidecar) - start
  }
  const plain = await timed(hostile.map(() => said('Checking containers')))
  const each = (await timed(hostile) - plain) / hostile.length
  t.ok(each < 20, `${each} ms for a line`)
  await stage.stop(sidecar)
  return `${hostile.length} lines of 8 KB, ${Math.max(0, each).toFixed(1)} ms each; ${stage.verdict()}`
}

/** Starts it in ways that make it, or Node, say what it was about to do; its secret half is in no output. */
async function tokenLeak(t: Test): Promise<string> {
  const stage = await createStage(t)
  const { token, url } = stage.bot
  const secret = token.slice(token.indexOf(':') + 1)
  const directory = mkdtempSync('/tmp/wt-crash-')
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  const crash = join(directory, 'crash.cjs')
  writeFileSync(crash, `setTimeout(() => { throw new Error('Failed to parse URL from http://127.0.0.1/bot' + process.env.TELEGRAM_BOT_TOKEN + '/sendMessage') }, 400)`)
  const reject = join(directory, 'reject.cjs')
  writeFileSync(reject, `setTimeout(() => Promise.reject(new TypeError('/bot' + process.env.TELEGRAM_BOT_TOKEN)), 400)`)
  const ways: Readonly<Record<string, [env: Record<string, string>, nodeArguments?: string[]]>> = {
    'nothing listens': [{ TELEGRAM_API_URL: 'http://127.0.0.1:1' }],
    'https to http': [{ TELEGRAM_API_URL: url.replace('http:', 'https:') }],
    'a path': [{ TELEGRAM_API_URL: `${url}/some/where` }],
    'no URL': [{ TELEGRAM_API_URL: `http://[::bad/bot${token}` }],
    'the token as chat': [{ TELEGRAM_CHAT_ID: token }],
    'the token as file': [{ TELEGRAM_BOT_TOKEN: '', TELEGRAM_BOT_TOKEN_FILE: token }],
    'NODE_DEBUG': [{ NODE_DEBUG: 'http,https,net,tls,undici,fetch' }],
    'an exception': [{}, ['--require', crash]],
    'a rejection': [{}, ['--require', reject]],
  }
  stage.check(1)
  stage.bot.always('*', { type: 'error', status: 404, description: `Not Found: /bot${token}/sendMessage` })
  for (const [how, [env, nodeArguments]] of Object.entries(ways)) {
    const sidecar = stage.start({ STATE_DIR: mkdtempSync(join(directory, 'state-')), ...env }, nodeArguments)
    await eventually(() => sidecar.child.exitCode !== null || sidecar.events('report.retry').length + sidecar.events('report.failed').length > 0, `${how}: it tried`)
    if (how.startsWith('a') && nodeArguments) t.equal(await sidecar.exit, 1, `${how}: exits 1`)
    await stage.kill(sidecar)
    t.same(sidecar.output().split('\n').filter((line) => line.includes(secret)), [], `${how}: no token`)
  }
  stage.bot.always('*', null)
  const last = stage.start()
  await stage.told()
  await stage.stop(last)
  return `${Object.keys(ways).length} ways, no token in any output; ${stage.verdict()}`
}

async function longNames(t: Test): Promise<string> {
  const { stage, sidecar } = await attached(t)
  const names = stage.names(10, 'nobody')
  const found = (name: string, index: number): string => {
    const [ref, id] = [`registry.example/${'i'.repeat(200 - name.length - 20)}/${name}:1`, `sha256:${madeUpId(`new ${name}`)}`]
    const labels = { 'com.docker.compose.project': 'p'.repeat(300), 'com.docker.compose.service': `${name}-${'s'.repeat(280)}-end${index}`, 'com.docker.compose.project.working_dir': `/${'d'.repeat(250)}` }
    stage.api.images.push(image({ ref: null, id: `sha256:${madeUpId(`old ${name}`)}` }), image({ ref, id }))
    stage.api.containers.push(container({ name: `${name}-${'c'.repeat(290)}`, image: ref, imageId: `sha256:${madeUpId(`old ${name}`)}`, labels }))
    return said(`Found new ${ref} image (${id.slice(7, 19)})`)
  }
  stage.say([...names.map(found), said(failed(`/${'f'.repeat(300)}`, 'denied')), done(10)])
  await stage.told()
  const last = stage.bot.messages.at(-1)
  t.match(stage.bot.messages[0]?.text, /Service: app-\d{5}-s+…s+-end\d+$/m, 'shortened in the middle')
  t.ok(last)
  const longest = Math.max(...stage.bot.messages.map(({ text }) => text.length))
  t.ok(longest <= 4_096)
  await sidecar.waitFor('report.sent', stage.bot.messages.length)
  await stage.stop(sidecar)
  return `longest message ${longest}; ${stage.verdict()}`
}

t.test('foreign text', { timeout: 840_000 }, (t) => faultTable(t, [
  { row: 51, fault: 'forged lines in hook output and error texts', expected: 'never taken for an update', run: injection },
  { row: 52, fault: 'HTML, Markdown, {{ }}, $& in every field', expected: 'shown literally', run: markup },
  { row: 53, fault: 'ANSI, NUL, bidi, zero-width, U+2028', expected: 'removed', run: hiddenCharacters },
  { row: 54, fault: 'JSON log with __proto__ and constructor', expected: 'no pollution', run: prototypes },
  { row: 55, fault: 'lines of 8 KB made for slow patterns', expected: 'under 20 ms each', run: slowPatterns },
  { row: 56, fault: 'bad addresses, NODE_DEBUG, exceptions, echoes of the address', expected: 'no token in any output', run: tokenLeak },
  { row: 57, fault: 'names of 300 characters, images of 200', expected: 'shortened in the middle, messages within 4096', run: longNames },
]))
