import t from 'tap'
import { containerFacts, type ContainerFacts } from '../../src/report/facts.js'
import { watchedBy } from '../../src/report/watched.js'
import { container } from '../fakes/docker-objects.js'

const ENABLE = 'com.centurylinklabs.watchtower.enable'
const SCOPE = 'com.centurylinklabs.watchtower.scope'

const one = (name: string, labels: Record<string, string> = {}, status = 'running'): ContainerFacts =>
  containerFacts(container({ name, image: 'nginx', labels, status })) as ContainerFacts
const watchtower = (args: string[] = [], env: string[] = [], path = '/watchtower'): ContainerFacts =>
  containerFacts({ ...container({ name: 'watchtower', image: 'containrrr/watchtower', args, env }), Path: path }) as ContainerFacts

const web = one('web')
const off = one('off', { [ENABLE]: 'false' })
const on = one('on', { [ENABLE]: 'true' })
const stopped = one('stopped', {}, 'exited')
const all = [web, off, on, one('odd', { [ENABLE]: 'yes' }), stopped]

/** The names of those that are watched. */
const watched = (by: ContainerFacts | null, containers = all): string[] => containers.filter(watchedBy(by)).map((c) => c.name)

t.test('all running containers are watched but those excluded by label', async (t) => {
  t.same(watched(watchtower()), ['web', 'on', 'odd'])
  t.same(watched(null), ['web', 'on', 'odd'])
})

t.test("the label's value is read as Go reads a boolean, anything else is no value", async (t) => {
  for (const value of ['0', 'f', 'F', 'false', 'False', 'FALSE']) t.same(watched(watchtower(), [one('a', { [ENABLE]: value })]), [], value)
  for (const value of ['', 'no', 'off', 'fAlse', ' false']) t.same(watched(watchtower(), [one('a', { [ENABLE]: value })]), ['a'], value)
  for (const value of ['1', 't', 'T', 'true', 'True', 'TRUE']) t.same(watched(watchtower(['-e']), [one('a', { [ENABLE]: value })]), ['a'], value)
  for (const value of ['', 'yes', 'on', 'tRue', '01']) t.same(watched(watchtower(['-e']), [one('a', { [ENABLE]: value })]), [], value)
})

t.test('with label-enable only labelled containers are watched, however it is given', async (t) => {
  const given: [args: string[], env: string[]][] = [
    [[], ['WATCHTOWER_LABEL_ENABLE=true']],
    [[], ['WATCHTOWER_LABEL_ENABLE=1']],
    [['--label-enable'], []],
    [['--label-enable=true'], []],
    [['-e'], []],
    [['-ce'], []],
    [['-ed'], []],
    [['--interval', '30', '-de', '--cleanup'], []],
    [['--label-enable'], ['WATCHTOWER_LABEL_ENABLE=false']],
  ]
  for (const [args, env] of given) t.same(watched(watchtower(args, env)), ['on'], `${args} ${env}`)
  const without: [args: string[], env: string[]][] = [
    [[], ['WATCHTOWER_LABEL_ENABLE=false']],
    [[], ['WATCHTOWER_LABEL_ENABLE=yes']],
    [[], ['WATCHTOWER_LABEL_ENABLE=']],
    [['--label-enable=false'], ['WATCHTOWER_LABEL_ENABLE=true']],
    [['--enable-lifecycle-hooks'], []],
    [['-c', '-d', '-m', '-R', '-v'], []],
  ]
  for (const [args, env] of without) t.same(watched(watchtower(args, env)), ['web', 'on', 'odd'], `${args} ${env}`)
})

t.test('what a flag of the fork is given is no name of a container', (t) => {
  const flags = ['cooldown-delay', 'disk-space-warn', 'disk-space-max', 'enable-containers-by-label', 'disable-containers-by-label', 'git-image', 'git-timeout', 'compose-project']
  for (const flag of flags) t.same(watched(watchtower([`--${flag}`, 'x'])), ['web', 'on', 'odd'], flag)
  t.end()
})

t.test('its arguments are found behind an init', (t) => {
  t.same(watched(watchtower(['-e', '--', '/watchtower', '--label-enable'], [], '/sbin/tini')), ['on'])
  t.same(watched(watchtower(['-e', '--', '/watchtower', 'web'], [], '/sbin/tini')), ['web'])
  t.end()
})

