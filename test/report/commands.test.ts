import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import t from 'tap'
import { commandsFor, plainCommands, rollbackFor } from '../../src/report/commands.js'
import { placeOf } from '../../src/report/place.js'
import { containerFacts, type ContainerFacts } from '../../src/report/facts.js'
import { container } from '../fakes/docker-objects.js'
import { composeLabels } from './made-up.js'

/** A container of a compose service; labels as Compose 2 writes them unless given, '' leaves one out. */
function one(service: string, more: Record<string, string> = {}, name = `friday-${service}-1`): ContainerFacts {
  const labels = Object.entries(composeLabels(service, more)).filter(([, value]) => value !== '')
  return containerFacts(container({ name, image: 'nginx', labels: Object.fromEntries(labels) })) as ContainerFacts
}

/** The commands for the first container, the others being the rest of the engine. */
const commands = (first: ContainerFacts, others: ContainerFacts[] = [], pending: string[] = [first.labels.get('com.docker.compose.service') ?? '']): string[] =>
  commandsFor('nginx', [first], [first, ...others], new Set(pending))

const both = (flags: string, service = 'web'): string[] => [`docker compose${flags} pull ${service}`, `docker compose${flags} up -d ${service}`]

t.test('a container belongs to its compose service, and outside compose to itself', async (t) => {
  t.strictSame(placeOf(one('web')), { service: 'web', project: 'friday', directory: '/opt/friday' })
  t.strictSame(placeOf(one('web', { 'project.working_dir': '' })), { service: 'web', project: 'friday', directory: null })
  for (const missing of ['project', 'service']) t.strictSame(placeOf(one('web', { [missing]: '' })), { service: 'friday-web-1', project: null, directory: null })
})

t.test('where only the image is known, the service is taken to be named like it', async (t) => {
  t.same(plainCommands('postgres'), ['docker compose pull postgres', 'docker compose up -d postgres'])
})

t.test('one file of a default name needs no flag', async (t) => {
  for (const file of ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']) {
    t.same(commands(one('web', { 'project.config_files': `/opt/friday/${file}` })), both(''), `${file} of Compose 2`)
    t.same(commands(one('web', { 'project.config_files': file })), both(''), `${file} of Compose 1`)
    t.same(commands(one('web', { 'project.config_files': `./${file}` })), both(''))
  }
  t.same(commands(one('web', { 'project.config_files': '' })), both(''), 'no such label at all')
})

t.test('a default file and its override are found by Compose itself', async (t) => {
  t.same(commands(one('web', { 'project.config_files': '/opt/friday/compose.yaml,/opt/friday/compose.override.yaml' })), both(''))
  t.same(commands(one('web', { 'project.config_files': 'docker-compose.yml,docker-compose.override.yml' })), both(''))
  t.same(commands(one('web', { 'project.config_files': 'docker-compose.yml,docker-compose.override.yml,more.yml' })), both(' -f docker-compose.yml -f docker-compose.override.yml -f more.yml'))
  t.same(commands(one('web', { 'project.config_files': 'docker-compose.override.yml,docker-compose.yml' })), both(' -f docker-compose.override.yml -f docker-compose.yml'))
})

t.test('several or other files are named as seen from the directory', async (t) => {
  const flags = ' -f docker-compose.yml -f docker-compose.services.yml'
  t.same(commands(one('web', { 'project.config_files': '/opt/friday/docker-compose.yml,/opt/friday/docker-compose.services.yml' })), both(flags), 'absolute, by Compose 2')
  t.same(commands(one('web', { 'project.config_files': 'docker-compose.yml,docker-compose.services.yml' })), both(flags), 'relative, by Compose 1')
  t.same(commands(one('web', { 'project.config_files': '/opt/friday/stack.yml' })), both(' -f stack.yml'))
  t.same(commands(one('web', { 'project.working_dir': '/opt/friday/', 'project.config_files': '/opt/friday/stack.yml' })), both(' -f stack.yml'))
  t.same(commands(one('web', { 'project.config_files': '/opt/friday/stack.yml,/opt/friday-common/base.yml' })), both(' -f stack.yml -f /opt/friday-common/base.yml'))
})

t.test("where the first file lies elsewhere, the project's directory is said too", async (t) => {
  t.same(commands(one('web', { 'project.config_files': '/srv/base.yml,/opt/friday/stack.yml' })), both(' --project-directory . -f /srv/base.yml -f stack.yml'))
  t.same(commands(one('web', { 'project.config_files': '/opt/friday/deploy/docker-compose.yml' })), both(' --project-directory . -f deploy/docker-compose.yml'))
  t.same(commands(one('web', { 'project.working_dir': '', 'project.config_files': '/srv/base.yml' })), both(' -p friday -f /srv/base.yml'), 'unless it is unknown')
})

