import t from 'tap'
import { joinNews, newsOf, nothingAnnounced, wasFailing } from '../../src/report/announce.js'
import { factsOf } from '../../src/report/facts.js'
import { escape, readHtml } from '../../src/report/html.js'
import { Message } from '../../src/report/message.js'
import { redact } from '../../src/report/redact.js'
import { Report, reportOf } from '../../src/report/report.js'
import { Update } from '../../src/report/update.js'
import type { CheckSession } from '../../src/watchtower/session.js'
import { update } from './made-up.js'

const hex = (digit: string): string => `sha256:${digit.repeat(64)}`
const [OLD, NEW, BUILT] = [hex('a'), hex('b'), hex('c')]
const compose = (service: string, project = 'friday') => ({ 'com.docker.compose.project': project, 'com.docker.compose.service': service, 'com.docker.compose.project.working_dir': `/opt/${project}` })
const container = (name: string, image: string, Image: string, Labels: object = {}, Env: string[] = []) => ({ Id: name, Name: `/${name}`, Image, State: { Status: 'running' }, Config: { Image: image, Labels, Env } })
const image = (Id: string, { Created = '', Env = [] as string[], Labels = {}, RepoDigests = ['x@sha256:1'] } = {}) => ({ Id, Created, RepoDigests, Config: { Env, Labels } })
const session = (more: Partial<CheckSession>): CheckSession => ({
  version: '1.7.1', startedAt: '2026-11-23T03:00:01Z', endedAt: '2026-11-23T03:00:02Z', end: 'done', error: null, scanned: 1, available: 1, failed: 0, found: [], failures: [], replaced: [], ...more,
})
const found = (ref: string, id = NEW, containers: string[] = []) => ({ image: ref, newImageId: id.slice(7, 19), containers })
const report = (more: Partial<CheckSession>, inspected: object[] | null) => reportOf(session(more), inspected && factsOf(inspected), { host: null, container: null })

t.test('one update per service, with all its outdated containers', (t) => {
  const facts = [
    container('friday-web-1', 'nginx', OLD, compose('web')), container('friday-web-2', 'nginx', OLD, compose('web')), container('friday-web-3', 'nginx', NEW, compose('web')),
    container('friday-admin-1', 'nginx:latest', OLD, compose('admin')), container('lone', 'nginx', OLD), container('other', 'nginx:1.25', OLD), image(OLD), image(NEW),
  ]
  const { updates } = report({ found: [found('nginx:latest')] }, facts).report
  t.same(updates.map(({ service, project, containers }) => [service, project, containers]), [
    ['web', 'friday', ['friday-web-1', 'friday-web-2']], ['admin', 'friday', ['friday-admin-1']], ['lone', null, ['lone']],
  ])
  t.same(report({ found: [found('nginx:latest', NEW, ['lone'])] }, facts).report.updates.map(({ service }) => service), ['lone'], 'the fork names the container')
  t.end()
})

t.test('what Watchtower found is told though its command has a flag that is not known here, whose value looks like a name', (t) => {
  const services = (...args: string[]) => {
    const wt = { ...container('wt', 'containrrr/watchtower', OLD, { 'com.centurylinklabs.watchtower': 'true' }), Path: '/watchtower', Args: args }
    const facts = [wt, container('web', 'nginx', OLD), container('admin', 'nginx', OLD), container('off', 'nginx', OLD, { 'com.centurylinklabs.watchtower.enable': 'false' }), image(OLD), image(NEW)]
    return reportOf(session({ found: [found('nginx:latest')] }), factsOf(facts), { host: null, container: 'wt' }).report.updates.map(({ service }) => service)
  }
  t.same(services('--monitor-only', '--of-a-later-version', '5G'), ['web', 'admin'])
  t.same(services('--monitor-only', 'web'), ['web'])
  t.end()
})

t.test('of a scaled service all older images are told', (t) => {
  const replicas = [OLD, BUILT, OLD, NEW].map((id, n) => container(`web-${n}`, 'nginx', id, compose('web')))
  t.match(report({ found: [found('nginx:latest')] }, [...replicas, image(OLD), image(NEW), image(BUILT)]).report.updates, [{ containers: ['web-0', 'web-1', 'web-2'], currentImageId: OLD.slice(7, 19), otherImageIds: [BUILT.slice(7, 19)] }])
  t.end()
})

