import fc from 'fast-check'
import t from 'tap'
import { containerFacts, factsOf, imageFacts, shortId } from '../../src/report/facts.js'
import { container, image, madeUpId } from '../fakes/docker-objects.js'

const web = container({ name: 'web', image: 'nginx', args: ['-g', 'x'], labels: { a: '1' } })

t.test("a container's inspect answer is reduced to what a report needs", async (t) => {
  t.strictSame(containerFacts(web), {
    id: madeUpId('container web'),
    name: 'web',
    imageRef: 'nginx',
    imageId: `sha256:${madeUpId('image nginx')}`,
    status: 'running',
    created: '2020-11-01T00:00:00.000000000Z',
    health: null,
    labels: new Map([['a', '1']]),
    env: new Map(),
    command: { path: '/entrypoint', args: ['-g', 'x'] },
  })
})

t.test("an image's inspect answer is reduced to what a report needs", async (t) => {
  const answer = image({ ref: 'nginx', created: '2026-11-01T10:00:00Z', labels: { a: '1' }, env: ['NGINX_VERSION=1.27.3'], repoDigests: ['nginx@sha256:ab'] })
  t.strictSame(imageFacts(answer), {
    id: `sha256:${madeUpId('image nginx')}`,
    created: '2026-11-01T10:00:00Z',
    labels: new Map([['a', '1']]),
    env: new Map([['NGINX_VERSION', '1.27.3']]),
    repoDigests: ['nginx@sha256:ab'],
    repoTags: ['nginx'],
  })
})

t.test('of the environment only versions and what Watchtower watches by are kept', async (t) => {
  const env = [
    'PG_VERSION=16.1-1.pgdg120+1', 'NATS_SERVER=2.10', 'WATCHTOWER_LABEL_ENABLE=true', 'WATCHTOWER_SCOPE=', 'WATCHTOWER_DISABLE_CONTAINERS=a,b', 'WATCHTOWER_INCLUDE_STOPPED=1',
    'VERSION', 'ODD_VERSION=a=b', 'POSTGRES_PASSWORD=hunter2', 'WATCHTOWER_NOTIFICATION_URL=telegram://secret', 'VERSION_KEY=secret', 'PATH=/bin',
  ]
  const kept = new Map([
    ['PG_VERSION', '16.1-1.pgdg120+1'], ['NATS_SERVER', '2.10'], ['WATCHTOWER_LABEL_ENABLE', 'true'], ['WATCHTOWER_SCOPE', ''],
    ['WATCHTOWER_DISABLE_CONTAINERS', 'a,b'], ['WATCHTOWER_INCLUDE_STOPPED', '1'], ['VERSION', ''], ['ODD_VERSION', 'a=b'],
  ])
  t.strictSame(containerFacts(container({ name: 'web', image: 'nginx', env }))?.env, kept)
  t.strictSame(imageFacts(image({ ref: 'nginx', env }))?.env, kept)
})

t.test("Watchtower's original-image label overrides the reference that the container was created from", async (t) => {
  const moved = container({ name: 'web', image: `sha256:${madeUpId('x')}`, labels: { 'com.centurylinklabs.zodiac.original-image': 'nginx:1.27' } })
  t.equal(containerFacts(moved)?.imageRef, 'nginx:1.27')
})

t.test('what Docker leaves null or out is empty', async (t) => {
  const bare = containerFacts({ Id: 'a', Name: 'web', Image: 'sha256:b', Path: null, Args: null, State: { Status: 'created' }, Config: { Image: 'x', Labels: null, Env: null } })
  t.strictSame(bare, { id: 'a', name: 'web', imageRef: 'x', imageId: 'sha256:b', status: 'created', created: '', health: null, labels: new Map(), env: new Map(), command: { path: '', args: [] } })
  const empty = { created: null, labels: new Map(), env: new Map(), repoDigests: [], repoTags: [] }
  t.strictSame(imageFacts({ Id: 'b' }), { id: 'b', ...empty })
  t.strictSame(imageFacts({ Id: 'b', Created: '', Config: null, RepoDigests: null, RepoTags: null }), { id: 'b', ...empty })
  t.strictSame(imageFacts({ Id: 'b', Config: {} }), { id: 'b', ...empty })
})

t.test('a label may have any name', async (t) => {
  const labels = JSON.parse('{"__proto__":"x","constructor":"y","toString":"z","":"e"}') as Record<string, string>
  const facts = containerFacts({ ...web, Config: { ...web.Config, Labels: labels } })
  t.equal(facts?.labels.get('constructor'), 'y')
  t.equal(facts?.labels.get('toString'), 'z')
  t.equal(facts?.labels.get(''), 'e')
  t.equal(facts?.labels.get('valueOf'), undefined)
  t.equal(({} as Record<string, unknown>).x, undefined)
})

t.test('the array of docker inspect holds containers and images in any order', async (t) => {
  const nginx = image({ ref: 'nginx' })
  t.strictSame(factsOf([nginx, web, { Name: 'a volume' }, null, 7]), { containers: [containerFacts(web)], images: [imageFacts(nginx)] })
  t.strictSame(factsOf([nginx]), { containers: [], images: [imageFacts(nginx)] })
})

t.test('what holds neither a container nor an image holds no facts', async (t) => {
  for (const answers of [null, undefined, {}, 'x', 7, [], [{}], [[]], [{ Name: 'a network', Id: 7 }]]) t.equal(factsOf(answers), null, JSON.stringify(answers))
})

t.test('no answer of any shape throws', async () => {
  fc.assert(fc.property(fc.anything(), (answer) => {
    containerFacts(answer)
    imageFacts(answer)
    factsOf([answer])
  }))
})

t.test('an id is cut to the 12 digits that Watchtower prints', async (t) => {
  t.equal(shortId(`sha256:${'0A'.repeat(32)}`), '0a0a0a0a0a0a')
  t.equal(shortId('0a0a0a0a0a0a0a0a'), '0a0a0a0a0a0a')
  t.equal(shortId('abc'), 'abc')
})
