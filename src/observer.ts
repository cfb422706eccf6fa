// Looks at the engine for what became of the announced updates. Takes the Docker client, changes the
// state. A container's image never changes, so each is inspected once; its health stands in the list.
import type { Docker, Listed } from './docker/client.js'
import { placeOf } from './report/place.js'
import { type ContainerFacts, containerFacts } from './report/facts.js'
import type { Seen } from './life/pending.js'
import { observed } from './state/state.js'
import type { Store } from './state/store.js'

export interface Observer {
  /** Looks; resolves when it has. What cannot be learned now, of one container or of all, is learned at the next look. */
  look(): Promise<void>
}

export function createObserver(docker: Docker, store: Store, onChange: () => void): Observer {
  let known = new Map<string, ContainerFacts>()

  /** Null where the container is gone meanwhile, undefined where nothing can be learned of it now. */
  async function factsOf({ id, health }: Pick<Listed, 'id' | 'health'>): Promise<ContainerFacts | null | undefined> {
    const before = known.get(id)
    if (before) return { ...before, health }
    const answer = await docker.inspectContainer(id).catch(() => undefined)
    const facts = containerFacts(answer)
    return facts ? { ...facts, health } : answer === null ? null : undefined
  }

  async function seenNow(): Promise<Required<Seen>> {
    const { tracked } = store.get()
    const services = new Set(tracked.map(({ update }) => JSON.stringify([update.project, update.service])))
    const listed = (await docker.list()).map((one) => ({ ...one, labels: new Map(Object.entries(one.labels)) })).filter((one) => {
      const { project, service } = placeOf(one)
      return services.has(JSON.stringify([project, service]))
    })
    const seen = { containers: [] as ContainerFacts[], unclear: [] as typeof listed }
    for (const one of listed) {
      const facts = await factsOf(one)
      if (facts) seen.containers.push(facts)
      // a service must not look gone because a container could not be inspected
      else if (facts === undefined) seen.unclear.push(one)
    }
    return seen
  }

  async function lookOnce(): Promise<void> {
    const seen = await seenNow().catch(() => null)
    if (seen === null) return
    known = new Map(seen.containers.map((facts) => [facts.id, facts]))
    const before = store.get()
    store.change((state) => observed(state, seen, Date.now()))
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
