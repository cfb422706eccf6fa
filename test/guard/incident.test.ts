// Which recorded logs hold an incident, and what is told of it.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { incidentKey, incidentsOf, type Knowledge, violationsOf } from '../../src/guard/incident.js'
import { createLineReader } from '../../src/docker/line.js'
import { createPipeline } from '../../src/pipeline.js'
import { type ContainerFacts, factsOf } from '../../src/report/facts.js'
import type { Replaced } from '../../src/watchtower/session.js'
import type { FakeContainer } from '../fakes/docker-objects.js'
import { found, idOf, pulled, service, session, short } from '../report/made-up.js'

const root = join(import.meta.dirname, '../../fixtures')
const recordings = readdirSync(root).filter((name) => { try { return readFileSync(join(root, name, 'log.txt')).length > 0 } catch { return false } })

const containers = (...answers: FakeContainer[]): readonly ContainerFacts[] => factsOf(answers)!.containers

/** What the guard tells of a log: at once, and when its sessions end. */
function told(name: string): { atOnce: string[]; atEnd: string[] } {
  const lineOf = createLineReader()
  const [atOnce, atEnd] = [new Set<string>(), new Set<string>()]
  const pipeline = createPipeline(600_000)
  const sealed = (sessions: ReturnType<typeof pipeline.push>): void => { for (const one of sessions) for (const { container, state } of violationsOf(one)) atEnd.add(`${container} ${state}`) }
  for (const raw of readFileSync(join(root, name, 'log.txt'), 'utf8').split('\n').filter(Boolean)) {
    sealed(pipeline.push(lineOf(raw)))
    for (const { container, state } of pipeline.replacing()?.replaced ?? []) if (state === 'recreated') atOnce.add(container)
  }
  sealed(pipeline.end('exited'))
  return { atOnce: [...atOnce], atEnd: [...atEnd] }
}

t.test('only the logs of a Watchtower that really replaced a container tell of one', async (t) => {
  t.ok(recordings.length > 40)
  const alarms = Object.fromEntries(recordings.map((name) => [name, told(name)] as const).filter(([, { atOnce, atEnd }]) => atOnce.length + atEnd.length > 0))
  t.same(alarms, {
    'autoupdate-violation': { atOnce: ['friday-nginx'], atEnd: ['friday-nginx recreated'] },
    'fork-v120-replaced': { atOnce: ['web', 'app'], atEnd: ['cache stopped', 'app recreated', 'web recreated'] },
    'self-update': { atOnce: ['watchtower'], atEnd: ['watchtower recreated'] },
  })
})

const REPLACED: Replaced = { container: 'friday-web', state: 'recreated', at: '2026-11-23T03:00:00.000000001Z' }
const old = service('web', 'nginx:1', 'old')
const next = { ...service('web', 'nginx:1', 'new'), Id: '9'.repeat(64) }
const images = [pulled('old', ['NGINX_VERSION=1.26.0']), pulled('new', ['NGINX_VERSION=1.26.1'])]
const knowledge = (given: Partial<Knowledge> = {}): Knowledge => ({ before: factsOf([old, ...images])!, now: containers(next), announced: [], cleanup: false, ...given })
const one = (given: Partial<Knowledge> = {}, finds = [found('nginx:1', 'new')]) => incidentsOf([REPLACED], finds, knowledge(given))[0]

t.test('both images, the way back and the way to start again are known from before', async (t) => {
  const expected = {
    ...REPLACED, image: 'nginx:1', old: { version: '1.26.0', id: short('old') }, new: { version: '1.26.1', id: short('new') }, unchanged: false,
    back: [`docker tag ${short('old')} nginx:1`, 'docker compose up -d web'], pulls: false, start: ['docker compose up -d web'],
  }
  t.same(one(), expected)
  t.same(one({ now: [] }), expected, 'without a look at what is there now')
})

t.test('where old images are removed, the old one is pulled again by its digest', async (t) => {
  const digest = `nginx@${idOf('digest')}`
  const before = factsOf([old, { ...images[0]!, RepoDigests: [digest] }, images[1]!])!
  t.match(one({ before, cleanup: true }), { pulls: true, back: [`docker pull ${digest}`, `docker tag ${digest} nginx:1`, 'docker compose up -d web'] })
  t.match(one({ before }), { pulls: false })
})

t.test('what nobody saw before is known from what was announced, and else from what is there now', async (t) => {
  const nothing = { containers: [], images: [] }
  const announced = [{ ...knownUpdate, service: 'web', project: 'friday', containers: ['friday-web'] }]
  t.match(one({ before: nothing, announced }), { image: 'nginx:1', old: { version: '1.26.0', id: short('old') }, new: { id: short('new') }, back: ['docker tag x', 'up'], start: ['up'] })
  t.match(one({ before: nothing, announced: [{ ...announced[0]!, service: 'other', containers: [] }] }), { image: 'nginx:1', old: null, new: { id: short('new') }, back: [], start: ['docker compose up -d web'] })
  t.same(one({ before: nothing, now: [] }), { ...REPLACED, image: null, old: null, new: null, unchanged: false, back: [], pulls: false, start: [] })
})

t.test('one that was recreated with another container runs the image it ran', async (t) => {
  t.match(one({ now: containers({ ...next, Image: old.Image }) }, []), { unchanged: true, back: [], old: { id: short('old') }, new: { id: short('old') } })
  t.match(one({}, []), { unchanged: false, old: { version: '1.26.0' }, new: { id: short('new') }, back: [] })
})

t.test('what was only stopped is an incident of a check, and none of a start', async (t) => {
  const stopped: Replaced = { ...REPLACED, state: 'stopped' }
  for (const more of [{ end: 'done' as const }, { end: 'aborted' as const, found: [found('a', 'b')] }, { end: 'aborted' as const, failures: [{ container: 'a', detail: 'x' }] }]) {
    t.same(violationsOf(session({ ...more, replaced: [stopped] })), [stopped])
  }
  t.same(violationsOf(session({ end: 'aborted', replaced: [stopped] })), [])
  t.same(violationsOf(session({ end: 'aborted', replaced: [stopped, REPLACED] })), [stopped, REPLACED])
  t.equal(incidentKey('a', stopped), incidentKey('a', REPLACED))
  t.not(incidentKey('a', REPLACED), incidentKey('a', { ...REPLACED, at: null }))
})

const knownUpdate = {
  image: 'nginx:1', newImageId: short('new'), currentImageId: short('old'), directory: null, currentVersion: '1.26.0', newVersion: '1.26.1', releaseNotesUrl: null,
  commands: ['pull', 'up'], rollback: ['docker tag x', 'up'], pinned: null,
}
