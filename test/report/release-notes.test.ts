import fc from 'fast-check'
import t from 'tap'
import { releaseNotesUrl } from '../../src/report/release-notes.js'

const labelled = (labels: Record<string, string>) =>
  new Map(Object.entries(labels).map(([name, value]) => [`org.opencontainers.image.${name}`, value]))
const none = labelled({})
const fromSource = (source: string, version: string | null = null, ref = 'acme/image') =>
  releaseNotesUrl(ref, version, labelled({ source, ...(version === null ? {} : { version }) }))

t.test("official images link to their project's own release notes", async (t) => {
  const cases: [ref: string, version: string | null, url: string][] = [
    ['adminer',          '5.4.2',     'https://github.com/vrana/adminer/releases/tag/v5.4.2'],
    ['caddy:2',          'v2.7.6',    'https://github.com/caddyserver/caddy/releases/tag/v2.7.6'],
    ['drupal',           '10.2.11',   'https://www.drupal.org/project/drupal/releases/10.2.11'],
    ['eclipse-mosquitto', '2.0.15',   'https://mosquitto.org/ChangeLog.txt'],
    ['elasticsearch:8',  '8.19.22',   'https://github.com/elastic/elasticsearch/releases/tag/v8.19.22'],
    ['ghost',            '5.71.0',    'https://github.com/TryGhost/Ghost/releases/tag/v5.71.0'],
    ['golang',           '1.21.8',    'https://go.dev/doc/devel/release#go1.21.8'],
    ['grafana/grafana',  '11.1.0',    'https://github.com/grafana/grafana/releases/tag/v11.1.0'],
    ['haproxy',          '2.8.18',    'https://www.haproxy.org/download/2.8/src/CHANGELOG'],
    ['httpd',            '2.4.62',    'https://downloads.apache.org/httpd/CHANGES_2.4'],
    ['mariadb:11',       '11.4.1',    'https://mariadb.com/docs/release-notes/community-server'],
    ['mediawiki',        '1.44.2',    'https://www.mediawiki.org/wiki/Release_notes/1.44'],
    ['memcached',        '1.6.45',    'https://github.com/memcached/memcached/wiki/ReleaseNotes1645'],
    ['mongo',            '8.0.4',     'https://www.mongodb.com/docs/manual/release-notes/8.0/'],
    ['mysql',            '8.4.8',     'https://dev.mysql.com/doc/relnotes/mysql/8.4/en/news-8-4-8.html'],
    ['n8nio/n8n',        '1.113.3',   'https://github.com/n8n-io/n8n/releases/tag/n8n%401.113.3'],
    ['nginx',            '1.31.3',    'https://nginx.org/en/CHANGES'],
    ['nginx:stable',     '1.28.0',    'https://nginx.org/en/CHANGES-1.28'],
    ['node:24',          '24.21.0',   'https://github.com/nodejs/node/releases/tag/v24.21.0'],
    ['php:8-fpm',        '8.3.24',    'https://www.php.net/ChangeLog-8.php#8.3.24'],
    ['phpmyadmin',       '5.2.3',     'https://www.phpmyadmin.net/files/5.2.3/'],
    ['postgres:16',      '16.2',      'https://www.postgresql.org/docs/release/16.2/'],
    ['python',           '3.11.11',   'https://www.python.org/downloads/release/python-31111/'],
    ['rabbitmq',         '4.0.6',     'https://github.com/rabbitmq/rabbitmq-server/releases/tag/v4.0.6'],
    ['redis:8',          '8.10.1',    'https://github.com/redis/redis/releases/tag/8.10.1'],
    ['registry:3',       null,        'https://github.com/distribution/distribution/releases'],
    ['rust',             '1.78.0',    'https://github.com/rust-lang/rust/releases/tag/1.78.0'],
    ['tomcat',           '10.1.43',   'https://tomcat.apache.org/tomcat-10.1-doc/changelog.html'],
    ['traefik',          'v3.7.11',   'https://github.com/traefik/traefik/releases/tag/v3.7.11'],
    ['public.ecr.aws/docker/library/postgres', '16.2', 'https://www.postgresql.org/docs/release/16.2/'],
    ['arm64v8/redis',    '7.2.4',     'https://github.com/redis/redis/releases/tag/7.2.4'],
  ]
  for (const [ref, version, url] of cases) t.equal(releaseNotesUrl(ref, version, none), url, ref)
})

