// Made-up findings for the tests of the report: a session as the log tells it, the engine as inspect tells it, an update.
import type { Facts } from '../../src/report/facts.js'
import { factsOf } from '../../src/report/facts.js'
import type { Style } from '../../src/report/message.js'
import type { Update } from '../../src/report/update.js'
import type { CheckSession } from '../../src/watchtower/session.js'
import { container, image, madeUpId, type FakeContainer, type FakeImage } from '../fakes/docker-objects.js'

/** A complete session that found nothing, but for what is given. */
export function session(given: Partial<CheckSession> = {}): CheckSession {
  return {
    version: '1.7.1', startedAt: '2026-11-23T20:00:00Z', endedAt: '2026-11-23T20:00:05Z', end: 'done', error: null,
    scanned: 3, available: 1, failed: 0, found: [], failures: [], replaced: [], ...given,
  }
}

/** The id of an image made up from a seed. */
export const idOf = (seed: string): string => `sha256:${madeUpId(seed)}`

/** Its first 12 digits, as Watchtower prints them. */
export const short = (seed: string): string => madeUpId(seed).slice(0, 12)

/** What a session found: image ref, and the seed of its new id. */
export const found = (ref: string, seed: string, containers: string[] = []): CheckSession['found'][number] => ({ image: ref, newImageId: short(seed), containers })

/** The labels Compose 2 writes. */
export function composeLabels(service: string, more: Record<string, string> = {}, project = 'friday'): Record<string, string> {
  const labels = {
    project, service, oneoff: 'False', 'project.working_dir': `/opt/${project}`, 'project.config_files': `/opt/${project}/docker-compose.yml`, ...more,
  }
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [`com.docker.compose.${name}`, value]))
}

/** A running container of a service of the project `friday`, on the image made up from a seed. */
export function service(name: string, ref: string, seed: string, more: Record<string, string> = {}): FakeContainer {
  return container({ name: `friday-${name}`, image: ref, imageId: idOf(seed), labels: composeLabels(name, more) })
}

/** A pulled image, made up from a seed. */
export function pulled(seed: string, env: string[] = [], labels: Record<string, string> = {}, created?: string): FakeImage {
  return image({ ref: null, id: idOf(seed), env, labels, repoDigests: [`made-up@${idOf(`digest of ${seed}`)}`], ...(created !== undefined && { created }) })
}

/** The facts of an engine with these containers and images. */
export function engine(...answers: (FakeContainer | FakeImage)[]): Facts {
  return factsOf(answers) ?? { containers: [], images: [] }
}

/** How messages are written unless one asks for something else. */
export const PLAIN: Style = {
  language: 'en', timeZone: 'UTC', template: null,
  onTemplateError(fault) {
    throw new Error(fault)
  },
}

/** Of the old image of the update below. */
export const PINNED = `postgres@sha256:${'d'.repeat(64)}`

/** The update of the issue's sample message, but for what is given. */
export function update(given: Partial<Update> = {}): Update {
  return {
    image: 'postgres:16', newImageId: 'dbc31cdc91c5', currentImageId: 'a7d651e0d051', service: 'postgres', project: 'friday', directory: '/opt/friday',
    containers: ['friday-postgres'], currentVersion: '16.1', newVersion: '16.2', releaseNotesUrl: null,
    commands: ['docker compose pull postgres', 'docker compose up -d postgres'], rollback: [], pinned: null, ...given,
  }
}
