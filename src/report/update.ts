// Which services run an older image than the one Watchtower found. Takes a session's findings and
// the facts of the engine, gives Updates.
import * as z from 'zod/mini'
import type { CheckSession } from '../watchtower/session.js'
import { commandsFor, plainCommands, rollbackFor } from './commands.js'
import { isOneOff, type Place, placeOf } from './place.js'
import { type ContainerFacts, type Facts, type ImageFacts, shortId } from './facts.js'
import { imageRef, sameRepository, sameTag, watchtowerNames } from './image-ref.js'
import { releaseNotesUrl } from './release-notes.js'
import { TEXTS } from './texts.js'
import { versionOf } from './version.js'
import { unwatchedBy } from './watched.js'

const imageId = z.string().check(z.regex(/^[0-9a-f]{12}$/))

/** One service that runs an older image than the one its tag points to now. */
export const Update = z.object({
  image: z.string(),
  newImageId: imageId,
  currentImageId: z.nullable(imageId),
  /** the other older images that its containers run; absent where all run the same one */
  otherImageIds: z.optional(z.array(imageId)),
  /** empty where the printed id is on no local image: then nothing is known but the image */
  service: z.string(),
  project: z.nullable(z.string()),
  directory: z.nullable(z.string()),
  containers: z.array(z.string()),
  currentVersion: z.nullable(z.string()),
  newVersion: z.nullable(z.string()),
  releaseNotesUrl: z.nullable(z.string()),
  commands: z.array(z.string()),
  /** the commands that take the applied update back; empty where the old image is not known or not there */
  rollback: z._default(z.array(z.string()), []),
  /** `repo@sha256:…` of the old image, what a compose file can hold to stay on it; null where no registry has it */
  pinned: z._default(z.nullable(z.string()), null),
})
export type Update = z.infer<typeof Update>

type Found = CheckSession['found'][number]

/** An update of which only the log is known: the service is taken to be named like the repository. */
export function plainUpdate(found: Found): Update {
  const service = imageRef(found.image).name
  return { ...unknownUpdate(found), service, containers: found.containers, commands: plainCommands(service) }
}

function unknownUpdate({ image, newImageId }: Found): Update {
  return {
    image, newImageId, currentImageId: null, service: '', project: null, directory: null, containers: [],
    currentVersion: null, newVersion: null, releaseNotesUrl: null, commands: [], rollback: [], pinned: null,
  }
}

/** The containers of one service that run an older image than the found one. */
interface Outdated {
  found: Found
  newImage: ImageFacts
  containers: Containers
}
type Containers = readonly [ContainerFacts, ...ContainerFacts[]]

/**
 * The updates of a session, one per service. What was applied meanwhile is left out; an id that no
 * local image has could be anything, so it names no service; an image that only containers of which
 * nothing could be learned may wait for is told by itself. missed: the session is not of now, so an
 * image whose tag has moved on since is left out as well.
 */
export function knownUpdates(session: Pick<CheckSession, 'found'>, facts: Facts, watchtower: ContainerFacts | null, missed: boolean): Update[] {
  const reason = unwatchedBy(watchtower)
  // a one-off container stands for a service that has no other
  const served = new Set(facts.containers.filter((c) => !isOneOff(c)).map(keyOf))
  const current = session.found.filter((found) => !missed || isTagged(found, facts))
  const groups = newest(current, facts).map((found) => {
    const newImage = facts.images.find((image) => shortId(image.id) === found.newImageId)
    const outdated = concerned(found, facts.containers, reason).filter((c) => shortId(c.imageId) !== found.newImageId && !(isOneOff(c) && served.has(keyOf(c))))
    return { found, outdated: newImage ? byService(outdated).map((containers): Outdated => ({ found, newImage, containers })) : null, unclear: outdated.length === 0 && facts.unclear !== undefined }
  })
  // what this check did not look at may be pending as well
  const pending = [...groups.flatMap(({ outdated }) => outdated ?? []).map(({ containers }) => containers[0]), ...facts.containers.filter((c) => lostItsTag(c, facts))].map(placeOf)
  return groups.flatMap(({ found, outdated, unclear }) => (unclear && outdated ? [plainUpdate(found)] : (outdated?.map((group) => knownUpdate(group, facts, pending)) ?? [unknownUpdate(found)])))
}

/** False only where the image is there and its tag is not on it any more. */
function isTagged({ image, newImageId }: Found, facts: Facts): boolean {
  const known = facts.images.find(({ id }) => shortId(id) === newImageId)
  return !known || known.repoTags.some((tag) => sameTag(tag, image))
}