t.test('a one-off container is left out, unless its service has no other', (t) => {
  const once = container('friday-web-run-1', 'nginx', OLD, { ...compose('web'), 'com.docker.compose.oneoff': 'True' })
  const of = (...others: object[]) => report({ found: [found('nginx:latest')] }, [once, ...others, image(OLD), image(NEW)]).report.updates
  t.match(of(container('web', 'nginx', OLD, compose('web'))), [{ containers: ['web'], commands: ['docker compose pull web', 'docker compose up -d web'] }])
  t.same(of(container('web', 'nginx', NEW, compose('web'))), [], 'its next run takes the new image')
  const hint = '# then run it again: friday-web-run-1 was started by "docker compose run"'
  t.match(of(), [{ service: 'web', containers: ['friday-web-run-1'], commands: ['docker compose pull web', hint], rollback: ['docker tag aaaaaaaaaaaa nginx:latest', hint] }])
  t.end()
})

t.test('a service is recreated alone where what it depends on has lost its tag, even if this check did not look at that', (t) => {
  const commands = (dbRef: string, ...tags: string[]) => {
    const facts = [container('web', 'nginx', OLD, { ...compose('web'), 'com.docker.compose.depends_on': 'db:service_started:false' }), container('db', dbRef, BUILT, compose('db')), image(OLD), image(NEW), { ...image(BUILT), RepoTags: tags }]
    return report({ found: [found('nginx:latest')] }, facts).report.updates[0]?.commands[1]
  }
  t.equal(commands('postgres:16', 'postgres:16', 'postgres:16.1'), 'docker compose up -d web')
  t.equal(commands('postgres:16', 'postgres:16.1'), 'docker compose up -d --no-deps web')
  t.equal(commands(`postgres@${hex('d')}`), 'docker compose up -d web', 'a pinned one has none')
  t.end()
})

t.test('a tag that moved twice while Watchtower checked is one update, to the last image', (t) => {
  const facts = (running: string) => [container('web', 'nginx', running, compose('web')), container('admin', 'nginx', OLD, compose('admin')), image(OLD), image(NEW), image(BUILT)]
  const ids = (list: object[], ...sessionFound: ReturnType<typeof found>[]) =>
    report({ found: sessionFound }, list).report.updates.map(({ service, newImageId, containers }) => [service, newImageId, containers])
  const last = BUILT.slice(7, 19)
  t.same(ids(facts(OLD), found('nginx:latest'), found('nginx:latest', BUILT)), [['web', last, ['web']], ['admin', last, ['admin']]])
  t.same(ids(facts(BUILT), found('nginx:latest'), found('nginx:latest', BUILT)), [['admin', last, ['admin']]], 'one that runs the last image has no update')
  t.same(ids(facts(OLD), found('nginx:latest', NEW, ['web']), found('nginx:latest', BUILT, ['admin'])), [['web', last, ['web']], ['admin', last, ['admin']]], 'the fork names the containers')
  const forged = hex('d')
  t.same(ids(facts(OLD), found('nginx:latest'), found('nginx:latest', forged)), [['web', NEW.slice(7, 19), ['web']], ['admin', NEW.slice(7, 19), ['admin']], ['', forged.slice(7, 19), []]], 'an id that no image has replaces none')
  t.end()
})

t.test('without inspect answers one update per image and id; what is unknown is null', (t) => {
  const { report: plain } = report({ found: [found('ghcr.io/team/app:1', NEW, ['app-1'])] }, null)
  t.match(plain.updates, [{ service: 'app', project: null, containers: ['app-1'], currentImageId: null, currentVersion: null, newVersion: null, commands: ['docker compose pull app', 'docker compose up -d app'] }])
  t.strictSame(Report.parse(plain), plain)
  t.end()
})

