// Templates from the outside: printed, previewed, refused at the start, replaced when they fail.
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readConfig } from '../src/config.js'
import { builtInTemplate } from '../src/report/builtin.js'
import { parseTemplate } from '../src/report/template.js'
import { program as fromSource } from './program.js'
import { createWorld, done, found, MESSAGE } from './world.js'

/** Runs the built program, the file that is shipped. */
function program(args: string[], env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/watchtower-telegram.cjs', ...args], { encoding: 'utf8', env: { PATH: process.env.PATH, ...env } })
  return { status, stdout, stderr }
}
const RECORDED = ['--images', 'fixtures/three-updates-auto/images.json', 'fixtures/three-updates-auto/log.txt']
const SHORT = '<b>{{total}} to update</b>\n{{#updates}}\n{{name}}: {{current}} → {{new}}\n{{/updates}}\n'

t.test('template --print prints what replay and run take, and it makes the same messages', async (t) => {
  const folder = t.testdir({})
  for (const MESSAGE_LANGUAGE of ['en', 'fr']) {
    const printed = program(['template', '--print'], { MESSAGE_LANGUAGE, MESSAGE_TEMPLATE_FILE: 'nowhere' })
    t.match(printed, { status: 0, stderr: '', stdout: MESSAGE_LANGUAGE === 'en' ? /\nRoll|Roll back:/ : /Revenir en arrière/ })
    const file = join(folder, `${MESSAGE_LANGUAGE}.mustache`)
    writeFileSync(file, printed.stdout)
    const builtIn = program(['replay', '--html', ...RECORDED], { MESSAGE_LANGUAGE })
    t.same(program(['replay', '--html', '--template', file, ...RECORDED], { MESSAGE_LANGUAGE }), builtIn)
    t.same(program(['replay', '--html', ...RECORDED], { MESSAGE_LANGUAGE, MESSAGE_TEMPLATE_FILE: file }), builtIn)
  }
})

t.test('replay --template previews a template, also one that an editor on Windows wrote', async (t) => {
  const folder = t.testdir({ short: SHORT, windows: `\ufeff${SHORT.replaceAll('\n', '\r\n')}` })
  for (const name of ['short', 'windows']) {
    const { status, stdout, stderr } = program(['replay', '--html', '--template', join(folder, name), ...RECORDED])
    t.same({ status, stderr }, { status: 0, stderr: '' })
    t.match(stdout, /^<b>3 to update<\/b>\npostgres: 16\.1 → 16\.2\nqdrant: v1\.7\.3 → v1\.8\.0\nredis: 7\.2\.3 → 7\.2\.4\n\n\[📖 postgres 16\.2\] https:/)
  }
})

t.test('one that fails on a message says so and shows the built-in one', async (t) => {
  const folder = t.testdir({ odd: `{{#updates}}{{^host}}{{#since}}{{^project}}<{{/project}}{{/since}}{{/host}}{{name}}${'{{#severalParts}}{{/severalParts}}'}{{#releaseNotes}}{{^severalProjects}}{{^major}}{{#host}}<{{/host}}{{/major}}{{/severalProjects}}{{/releaseNotes}}{{/updates}}` })
  const env = { HOST_LABEL: 'nas' }
  const failed = program(['replay', '--template', join(folder, 'odd'), ...RECORDED], env)
  t.match(failed, { status: 0, stderr: /^watchtower-telegram: the template failed, this is the built-in message: Telegram would refuse what it makes: [^\n]*\n$/ })
  t.equal(failed.stdout, program(['replay', ...RECORDED], env).stdout)
})

t.test('a broken one is refused in one sentence with line and column, by replay and by run', async (t) => {
  const folder = t.testdir({ broken: '{{headline}}\n{{#updates}}\n{{servce}}\n{{/updates}}\n', empty: '', directory: {} })
  const broken = join(folder, 'broken')
  t.same(program(['replay', '--template', broken, ...RECORDED]), { status: 2, stdout: '', stderr: `watchtower-telegram: --template ${broken} is no usable template: line 3, column 1: there is no field servce\n` })
  const env = { TELEGRAM_BOT_TOKEN: '123456:made-up-token-for-tests-not-real', TELEGRAM_CHAT_ID: '-1' }
  const run = program(['run'], { ...env, MESSAGE_TEMPLATE_FILE: broken })
  t.equal(run.status, 2)
  t.match(JSON.parse(run.stdout), { level: 'fatal', event: 'config.invalid', faults: [`MESSAGE_TEMPLATE_FILE ${broken} is no usable template: line 3, column 1: there is no field servce`] })
  const faults = (file: string): unknown => readConfig({ ...env, MESSAGE_TEMPLATE_FILE: file })
  t.match(faults(join(folder, 'empty')), { faults: [/^MESSAGE_TEMPLATE_FILE .*empty is no usable template: it prints nothing$/] })
  t.match(faults(join(folder, 'none')), { faults: [/^MESSAGE_TEMPLATE_FILE: there is no file .*none: write the template into it$/] })
  t.match(faults(join(folder, 'directory')), { faults: [/^MESSAGE_TEMPLATE_FILE: .*remove it and write the template into a file of that name$/] })
  writeFileSync(join(folder, 'empty'), SHORT)
  t.match(faults(join(folder, 'empty')), { type: 'ok', config: { style: { template: { text: SHORT } } } })
})

t.test('the command has one use', async (t) => {
  const asked = async (args: string[], env: Record<string, string> = {}) => {
    const { exit, stdout, stderr } = fromSource(t, args, { env })
    return { status: await exit, stdout: stdout(), stderr: stderr() }
  }
  t.match(await asked(['template', '--print'], { MESSAGE_LANGUAGE: 'fr' }), { status: 0, stdout: builtInTemplate('fr'), stderr: '' })
  t.match(await asked(['template']), { status: 2, stdout: '', stderr: /^watchtower-telegram: template has one use: give --print/ })
  t.match(await asked(['template', '--print'], { MESSAGE_LANGUAGE: 'de' }), { status: 2, stderr: /MESSAGE_LANGUAGE is unknown/ })
  t.match(await asked(['template', '--help']), { status: 0, stdout: /^watchtower-telegram template: / })
  t.match(await asked(['template', '--version']), { status: 0, stdout: 'development\n' })
  t.match(program(['template', '--version']), { status: 0, stdout: /^\d+\.\d+\.\d+\n$/ })
})

t.test('run sends what the template makes; when it fails, the built-in message, and the log says why once', async (t) => {
  const style = (text: string) => ({ style: { language: 'en' as const, timeZone: 'UTC', template: parseTemplate(text) } })
  const w = await createWorld(t, style(SHORT))
  void w.start()
  await w.waitFor('watchtower.attached')
  w.say('watchtower', found, done)
  t.match((await w.bot.waitForMessages(1))[0], { html: '<b>1 to update</b>\npostgres: 16.1 → 16.2', buttons: [{ text: '📖 postgres 16.2' }] })
  t.same(w.events('template.failed'), [])

  const failing = await createWorld(t, style('{{#updates}}<b>{{name}}{{/updates}}'))
  void failing.start()
  await failing.waitFor('watchtower.attached')
  failing.say('watchtower', found, done)
  t.equal((await failing.bot.waitForMessages(1))[0]?.text, MESSAGE)
  t.match(failing.events('template.failed'), [{ level: 'error', fault: 'Telegram would refuse what it makes: <b> has no end', msg: /MESSAGE_TEMPLATE_FILE: .*; the built-in message takes its place/ }])
})
