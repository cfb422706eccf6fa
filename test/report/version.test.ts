import fc from 'fast-check'
import t from 'tap'
import { majorChanged, versionOf } from '../../src/report/version.js'

const image = (env: Record<string, string>, labels: Record<string, string> = {}) => ({
  env: new Map(Object.entries(env)),
  labels: new Map(Object.entries(labels).map(([name, value]) => [`org.opencontainers.image.${name}`, value])),
})

t.test('the version label comes before any variable, trimmed and with its v', async (t) => {
  t.equal(versionOf('traefik:v3', image({ TRAEFIK_VERSION: '1' }, { version: ' v3.7.11\n' })), 'v3.7.11')
  t.equal(versionOf('docker.elastic.co/elasticsearch/elasticsearch:8.19.22', image({}, { version: '8.19.22' })), '8.19.22')
  t.equal(versionOf('docker.n8n.io/n8nio/n8n', image({ NODE_VERSION: '22.1.0' }, { version: '1.27.1' })), '1.27.1')
})

t.test('an empty, overlong or unprintable version is none', async (t) => {
  for (const version of ['', '  ', 'x'.repeat(129), '1.2\n1.3', '1.2\u202e3', '1\u0000', '\ud800']) {
    t.equal(versionOf('acme/app', image({}, { version })), null, JSON.stringify(version))
    t.equal(versionOf('acme/app', image({ APP_VERSION: version })), null, JSON.stringify(version))
  }
  t.equal(versionOf('acme/app', image({}, { version: 'x'.repeat(128) })), 'x'.repeat(128))
})

t.test("the base distribution's version is not the image's", async (t) => {
  const ubuntu = { version: '24.04', 'ref.name': 'ubuntu' }
  t.equal(versionOf('mongo:8', image({ MONGO_VERSION: '8.0.4' }, ubuntu)), '8.0.4')
  t.equal(versionOf('vllm/vllm-openai', image({}, { ...ubuntu, version: '22.04' })), null)
  t.equal(versionOf('ubuntu/redis', image({}, ubuntu)), null)
  for (const name of ['debian', 'alpine', 'fedora', 'rockylinux', 'almalinux', 'opensuse/leap', 'docker.io/library/debian:12', ' Debian ']) {
    t.equal(versionOf('acme/app', image({}, { version: '12.5', 'ref.name': name })), null, name)
  }
})

t.test("a distribution's own image keeps its version", async (t) => {
  t.equal(versionOf('ubuntu:24.04', image({}, { version: '24.04', 'ref.name': 'ubuntu' })), '24.04')
  t.equal(versionOf('arm64v8/ubuntu', image({}, { version: '24.04', 'ref.name': 'ubuntu' })), '24.04')
  t.equal(versionOf('opensuse/leap:15', image({}, { version: '15.6', 'ref.name': 'opensuse/leap' })), '15.6')
})

t.test('an image on Ubuntu that wrote its own version keeps it', async (t) => {
  const labels = { version: '11.4.1', 'ref.name': 'ubuntu' }
  t.equal(versionOf('mariadb:11', image({ MARIADB_VERSION: '1:11.4.1+maria~ubu2204' }, labels)), '11.4.1')
  t.equal(versionOf('checkmk/check-mk-raw', image({}, { ...labels, version: '2.3.0p24' })), '2.3.0p24')
})

t.test("an image's own ref.name that mentions a distribution is none", async (t) => {
  t.equal(versionOf('bitnami/postgresql', image({}, { version: '16.1.0', 'ref.name': '16.1.0-debian-11-r0' })), '16.1.0')
})

