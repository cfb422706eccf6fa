// The documents against the program: the reference in compose/README.md tells what the program does, and README.fr.md
// gives the commands of README.md.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { readConfig } from '../src/config.js'

const root = join(import.meta.dirname, '..')
const read = (name: string): string => readFileSync(join(root, name), 'utf8')
const reference = read('compose/README.md')
const section = (title: string): string => reference.split(`\n## ${title}\n`)[1]?.split('\n## ')[0] ?? ''

const GOOD = { TELEGRAM_BOT_TOKEN: '123456:made-up-token-for-tests-not-real', TELEGRAM_CHAT_ID: '-1001234567890' }
const accepts = (name: string, value: string): boolean => readConfig({ ...GOOD, [name]: value }).type === 'ok'

/** A little more, or less, than a duration, as durations are written. */
function beside(text: string, by: 1 | -1): string {
  const [, digits, unit = ''] = /^(\d+)(ms|s|m|h|d)$/.exec(text) ?? []
  const below: Record<string, string> = { ms: '0ms', s: '999ms', m: '59s', h: '59m', d: '23h' }
  return digits === '1' && by < 0 ? (below[unit] ?? '') : `${Number(digits) + by}${unit}`
}

t.test('the bounds of every duration are in the table of variables', (t) => {
  const source = read('src/config.ts')
  const durations = [...source.matchAll(/duration\('([A-Z_]+)', '(\w+)'|'([A-Z_]+) is no usable duration/g)].map(([, named, preset, other]) => ({ name: named ?? other ?? '', preset }))
  t.equal(durations.length, 10)
  for (const { name, preset } of durations) {
    const [, value, least = '', most = ''] = new RegExp(`^\\| \`${name}\` \\| (\\S+|by its schedule) \\| .*; \`(\\w+)\` to \`(\\w+)\` \\|$`, 'm').exec(section('Variables')) ?? []
    if (preset !== undefined) t.equal(value, `\`${preset}\``, `the default of ${name}`)
    t.ok(accepts(name, least) && accepts(name, most), `${name} takes both ${least} and ${most}`)
    t.notOk(accepts(name, beside(most, 1)), `${name} takes no more than ${most}`)
    if (least !== '0s') t.notOk(accepts(name, beside(least, -1)), `${name} takes no less than ${least}`)
  }
  t.ok(accepts('HOST_LABEL', 'x'.repeat(64)) && !accepts('HOST_LABEL', 'x'.repeat(65)))
  t.match(section('Variables'), /`HOST_LABEL` .* at most 64 characters/)
  t.end()
})

t.test('a value that example.env gives is the default in the table of variables', (t) => {
  const given = [...read('compose/example.env').matchAll(/^#?([A-Z_]+)=(.+)$/gm)].map(([, name = '', value = '']) => ({ name, value }))
  t.ok(given.length > 15)
  for (const { name, value } of given) t.ok(section('Variables').includes(`\n| \`${name}\` | \`${value}\``), `${name}=${value}`)
  t.end()
})

t.test('every package of package.json has its reason in src/README.md, and no other has', async (t) => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json')) as Record<'dependencies' | 'devDependencies', Record<string, string>>
  const told = [...(read('src/README.md').split('\n## Packages\n')[1] ?? '').matchAll(/^\| ([^|]+?)( \(dev\))? \| .{10,} \|$/gm)].flatMap(([, names = '', dev = '']) => names.split(', ').map((name) => name + dev))
  t.same(told.sort(), [...Object.keys(dependencies), ...Object.keys(devDependencies).filter((name) => !name.startsWith('@types/')).map((name) => `${name} (dev)`)].sort())
})

t.test('the table of log events has every event of the program, and no other', (t) => {
  const source = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts')).map((name) => read(`src/${name}`)).join('\n')
  const logged = [...source.matchAll(/(?:\.(?:debug|info|warn|error|fatal)|log\[[^\]]+\])\(\s*'([a-z]+(?:[.-][a-z]+)*)'/g)].map(([, event]) => event)
  const told = [...section('Log events').matchAll(/^\| (`[^|]*`) \| [a-z, ]+ \|/gm)].flatMap(([, names = '']) => [...names.matchAll(/`([^`]+)`/g)].map(([, name]) => name)).filter((name) => name !== 'event')
  t.same([...new Set(told)].sort(), [...new Set(logged)].sort())
  t.ok(told.length > 40)
  t.end()
})

const blocks = (name: string): string[] => [...read(name).matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, text = '']) => text)

t.test('README.fr.md gives the commands of README.md, in their order', (t) => {
  const [english, french] = [blocks('README.md'), blocks('README.fr.md')]
  t.ok(french.length > 4)
  t.same(french, english.filter((block) => french.includes(block)))
  t.end()
})

t.test('README.md and README.fr.md name the same ten variables, each in the reference', async (t) => {
  const named = (name: string): string[] => [...read(name).matchAll(/^\| (`[A-Z_]+`.*?) \|/gm)].map(([, names = '']) => names.replace(' ou ', ' or '))
  t.equal(named('README.md').length, 10)
  t.same(named('README.fr.md'), named('README.md'))
  for (const name of named('README.md').join().match(/\w{5,}|\bTZ\b/g) ?? []) t.match(section('Variables'), `\n| \`${name}\` |`)
})

t.test('no command that is to be pasted has a comment, which an interactive zsh takes for arguments', async (t) => {
  for (const name of ['README.md', 'README.fr.md', 'compose/README.md']) t.same(blocks(name).filter((block) => /(^|\s)#/m.test(block)), [], name)
})

t.test('what reads from the terminal is the last command of its block, or it would read the ones pasted with it', (t) => {
  for (const name of ['README.md', 'README.fr.md', 'compose/README.md']) {
    const reading = blocks(name).filter((block) => /^cat > /m.test(block))
    t.ok(reading.length === 1 && /\ncat > \S+\n$/.test(reading[0] ?? ''), name)
  }
  t.end()
})

t.test('what the commands of README.md write, secrets among it, is left alone by git', async (t) => {
  const written = blocks('README.md').flatMap((text) => [...text.matchAll(/ > (\S+)/g)].map(([, file = '']) => (file.startsWith('secrets/') ? 'compose/secrets/' : `/${file}`)))
  t.same(written, ['compose/secrets/', '/watchtower.log', '/images.json'])
  t.same([...written, 'compose/.env'].filter((name) => !read('.gitignore').split('\n').includes(name)), [])
})

t.test('README.md is at most 250 lines long', async (t) => {
  t.ok(read('README.md').split('\n').length <= 251)
})

t.test('each entry of the troubleshooting begins with the doctor, and corrects the two common beliefs', (t) => {
  const entries = section('Troubleshooting').split('\n### ').slice(1)
  t.same(entries.map((entry) => entry.split('\n')[0]), ['No notification received', 'Watchtower does not start', 'An auto-update happened', 'Check now', 'Resource use', 'A reboot during the 03:00 check', 'Trying an image before updating'])
  for (const entry of entries) t.match(entry, /^.*\n\n`doctor` first\b/)
  t.match(section('Troubleshooting'), /A common belief is that `WATCHTOWER_POLL_INTERVAL` is used where the schedule is bad\. It is not/)
  t.match(section('Troubleshooting'), /but not end to end: bots cannot do that/)
  t.end()
})
