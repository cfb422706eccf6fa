// Gathers what inspect tells about the containers of an engine and the images that matter to a
// session. Takes image ids, gives Facts.
import { containerFacts, type Facts, imageFacts } from '../report/facts.js'
import type { Docker } from './client.js'

/** Requests under way at once: a hundred containers take a fraction of a second, and dockerd stays idle enough. */
const AT_ONCE = 8

/**
 * All containers of the engine, every image they run, and the images named by id (12 hex digits
 * or more). What vanishes in between is left out. Fails when the engine does not answer; gaps: not
 * where it answers for some containers and not for others.
 */
export async function gatherFacts(docker: Docker, imageIds: readonly string[], gaps = false): Promise<Facts> {
  const listed = await docker.list()
  const unclear: Required<Facts>['unclear'][number][] = []
  const containers = (
    await each(listed, async ({ id, name, labels }) => {
      try {
        return containerFacts(await docker.inspectContainer(id))
      } catch (error) {
        unclear.push({ name, labels: new Map(Object.entries(labels)) })
        if (!gaps || unclear.length === listed.length) throw error
        return null
      }
    })
  ).filter((c) => c !== null)
  const wanted = [...new Set([...imageIds, ...containers.map((c) => c.imageId)])]
  const images = (await each(wanted, async (id) => imageFacts(await docker.inspectImage(id)))).filter((i) => i !== null)
  return { containers, images, ...(unclear.length > 0 && { unclear }) }
}

async function each<T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<R[]> {
  const answers: R[] = []
  const waiting = items.entries()
  const worker = async (): Promise<void> => {
    for (const [index, item] of waiting) answers[index] = await ask(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return answers
}