t.test("official images tell their version in their project's variable", async (t) => {
  const cases: [ref: string, variable: string, value: string, version: string][] = [
    ['postgres:16',                   'PG_VERSION',        '16.1-1.pgdg120+1',            '16.1'],
    ['postgres:16-alpine',            'PG_VERSION',        '16.2',                        '16.2'],
    ['postgres:17beta',               'PG_VERSION',        '17~rc1-1.pgdg120+1',          '17rc1'],
    ['library/postgres',              'PG_VERSION',        '16.4-1.pgdg120+2',            '16.4'],
    ['arm64v8/postgres',              'PG_VERSION',        '16.1-1.pgdg120+1',            '16.1'],
    ['localhost:5999/postgres:16',    'PG_VERSION',        '16.1-1.pgdg120+1',            '16.1'],
    ['mariadb:11',                    'MARIADB_VERSION',   '1:11.2.2+maria~ubu2204',      '11.2.2'],
    ['mysql:8',                       'MYSQL_VERSION',     '8.0.36-1.el8',                '8.0.36'],
    ['mongo',                         'MONGO_VERSION',     '7.0.5',                       '7.0.5'],
    ['postgis/postgis:16-3.4',        'POSTGIS_VERSION',   '3.4.1+dfsg-1.pgdg110+1',      '3.4.1'],
    ['redis:8-alpine',                'REDIS_VERSION',     '8.10.2',                      '8.10.2'],
    ['rabbitmq:3',                    'RABBITMQ_VERSION',  '3.12.12',                     '3.12.12'],
    ['nginx',                         'NGINX_VERSION',     '1.31.3',                      '1.31.3'],
    ['nginxinc/nginx-unprivileged',   'NGINX_VERSION',     '1.27.1',                      '1.27.1'],
    ['node:22',                       'NODE_VERSION',      '22.1.0',                      '22.1.0'],
    ['python:3',                      'PYTHON_VERSION',    '3.13.0rc2',                   '3.13.0rc2'],
    ['traefik',                       'TRAEFIK_VERSION',   'v3.3.0',                      'v3.3.0'],
    ['elasticsearch:5',               'ELASTICSEARCH_VERSION', '5.5.2',                   '5.5.2'],
    ['grafana/grafana',               'GRAFANA_VERSION',   '11.1.0',                      '11.1.0'],
    ['n8nio/n8n',                     'N8N_VERSION',       '1.27.1',                      '1.27.1'],
    ['eclipse-mosquitto:2',           'VERSION',           '2.0.15',                      '2.0.15'],
    ['phpmyadmin',                    'VERSION',           '5.2.1',                       '5.2.1'],
    ['bitnami/postgresql',            'APP_VERSION',       '15.3.0',                      '15.3.0'],
    ['public.ecr.aws/bitnami/redis',  'APP_VERSION',       '7.2.4',                       '7.2.4'],
  ]
  for (const [ref, variable, value, version] of cases) t.equal(versionOf(ref, image({ [variable]: value })), version, ref)
})

t.test('any other image tells it in the variable called like its repository', async (t) => {
  t.equal(versionOf('caddy:2', image({ CADDY_VERSION: 'v2.7.6' })), 'v2.7.6')
  t.equal(versionOf('qdrant/qdrant', image({ QDRANT_VERSION: '1.8.0' })), '1.8.0')
  t.equal(versionOf('nodered/node-red', image({ NODE_RED_VERSION: 'v3.1.0', NODE_VERSION: '18.19.0' })), 'v3.1.0')
  t.equal(versionOf('ghcr.io/acme/app:latest', image({ APP_VERSION: '4.2' })), '4.2')
})

t.test('a variable inherited from a base image counts for nobody else', async (t) => {
  t.equal(versionOf('acme/app', image({ NODE_VERSION: '22.1.0', YARN_VERSION: '1.22.22', PG_VERSION: '16.1-1' })), null)
  t.equal(versionOf('acme/node', image({ NODE_VERSION: '22.1.0' })), null)
  t.equal(versionOf('acme/nginx', image({ NGINX_VERSION: '1.27.1' })), null)
  t.equal(versionOf('acme/n8n', image({ N8N_VERSION: '1.27.1' })), null)
  t.equal(versionOf('acme/pg', image({ PG_VERSION: '16.1-1.pgdg120+1' })), null)
  t.equal(versionOf('acme/yarn', image({ YARN_VERSION: '1.22.22' })), null)
  t.equal(versionOf('acme/gosu', image({ GOSU_VERSION: '1.17' })), null)
  t.equal(versionOf('acme/java', image({ JAVA_VERSION: 'jdk-17.0.12+7' })), null)
  t.equal(versionOf('pgvector/pgvector', image({ PG_VERSION: '16.1-1.pgdg120+1' })), null)
  t.equal(versionOf('node', image({ YARN_VERSION: '1.22.22' })), null)
})