t.test('without a finished release the page lists all of them', async (t) => {
  t.equal(releaseNotesUrl('postgres', null, none), 'https://www.postgresql.org/docs/release/')
  t.equal(releaseNotesUrl('postgres', '17rc1', none), 'https://www.postgresql.org/docs/release/')
  t.equal(releaseNotesUrl('postgres', '9.6.24', none), 'https://www.postgresql.org/docs/release/')
  t.equal(releaseNotesUrl('python', '3.13.0rc2', none), 'https://docs.python.org/3/whatsnew/changelog.html')
  t.equal(releaseNotesUrl('php', '5.6.40', none), 'https://www.php.net/ChangeLog-8.php')
  t.equal(releaseNotesUrl('haproxy', '3.0-dev1', none), 'https://www.haproxy.org/')
  t.equal(releaseNotesUrl('redis', '8.10-rc2', none), 'https://github.com/redis/redis/releases')
  t.equal(releaseNotesUrl('rabbitmq', '3.6.8', none), 'https://github.com/rabbitmq/rabbitmq-server/releases')
  t.equal(releaseNotesUrl('node', '24.1', none), 'https://github.com/nodejs/node/releases')
})

t.test('the table wins over the labels of official images', async (t) => {
  const labels = labelled({ source: 'https://github.com/caddyserver/caddy-docker', version: 'v2.7.6' })
  t.equal(releaseNotesUrl('caddy', 'v2.7.6', labels), 'https://github.com/caddyserver/caddy/releases/tag/v2.7.6')
})

t.test('an image of that name in another registry has only its labels', async (t) => {
  t.equal(releaseNotesUrl('registry.acme.com/node', '22.1.0', none), null)
  t.equal(
    releaseNotesUrl('registry.acme.com/node', null, labelled({ source: 'https://github.com/acme/node' })),
    'https://github.com/acme/node/releases',
  )
})

t.test('a label that points at a Dockerfile repository leads to the project', async (t) => {
  t.equal(fromSource('https://github.com/MariaDB/mariadb-docker'), 'https://mariadb.com/docs/release-notes/community-server')
  t.equal(fromSource('https://github.com/docker-library/postgres.git#03e18d6:16/bookworm', '16.2'), 'https://www.postgresql.org/docs/release/16.2/')
  t.equal(fromSource('https://github.com/docker-library/hello-world'), null)
})

t.test('GitHub repositories have their releases page, however the label is written', async (t) => {
  for (const source of [
    'https://github.com/acme/app',
    'http://github.com/acme/app',
    ' https://github.com/acme/app/ ',
    'https://www.github.com/acme/app',
    'HTTPS://GitHub.com/acme/app',
    'https://github.com/acme/app.git',
    'https://github.com/acme/app.git/',
    'https://github.com/acme/app.git#main',
    'https://github.com/acme/app.git#refs/heads/main:docker',
    'https://github.com/acme/app#readme',
    'https://github.com/acme/app/tree/main/docker/app',
    'https://github.com/acme/app/blob/main/Dockerfile?raw=true',
    'https://github.com/acme/app/pkgs/container/app',
    'https://github.com/acme/app/wiki/How~to%20run',
    'git@github.com:acme/app.git',
  ]) {
    t.equal(fromSource(source), 'https://github.com/acme/app/releases', source)
  }
})

