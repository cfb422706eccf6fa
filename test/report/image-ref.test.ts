import fc from 'fast-check'
import t from 'tap'
import { hubPath, imageRef, sameTag, watchtowerNames } from '../../src/report/image-ref.js'

const plain = { host: null, tag: null, digest: null }

t.test('a reference is read as Docker reads it', async (t) => {
  t.strictSame(imageRef('nginx'), { ...plain, path: 'nginx', name: 'nginx' })
  t.strictSame(imageRef('postgres:16'), { ...plain, path: 'postgres', name: 'postgres', tag: '16' })
  t.strictSame(imageRef('grafana/grafana:11.1.0'), { ...plain, path: 'grafana/grafana', name: 'grafana', tag: '11.1.0' })
  t.strictSame(imageRef('ghcr.io/team/tools/app:stable'), { host: 'ghcr.io', path: 'team/tools/app', name: 'app', tag: 'stable', digest: null })
  t.strictSame(imageRef('redis:7@sha256:abc'), { ...plain, path: 'redis', name: 'redis', tag: '7', digest: 'sha256:abc' })
  t.strictSame(imageRef('redis@sha256:abc'), { ...plain, path: 'redis', name: 'redis', digest: 'sha256:abc' })
})

t.test('the first component is a host only if it looks like one', async (t) => {
  t.equal(imageRef('localhost/app').host, 'localhost')
  t.equal(imageRef('registry:5000/app').host, 'registry:5000')
  t.equal(imageRef('REGISTRY/app').host, 'REGISTRY')
  t.equal(imageRef('team/app').host, null)
  t.strictSame(imageRef('localhost:5000'), { ...plain, path: 'localhost', name: 'localhost', tag: '5000' })
})

t.test('the port of a registry is not a tag', async (t) => {
  t.strictSame(imageRef('localhost:5999/team/app'), { host: 'localhost:5999', path: 'team/app', name: 'app', tag: null, digest: null })
  t.strictSame(imageRef('localhost:5999/team/app:2'), { host: 'localhost:5999', path: 'team/app', name: 'app', tag: '2', digest: null })
})

t.test('Docker Hub has no host and no library, however it is written', async (t) => {
  for (const ref of ['nginx:1', 'library/nginx:1', 'docker.io/nginx:1', 'docker.io/library/nginx:1', 'index.docker.io/library/nginx:1']) {
    t.strictSame(imageRef(ref), { ...plain, path: 'nginx', name: 'nginx', tag: '1' }, ref)
  }
  t.equal(imageRef('docker.io/grafana/grafana').path, 'grafana/grafana')
})

t.test('the mirrors of the official images lose their library too', async (t) => {
  t.strictSame(imageRef('public.ecr.aws/docker/library/postgres:16'), { host: 'public.ecr.aws', path: 'postgres', name: 'postgres', tag: '16', digest: null })
  t.equal(imageRef('mirror.gcr.io/library/postgres').path, 'postgres')
  t.equal(imageRef('ghcr.io/library/team/app').path, 'library/team/app')
})

t.test('a container created from an image id has no repository', async (t) => {
  const id = `sha256:${'0a'.repeat(32)}`
  t.strictSame(imageRef(id), { ...plain, path: '', name: '', digest: id })
})

t.test('empty parts are no parts', async (t) => {
  t.strictSame(imageRef(''), { ...plain, path: '', name: '' })
  t.strictSame(imageRef('app:@'), { ...plain, path: 'app', name: 'app' })
})

t.test('an image of Docker Hub is known through mirrors and per architecture, others are not', async (t) => {
  t.equal(hubPath('postgres:16'), 'postgres')
  t.equal(hubPath('arm64v8/postgres:16'), 'postgres')
  t.equal(hubPath('grafana/grafana'), 'grafana/grafana')
  t.equal(hubPath('mirror.gcr.io/grafana/grafana'), 'grafana/grafana')
  t.equal(hubPath('public.ecr.aws/docker/library/postgres'), 'postgres')
  t.equal(hubPath('public.ecr.aws/bitnami/postgresql'), null)
  t.equal(hubPath('localhost:5999/postgres'), null)
})

t.test('Watchtower prints a reference without a tag with :latest', async (t) => {
  t.strictSame(watchtowerNames('nginx'), ['nginx', 'nginx:latest'])
  t.strictSame(watchtowerNames('ghcr.io/team/app'), ['ghcr.io/team/app', 'ghcr.io/team/app:latest'])
  t.strictSame(watchtowerNames('ffffffffffff'), ['ffffffffffff', 'ffffffffffff:latest'])
  t.strictSame(watchtowerNames('redis@broken'), ['redis@broken', 'redis@broken:latest'])
})

t.test('stock leaves a reference with a port alone and the fork adds :latest', async (t) => {
  t.strictSame(watchtowerNames('localhost:5999/team/app'), ['localhost:5999/team/app', 'localhost:5999/team/app:latest'])
})

t.test('Watchtower prints a tagged or pinned reference verbatim', async (t) => {
  for (const ref of ['postgres:16', 'docker.io/library/nginx:1', 'localhost:5999/app:2', 'redis@sha256:abc', 'redis:7@sha256:abc']) {
    t.strictSame(watchtowerNames(ref), [ref])
  }
})

t.test('two references are the same tag however they are spelled, and no tag is latest', async (t) => {
  for (const [a, b] of [['nginx', 'nginx:latest'], ['nginx:latest', 'docker.io/library/nginx'], ['nginx', 'index.docker.io/nginx'], ['ghcr.io/a/b:1', 'ghcr.io/a/b:1@sha256:ab']] as const) t.ok(sameTag(a, b), `${a} ${b}`)
  for (const [a, b] of [['nginx', 'nginx:1'], ['nginx:1', 'nginx'], ['nginx:1', 'nginx:2'], ['nginx:1', 'ghcr.io/nginx:1'], ['a/b:1', 'b:1']] as const) t.notOk(sameTag(a, b), `${a} ${b}`)
})

t.test('any text gets an answer whose name ends its path', async () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom('a', 'B', '.', ':', '/', '@', 'library', 'docker') }))
  fc.assert(fc.property(text, (ref) => {
    const { path, name } = imageRef(ref)
    return path.endsWith(name) && !name.includes('/') && watchtowerNames(ref)[0] === ref && hubPath(ref) !== undefined
  }))
})

t.test('parts put together are read back', async (t) => {
  const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/).filter((w) => w !== 'localhost' && w !== 'library')
  const parts = fc.record({
    host: fc.option(fc.tuple(word, fc.constantFrom('.io', ':5000')).map((h) => h.join(''))),
    path: fc.array(word, { minLength: 1, maxLength: 4 }),
    tag: fc.option(word),
    digest: fc.option(fc.constant(`sha256:${'b'.repeat(64)}`)),
  })
  fc.assert(fc.property(parts, ({ host, path, tag, digest }) => {
    const written = `${host ? `${host}/` : ''}${path.join('/')}${tag ? `:${tag}` : ''}${digest ? `@${digest}` : ''}`
    t.strictSame(imageRef(written), { host, path: path.join('/'), name: path.at(-1), tag, digest })
  }))
})

t.test('megabytes of separators are read in linear time', async (t) => {
  for (const unit of ['/', ':', '@', 'a/', 'library/', 'docker/library/', 'sha256:', ' ']) {
    const ref = unit.repeat(2_000_000 / unit.length)
    const start = performance.now()
    imageRef(ref)
    hubPath(ref)
    watchtowerNames(ref)
    t.ok(performance.now() - start < 20_000, unit)
  }
})
