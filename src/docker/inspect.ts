// Gathers what inspect tells about the containers of an engine and the images that matter to a
// session. Takes image ids, gives Facts.
import { containerFacts, type Facts, imageFacts } from '../report/facts.js'
import type { Docker } from './client.js'

/** Requests under way at once: a hundred containers take a fraction of a second, and dockerd stays idle enough. */
const AT_ONCE = 8

/**
 * All containers of the engine, every image they run, and the images named by id (12 hex digits
 * or more). What vanishes in between is left out. Fails when the engine does not answer.
 */
export async function gatherFacts(docker: Docker, imageIds: readonly string[]): Promise<Facts> {
  const listed = await docker.list()
  const containers = (await each(listed, async ({ id }) => containerFacts(await docker.inspectContainer(id)))).filter((c) => c !== null)
  const wanted = [...new Set([...imageIds, ...containers.map((c) => c.imageId)])]
  const images = (await each(wanted, async (id) => imageFacts(await docker.inspectImage(id)))).filter((i) => i !== null)
  return { containers, images }
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