/** Whether the tag it was created from is not on the image it runs any more: `up -d` would recreate it. */
function lostItsTag({ imageRef: ref, imageId }: ContainerFacts, { images }: Facts): boolean {
  const image = images.find(({ id }) => id === imageId)
  return image !== undefined && imageRef(ref).digest === null && !image.repoTags.some((tag) => sameTag(tag, ref))
}

/**
 * Of several ids that one image had in a session, the last one that is here: the tag moved on while
 * Watchtower checked, and a service has one update, not one per id.
 */
function newest(found: readonly Found[], facts: Facts): Found[] {
  const local = new Set(facts.images.map((image) => shortId(image.id)))
  const imageOf = ({ image, newImageId }: Found): string => (local.has(newImageId) ? image : `${image} ${newImageId}`)
  const last = new Map<string, { one: Found; containers: Set<string> }>()
  for (const one of found) {
    const containers = last.get(imageOf(one))?.containers ?? new Set()
    for (const name of one.containers) containers.add(name)
    last.set(imageOf(one), { one, containers })
  }
  return [...last.values()].map(({ one, containers }) => ({ ...one, containers: [...containers] }))
}

function knownUpdate({ found, newImage, containers }: Outdated, facts: Facts, pending: readonly Place[]): Update {
  const [first] = containers
  const place = placeOf(first)
  const currentImage = facts.images.find((image) => image.id === first.imageId) ?? null
  const [currentVersion, newVersion] = versionPair(found.image, first, currentImage, newImage)
  const alsoPending = pending.filter(({ project }) => project === place.project).map(({ service }) => service)
  const otherImageIds = [...new Set(containers.map((c) => shortId(c.imageId)))].slice(1)
  const commands = commandsFor(found.image, containers, facts.containers, new Set(alsoPending))
  return {
    image: found.image,
    newImageId: found.newImageId,
    currentImageId: shortId(first.imageId),
    ...(otherImageIds.length > 0 && { otherImageIds }),
    ...place,
    containers: containers.map((c) => c.name),
    currentVersion,
    newVersion,
    releaseNotesUrl: releaseNotesUrl(found.image, versionOf(found.image, newImage), newImage.labels),
    commands,
    rollback: currentImage ? rollbackFor(found.image, currentImage.id, containers, commands) : [],
    pinned: currentImage?.repoDigests.find((digest) => sameRepository(digest, found.image)) ?? null,
  }
}

/** The fork names the container; stock prints only the image, spelled as the container was created. */
function concerned(found: Found, containers: readonly ContainerFacts[], reason: ReturnType<typeof unwatchedBy>): ContainerFacts[] {
  if (found.containers.length > 0) return containers.filter(({ name }) => found.containers.includes(name))
  const its = containers.filter(({ imageRef: ref }) => watchtowerNames(ref).includes(found.image))
  const watched = its.filter((one) => reason(one) === null)
  // it looks at one of them; a name that fits none is the value of a flag that is not known here
  return watched.length > 0 ? watched : its.filter((one) => reason(one) === 'not-named')
}

function byService(containers: readonly ContainerFacts[]): Containers[] {
  const groups = new Map<string, [ContainerFacts, ...ContainerFacts[]]>()
  for (const container of containers) {
    const group = groups.get(keyOf(container))
    if (group) group.push(container)
    else groups.set(keyOf(container), [container])
  }
  return [...groups.values()]
}

/** The same for the containers of one service. */
function keyOf(container: ContainerFacts): string {
  const { project, service } = placeOf(container)
  return JSON.stringify([project, service])
}

/**
 * Both versions as a person reads them. Equal or unknown versions are told apart by their build
 * dates. The container's own labels and environment serve where the old image is gone.
 */
function versionPair(ref: string, container: ContainerFacts, current: ImageFacts | null, next: ImageFacts): [string | null, string | null] {
  const from = versionOf(ref, current ?? container)
  const to = versionOf(ref, next)
  const [fromDate, toDate] = [buildDate(current), buildDate(next)]
  if (from !== null && from === to) {
    return [fromDate ? `${from} (${fromDate})` : from, `${to} ${TEXTS.en.rebuilt(toDate ? ` ${toDate}` : '')}`]
  }
  return [from ?? (current && fromDate ? `${fromDate} (${shortId(current.id)})` : null), to ?? (toDate ? `${toDate} (${shortId(next.id)})` : null)]
}

/** Day of the build; null for the fixed dates of reproducible builds (0001, 1970, 1980). */
function buildDate(image: ImageFacts | null): string | null {
  const day = /^(\d{4})-\d\d-\d\d(?=T)/.exec(image?.created ?? '')
  return day && Number(day[1]) > 1980 ? day[0] : null
}
