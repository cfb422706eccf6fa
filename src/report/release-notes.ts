// Where a person reads what changed in an image. Takes the reference, the version and the image's
// labels, gives one https link or null. Pure, linear, never throws. No guessed links: an exact page
// only where the project's own scheme is known or a label proves the tag, otherwise the list of all.
import { hubPath, imageRef } from './image-ref.js'

const VERSION_LABEL = 'org.opencontainers.image.version'
/** What describes the code comes before a home page. */
const REPOSITORY_LABELS = ['org.opencontainers.image.source', 'org.opencontainers.image.url']
/** Longer than any real repository address; keeps a hostile label cheap. */
const MAX_LENGTH = 512

// Repositories that tag a release with this prefix and the plain version, at least from this major
// version on. Taken from links to real releases; the oldest RabbitMQ and Ghost tagged otherwise.
const TAGS = new Map<string, readonly [prefix: string, from: number]>([
  ['caddyserver/caddy',           ['v',    2]],
  ['dani-garcia/vaultwarden',     ['',     1]],
  ['elastic/elasticsearch',       ['v',    6]],
  ['elastic/kibana',              ['v',    6]],
  ['go-gitea/gitea',              ['v',    1]],
  ['grafana/grafana',             ['v',    5]],
  ['home-assistant/core',         ['',  2021]],
  ['immich-app/immich',           ['v',    1]],
  ['influxdata/influxdb',         ['v',    1]],
  ['influxdata/telegraf',         ['v',    1]],
  ['joomla/joomla-cms',           ['',     3]],
  ['n8n-io/n8n',                  ['n8n@', 1]],
  ['nats-io/nats-server',         ['v',    2]],
  ['nodejs/node',                 ['v',   10]],
  ['paperless-ngx/paperless-ngx', ['v',    1]],
  ['rabbitmq/rabbitmq-server',    ['v',    4]],
  ['redis/redis',                 ['',     5]],
  ['rust-lang/rust',              ['',     1]],
  ['traefik/traefik',             ['v',    2]],
  ['tryghost/ghost',              ['v',    4]],
  ['vrana/adminer',               ['v',    4]],
])

// Images on Docker Hub whose project releases on GitHub, whatever their labels say.
const PROJECTS = new Map([
  ['adminer',         'vrana/adminer'],
  ['caddy',           'caddyserver/caddy'],
  ['elasticsearch',   'elastic/elasticsearch'],
  ['ghost',           'TryGhost/Ghost'],
  ['grafana/grafana', 'grafana/grafana'],
  ['influxdb',        'influxdata/influxdb'],
  ['joomla',          'joomla/joomla-cms'],
  ['kibana',          'elastic/kibana'],
  ['n8nio/n8n',       'n8n-io/n8n'],
  ['nats',            'nats-io/nats-server'],
  ['node',            'nodejs/node'],
  ['rabbitmq',        'rabbitmq/rabbitmq-server'],
  ['redis',           'redis/redis'],
  ['registry',        'distribution/distribution'],
  ['rust',            'rust-lang/rust'],
  ['telegraf',        'influxdata/telegraf'],
  ['traefik',         'traefik/traefik'],
])

/** A finished release, taken apart: 8.0.36 is full 8.0.36, series 8.0, numbers [8, 0, 36]. */
interface Release {
  full: string
  series: string
  numbers: readonly [number, number, ...number[]]
}
/** All releases; then the versions that have a page of their own, or of their series, and where. */
type Page = readonly [all: string, shape?: RegExp, exact?: (release: Release) => string]

// Images on Docker Hub whose project publishes on its own site. The exact pages follow the address
// scheme that the project has kept for years; Nextcloud, MariaDB and others have none that is sure.
const X_Y_Z = /^\d+\.\d+\.\d+$/
const NGINX: Page = ['https://nginx.org/en/CHANGES', X_Y_Z,
  (r) => `https://nginx.org/en/CHANGES${r.numbers[1] % 2 === 0 ? `-${r.series}` : ''}`]
const PHPMYADMIN: Page = ['https://www.phpmyadmin.net/news/', X_Y_Z,
  (r) => `https://www.phpmyadmin.net/files/${r.full}/`]
