// Which Watchtower a container runs, stock or the nicholas-fedor fork, and what depends on that. Takes what its log and its
// image say. Pure. Stock's images carry no version, the fork's do (F:build/goreleaser/stable.yaml).
import { type CronDialect, dialectOf } from '../guard/schedule.js'
import { imageRef } from '../report/image-ref.js'
import { versionOf } from '../report/version.js'
import { type Check, ok } from './check.js'

/** How a Watchtower behaves. */
export interface Way {
  /** which ones do, for a row; a word for those that are known */
  of: string
  dialect: CronDialect
  /** the API version that it asks for by itself; null: the one that the engine has */
  api: string | null
  /** without a scope it is in that of its own label, or of those that have none; else it removes every other Watchtower */
  scoped: boolean
}

export interface Edition {
  /** for a row: `version 1.7.1` */
  name: string
  /** more than one where nothing tells which */
  ways: readonly [Way, ...Way[]]
}

const FORK = /(?:^|\/)(?:nickfedor|nicholas-fedor)\/watchtower$/
const STOCK = /(?:^|\/)(?:containrrr|v2tec)\/watchtower$/
const FORK_SOURCE = /github\.com\/nicholas-fedor\/watchtower(?![\w-])/
const SOURCE_LABELS = ['org.opencontainers.image.source', 'org.opencontainers.image.url']
/** The fork also has tags per platform: `arm64v8-1.21.0`. */
const VERSION_TAG = /^(?:[a-z0-9]{3,8}-)?(v?\d{1,4}\.\d{1,4}(?:\.\d{1,4})?)$/
/** Minor versions: stock ends at 1.7.1; the fork asks for 1.44 up to 1.10, and reads five fields as crontab does from 1.14 on. */
const FIRST_FORK = 8
const FREE_API = 11
const UNTOLD = 'in a version that neither its log nor its image tells'

const STOCK_WAY: Way = { of: 'stock', dialect: 'seconds-first', api: '1.25', scoped: false }
const OLD_FORK_WAY: Way = { of: 'an older fork', dialect: 'seconds-first', api: '1.44', scoped: false }
const FORK_WAY: Way = { of: 'the fork from 1.14 on', dialect: 'seconds-optional', api: null, scoped: true }

/** ref: as the container was created; labels: of its image; said: the version in its log, null where the log begins after it. */
export function editionOf(ref: string, labels: ReadonlyMap<string, string>, said: string | null): Edition {
  const { path, tag } = imageRef(ref)
  const isFork = FORK.test(path) || SOURCE_LABELS.some((label) => FORK_SOURCE.test(labels.get(label) ?? ''))
  const isKnown = isFork || STOCK.test(path)
  // of an image that somebody built the tag and the label count his own releases
  const version = said ?? (isKnown ? (versionOf(ref, { labels, env: new Map() }) ?? VERSION_TAG.exec(tag ?? '')?.[1] ?? null) : null)
  const [, major, minor] = /^v?(\d{1,4})\.(\d{1,4})/.exec(version ?? '') ?? []
  // what somebody built may call itself v0.0.0-unknown
  if (version !== null && Number(major) > 0) {
    return { name: `version ${version}${isFork ? ' of the nicholas-fedor fork' : ''}`, ways: [wayOf(Number(major), Number(minor), dialectOf(version))] }
  }
  if (isFork) return { name: `the nicholas-fedor fork, ${UNTOLD}`, ways: [FORK_WAY, OLD_FORK_WAY] }
  if (isKnown) return { name: `stock, ${UNTOLD}`, ways: [STOCK_WAY] }
  return { name: UNTOLD, ways: [STOCK_WAY, FORK_WAY] }
}

function wayOf(major: number, minor: number, dialect: CronDialect): Way {
  if (major === 1 && minor < FIRST_FORK) return STOCK_WAY
  return major === 1 && minor < FREE_API ? OLD_FORK_WAY : { ...FORK_WAY, dialect }
}

/** The row where it is the same in every way; else what it depends on, which is no fault unless each is one. */
export function inEachWay({ ways }: Edition, check: (way: Way) => Check): Check {
  const [first, ...others] = ways.map((way) => ({ of: way.of, row: check(way) })) as [Told, ...Told[]]
  if (others.every(({ row }) => row.mark === first.row.mark && row.found === first.row.found)) return first.row
  const all = [first, ...others]
  const found = `it depends on the version, which nothing tells. ${all.map(({ of, row }) => `For ${of}: ${row.found}`).join('. ')}`
  const bad = all.find(({ row }) => row.mark !== 'ok')?.row
  if (bad === undefined) return ok(first.row.name, found)
  return { ...bad, found, mark: all.every(({ row }) => row.mark === 'fault') ? 'fault' : 'warning' }
}

interface Told {
  of: string
  row: Check
}