t.test('what was applied meanwhile is not reported, and an id that no image has names no service', (t) => {
  t.same(report({ found: [found('nginx:latest')] }, [container('web', 'nginx', NEW), image(NEW)]).report.updates, [])
  t.match(report({ found: [found('nginx:latest')] }, [container('web', 'nginx', OLD), image(OLD)]).report.updates, [{ image: 'nginx:latest', service: '', containers: [], commands: [] }])
  t.end()
})

t.test('versions: variables, build dates, rebuilt, and the container itself where the old image is gone', (t) => {
  const versions = (ref: string, from: object | null, to: object, env: string[] = []) => {
    const facts = [container('x', ref, OLD, {}, env), ...(from ? [image(OLD, from)] : []), image(NEW, to)]
    return report({ found: [found(ref)] }, facts).report.updates.map(({ currentVersion, newVersion }) => [currentVersion, newVersion])[0]
  }
  const pg = (version: string) => ({ Env: [`PG_VERSION=${version}-1.pgdg120+1`] })
  const on = (day: string) => ({ Created: `${day}T01:02:03.4Z` })
  t.same(versions('postgres:16', pg('16.1'), pg('16.2')), ['16.1', '16.2'])
  t.same(versions('postgres:16', null, pg('16.2'), ['PG_VERSION=16.0-1']), ['16.0', '16.2'])
  t.same(versions('acme/app:1', on('2026-01-05'), on('2026-02-08')), ['2026-01-05 (aaaaaaaaaaaa)', '2026-02-08 (bbbbbbbbbbbb)'])
  t.same(versions('postgres:16', { ...pg('16.1'), ...on('2026-01-05') }, { ...pg('16.1'), ...on('2026-02-08') }), ['16.1 (2026-01-05)', '16.1 (rebuilt 2026-02-08)'])
  t.same(versions('postgres:16', null, pg('16.1'), ['PG_VERSION=16.1-1']), ['16.1', '16.1 (rebuilt)'])
  t.same(versions('acme/app:1', on('1980-01-01'), on('0001-01-01')), [null, null], 'the fixed dates of reproducible builds tell nothing')
  t.end()
})

t.test('the way back is told where the old image is here, its digest where it is one of the same repository', (t) => {
  const back = (ref: string, old: object | null) => {
    const { updates } = report({ found: [found(ref)] }, [container('friday-db-1', ref, OLD, compose('db')), ...(old ? [image(OLD, old)] : []), image(NEW)]).report
    return updates.map(({ rollback, pinned }) => ({ rollback, pinned }))[0]
  }
  const rollback = (ref: string) => [`docker tag aaaaaaaaaaaa ${ref}`, 'docker compose up -d db']
  const digest = hex('d')
  t.same(back('postgres:16', { RepoDigests: [`mirror/postgres@${hex('e')}`, `postgres@${digest}`] }), { rollback: rollback('postgres:16'), pinned: `postgres@${digest}` })
  t.same(back('docker.io/library/postgres:16', { RepoDigests: [`postgres@${digest}`] }), { rollback: rollback('docker.io/library/postgres:16'), pinned: `postgres@${digest}` })
  t.same(back('localhost:5999/team/app:latest', { RepoDigests: [`localhost:5999/team/app@${digest}`] })?.pinned, `localhost:5999/team/app@${digest}`)
  t.same(back('postgres:16', { RepoDigests: [`ghcr.io/x/postgres@${digest}`] }), { rollback: rollback('postgres:16'), pinned: null })
  t.same(back('postgres:16', { RepoDigests: [] }), { rollback: rollback('postgres:16'), pinned: null })
  t.same(back('postgres:16', null), { rollback: [], pinned: null })
  t.end()
})

t.test('what an earlier version kept, without a way back and without buttons, is still read', (t) => {
  const { rollback: _, pinned: __, ...earlier } = update({ rollback: ['x'], pinned: 'x' })
  t.same(Update.parse(earlier), update())
  t.same(Message.parse({ html: 'x', text: 'x' }), { html: 'x', text: 'x', buttons: [] })
  t.end()
})