const PAGES = new Map<string, Page>([
  ['drupal', ['https://www.drupal.org/project/drupal/releases', X_Y_Z,
    (r) => `https://www.drupal.org/project/drupal/releases/${r.full}`]],
  ['eclipse-mosquitto', ['https://mosquitto.org/ChangeLog.txt']],
  ['golang', ['https://go.dev/doc/devel/release', X_Y_Z,
    (r) => `https://go.dev/doc/devel/release#go${r.full}`]],
  ['haproxy', ['https://www.haproxy.org/', X_Y_Z,
    (r) => `https://www.haproxy.org/download/${r.series}/src/CHANGELOG`]],
  ['httpd', ['https://downloads.apache.org/httpd/CHANGES_2.4']],
  ['mariadb', ['https://mariadb.com/docs/release-notes/community-server']],
  ['mediawiki', ['https://www.mediawiki.org/wiki/Release_notes', X_Y_Z,
    (r) => `https://www.mediawiki.org/wiki/Release_notes/${r.series}`]],
  ['memcached', ['https://github.com/memcached/memcached/wiki/ReleaseNotes', X_Y_Z,
    (r) => `https://github.com/memcached/memcached/wiki/ReleaseNotes${r.numbers.join('')}`]],
  ['mongo', ['https://www.mongodb.com/docs/manual/release-notes/', X_Y_Z,
    (r) => `https://www.mongodb.com/docs/manual/release-notes/${r.series}/`]],
  ['mysql', ['https://dev.mysql.com/doc/relnotes/mysql/en/', X_Y_Z,
    (r) => `https://dev.mysql.com/doc/relnotes/mysql/${r.series}/en/news-${r.numbers.join('-')}.html`]],
  ['nextcloud', ['https://nextcloud.com/changelog/']],
  ['nginx', NGINX],
  ['nginxinc/nginx-unprivileged', NGINX],
  ['php', ['https://www.php.net/ChangeLog-8.php', /^[78]\.\d+\.\d+$/,
    (r) => `https://www.php.net/ChangeLog-${r.numbers[0]}.php#${r.full}`]],
  ['phpmyadmin', PHPMYADMIN],
  ['phpmyadmin/phpmyadmin', PHPMYADMIN],
  ['postgres', ['https://www.postgresql.org/docs/release/', /^\d\d\.\d+$/,
    (r) => `https://www.postgresql.org/docs/release/${r.full}/`]],
  ['python', ['https://docs.python.org/3/whatsnew/changelog.html', X_Y_Z,
    (r) => `https://www.python.org/downloads/release/python-${r.numbers.join('')}/`]],
  ['tomcat', ['https://tomcat.apache.org/', X_Y_Z,
    (r) => `https://tomcat.apache.org/tomcat-${r.series}-doc/changelog.html`]],
  ['wordpress', ['https://wordpress.org/news/category/releases/']],
])

// Repositories that hold a Dockerfile, not the software: their release pages are empty.
const DOCKERFILES = new Map([
  ['caddyserver/caddy-docker', 'caddy'],
  ['mariadb/mariadb-docker',   'mariadb'],
  ['nextcloud/docker',         'nextcloud'],
  ['phpmyadmin/docker',        'phpmyadmin'],
])

/**
 * The release notes of an image: an http(s) address of plain ASCII characters, or null where nothing
 * is known. `version` is what versionOf says of the same image. What the project is known to use
 * wins over the labels, which often point at a Dockerfile.
 *
 * Labels prove a GitHub tag if the source label itself names it (`.git#v1.2.3`, `/tree/v1.2.3`,
 * `/releases/tag/v1.2.3`) and the version is that one, or if the version label is the version and
 * - it is a `v1.2.3` and the repository is called like the image (docker/metadata-action keeps the v
 *   of a git tag and strips it from its semver patterns, so a plain 1.2.3 proves nothing; a
 *   repository of Dockerfiles has another name), or
 * - it is `…-ls123` on a LinuxServer image under `latest`, where the Jenkinsfile writes one text into
 *   the label and the release, or
 * - TAGS knows how the repository names its releases.
 */
export function releaseNotesUrl(ref: string, version: string | null, labels: ReadonlyMap<string, string>): string | null {
  const known = projectUrl(hubPath(ref) ?? '', version)
  if (known !== null) return known
  for (const label of REPOSITORY_LABELS) {
    const repository = repositoryOf(labels.get(label) ?? '')
    const url = repository && repositoryUrl(repository, ref, version, labels.get(VERSION_LABEL))
    if (url) return url
  }
  return null
}

function projectUrl(image: string, version: string | null): string | null {
  const project = PROJECTS.get(image)
  if (project !== undefined) return githubUrl(project, tableTag(project, version))
  const [all, shape, exact] = PAGES.get(image) ?? [null]
  const release = releaseOf(version)
  return release && shape?.test(release.full) && exact ? exact(release) : all
}