t.test('a scope takes its own containers only, and none means those without', async (t) => {
  const scoped = [web, one('prod', { [SCOPE]: 'prod' }), one('test', { [SCOPE]: 'test' }), one('empty', { [SCOPE]: '' })]
  t.same(watched(watchtower(), scoped), ['web', 'prod', 'test', 'empty'])
  for (const by of [watchtower(['--scope', 'prod']), watchtower(['--scope=prod']), watchtower([], ['WATCHTOWER_SCOPE=prod']), watchtower(['--scope', 'prod'], ['WATCHTOWER_SCOPE=test'])]) {
    t.same(watched(by, scoped), ['prod'])
  }
  t.same(watched(watchtower(['--scope', 'test', '--scope', 'prod']), scoped), ['prod'], 'the last one counts')
  t.same(watched(watchtower(['--scope', 'none']), scoped), ['web', 'empty'])
  t.same(watched(watchtower([], ['WATCHTOWER_SCOPE=']), scoped), ['web', 'prod', 'test', 'empty'])
})

t.test('disabled names are left out, however they are given', async (t) => {
  const names = [web, one('db'), one('cache')]
  const given: [args: string[], env: string[]][] = [
    [[], ['WATCHTOWER_DISABLE_CONTAINERS=web,db']],
    [[], ['WATCHTOWER_DISABLE_CONTAINERS=/web, db ']],
    [['--disable-containers', 'web,db'], []],
    [['--disable-containers=web', '--disable-containers=db'], []],
    [['-x', 'web', '-x', 'db'], []],
    [['-xweb,db'], []],
    [['-x=web,db'], []],
    [['-cx', 'web,db'], []],
    [['-x', 'web,db'], ['WATCHTOWER_DISABLE_CONTAINERS=cache']],
  ]
  for (const [args, env] of given) t.same(watched(watchtower(args, env), names), ['cache'], `${args} ${env}`)
  t.same(watched(watchtower(['-x', 'we', '-x', '']), names), ['web', 'db', 'cache'], 'only whole names')
})

t.test('stopped containers are watched only if asked for', async (t) => {
  const each = ['running', 'paused', 'restarting', 'created', 'exited', 'dead', 'removing'].map((status) => one(status, {}, status))
  t.same(watched(watchtower(), each), ['running', 'paused', 'restarting'])
  for (const by of [watchtower(['--include-stopped']), watchtower(['-S']), watchtower(['-eS', '-e=false']), watchtower([], ['WATCHTOWER_INCLUDE_STOPPED=true'])]) {
    t.same(watched(by, each.map((c) => ({ ...c, labels: new Map([[ENABLE, 'true']]) }))), ['running', 'paused', 'restarting', 'created', 'exited'])
  }
})

t.test('names as arguments choose the containers, flags and their values are no names', async (t) => {
  const names = [web, one('db'), one('cache')]
  const flags = ['--interval', '300', '--schedule=0 0 3 * * *', '-s', '0 0 3 * * *', '--cleanup', '-t', '30s', '--notification-url', 'telegram://x', '--notification-slack-icon-url', 'y', '-n', 'slack']
  t.same(watched(watchtower(flags), names), ['web', 'db', 'cache'])
  t.same(watched(watchtower([...flags, 'web', '/db']), names), ['web', 'db'])
  t.same(watched(watchtower(['web', ...flags]), names), ['web'])
  t.same(watched(watchtower(['--cleanup', 'web']), names), ['web'])
  t.same(watched(watchtower(['--', 'web']), names), ['web'])
  t.same(watched(watchtower(['nothing']), names), [])
})

t.test('names are regular expressions too, as loosely as Watchtower takes them', async (t) => {
  const names = ['web', 'web1', 'web12', 'my-web', 'db'].map((name) => one(name))
  t.same(watched(watchtower(['web\\d+']), names), ['web1', 'web12'])
  t.same(watched(watchtower(['web{1,2}']), names), ['web', 'web1'], 'all but the last character suffices')
  t.same(watched(watchtower(['^/web$']), names), ['web'])
  t.same(watched(watchtower(['^web$']), names), [], 'Watchtower sees the slash in front')
  t.same(watched(watchtower(['^web.$']), names), [])
  t.same(watched(watchtower(['.*']), names), ['web', 'web1', 'web12', 'my-web', 'db'])
  t.same(watched(watchtower(['a|db']), names), ['db'])
})

t.test('an expression that only Go can read excludes nothing', async (t) => {
  t.same(watched(watchtower(['(?i)WEB']), [web, one('db')]), ['web', 'db'])
})

t.test('what only stands in for Watchtower has arguments of its own, but the same variables', async (t) => {
  t.same(watched(watchtower(['--label-enable', '/data/lines.txt'], [], '/usr/bin/node')), ['web', 'on', 'odd'])
  t.same(watched(watchtower(['--label-enable', '/data/lines.txt'], ['WATCHTOWER_LABEL_ENABLE=true'], '/usr/bin/node')), ['on'])
  t.same(watched(watchtower(['-e'], [], 'watchtower')), ['on'])
})
