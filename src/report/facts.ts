// What `docker inspect` answers tell about containers and images, reduced to what a report needs.
// Takes Engine API JSON (live or from a file), gives Facts. Environments are full of secrets:
// only the few variables named here are kept.
import * as z from 'zod/mini'

/** One container, as the Engine's inspect answer tells it. */
export interface ContainerFacts {
  id: string
  /** without the leading slash */
  name: string
  /** the reference it was created from, as written; Watchtower's original-image label overrides it */
  imageRef: string
  /** `sha256:` + 64 hex of the image it runs */
  imageId: string
  /** Docker's word: running, exited, created, paused, restarting … */
  status: string
  /** ISO time of its creation */
  created: string
  /** what its own health check says; null where it has none */
  health: 'starting' | 'healthy' | 'unhealthy' | null
  labels: ReadonlyMap<string, string>
  /** only the variables that KEPT_ENV names */
  env: ReadonlyMap<string, string>
  /** the program it runs, and its arguments */
  command: { path: string; args: readonly string[] }
}

/** One local image, as the Engine's inspect answer tells it. */
export interface ImageFacts {
  id: string
  /** ISO time of the build as the image states it; null if it states none */
  created: string | null
  labels: ReadonlyMap<string, string>
  env: ReadonlyMap<string, string>
  /** `repo@sha256:…`; empty for an image that never came from a registry */
  repoDigests: readonly string[]
  /** the references that point to it now */
  repoTags: readonly string[]
}

/** All that is known of one engine at one moment. */
export interface Facts {
  containers: readonly ContainerFacts[]
  images: readonly ImageFacts[]
  /** containers of which no more could be learned; absent where there are none */
  unclear?: readonly Pick<ContainerFacts, 'name' | 'labels'>[]
}

const KEPT_ENV = /VERSION$|^NATS_SERVER$|^WATCHTOWER_(LABEL_ENABLE|SCOPE|DISABLE_CONTAINERS|INCLUDE_STOPPED)$/
const HEALTHS = ['starting', 'healthy', 'unhealthy'] as const
const ORIGINAL_IMAGE_LABEL = 'com.centurylinklabs.zodiac.original-image'

const Labels = z.pipe(
  z.nullish(z.record(z.string(), z.coerce.string())),
  z.transform((labels) => new Map(Object.entries(labels ?? {}))),
)
const Env = z.pipe(
  z.nullish(z.array(z.string())),
  z.transform((lines) => {
    const pairs = (lines ?? []).map((line): [string, string] => {
      const cut = line.indexOf('=')
      return cut < 0 ? [line, ''] : [line.slice(0, cut), line.slice(cut + 1)]
    })
    return new Map(pairs.filter(([name]) => KEPT_ENV.test(name)))
  }),
)

const ContainerAnswer = z.pipe(
  z.object({
    Id: z.string(),
    Name: z.string(),
    Image: z.string(),
    Path: z.nullish(z.string()),
    Args: z.nullish(z.array(z.string())),
    Created: z.nullish(z.string()),
    State: z.object({ Status: z.string(), Health: z.nullish(z.object({ Status: z.nullish(z.string()) })) }),
    Config: z.object({ Image: z.string(), Labels, Env }),
  }),
  z.transform(
    (c): ContainerFacts => ({
      id: c.Id,
      name: c.Name.replace(/^\//, ''),
      imageRef: c.Config.Labels.get(ORIGINAL_IMAGE_LABEL) ?? c.Config.Image,
      imageId: c.Image,
      status: c.State.Status,
      created: c.Created ?? '',
      health: HEALTHS.find((one) => one === c.State.Health?.Status) ?? null,
      labels: c.Config.Labels,
      env: c.Config.Env,
      command: { path: c.Path ?? '', args: c.Args ?? [] },
    }),
  ),
)

const ImageAnswer = z.pipe(
  z.object({
    Id: z.string(),
    Created: z.nullish(z.string()),
    RepoDigests: z.nullish(z.array(z.string())),
    RepoTags: z.nullish(z.array(z.string())),
    Config: z.nullish(z.object({ Labels, Env })),
  }),
  z.transform(
    (i): ImageFacts => ({
      id: i.Id,
      created: i.Created || null,
      labels: i.Config?.Labels ?? new Map(),
      env: i.Config?.Env ?? new Map(),
      repoDigests: i.RepoDigests ?? [],
      repoTags: i.RepoTags ?? [],
    }),
  ),
)

/** Reads a container's inspect answer. Null if it is not one. */
export function containerFacts(answer: unknown): ContainerFacts | null {
  return ContainerAnswer.safeParse(answer).data ?? null
}

/** Reads an image's inspect answer. Null if it is not one. */
export function imageFacts(answer: unknown): ImageFacts | null {
  return ImageAnswer.safeParse(answer).data ?? null
}

/**
 * Reads the array that `docker inspect $(docker ps -aq) $(docker images -aq)` prints; what is
 * neither a container nor an image is passed over. Null if it is no array or holds neither.
 */
export function factsOf(answers: unknown): Facts | null {
  if (!Array.isArray(answers)) return null
  const containers = answers.map(containerFacts).filter((c) => c !== null)
  const images = answers.filter((a) => !containerFacts(a)).map(imageFacts).filter((i) => i !== null)
  return containers.length + images.length > 0 ? { containers, images } : null
}

/** Twelve hex digits of an image or container id, as Watchtower prints them (W:pkg/types/container.go:26). */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12).toLowerCase()
}