t.test('names that Compose 1 wrote from another directory are turned to the project\'s', async (t) => {
  const from = (files: string, directory = '/srv/friday'): string[] => commands(one('web', { 'project.working_dir': directory, 'project.config_files': files }))
  t.same(from('friday/docker-compose.yml'), both(''), 'called one directory above')
  t.same(from('srv/friday/docker-compose.yml', '/srv/friday/'), both(''), 'called in the root')
  t.same(from('../friday/docker-compose.yml'), both(''), 'called beside it')
  t.same(from('../docker-compose.yml'), both(''), 'called below it')
  t.same(from('friday/docker-compose.yml,friday/docker-compose.services.yml'), both(' -f docker-compose.yml -f docker-compose.services.yml'))
  t.same(from('friday/docker-compose.yml,common/base.yml,/etc/x.yml'), both(' -f docker-compose.yml -f ../common/base.yml -f /etc/x.yml'))
  t.same(from('../friday/docker-compose.yml,base.yml'), both(' -f docker-compose.yml -f base.yml'), 'a way back that no label tells')
  t.same(from('deploy/docker-compose.yml'), both(' --project-directory . -f deploy/docker-compose.yml'), '--project-directory was given')
})

t.test('environment files are named but the one that Compose reads anyway', async (t) => {
  t.same(commands(one('web', { 'project.environment_file': '/opt/friday/.env' })), both(''))
  t.same(commands(one('web', { 'project.environment_file': '/opt/friday/.env,/opt/friday/prod.env,/etc/x.env' })), both(' --env-file prod.env --env-file /etc/x.env'))
})

t.test('the project is named where the directory does not imply it', async (t) => {
  const cases: [directory: string, project: string, flags: string][] = [
    ['/opt/friday', 'friday', ''],
    ['/opt/Friday App.v2/', 'fridayappv2', ''],
    ['/opt/_friday', 'friday', ''],
    ['/opt/fri-day_1', 'fri-day_1', ''],
    ['/opt/friday', 'monday', ' -p monday'],
    ['/opt/freitag', 'friday', ' -p friday'],
    ['/', 'root', ' -p root'],
    ['', 'friday', ' -p friday'],
    ['C:\\stacks\\friday', 'friday', ' -p friday'],
  ]
  for (const [directory, project, flags] of cases) {
    t.same(commands(one('web', { project, 'project.working_dir': directory, 'project.config_files': '' })), both(flags), `${project} in ${directory}`)
  }
  t.same(commands(one('web', { project: 'monday', 'project.environment_file': 'a.env', 'project.config_files': 'b.yml' })), both(' -p monday --env-file a.env -f b.yml'))
})

t.test('a dependency with an update of its own is not recreated along, however far it is', async (t) => {
  const plain = both('')
  const alone = ['docker compose pull web', 'docker compose up -d --no-deps web']
  const web = one('web', { depends_on: 'api:service_started:false,cache:service_healthy:true' })
  const api = one('api', { depends_on: 'db:service_started:false' })
  const db = one('db', { depends_on: 'web:service_started:false' })
  const others = [api, db, one('cache')]
  t.same(commands(web, others, ['web']), plain, 'its own update is no reason')
  t.same(commands(web, others, ['web', 'other']), plain)
  t.same(commands(web, others, ['web', 'cache']), alone, 'direct')
  t.same(commands(web, others, ['web', 'db']), alone, 'through api')
  t.same(commands(db, [web, api, one('cache')], ['db', 'cache']), ['docker compose pull db', 'docker compose up -d --no-deps db'], 'in a circle')
  t.same(commands(web, [one('api', { depends_on: 'db', project: 'monday' })], ['web', 'db']), plain, "another project's service of that name")
  t.same(commands(web, [], ['web', 'api']), alone, 'a dependency without a container')
  t.same(commands(one('web', { depends_on: ',,:x,' }), [], ['web', '']), plain)
})

t.test('a scaled service keeps its number of containers', async (t) => {
  const replicas = [2, 3].map((n) => one('web', {}, `friday-web-${n}`))
  t.same(commands(one('web'), replicas), ['docker compose pull web', 'docker compose up -d --scale web=3 web'])
  t.same(commands(one('web'), [one('web', { oneoff: 'True' }), one('web', { project: 'monday' }), one('db')]), both(''), 'only replicas count')
  t.same(commands(one('web', { depends_on: 'db' }), [...replicas, one('db')], ['db']), ['docker compose pull web', 'docker compose up -d --no-deps --scale web=3 web'])
})

t.test('what Compose did not start is pulled, and a hint says the rest', async (t) => {
  const plain = containerFacts(container({ name: 'plain', image: 'nginx:1' })) as ContainerFacts
  t.same(commandsFor('nginx:1', [plain], [plain], new Set(['plain'])), ['docker pull nginx:1', '# then recreate plain by hand: not started by Compose'])
})

