// What the engine tests watch and do: compose projects, Watchtower beside them, its checks, and a person who pastes.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Engine } from './engine.js'
import { checkLines, type Feed, type WatchtowerImage } from './watchtower.js'

/** An image to publish. */
export const image = (service: string, env: Record<string, string> = {}) => ({ ref: service, env })

/** Brings a compose project up in a directory of its name; gives the directory. */
export async function composeUp(engine: Engine, project: string, file: string): Promise<string> {
  const cwd = join(engine.directory, project)
  mkdirSync(cwd, { recursive: true })
  writeFileSync(join(cwd, 'docker-compose.yml'), file)
  await engine.compose(['up', '-d'], { cwd })
  return cwd
}

/** Runs Watchtower in monitor-only beside what is to be watched. */
export async function runWatchtower(engine: Engine, watchtower: WatchtowerImage, feed: Feed = watchtower, ...more: string[]): Promise<string> {
  const own = watchtower.kind === 'real' ? ['-v', `${engine.socketPath}:/var/run/docker.sock:ro`, '-e', 'WATCHTOWER_MONITOR_ONLY=true', '-e', 'WATCHTOWER_POLL_INTERVAL=5', '-e', 'DOCKER_API_VERSION=1.41'] : ['-v', feed.mount]
  return engine.run('--name', 'watchtower', '--label', 'com.centurylinklabs.watchtower.enable=false', '--network', 'host', ...own, ...more, watchtower.image)
}

/** The stand-in prints what it is fed; the real one finds it by itself. */
export function check(watchtower: WatchtowerImage, found: { image: string; id: string }[], scanned: number, feed: Feed = watchtower): void {
  if (watchtower.kind === 'stand-in') feed.feed(...checkLines(found, scanned))
}

/** Runs the commands of a message as a person would paste them, with docker-compose 1.29 for `docker compose`. */
export async function paste(engine: Engine, commands: string[], cwd: string): Promise<void> {
  for (const command of commands) {
    const [, name = '', ...words] = command.split(' ')
    await (name === 'compose' ? engine.compose(words, { cwd }) : engine.docker([name, ...words]))
  }
}
