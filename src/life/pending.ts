// Every announced update from its announcement until nobody needs to know of it: what is pending,
// what was applied, what was rolled back. A reducer over plain data; takes news and the facts of the
// engine, gives the next state and what changed.
import * as z from 'zod'
import { Standing } from '../report/block.js'
import { placeOf } from '../report/commands.js'
import { type ContainerFacts, type Facts, shortId } from '../report/facts.js'
import { sameTag } from '../report/image-ref.js'
import { Update } from '../report/update.js'

const time = z.int().min(0)

/** One service's announced update. There is one per service and image. */
export const Tracked = z.object({
  update: Update,
  standing: Standing,
  /** when this image was found; a container that is older runs an older image */
  foundAt: time,
  /** pending since an older image of the same service was found */
  since: time.nullable(),
  /** its containers are not there since */
  absentSince: time.nullable(),
})
export type Tracked = z.infer<typeof Tracked>

/** An update that stands differently now. */
export interface Change {
  update: Update
  standing: Standing
}

/** `up -d` recreates within seconds, a nightly backup between `down` and `up` takes hours; a service that is away for longer was removed. */
const ABSENT_MS = 24 * 3_600_000

/** Whether both are updates of one service's image, to whatever version. */
export function samePlace(a: Update, b: Update): boolean {
  return a.project === b.project && a.service === b.service && a.image === b.image
}

/**
 * New updates are pending; they take the place of what their services waited for or had applied.
 */
export function announce(tracked: readonly Tracked[], updates: readonly Update[], now: number): Tracked[] {
  const watchable = updates.filter(isWatchable)
  const replaced = (one: Tracked): boolean => watchable.some((update) => samePlace(update, one.update))
  const pending = tracked.filter(({ standing }) => standing.type === 'pending')
  return [
    ...tracked.filter((one) => !replaced(one)),
    ...watchable.map((update): Tracked => {
      const before = pending.find((one) => samePlace(one.update, update))
      return { update, standing: { type: 'pending' }, foundAt: now, since: before ? (before.since ?? before.foundAt) : null, absentSince: null }
    }),
  ]
}

/** Only what names a service that runs an older image can be watched. */
export function isWatchable({ service, currentImageId }: Update): boolean {
  return service !== '' && currentImageId !== null
}

/** Whether they are the same update of the same service. */
export function isSame(a: Update, b: Update): boolean {
  return samePlace(a, b) && a.newImageId === b.newImageId
}

/** How an announced update stands now. */
export function standingNow(update: Update, tracked: readonly Tracked[]): Standing {
  const same = tracked.find((one) => isSame(one.update, update))
  if (same || !isWatchable(update)) return same?.standing ?? { type: 'pending' }
  const newer = tracked.find((one) => samePlace(one.update, update))
  return newer ? { type: 'superseded', by: newer.update.newVersion ?? newer.update.newImageId, link: null } : { type: 'removed' }
}

/** What the engine shows of the updates now. What is over is not tracked any more. */
export function observe(tracked: readonly Tracked[], facts: Facts, now: number): { tracked: Tracked[]; changes: Change[] } {
  const changes: Change[] = []
  const next = tracked.map((one) => {
    const containers = facts.containers.filter((c) => isOf(c, one.update))
    if (containers.length === 0) {
      const absentSince = one.absentSince ?? now
      if (now - absentSince < ABSENT_MS) return { ...one, absentSince }
    }
    const standing = standingOf(one, containers, now)
    // what was applied stays told as applied, whatever its service does later on
    const isPast = one.standing.type === 'applied' && isOver(standing)
    if (!isPast && !same(standing, one.standing)) changes.push({ update: one.update, standing })
    return { ...one, standing, absentSince: null }
  })
  return { tracked: next.filter(({ standing }) => !isOver(standing)), changes }
}

function isOver({ type }: Standing): boolean {
  return type === 'removed' || type === 'superseded'
}

function standingOf({ update, standing, foundAt }: Tracked, containers: readonly ContainerFacts[], now: number): Standing {
  // back on the image from before, under the same tag or pinned as the message advises
  const back = containers.length > 0 && containers.every((c) => shortId(c.imageId) === update.currentImageId)
  if (back && standing.type !== 'pending') return standing.type === 'rolled-back' ? standing : { type: 'rolled-back', at: Math.max(...containers.map(createdAt)) }
  const onTag = containers.filter(({ imageRef }) => sameTag(imageRef, update.image))
  if (onTag.length === 0) return { type: 'removed' }
  const isNew = (c: ContainerFacts): boolean => shortId(c.imageId) === update.newImageId
  if (onTag.every(isNew)) return applied(onTag, standing, now)
  if (standing.type === 'pending') {
    if (onTag.some((c) => !isNew(c) && createdAt(c) <= foundAt)) return standing
    // recreated on an image that is newer still: its tag had moved on
    const newer = onTag.find((c) => !isNew(c) && shortId(c.imageId) !== update.currentImageId)
    return newer ? { type: 'superseded', by: shortId(newer.imageId), link: null } : { type: 'removed' }
  }
  // a service of which only some containers were applied is under way
  return onTag.some(isNew) ? standing : { type: 'removed' }
}

function applied(containers: readonly ContainerFacts[], before: Standing, now: number): Standing {
  const at = before.type === 'applied' ? before.at : Math.max(...containers.map(createdAt))
  const states = containers.map(({ health }) => health)
  // one that is not running says nothing of its health
  const health = (['unhealthy', 'starting', 'healthy'] as const).find((one) => states.includes(one)) ?? (before.type === 'applied' ? before.health : 'none')
  const since = before.type === 'applied' ? before.unhealthySince : null
  return { type: 'applied', at, health, unhealthySince: health === 'unhealthy' ? (since ?? now) : null }
}

/** One-off containers (`compose run`) are nobody's service. */
function isOf(container: ContainerFacts, update: Update): boolean {
  const { project, service } = placeOf(container)
  return project === update.project && service === update.service && container.labels.get('com.docker.compose.oneoff') !== 'True'
}

/** An unreadable time is an old one: what is there is then pending rather than gone. */
function createdAt({ created }: ContainerFacts): number {
  const ms = Date.parse(created)
  return Number.isNaN(ms) ? 0 : Math.max(0, ms)
}

function same(a: Standing, b: Standing): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