// Finished releases of two or three numbers; 17rc1, 1.2-alpine and dates are none.
function releaseOf(version: string | null): Release | null {
  const found = /^v?((\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?)$/.exec(version ?? '')
  if (!found) return null
  const [, full = '', first, second, third] = found
  return { full, series: `${first}.${second}`, numbers: [Number(first), Number(second), ...(third ? [Number(third)] : [])] }
}

/** A repository as a label writes it. */
interface Repository {
  host: string
  /** scheme, host and port */
  origin: string
  /** at least two components, the last one without `.git` */
  path: readonly [string, string, ...string[]]
  /** the branch, tag or commit that the label names */
  revision: string | null
}

const ADDRESS = /^(https?):\/\/([a-z0-9-]+(?:\.[a-z0-9-]+)+)(:\d{1,5})?\/([\w.~%+/-]+)(?:\?[\w.~%+/=&-]*)?(?:#([\w.~%+/:=-]*))?$/i
const COMPONENT = /^\w[\w.-]*$/
// Where the repository ends and a place in it begins; a GitLab project cannot have such a name
// (docs.gitlab.com/user/reserved_names), a GitHub repository is always the second component.
const PLACES = new Set(['-', 'blame', 'blob', 'commits', 'raw', 'tree'])
// First components on github.com that are no account.
const GITHUB_PAGES = new Set(['about', 'apps', 'collections', 'enterprise', 'features', 'marketplace', 'orgs', 'sponsors', 'topics', 'users'])

function repositoryOf(label: string): Repository | null {
  const text = label.length > MAX_LENGTH ? '' : label.trim().replace(/^git@([a-z0-9.-]+):/i, 'https://$1/')
  const [, scheme = '', authority = '', port = '', place = '', fragment = ''] = ADDRESS.exec(text) ?? []
  const host = authority.toLowerCase().replace(/^www\.(?=github\.com$)/, '')
  const parts = place.split('/').filter((part) => part !== '')
  const end = host === 'github.com' ? 2 : parts.findIndex((part, i) => i > 1 && PLACES.has(part))
  const [owner = '', name = '', ...rest] = parts.slice(0, end < 0 ? parts.length : end).map((part) => part.replace(/\.git$/, ''))
  const path: Repository['path'] = [owner, name, ...rest]
  if (!path.every((part) => COMPONENT.test(part))) return null
  const named = /\/(?:tree|releases\/tag)\/([^/]+)$/.exec(parts.join('/'))?.[1] ?? fragment.replace(/^refs\/tags\/|:.*$/g, '')
  return { host, origin: `${scheme.toLowerCase()}://${host}${port}`, path, revision: named || null }
}

function repositoryUrl(repository: Repository, ref: string, version: string | null, label: string | undefined): string | null {
  const { host, origin, path } = repository
  if (host.startsWith('gitlab.')) return `${origin}/${path.join('/')}/-/releases`
  const [owner, name] = path
  if (host !== 'github.com' || GITHUB_PAGES.has(owner.toLowerCase())) return null
  const project = `${owner}/${name}`
  const image = owner === 'docker-library' ? name : DOCKERFILES.get(project.toLowerCase())
  if (image !== undefined) return projectUrl(image, version)
  return githubUrl(project, version === null ? null : provenTag(repository, ref, version, label))
}

function tableTag(project: string, version: string | null): string | null {
  const [prefix, from] = TAGS.get(project.toLowerCase()) ?? ['', Infinity]
  const release = releaseOf(version)
  return release && X_Y_Z.test(release.full) && release.numbers[0] >= from ? prefix + release.full : null
}

const TAG = /^v?\d{1,9}\.\d{1,9}\.\d{1,9}(?:[-+.][\w.+-]{1,64})?$/
const LINUXSERVER_TAG = /^[\w.-]{1,100}-ls\d{1,6}$/

function provenTag({ path, revision }: Repository, ref: string, version: string, label: string | undefined): string | null {
  if (revision !== null && TAG.test(revision) && (revision === version || revision === `v${version}`)) return revision
  if (label?.trim() !== version) return null
  const [owner, repository] = path
  const { name, tag } = imageRef(ref)
  const tagged = version.startsWith('v') && TAG.test(version) && repository.toLowerCase() === name.toLowerCase()
  const linuxserver = owner === 'linuxserver' && repository === `docker-${name}` && (tag ?? 'latest') === 'latest'
  return tagged || (linuxserver && LINUXSERVER_TAG.test(version)) ? version : tableTag(`${owner}/${repository}`, version)
}

function githubUrl(project: string, tag: string | null): string {
  return `https://github.com/${project}/releases${tag === null ? '' : `/tag/${encodeURIComponent(tag)}`}`
}
