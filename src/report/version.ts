// Which version of its software an image holds. Takes the reference and what inspect told of the
// image, gives text for people or null. Labels and environment are inherited from base images, so
// nothing counts here that does not belong to the repository itself. Pure, linear, never throws.
import { hubPath, imageRef } from './image-ref.js'

const VERSION_LABEL = 'org.opencontainers.image.version'
const REF_NAME_LABEL = 'org.opencontainers.image.ref.name'
/** Longer than any real version or name; keeps a hostile label out of the message. */
const MAX_LENGTH = 128

const DISTRIBUTIONS = new Set([
  'almalinux', 'alpine', 'amazonlinux', 'archlinux', 'busybox', 'centos', 'debian', 'fedora', 'leap',
  'opensuse', 'oraclelinux', 'photon', 'rhel', 'rockylinux', 'sles', 'tumbleweed', 'ubi', 'ubi8',
  'ubi9', 'ubi-minimal', 'ubuntu', 'wolfi-base',
])
// Ubuntu is the base that really sets both labels (docker-library/official-images#14168). An image
// that overwrites only the version keeps ref.name=ubuntu (mariadb, Checkmk), so for Ubuntu the
// version's own shape decides: year.04 or year.10.
const UBUNTU_RELEASE = /^\d\d\.(?:04|10)(?:\.\d+)?$/

// The variable that tells the version, by repository. Listed are those whose variable has another
// name than the general rule gives, those that other images are built from (so that the variable
// counts for nobody else), and the best known. `package` marks a Debian or RPM package version.
// Read in each image's Dockerfile or in docker-library/repo-info; traefik, grafana and elasticsearch
// set no variable today: traefik and elasticsearch carry the version label, grafana neither.
const VARIABLES: readonly (readonly [repository: string, variable: string, form?: 'package'])[] = [
  ['caddy',                        'CADDY_VERSION'],
  ['composer',                     'COMPOSER_VERSION'],
  ['docker',                       'DOCKER_VERSION'],
  ['dotnet/aspnet',                'ASPNET_VERSION'],
  ['dotnet/runtime',               'DOTNET_VERSION'],
  ['eclipse-mosquitto',            'VERSION'],
  ['eclipse-temurin',              'JAVA_VERSION'],
  ['elasticsearch',                'ELASTICSEARCH_VERSION'],
  ['elasticsearch/elasticsearch',  'ELASTICSEARCH_VERSION'],
  ['elixir',                       'ELIXIR_VERSION'],
  ['erlang',                       'OTP_VERSION'],
  ['ghost',                        'GHOST_VERSION'],
  ['golang',                       'GOLANG_VERSION'],
  ['gradle',                       'GRADLE_VERSION'],
  ['grafana/grafana',              'GRAFANA_VERSION'],
  ['haproxy',                      'HAPROXY_VERSION'],
  ['hashicorp/vault',              'VERSION'],
  ['httpd',                        'HTTPD_VERSION'],
  ['influxdb',                     'INFLUXDB_VERSION'],
  ['jenkins/jenkins',              'JENKINS_VERSION'],
  ['mariadb',                      'MARIADB_VERSION',   'package'],
  ['maven',                        'MAVEN_VERSION'],
  ['memcached',                    'MEMCACHED_VERSION'],
  ['mongo',                        'MONGO_VERSION',     'package'],
  ['mysql',                        'MYSQL_VERSION',     'package'],
  ['n8n-io/n8n',                   'N8N_VERSION'],
  ['n8nio/n8n',                    'N8N_VERSION'],
  ['nats',                         'NATS_SERVER'],
  ['nextcloud',                    'NEXTCLOUD_VERSION'],
  ['nginx',                        'NGINX_VERSION'],
  ['nginxinc/nginx-unprivileged',  'NGINX_VERSION'],
  ['node',                         'NODE_VERSION'],
  ['nodered/node-red',             'NODE_RED_VERSION'],
  ['openjdk',                      'JAVA_VERSION'],
  ['php',                          'PHP_VERSION'],
  ['phpmyadmin',                   'VERSION'],
  ['phpmyadmin/phpmyadmin',        'VERSION'],
  ['postgis/postgis',              'POSTGIS_VERSION',   'package'],
  ['postgres',                     'PG_VERSION',        'package'],
  ['python',                       'PYTHON_VERSION'],
  ['rabbitmq',                     'RABBITMQ_VERSION'],
  ['redis',                        'REDIS_VERSION'],
  ['ruby',                         'RUBY_VERSION'],
  ['rust',                         'RUST_VERSION'],
  ['telegraf',                     'TELEGRAF_VERSION'],
  ['tomcat',                       'TOMCAT_VERSION'],
  ['traefik',                      'TRAEFIK_VERSION'],
  ['traefik/traefik',              'TRAEFIK_VERSION'],
]
const BY_REPOSITORY = new Map(VARIABLES.map(([repository, ...rest]) => [repository, rest]))
// Every Bitnami image has its own version there (bitnami/containers).
const BY_ORGANIZATION = new Map([
  ['bitnami',       'APP_VERSION'],
  ['bitnamilegacy', 'APP_VERSION'],
  ['bitnamisecure', 'APP_VERSION'],
])
// Variables that somebody else owns: the table's, and tools inside node and the databases.
const OWNED = new Set([...VARIABLES.map(([, variable]) => variable), 'GOSU_VERSION', 'YARN_VERSION'])

