// Where a container belongs in Compose. Takes container facts, reads the labels that Compose puts on what it makes.
import type { ContainerFacts } from './facts.js'

/** Begins the name of each of them. */
export const COMPOSE = 'com.docker.compose.'

/** Where a container belongs: its compose service, or itself. */
export interface Place {
  service: string
  project: string | null
  directory: string | null
}

/** The compose service of a container; outside compose its own name. */
export function placeOf(container: Pick<ContainerFacts, 'name' | 'labels'>): Place {
  const project = container.labels.get(`${COMPOSE}project`)
  const service = container.labels.get(`${COMPOSE}service`)
  if (!project || !service) return { service: container.name, project: null, directory: null }
  return { service, project, directory: container.labels.get(`${COMPOSE}project.working_dir`) || null }
}

/** Made by `compose run`: it ends by itself, and the next run takes the new image. */
export function isOneOff({ labels }: Pick<ContainerFacts, 'labels'>): boolean {
  return labels.get(`${COMPOSE}oneoff`) === 'True'
}
