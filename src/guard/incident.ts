// Containers that Watchtower really replaced or stopped, and the way back. Takes what a check found and replaced and
// what is known of the engine before and after, gives Incidents. Pure.
import { commandsFor, pulledRollbackFor } from '../report/commands.js'
import { placeOf } from '../report/place.js'
import { type ContainerFacts, type Facts, type ImageFacts, shortId } from '../report/facts.js'
import { type Update, knownUpdates } from '../report/update.js'
import { versionOf } from '../report/version.js'
import type { CheckSession, Replaced } from '../watchtower/session.js'

/** One container that a Watchtower replaced, as a person has to know it. */
export interface Incident extends Replaced {
  /** the reference it runs; null where nothing is known of it */
  image: string | null
  old: ImageName | null
  new: ImageName | null
  /** it was recreated because another container was */
  unchanged: boolean
  /** commands that bring the old image back; empty where it is not known */
  back: string[]
  /** they pull it again */
  pulls: boolean
  /** commands that start it again */
  start: string[]
}

export interface ImageName {
  version: string | null
  /** 12 hex digits */
  id: string
}

export interface Knowledge {
  /** containers as they were before the first of the incidents, each name once, and all images that were seen */
  before: Facts
  /** the containers of the engine now; empty where it does not answer */
  now: readonly ContainerFacts[]
  /** updates that were announced */
  announced: readonly Update[]
  /** Watchtower removes old images */
  cleanup: boolean
}

/**
 * Which of a session's replaced containers are incidents: all but what was only stopped in a log that says nothing of
 * a check. A starting Watchtower stops older ones of itself, and may end before its banner.
 */
export function violationsOf(session: CheckSession): Replaced[] {
  const isCheck = session.end === 'done' || session.found.length + session.failures.length > 0 || session.replaced.some(({ state }) => state === 'recreated')
  return isCheck ? session.replaced : []
}

/** The same for each incident, however often its line is read: the Watchtower's container, the replaced one, Docker's stamp. */
export function incidentKey(watchtowerId: string, { container, at }: Replaced): string {
  return JSON.stringify(['replaced', watchtowerId, container, at])
}

/** What is to be told of these containers, in their order. */
export function incidentsOf(replaced: readonly Replaced[], found: CheckSession['found'], { before, now, announced, cleanup }: Knowledge): Incident[] {
  const updates = knownUpdates({ found }, before, null, false)
  return replaced.map((one) => {
    const old = before.containers.find(({ name }) => name === one.container) ?? null
    const current = now.find(({ name, id }) => name === one.container && id !== old?.id) ?? null
    const known = old ?? current
    const update = updates.find(({ containers }) => containers.includes(one.container)) ?? (known === null ? null : (announced.find((update) => concerns(update, known)) ?? null))
    const imageOf = (id: string | undefined): ImageFacts | null => before.images.find((image) => image.id === id) ?? null
    const named = (container: ContainerFacts | null): ImageName | null =>
      container && { version: versionOf(container.imageRef, imageOf(container.imageId) ?? container), id: shortId(container.imageId) }
    const unchanged = update === null && old !== null && old.imageId === current?.imageId
    const commands = update?.commands ?? (known ? commandsFor(known.imageRef, [known], now, new Set()) : [])
    const start = commands.slice(-1)
    const pulls = update !== null && update.pinned !== null && (cleanup || update.rollback.length === 0)
    return {
      ...one,
      image: update?.image ?? known?.imageRef ?? null,
      old: update?.currentImageId ? { version: update.currentVersion, id: update.currentImageId } : named(old),
      new: update ? { version: update.newVersion, id: update.newImageId } : named(current),
      unchanged,
      back: unchanged ? [] : pulls ? pulledRollbackFor(update.image, update.pinned as string, start) : (update?.rollback ?? []),
      pulls,
      start,
    }
  })
}

function concerns({ project, service, image }: Update, container: ContainerFacts): boolean {
  const place = placeOf(container)
  return place.project === project && place.service === service && container.imageRef.startsWith(image.replace(/:latest$/, ''))
}
