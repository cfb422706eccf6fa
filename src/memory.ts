// What containers and images of the engine were, before Watchtower touched them. Takes the Docker client; each container
// and image is inspected once, because neither ever changes.
import type { Docker } from './docker/client.js'
import { type ContainerFacts, containerFacts, type Facts, type ImageFacts, imageFacts } from './report/facts.js'

export interface Memory {
  /** Looks at what is new. Fails when the engine does. */
  look(imageIds?: readonly string[]): Promise<void>
  /** The containers as they were at a time (ISO; null: ever), of each name the newest, and all images that were seen. */
  before(at: string | null): Facts
  /** Those that were there at the last look. */
  now(): ContainerFacts[]
}

/** Containers and images that are remembered, the newest: a large host's of years. */
const MAX_REMEMBERED = 2_000

export function createMemory(docker: Docker): Memory {
  const containers = new Map<string, ContainerFacts>()
  const images = new Map<string, ImageFacts>()
  let listed = new Set<string>()

  async function image(id: string): Promise<void> {
    if (images.has(id)) return
    const facts = imageFacts(await docker.inspectImage(id))
    if (facts) images.set(facts.id, facts)
  }

  return {
    async look(imageIds = []) {
      const list = await docker.list()
      for (const { id } of list) {
        if (containers.has(id)) continue
        const facts = containerFacts(await docker.inspectContainer(id))
        if (!facts) continue
        containers.set(id, facts)
        await image(facts.imageId)
      }
      for (const id of imageIds) if (![...images.keys()].some((known) => known.includes(id))) await image(id)
      listed = new Set(list.map(({ id }) => id))
      for (const map of [containers, images]) for (const id of map.keys()) if (map.size > MAX_REMEMBERED && !listed.has(id)) map.delete(id)
    },
    before(at) {
      const limit = at === null ? Infinity : Date.parse(at)
      const byName = new Map<string, ContainerFacts>()
      for (const one of containers.values()) {
        const known = byName.get(one.name)
        const created = createdAt(one)
        if (created < limit && (!known || created >= createdAt(known))) byName.set(one.name, one)
      }
      return { containers: [...byName.values()], images: [...images.values()] }
    },
    now: () => [...containers.values()].filter(({ id }) => listed.has(id)),
  }
}

const createdAt = ({ created }: ContainerFacts): number => Date.parse(created) || 0