t.test('failures are sorted by reason, without credentials; pinned and locally built ones are no news', (t) => {
  const details = {
    pinned: 'container uses a pinned image, and cannot be updated by watchtower', limited: 'toomanyrequests: You have reached your pull rate limit',
    denied: 'pull access denied for x, repository does not exist', down: 'Get "https://me:secret@ghcr.io/v2/": dial tcp: lookup ghcr.io: no such host', slow: 'net/http: timeout awaiting headers', odd: 'odd',
    built: 'pull access denied for built', composed: 'pull access denied for composed',
  }
  const facts = [
    container('built', 'built', BUILT), image(BUILT, { RepoDigests: [] }), container('composed', 'composed', OLD), image(OLD, { Labels: { 'com.docker.compose.service': 'x' } }),
    container('down', 'down', NEW, compose('registry')), image(NEW),
  ]
  const { report: whole, failedChecks } = report({ failures: Object.entries(details).map(([name, detail]) => ({ container: name, detail })) }, facts)
  t.same(whole.failures.map(({ container: name, reason }) => [name, reason]), [
    ['pinned', 'pinned'], ['limited', 'rate-limited'], ['denied', 'denied'], ['down', 'registry-unreachable'], ['slow', 'registry-unreachable'], ['odd', 'other'], ['built', 'denied'], ['composed', 'denied'],
  ])
  t.same(failedChecks.map(({ name }) => name), ['limited', 'denied', 'registry', 'slow', 'odd'])
  t.notMatch(JSON.stringify(whole), 'secret')
  t.equal(report({ end: 'aborted', error: 'x'.repeat(2_000) }, null).report.session.error?.length, 500)
  t.end()
})

t.test('the settings of the Watchtower whose log it is decide what is watched', (t) => {
  const facts = [{ ...container('wt', 'containrrr/watchtower', OLD, { 'com.centurylinklabs.watchtower': 'true' }), Path: '/watchtower', Args: ['--label-enable'] }, container('web', 'nginx', OLD), image(OLD), image(NEW)]
  t.same(report({ found: [found('nginx:latest')] }, facts).report.updates, [])
  const named = reportOf(session({ found: [found('nginx:latest')] }), factsOf(facts), { host: null, container: 'another' })
  t.equal(named.report.updates.length, 1)
  t.end()
})

t.test('each update is news once, a failure until it recovers, and a session that broke off forgets nothing', (t) => {
  const failed = (...names: string[]) => names.map((name) => ({ name, reason: 'denied' as const, detail: '' }))
  const { report: one } = report({ found: [found('a:1')] }, null)
  const first = newsOf(nothingAnnounced, 'wt', one, failed('x'))
  t.match(first.news, { updates: [{ service: 'a' }], failedChecks: [{ name: 'x' }] })
  const second = newsOf(first.announced, 'wt', one, failed('x', 'y'))
  t.same([second.news.updates, second.news.failedChecks.map(({ name }) => name)], [[], ['y']])
  t.same(newsOf(second.announced, 'other', one, failed('x')).news.failedChecks.length, 1, 'another log has failures of its own')
  const broken = newsOf(second.announced, 'wt', { ...one, session: { ...one.session, end: 'aborted' } }, failed())
  t.same(newsOf(broken.announced, 'wt', one, failed('x', 'y')).news.failedChecks, [])
  t.same(broken.news.failedChecks, [], 'and nothing is over')
  t.same(second.stillFailing, [{ name: 'x', reason: 'denied', detail: '', standing: 'still' }])
  t.same(newsOf(second.announced, 'wt', one, failed(), new Set(['x'])).news.failedChecks, [{ name: 'x', reason: 'denied', detail: '', standing: 'recovered' }], 'y does not exist any more')
  t.same(newsOf(second.announced, 'wt', one, [{ name: 'x', reason: 'other', detail: '?' }, ...failed('y')]).news.failedChecks, [{ name: 'x', reason: 'other', detail: '?' }], 'for another reason it is news')
  t.same([wasFailing(second.announced, 'wt'), wasFailing(second.announced, 'other')], [true, false])
  const recovered = newsOf(second.announced, 'wt', one, failed())
  t.same(recovered.news.failedChecks.map(({ name, standing }) => [name, standing]), [['x', 'recovered'], ['y', 'recovered']])
  t.same(newsOf(recovered.announced, 'wt', one, failed('x')).news.failedChecks.length, 1)
  t.end()
})

