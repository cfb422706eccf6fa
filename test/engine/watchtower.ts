// containrrr/watchtower:1.7.1 for engine tests: the real image where it was given, else a stand-in that prints what a test feeds it.
import { existsSync, mkdirSync, mkdtempSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import type { Engine } from './engine.js'

export const WATCHTOWER_IMAGE = 'containrrr/watchtower:1.7.1'

/** What one stand-in container prints. Each line is printed once, also across restarts of the container. */
export interface Feed {
  directory: string
  /** the value for `docker run -v` and for a compose volume: `DIRECTORY:/feed` */
  mount: string
  /** prints lines on stderr in one write, within about 0.1 s (or when the container starts) */
  feed(...lines: string[]): void
  /** ends the container with this exit code once all lines before are printed */
  exit(code: number): void
}

export interface WatchtowerImage extends Feed {
  image: string
  /** 'real': it checks by itself and ignores the feed; trigger a check with --run-once or its schedule */
  kind: 'real' | 'stand-in'
  /** one more feed, for a second Watchtower container */
  createFeed(): Feed
}

// Each file in /feed is one batch, taken in name order and put aside before it is printed, so that a restart repeats nothing
const ENTRY_POINT = `#!/bin/sh
trap 'ended=1' TERM INT
while [ -z "$ended" ]; do
  for batch in /feed/*.lines /feed/*.exit; do
    [ -e "$batch" ] || continue
    case $batch in
      *.exit) code=$(cat "$batch"); rm "$batch"; exit "$code" ;;
      *) mv "$batch" /feed/printed; cat /feed/printed >&2 ;;
    esac
  done
  usleep 50000
done
`

/**
 * Makes sure the engine has containrrr/watchtower:1.7.1: the real one if it is there or WATCHTOWER_IMAGE_TAR names a
 * \`docker save\` of it, else a stand-in with Watchtower's image label. Says in the test's output which of the two it is.
 */
export async function standInWatchtower(engine: Engine, t: Pick<Test, 'comment'>, options: { always?: boolean } = {}): Promise<WatchtowerImage> {
  const saved = process.env.WATCHTOWER_IMAGE_TAR
  if (!options.always && saved && existsSync(saved)) await engine.docker(['load', '--input', saved])
  const present = await engine.docker(['image', 'inspect', WATCHTOWER_IMAGE], { allowFailure: true })
  const real = present.code === 0 && !present.stdout.includes('watchtower-telegram.stand-in') && !options.always
  if (!real) {
    await engine.buildImage({
      ref: WATCHTOWER_IMAGE, entrypoint: ['/watchtower'], files: { '/watchtower': ENTRY_POINT },
      labels: { 'com.centurylinklabs.watchtower': 'true', 'watchtower-telegram.stand-in': 'true' },
      // as it should be; a test that wants it otherwise says so
      env: { WATCHTOWER_MONITOR_ONLY: 'true' },
    })
  }
  const kind = real ? 'real' : 'stand-in'
  t.comment(`${WATCHTOWER_IMAGE}: ${kind === 'real' ? 'the real image' : 'a stand-in that prints the lines of the test'}`)
  return { image: WATCHTOWER_IMAGE, kind, ...createFeed(engine), createFeed: () => createFeed(engine) }
}

function createFeed(engine: Engine): Feed {
  const folder = join(engine.directory, 'feeds')
  mkdirSync(folder, { recursive: true })
  const directory = mkdtempSync(join(folder, 'feed-'))
  let batches = 0
  const put = (kind: 'lines' | 'exit', content: string): void => {
    const name = join(directory, `${String(++batches).padStart(6, '0')}.${kind}`)
    writeFileSync(`${name}.new`, content)
    renameSync(`${name}.new`, name) // never seen half-written
  }
  return {
    directory, mount: `${directory}:/feed`,
    feed: (...lines) => put('lines', lines.map((line) => `${line}\n`).join('')),
    exit: (code) => put('exit', String(code)),
  }
}

/** Stock 1.7.1's logfmt line; `fields` are printed as they are, e.g. `Failed=0 Scanned=1 Updated=1 notify=no`. */
export function watchtowerLine(message: string, fields = '', level = 'info', time = new Date()): string {
  const stamp = `${time.toISOString().slice(0, 19)}Z`
  return `time="${stamp}" level=${level} msg=${JSON.stringify(message)}${fields === '' ? '' : ` ${fields}`}`
}

/** The lines of one check as stock 1.7.1 prints them in monitor-only; ids may be full, they are printed as 12 digits. */
export function checkLines(found: { image: string; id: string }[], scanned: number): string[] {
  const short = (id: string): string => id.replace(/^sha256:/, '').slice(0, 12)
  return [
    ...found.map(({ image, id }) => watchtowerLine(`Found new ${image} image (${short(id)})`)),
    watchtowerLine('Session done', `Failed=0 Scanned=${scanned} Updated=${found.length} notify=no`),
  ]
}