/**
 * The version of the software in an image: its version label, else the version variable that
 * belongs to its repository, else null. Trimmed, at most 128 characters, one line, a leading v kept.
 */
export function versionOf(
  ref: string,
  image: { labels: ReadonlyMap<string, string>; env: ReadonlyMap<string, string> },
): string | null {
  return labelVersion(ref, image.labels) ?? variableVersion(ref, image.env)
}

function labelVersion(ref: string, labels: ReadonlyMap<string, string>): string | null {
  const version = plausible(labels.get(VERSION_LABEL))
  const base = imageRef((plausible(labels.get(REF_NAME_LABEL)) ?? '').toLowerCase())
  if (version === null || !DISTRIBUTIONS.has(base.name)) return version
  const ownVersion = base.name === 'ubuntu' && !UBUNTU_RELEASE.test(version)
  return ownVersion || imageRef(ref).name === base.name ? version : null
}

function variableVersion(ref: string, env: ReadonlyMap<string, string>): string | null {
  const { path, name } = imageRef(ref)
  const [variable, form] = BY_REPOSITORY.get(hubPath(ref) ?? path) ?? [otherVariable(path, name)]
  const value = plausible(variable === null ? undefined : env.get(variable))
  return value !== null && form === 'package' ? plausible(packageVersion(value)) : value
}

// The general rule: caddy has CADDY_VERSION, qdrant/qdrant QDRANT_VERSION. acme/node's NODE_VERSION
// is Node's version and acme/pg's PG_VERSION PostgreSQL's, so an owned variable is nobody else's.
function otherVariable(path: string, name: string): string | null {
  if (name.length > MAX_LENGTH) return null
  const ofOrganization = BY_ORGANIZATION.get(path.slice(0, Math.max(path.indexOf('/'), 0)))
  if (ofOrganization !== undefined) return ofOrganization
  const variable = `${name.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}_VERSION`
  return OWNED.has(variable) ? null : variable
}

function plausible(value: string | undefined): string | null {
  const text = (value ?? '').trim()
  return text === '' || text.length > MAX_LENGTH || /[\p{C}\p{Zl}\p{Zp}]/u.test(text) ? null : text
}

// [epoch:]upstream[-revision], where `+…` names the distribution's repackaging and `~` sorts a
// release candidate before its release (deb-version(7)): 17~rc1-1.pgdg120+1 is upstream's 17rc1.
function packageVersion(value: string): string {
  return value.replace(/^\d+:/, '').replace(/[-+].*$/, '').replaceAll('~', '')
}

// At most four digits, so that build numbers and dates like 20260105 are no major version; what
// follows must end the number, so that the commit 7fa3c2d has none.
const MAJOR = /^v?(\d{1,4})(?![\da-z])|^v?(\d{1,4})(?=(?:alpha|beta|rc)\d*(?![\da-z]))/i
const DATE = /^\d{4}-\d\d-\d\d/

/**
 * Whether an update crosses a major version: the first numbers differ, v or not, years of calendar
 * versions included. False where either text starts with no number or with a date. The first number
 * decides for everyone: only PostgreSQL before 10 counted two (9.5 and 9.6, dead since 2021), while
 * 9.6 to 9.7 is an ordinary step of MySQL, Elasticsearch or Grafana, and 0.x promises nothing.
 */
export function majorChanged(from: string, to: string): boolean {
  const [before, after] = [major(from), major(to)]
  return before !== null && after !== null && before !== after
}

function major(version: string): number | null {
  const found = DATE.test(version) ? null : MAJOR.exec(version)
  return found ? Number(found[1] ?? found[2]) : null
}
