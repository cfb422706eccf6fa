// A world in which an update was announced, and what a person does with it.
import type { Test } from 'tap'
import { until } from './engine/processes.js'
import { container, madeUpId } from './fakes/docker-api.js'
import { compose, createWorld, done, found, type World } from './world.js'

export const NEW = `sha256:${madeUpId('postgres 16.2')}`
export const OLD = `sha256:${madeUpId('postgres 16.1')}`

/** Recreates postgres on an image, as `docker compose up -d` does. */
export function recreate(w: World, imageId: string, health?: string): void {
  w.api.remove('friday-postgres')
  const next = container({ name: 'friday-postgres', image: 'postgres:16', id: madeUpId(`postgres ${imageId} ${w.api.requests.length}`), imageId, labels: compose('postgres') })
  next.Created = new Date().toISOString()
  if (health !== undefined) Object.assign(next.State, { Health: { Status: health } })
  w.api.containers.push(next)
  w.api.start('friday-postgres')
}

/** A world in which the update of postgres was announced. */
export async function announced(t: Test, overrides: Parameters<typeof createWorld>[1] = {}): Promise<World> {
  const w = await createWorld(t, overrides)
  void w.start()
  await w.api.log('watchtower').waitForFollowers(1)
  w.say('watchtower', found, done)
  await w.waitFor('report.sent')
  return w
}

/** Resolves when the message that stands first in the chat reads so, or after a minute in which it did not. */
export async function shows(w: World, pattern: RegExp, nth = 0): Promise<string> {
  await until(() => pattern.test(w.bot.messages[nth]?.text ?? ''), 60_000)
  return w.bot.messages[nth]?.text ?? ''
}