t.test('of failures that were not told yet the later word counts, and what was never told need not be over', (t) => {
  const check = (name: string, standing?: 'still' | 'recovered') => ({ name, reason: 'denied' as const, detail: '', ...(standing && { standing }) })
  const join = (earlier: ReturnType<typeof check>[], later: ReturnType<typeof check>[]) =>
    joinNews({ host: null, updates: [], failedChecks: earlier }, { host: null, updates: [], failedChecks: later }).news.failedChecks
  t.same(join([check('a'), check('b'), check('c', 'still')], [check('a', 'still'), check('b', 'recovered'), check('c', 'recovered')]), [check('a'), check('c', 'recovered')])
  t.same(join([check('a', 'recovered'), check('b')], [check('a'), check('b')]), [check('a'), check('b')])
  t.end()
})

t.test('an image that is announced without its service is no news where it was announced with it, and the other way round takes its place', (t) => {
  const known = update({ image: 'a:1', newImageId: NEW.slice(7, 19) })
  const { report: blind } = report({ found: [found('a:1'), found('b:1')] }, null)
  const { announced } = newsOf(nothingAnnounced, 'wt', { ...blind, updates: [known] }, [])
  const { news } = newsOf(announced, 'wt', blind, [])
  t.match(news.updates, [{ image: 'b:1' }])
  const earlier = { host: null, updates: blind.updates, failedChecks: [] }
  const joined = joinNews(earlier, { ...earlier, updates: [known] })
  t.same(joined.news.updates.map(({ image: of, project }) => [of, project]), [['b:1', null], ['a:1', 'friday']])
  t.match(joined.replaced, [{ image: 'a:1', project: null }])
  t.end()
})

t.test('foreign values are escaped, made visible and shortened in their middle', (t) => {
  t.equal(escape('<b>&"\u202e\u0000x', 100), '&lt;b&gt;&amp;&quot; x')
  t.equal(escape('abcdefghij', 7), 'abc…hij')
  t.equal(escape('\ud800', 9), '\ufffd')
  t.same(readHtml(`<a href="https://x">${escape('&lt;', 9)}</a>`), { type: 'text', text: '&lt;' })
  t.end()
})

t.test('credentials are removed from foreign text', (t) => {
  const cases: [string, string][] = [
    ['https://me:pw@host/v2/', 'https://[credentials]@host/v2/'],
    ['telegram://123456:made-up-token-for-tests-not-real@telegram', 'telegram://[credentials]@telegram'],
    ['Authorization: Bearer abc.def.ghi', 'Authorization: Bearer [token]'],
    ['?access_token=abc&x=1', '?access_token=[removed]&x=1'],
    ['Authorization: token ghp_madeUpTokenForTestsNotReal', 'Authorization: token [token]'],
    ['token eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.c2lnbmF0dXJl was refused', 'token [token] was refused'],
    ['Get "https://store/a?se=1&sig=abc%3D&sp=r": EOF', 'Get "https://store/a?se=1&sig=[removed]&sp=r": EOF'],
    ['Get "https://store/a?X-Amz-Credential=AKIA%2Fus&X-Amz-Signature=beef": EOF', 'Get "https://store/a?X-Amz-Credential=[removed]&X-Amz-Signature=[removed]": EOF'],
    ['Post "https://discord.com/api/webhooks/123/abc-def": EOF', 'Post "https://discord.com/api/webhooks/123/[removed]": EOF'],
    ['{"auths":{"ghcr.io":{"auth":"bWU6cHc="}}}', '{"auths":{"ghcr.io":{"auth":[removed]}}}'],
    ['registry responded with "401 Unauthorized", auth: "not present"', 'registry responded with "401 Unauthorized", auth: "not present"'],
    ['plain text: password reset', 'plain text: password reset'],
  ]
  for (const [text, clean] of cases) t.equal(redact(text), clean)
  t.end()
})