t.test('a stack that only Portainer can see is updated there', async (t) => {
  t.same(commands(one('web', { 'project.working_dir': '/data/compose/12', 'project.config_files': '/data/compose/12/docker-compose.yml' })), [
    '# stack friday is kept by Portainer: update it there, with "Re-pull image"',
  ])
  t.same(commands(one('web', { 'project.working_dir': '/data/compose/friday', 'project.config_files': '' })), both(''))
})

t.test('the way back is the tag on the old image and the last of the same commands', async (t) => {
  const back = (image: string, first: ContainerFacts, others: ContainerFacts[] = [], pending: string[] = []): string[] =>
    rollbackFor(image, `sha256:a7d651e0d051${'0'.repeat(52)}`, [first], commands(first, others, pending))
  t.same(back('postgres:16', one('db')), ['docker tag a7d651e0d051 postgres:16', 'docker compose up -d db'])
  t.same(back('postgres:16', one('db', { project: 'monday', depends_on: 'web', 'project.config_files': 'x.yml' }), [one('db', { project: 'monday' })], ['web']), ['docker tag a7d651e0d051 postgres:16', 'docker compose -p monday -f x.yml up -d --no-deps --scale db=2 db'])
  t.same(back('nginx', one('web', { project: '' })), ['docker tag a7d651e0d051 nginx', '# then recreate friday-web-1 by hand: not started by Compose'])
  t.same(back('nginx', one('web', { 'project.working_dir': '/data/compose/1' })), ['docker tag a7d651e0d051 nginx', '# then update stack friday in Portainer, without "Re-pull image"'])
  t.same(back(`nginx:1@sha256:${'b'.repeat(64)}`, one('web')), [], 'no tag can be put on a digest')
  t.same(words(back('x;$(id)', one('web'))[0] as string), ['tag', 'a7d651e0d051', 'x;$(id)'])
})

/** What a shell makes of a command: the words docker is called with, one per line. */
const words = (command: string): string[] => execFileSync('sh', ['-c', `docker() { for word in "$@"; do printf '%s\\n' "$word"; done; }\n${command}`], { encoding: 'utf8' }).split('\n').slice(0, -1)

const HOSTILE = ["it's", 'a b', '"', '$(touch /tmp/x)', '`id`', '; rm -rf /', '&& x', '| x', '> x', '*', '~', '#', '!!', '\\', '', 'ü', "''", '{a,b}', '$HOME']

t.test('a hostile label is one word to the shell', async (t) => {
  for (const text of HOSTILE.filter(Boolean)) {
    const [pull = '', up = ''] = commands(one(text, { project: text, 'project.config_files': `/opt/friday/${text.replaceAll(',', '')}` }))
    const flags = ['compose', '-p', text, ...(text.includes('/') ? ['--project-directory', '.'] : []), '-f', text.replaceAll(',', '')]
    t.same(words(pull), [...flags, 'pull', text], pull)
    t.same(words(up), [...flags, 'up', '-d', text], up)
  }
  t.same(words(plainCommands('')[0] as string), ['compose', 'pull', ''])
  t.same(words(commandsFor('x;$(id)', [containerFacts(container({ name: 'a', image: 'x' })) as ContainerFacts], [], new Set())[0] as string), ['pull', 'x;$(id)'])
})

t.test('a name that looks like an option is none', async (t) => {
  t.same(commands(one('--privileged')), ["docker compose pull -- '--privileged'", "docker compose up -d -- '--privileged'"])
  t.same(words(commands(one('-f'), [one('-f', {}, 'second')])[1] as string), ['compose', 'up', '-d', '--scale', '-f=2', '--', '-f'])
})

t.test('no line break gets out of a line', async (t) => {
  for (const text of ['a\nrm -rf /', 'a\r\nb', 'a\u2028b', 'a\u0000b', 'a\u0085b']) {
    const named = containerFacts(container({ name: text, image: 'x' })) as ContainerFacts
    const portainer = one('web', { project: text, 'project.working_dir': '/data/compose/1' })
    for (const command of [...commands(one(text)), ...commandsFor(text, [named], [named], new Set()), ...commands(portainer)]) {
      t.notMatch(command, /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
    }
  }
  t.same(commandsFor('x', [containerFacts(container({ name: 'a\nrm -rf /', image: 'x' })) as ContainerFacts], [], new Set())[1], '# then recreate a rm -rf / by hand: not started by Compose')
})

t.test('any label gives one-line commands for docker compose, and a million dependencies take no time', async (t) => {
  const label = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...HOSTILE))
  fc.assert(fc.property(fc.record({ project: label, service: label, 'project.working_dir': label, 'project.config_files': label, depends_on: label }), (more) => {
    const lines = commands(one('web', more), [one('db', more)])
    return lines.every((line) => /^(?:docker |# )/.test(line) && !line.includes('\n'))
  }))
  const started = performance.now()
  commands(one('web', { depends_on: 'a:b:c,'.repeat(100_000) + Array.from({ length: 10_000 }, (_, i) => `s${i}`).join(',') }))
  t.ok(performance.now() - started < 20_000)
})