t.test('GitLab projects have theirs, in groups and on hosts of their own', async (t) => {
  t.equal(fromSource('https://gitlab.com/group/sub/app'), 'https://gitlab.com/group/sub/app/-/releases')
  t.equal(fromSource('https://gitlab.com/group/app.git#main'), 'https://gitlab.com/group/app/-/releases')
  t.equal(fromSource('https://gitlab.com/group/sub/app/-/tree/main/docker'), 'https://gitlab.com/group/sub/app/-/releases')
  t.equal(fromSource('https://gitlab.com/group/app/blob/main/Dockerfile'), 'https://gitlab.com/group/app/-/releases')
  t.equal(fromSource('http://gitlab.example.org:8080/group/app/'), 'http://gitlab.example.org:8080/group/app/-/releases')
  t.equal(fromSource('git@gitlab.example.org:group/sub/app.git'), 'https://gitlab.example.org/group/sub/app/-/releases')
})

t.test('the url label serves where the source label is no repository', async (t) => {
  const url = 'https://github.com/acme/app'
  t.equal(releaseNotesUrl('acme/app', null, labelled({ url })), `${url}/releases`)
  t.equal(releaseNotesUrl('acme/app', null, labelled({ source: 'https://acme.example', url })), `${url}/releases`)
  t.equal(releaseNotesUrl('acme/app', null, labelled({ source: 'https://github.com/acme/other', url })), 'https://github.com/acme/other/releases')
})

t.test('what is no plain web address of a repository gives no link', async (t) => {
  for (const source of [
    '',
    'https://acme.example/acme/app',
    'https://notgithub.com/acme/app',
    'https://github.com.evil.example/acme/app',
    'https://evilgitlab.com/acme/app',
    'https://gitlab./acme/app',
    'https://github.com/',
    'https://github.com/acme',
    'https://github.com/orgs/acme/repositories',
    'https://github.com/acme/..',
    'https://github.com/acme/.git',
    'https://github.com/acme/app"><b>',
    'https://github.com/acme/ap p',
    'https://github.com/acme/äpp',
    'https://github.com/acme/app%2F..',
    'https://github.com/acme/app\u0000',
    'https://user:secret@github.com/acme/app',
    'https://token@github.com/acme/app',
    'ssh://git@github.com/acme/app',
    'git://github.com/acme/app',
    'ftp://github.com/acme/app',
    'javascript:alert(1)//github.com/acme/app',
    'github.com/acme/app',
    'https://gitlab.com/group',
    'https://gitlab.com/gr%20oup/app',
    `https://github.com/acme/app/${'a'.repeat(512)}`,
  ]) {
    t.equal(fromSource(source), null, source.slice(0, 60))
  }
})

t.test('the tag is known where the repository is known to tag like that', async (t) => {
  const source = 'https://github.com/n8n-io/n8n'
  t.equal(fromSource(source, '1.80.0', 'docker.n8n.io/n8nio/n8n'), `${source}/releases/tag/n8n%401.80.0`)
  t.equal(fromSource('https://github.com/home-assistant/core', '2026.10.1'), 'https://github.com/home-assistant/core/releases/tag/2026.10.1')
  t.equal(fromSource('https://github.com/dani-garcia/vaultwarden', '1.37.3'), 'https://github.com/dani-garcia/vaultwarden/releases/tag/1.37.3')
  t.equal(releaseNotesUrl('ghcr.io/n8n-io/n8n', '1.80.0', labelled({ source })), `${source}/releases`, 'but not by a version from elsewhere')
})

t.test('the tag is known where the label names it and the version is that one', async (t) => {
  const tag = 'https://github.com/acme/app/releases/tag/v1.2.3'
  for (const source of [
    'https://github.com/acme/app.git#v1.2.3',
    'https://github.com/acme/app.git#refs/tags/v1.2.3:docker',
    'https://github.com/acme/app/tree/v1.2.3',
    'https://github.com/acme/app/releases/tag/v1.2.3/',
  ]) {
    t.equal(fromSource(source, 'v1.2.3'), tag, source)
    t.equal(fromSource(source, '1.2.3'), tag, source)
    t.equal(fromSource(source, '1.2.4'), 'https://github.com/acme/app/releases', source)
    t.equal(fromSource(source), 'https://github.com/acme/app/releases', source)
  }
  t.equal(fromSource('https://github.com/acme/app/tree/main', 'main'), 'https://github.com/acme/app/releases', 'a branch is no tag')
  t.equal(fromSource('https://github.com/acme/app/tree/1.2', '1.2'), 'https://github.com/acme/app/releases', 'a series is no tag')
})

