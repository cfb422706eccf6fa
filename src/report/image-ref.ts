// What an image reference says, read as Docker reads it and as Watchtower prints it. Takes the text
// that a container was created from, gives its parts. Pure, linear, never throws; text that Docker
// would refuse still gets an answer. The path is the key by which the report's tables know an image.

/** The parts of `[host/]path[:tag][@digest]`; what is not written is null. */
export interface ImageRef {
  /** registry with its port; null for Docker Hub, however it is spelled */
  host: string | null
  /** repository without host and without Docker Hub's `library/`: `postgres`, `team/app` */
  path: string
  /** last component of the path; empty only where the text names no repository at all */
  name: string
  tag: string | null
  /** `sha256:…` */
  digest: string | null
}

const HUB = new Set(['docker.io', 'index.docker.io'])
// What Watchtower calls a pinned image: a container created from an image id.
const IMAGE_ID = /^sha256:[0-9a-f]{64}$/
// public.ecr.aws keeps Docker's official images under docker/library/, every other mirror under library/.
const LIBRARY = /^(?:docker\/)?library\/([^/]+)$/
// Docker Hub's organizations of the official images, one per architecture
// (docker-library/official-images, README, "Architectures other than amd64").
const ARCHITECTURE = /^(?:amd64|arm32v[567]|arm64v8|i386|mips64le|ppc64le|riscv64|s390x)\/([^/]+)$/

/**
 * Reads a reference as Docker does: the first component is a host if it has a dot, a colon or a
 * capital letter, or is `localhost` (distribution/reference, splitDockerDomain); a colon is a tag
 * only in the last component, so `localhost:5999/team/app` has none.
 */
export function imageRef(ref: string): ImageRef {
  if (IMAGE_ID.test(ref)) return { host: null, path: '', name: '', tag: null, digest: ref }
  const at = ref.indexOf('@')
  const digest = at < 0 ? null : ref.slice(at + 1) || null
  const tagged = at < 0 ? ref : ref.slice(0, at)
  const colon = tagged.indexOf(':', tagged.lastIndexOf('/') + 1)
  const tag = colon < 0 ? null : tagged.slice(colon + 1) || null
  const whole = colon < 0 ? tagged : tagged.slice(0, colon)
  const slash = whole.indexOf('/')
  const first = whole.slice(0, Math.max(slash, 0))
  const named = first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase()
  const path = (named ? whole.slice(slash + 1) : whole).replace(LIBRARY, '$1')
  const host = named && !HUB.has(first) ? first : null
  return { host, path, name: path.slice(path.lastIndexOf('/') + 1), tag, digest }
}

/** Whether two references name the same repository, however they are spelled. */
export function sameRepository(a: string, b: string): boolean {
  const [one, other] = [imageRef(a), imageRef(b)]
  return one.host === other.host && one.path === other.path
}

/** Whether two references name the same tag, however they are spelled. */
export function sameTag(a: string, b: string): boolean {
  return sameRepository(a, b) && (imageRef(a).tag ?? 'latest') === (imageRef(b).tag ?? 'latest')
}

/**
 * The path under which Docker Hub has the repository (`postgres`, `grafana/grafana`), also when it
 * was pulled through a public mirror or as one architecture's official image (`arm64v8/postgres`).
 * Null for other registries: what they call `postgres` may be anything.
 */
export function hubPath(ref: string): string | null {
  const { host, path } = imageRef(ref)
  const mirrored = host === 'mirror.gcr.io' || (host === 'public.ecr.aws' && !path.includes('/'))
  return host === null || mirrored ? path.replace(ARCHITECTURE, '$1') : null
}

/**
 * Every spelling under which Watchtower prints the image of a container created from `ref`, the
 * verbatim one first. Stock appends `:latest` if there is no colon anywhere (W:pkg/container/
 * container.go:104-116), the fork since 1.21 if there is none in the last component
 * (F:pkg/container/container.go, ensureImageTag). They differ where the host has a port, and stock's
 * spelling is then the verbatim one, so the fork's condition covers both.
 */
export function watchtowerNames(ref: string): string[] {
  return ref.includes(':', ref.lastIndexOf('/') + 1) ? [ref] : [ref, `${ref}:latest`]
}