t.test('names of object properties are no images and no variables', async (t) => {
  for (const ref of ['__proto__', 'constructor', 'acme/constructor', 'toString', '']) t.equal(versionOf(ref, image({})), null, ref)
})

t.test('a name longer than any real one has no variable', async (t) => {
  const name = 'a'.repeat(129)
  t.equal(versionOf(name, image({ [`${name.toUpperCase()}_VERSION`]: '1.0' })), null)
})

t.test('a package version without an upstream part is none', async (t) => {
  t.equal(versionOf('postgres', image({ PG_VERSION: '-1.pgdg120+1' })), null)
})

t.test('a major change is a change of the first number', async (t) => {
  t.equal(majorChanged('16.1', '17.0'), true)
  t.equal(majorChanged('16.1', '16.2'), false)
  t.equal(majorChanged('v2.11.0', '3.0.0'), true)
  t.equal(majorChanged('v2', 'V2.1'), false)
  t.equal(majorChanged('17.0', '16.4'), true)
  t.equal(majorChanged('16.4', '17rc1'), true)
  t.equal(majorChanged('17beta2', '17RC1'), false)
  t.equal(majorChanged('1.27.1-alpine', '2.0.0+build.7'), true)
  t.equal(majorChanged('2024.1', '2025.1'), true)
  t.equal(majorChanged('9.6.24', '9.7.0'), false)
  t.equal(majorChanged('0.8.1', '0.9.0'), false)
  t.equal(majorChanged('16.1 (2026-01-05)', '16.1 (rebuilt 2026-02-01)'), false)
})

t.test('dates, commits, build numbers and words have no major version', async (t) => {
  for (const other of ['2026-01-05 (a7d651e0d051)', '2027-01-05', '20270105', 'rebuilt', 'main', '7fa3c2d', '17ab', '123456', 'RELEASE.2027-01-05', '']) {
    t.equal(majorChanged('2026-01-05 (a7d651e0d051)', other), false, other)
    t.equal(majorChanged('1.0', other), false, other)
    t.equal(majorChanged(other, '1.0'), false, other)
  }
})

t.test('any image gives null or one short printable line', async () => {
  const text = fc.string({ unit: 'binary', maxLength: 200 })
  const ref = fc.oneof(text, fc.constantFrom('postgres', 'mysql:8', 'acme/app', 'bitnami/x', '/', 'node'))
  const name = fc.oneof(text, fc.constantFrom('PG_VERSION', 'MYSQL_VERSION', 'APP_VERSION', 'NODE_VERSION'))
  const label = fc.oneof(text, fc.constantFrom('org.opencontainers.image.version', 'org.opencontainers.image.ref.name'))
  const map = (key: fc.Arbitrary<string>) => fc.array(fc.tuple(key, text)).map((pairs) => new Map(pairs))
  fc.assert(fc.property(ref, map(label), map(name), (written, labels, env) => {
    const version = versionOf(written, { labels, env })
    return version === null || (version.length > 0 && version.length <= 128 && version === version.trim() && !/\p{C}/u.test(version))
  }))
})

t.test('a major change looks the same from both sides', async () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^v?\d{1,5}(\.\d{1,3}){0,3}[a-z-]{0,4}$/))
  fc.assert(fc.property(text, text, (a, b) => majorChanged(a, b) === majorChanged(b, a) && !majorChanged(a, a)))
})

t.test('megabytes of version, reference or label are read in linear time', async (t) => {
  for (const unit of ['1', '1.', '-', '~', ' ', 'a/', 'A-', 'rc1', 'x:']) {
    const text = unit.repeat(2_000_000 / unit.length)
    const start = performance.now()
    versionOf(text, image({ PG_VERSION: text }, { version: text, 'ref.name': text }))
    versionOf('postgres', image({ PG_VERSION: text }, { version: '1', 'ref.name': text }))
    majorChanged(text, `17rc${text}`)
    t.ok(performance.now() - start < 20_000, unit)
  }
})
