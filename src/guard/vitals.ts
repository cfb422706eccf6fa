// How a Watchtower container fares. Takes its inspect answer, gives Vitals.
import * as z from 'zod/mini'

export interface Vitals {
  id: string
  name: string
  /** the same for the container that takes its place: what Compose calls it, a Swarm task's name without its id, else its name */
  place: string
  /** the Swarm service that its task belongs to */
  swarm: string | null
  status: 'running' | 'restarting' | 'stopped'
  /** of the last run, milliseconds since 1970; null where it never ran, or never ended */
  startedAt: number | null
  finishedAt: number | null
  exitCode: number
  /** by its restart policy, not by a person or at the engine's start */
  restarts: number
  /** made by `docker compose run` */
  oneOff: boolean
}

const Answer = z.object({
  Id: z.string(),
  Name: z.string(),
  RestartCount: z.nullish(z.int().check(z.gte(0))),
  State: z.object({ Running: z.boolean(), Restarting: z.nullish(z.boolean()), ExitCode: z.nullish(z.int()), StartedAt: z.nullish(z.string()), FinishedAt: z.nullish(z.string()) }),
  Config: z.object({ Labels: z.nullish(z.record(z.string(), z.string())) }),
})

/** Null if it is no container's answer. */
export function vitalsOf(answer: unknown): Vitals | null {
  const read = Answer.safeParse(answer).data
  if (!read) return null
  const { Id, Name, RestartCount, State, Config } = read
  const name = Name.replace(/^\//, '')
  // moby daemon/cluster/executor/container: SERVICE.SLOT.ID or SERVICE.NODE.ID; the task before it stays, stopped, in the history
  const task = Config.Labels?.['com.docker.swarm.task.name']?.replace(/\.[^.]*$/, '')
  const compose = ['project', 'service', 'container-number'].map((key) => Config.Labels?.[`com.docker.compose.${key}`] ?? null)
  return {
    id: Id,
    name,
    place: compose[0] != null && compose[1] != null ? JSON.stringify(compose) : (task ?? name),
    swarm: Config.Labels?.['com.docker.swarm.service.name'] ?? null,
    status: State.Restarting === true ? 'restarting' : State.Running ? 'running' : 'stopped',
    startedAt: timeOf(State.StartedAt),
    finishedAt: timeOf(State.FinishedAt),
    exitCode: State.ExitCode ?? 0,
    restarts: RestartCount ?? 0,
    oneOff: Config.Labels?.['com.docker.compose.oneoff'] === 'True',
  }
}

/** The engine writes the year 1 for never. */
function timeOf(text: string | null | undefined): number | null {
  const ms = Date.parse(text ?? '')
  return ms > 0 ? ms : null
}
