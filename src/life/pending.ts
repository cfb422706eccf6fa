// Every announced update from its announcement until nobody needs to know of it: what is pending,
// what was applied, what was rolled back. A reducer over plain data; takes news and the facts of the
// engine, gives the next state and what changed.
import * as z from 'zod/mini'
import { isSame, isVague, samePlace } from '../report/announce.js'
import { Standing } from '../report/block.js'
import { isOneOff, placeOf } from '../report/place.js'
import { type ContainerFacts, type Facts, shortId } from '../report/facts.js'
import { sameTag } from '../report/image-ref.js'
import { Update } from '../report/update.js'

const time = z.int().check(z.gte(0))

/** One service's announced update. There is one per service and image. */
export const Tracked = z.object({
  update: Update,
  standing: Standing,
  /** when this image was found */
  foundAt: time,
  /** pending since an older image of the same service was found */
  since: z.nullable(time),
  /** the version of that service's image that was told last before this one */
  before: z._default(z.nullable(z.string()), null),
  /** its containers are not there since */
  absentSince: z.nullable(time),
})
export type Tracked = z.infer<typeof Tracked>

/** An update that stands differently now. */
export interface Change {
  update: Update
  standing: Standing
}

/** What the engine shows of the services of the tracked updates. unclear: of which no more could be learned: their services are left as they stand. */
export type Seen = Pick<Facts, 'containers' | 'unclear'>

/** `up -d` recreates within seconds, a nightly backup between `down` and `up` takes hours; a service that is away for longer was removed. */
const ABSENT_MS = 24 * 3_600_000

/**
 * New updates are pending; they take the place of what their services waited for or had applied.
 * untold: of the tracked ones those that no person was told of.
 */
export function announce(tracked: readonly Tracked[], updates: readonly Update[], now: number, untold: readonly Update[] = []): Tracked[] {
  const watchable = updates.filter((update) => !isVague(update))
  return [
    ...tracked.filter((one) => !watchable.some((update) => samePlace(update, one.update))),
    ...watchable.map((update): Tracked => {
      const old = tracked.find((one) => one.standing.type === 'pending' && samePlace(one.update, update))
      const isNewer = old && !isSame(old.update, update) && !untold.some((one) => isSame(one, old.update))
      return {
        update, standing: { type: 'pending' }, foundAt: now, absentSince: null,
        since: old ? (old.since ?? old.foundAt) : null,
        before: isNewer ? versionOrId(old.update) : (old?.before ?? null),
      }
    }),
  ]
}

/** The tracked updates that give way to these. */
export function givingWay(tracked: readonly Tracked[], updates: readonly Update[]): Update[] {
  return tracked.map(({ update }) => update).filter((update) => updates.some((one) => samePlace(one, update) && !isSame(one, update)))
}

/** A check found these again: what is pending is told as it is known now, for the commands may have changed. */
export function renew(tracked: readonly Tracked[], updates: readonly Update[]): Tracked[] {
  return tracked.map((one) => (one.standing.type === 'pending' ? { ...one, update: updates.find((update) => isSame(update, one.update)) ?? one.update } : one))
}

/** What tells the new version, even where it has no name. */
export function versionOrId({ newVersion, newImageId }: Update): string {
  return newVersion ?? newImageId
}

/** How an announced update stands now. */
export function standingNow(update: Update, tracked: readonly Tracked[]): Standing {
  const same = tracked.find((one) => isSame(one.update, update))
  if (same || isVague(update)) return same?.standing ?? { type: 'pending' }
  const newer = tracked.find((one) => samePlace(one.update, update))
  return newer ? { type: 'superseded', by: versionOrId(newer.update), link: null } : { type: 'removed' }
}

/** What the engine shows of the updates now. What is over is not tracked any more. forgotten: what is news if it is found again. */
export function observe(tracked: readonly Tracked[], { containers: all, unclear = [] }: Seen, now: number): { tracked: Tracked[]; changes: Change[]; forgotten: Update[] } {
  const changes: Change[] = []
  const forgotten: Update[] = []
  const next = tracked.map((one) => {
    if (unclear.some((c) => isOf(c, one.update))) return one
    const containers = all.filter((c) => isOf(c, one.update))
    if (containers.length === 0) {
      const absentSince = one.absentSince ?? now
      if (now - absentSince < ABSENT_MS) return { ...one, absentSince }
    }
    const standing = standingOf(one, containers, now)
    // what was applied stays told as applied, whatever its service does later on
    const isPast = one.standing.type === 'applied' && isOver(standing)
    if (!isPast && !same(standing, one.standing)) changes.push({ update: one.update, standing })
    // a refused image stays refused when its service is gone for a while
    if (isOver(standing) && !(one.standing.type === 'rolled-back' && standing.type === 'removed')) forgotten.push(one.update)
    return { ...one, standing, absentSince: null }
  })
  return { tracked: next.filter(({ standing }) => !isOver(standing)), changes, forgotten }
}

function isOver({ type }: Standing): boolean {
  return type === 'removed' || type === 'superseded'
}

function standingOf({ update, standing }: Tracked, containers: readonly ContainerFacts[], now: number): Standing {
  // back on the image from before, under the same tag or pinned as the message advises
  const isOld = (c: ContainerFacts): boolean => [update.currentImageId, ...(update.otherImageIds ?? [])].includes(shortId(c.imageId))
  const back = containers.length > 0 && containers.every(isOld)
  if (back && standing.type !== 'pending') return standing.type === 'rolled-back' ? standing : { type: 'rolled-back', at: Math.max(...containers.map(createdAt)) }
  const onTag = containers.filter(({ imageRef }) => sameTag(imageRef, update.image))
  if (onTag.length === 0) return { type: 'removed' }
  const isNew = (c: ContainerFacts): boolean => shortId(c.imageId) === update.newImageId
  if (onTag.every(isNew)) return applied(onTag, standing, now)
  // a service of which only some containers were recreated is under way
  const other = onTag.some((c) => isOld(c) || isNew(c)) ? undefined : onTag[0]
  // neither old nor new: its tag had moved on
  return other ? { type: 'superseded', by: shortId(other.imageId), link: null } : standing
}

function applied(containers: readonly ContainerFacts[], before: Standing, now: number): Standing {
  const at = before.type === 'applied' ? before.at : Math.max(...containers.map(createdAt))
  const states = containers.map(({ health }) => health)
  const known = before.type === 'applied' ? before.health : 'none'
  const seen = (['unhealthy', 'starting', 'healthy'] as const).find((one) => states.includes(one)) ?? known
  // one that is not running, or starts again as all do after a reboot, says nothing of its health
  const health = seen === 'starting' && known !== 'none' ? known : seen
  const since = before.type === 'applied' ? before.unhealthySince : null
  return { type: 'applied', at, health, unhealthySince: health === 'unhealthy' ? (since ?? now) : null }
}

/** A one-off container says nothing of its service, unless the update was found for that very container. */
function isOf(container: Pick<ContainerFacts, 'name' | 'labels'>, update: Update): boolean {
  const { project, service } = placeOf(container)
  return project === update.project && service === update.service && (!isOneOff(container) || update.containers.includes(container.name))
}

/** An unreadable time is an old one. */
function createdAt({ created }: ContainerFacts): number {
  const ms = Date.parse(created)
  return Number.isNaN(ms) ? 0 : Math.max(0, ms)
}

function same(a: Standing, b: Standing): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
