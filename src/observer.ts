// Looks at the engine for what became of the announced updates. Takes the Docker client, changes the
// state. A container's image never changes, so each is inspected once; its health stands in the list.
import type { Docker, Listed } from './docker/client.js'
import { placeOf } from './report/commands.js'
import { type ContainerFacts, containerFacts } from './report/facts.js'
import { observed } from './state/state.js'
import type { Store } from './state/store.js'

export interface Observer {
  /** Looks; resolves when it has. What cannot be learned now, of one container or of all, is learned at the next look. */
  look(): Promise<void>
}

export function createObserver(docker: Docker, store: Store, onChange: () => void): Observer {
  let known = new Map<string, ContainerFacts>()

  async function factsOf({ id, health }: Listed): Promise<ContainerFacts | null> {
    const facts = known.get(id) ?? containerFacts(await docker.inspectContainer(id))
    return facts && { ...facts, health }
  }

  async function containersNow(): Promise<ContainerFacts[]> {
    const { tracked } = store.get()
    const services = new Set(tracked.map(({ update }) => JSON.stringify([update.project, update.service])))
    const listed = (await docker.list()).filter(({ name, labels }) => {
      const { project, service } = placeOf({ name, labels: new Map(Object.entries(labels)) })
      return services.has(JSON.stringify([project, service]))
    })
    const containers: ContainerFacts[] = []
    for (const one of listed) {
      const facts = await factsOf(one)
      if (facts) containers.push(facts)
    }
    return containers
  }

  async function lookOnce(): Promise<void> {
    // a service must not look gone because a container could not be inspected
    const containers = await containersNow().catch(() => null)
    if (containers === null) return
    known = new Map(containers.map((facts) => [facts.id, facts]))
    const before = store.get()
    store.change((state) => observed(state, { containers, images: [] }, Date.now()))
    if (store.get() !== before) onChange()
  }

  /** One look at a time; who asks meanwhile gets one more after it. */
  let looking: Promise<void> | null = null
  let again = false
  async function lookUntilDone(): Promise<void> {
    while (again) {
      again = false
      await lookOnce()
    }
  }

  return {
    async look() {
      if (store.get().tracked.length === 0) return
      again = true
      looking ??= lookUntilDone().finally(() => (looking = null))
      await looking
    },
  }
}