t.test("the tag is known where the label has it with its v and the repository is the image's", async (t) => {
  t.equal(fromSource('https://github.com/acme/App', 'v1.2.3', 'ghcr.io/acme/app:1'), 'https://github.com/acme/App/releases/tag/v1.2.3')
  t.equal(fromSource('https://github.com/acme/app', 'v1.2.3-rc.1+7', 'acme/app'), 'https://github.com/acme/app/releases/tag/v1.2.3-rc.1%2B7')
})

t.test('the tag is not guessed from anything else', async (t) => {
  const all = 'https://github.com/acme/app/releases'
  t.equal(fromSource('https://github.com/acme/app', '1.2.3', 'acme/app'), all, 'metadata-action strips the v')
  t.equal(fromSource('https://github.com/acme/app', 'v1.2', 'acme/app'), all, 'a series')
  t.equal(fromSource('https://github.com/acme/app', 'v1.2.3/../x', 'acme/app'), all, 'no tag at all')
  t.equal(fromSource('https://github.com/acme/app', 'v1.2.3', 'acme/server'), all, 'the repository of something else')
  t.equal(releaseNotesUrl('acme/app', 'v1.2.3', labelled({ source: 'https://github.com/acme/app' })), all, 'a version from elsewhere')
})

t.test('a LinuxServer image under latest has the release of its label', async (t) => {
  const source = 'https://github.com/linuxserver/docker-heimdall'
  const exact = `${source}/releases/tag/v2.6.1-ls250`
  for (const ref of ['lscr.io/linuxserver/heimdall:latest', 'linuxserver/heimdall']) t.equal(fromSource(source, 'v2.6.1-ls250', ref), exact, ref)
  t.equal(fromSource(source, 'v2.6.1-ls250', 'linuxserver/heimdall:develop'), `${source}/releases`, 'branches tag otherwise')
  t.equal(fromSource(source, '2.6.1', 'linuxserver/heimdall'), `${source}/releases`, 'no build of theirs')
  t.equal(fromSource(source, 'v2.6.1-ls250', 'linuxserver/other'), `${source}/releases`, 'another image')
})

t.test('any labels give null or an address that is safe to print', async () => {
  const text = fc.string({ unit: 'binary', maxLength: 80 })
  const piece = fc.constantFrom('https://', 'github.com', 'gitlab.com', '/', 'acme', 'app', '.git', '#', 'tree', 'v1.2.3', '@', ':', '..', '%', '-', '?')
  const source = fc.oneof(text, fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join('')), text.map((s) => `https://github.com/acme/${s}`))
  const version = fc.option(fc.oneof(text, fc.constantFrom('1.2.3', 'v1.2.3', '16.2')))
  const ref = fc.oneof(text, fc.constantFrom('postgres', 'acme/app', 'nginx', 'linuxserver/app'))
  fc.assert(fc.property(ref, version, source, source, (written, known, first, second) => {
    const labels = labelled({ source: first, url: second, version: known ?? '' })
    const url = releaseNotesUrl(written, known, labels)
    return url === null || (/^https?:\/\/[a-z0-9][\w.-]*(:\d+)?\/[\w.~%#/-]*$/i.test(url) && URL.canParse(url) && url.length < 700)
  }), { numRuns: 1000 })
})

t.test('megabytes of label, version or reference are read in linear time', async (t) => {
  for (const unit of ['/', '.', 'a.', '-', '#', 'https://', 'git@', ' ', '1.', '/tree']) {
    const text = unit.repeat(2_000_000 / unit.length)
    const start = performance.now()
    releaseNotesUrl(text, text, labelled({ source: text, url: `https://github.com/${text}`, version: text }))
    releaseNotesUrl('acme/app', text, labelled({ source: 'https://github.com/acme/app', version: text }))
    releaseNotesUrl('postgres', text, none)
    t.ok(performance.now() - start < 20_000, unit)
  }
})
