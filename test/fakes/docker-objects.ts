// Engine-shaped containers and images for the fake engine, and how the engine finds and lists them.
import { createHash } from 'node:crypto'

/** What GET /containers/{id}/json answers, reduced to what is read anywhere; tests may add and change fields at will. */
export interface FakeContainer {
  Id: string
  /** with the leading slash */
  Name: string
  Created: string
  /** `sha256:` + 64 hex */
  Image: string
  Path: string
  Args: string[]
  RestartCount: number
  State: { Status: string; Running: boolean; ExitCode: number; StartedAt: string; FinishedAt: string; [more: string]: unknown }
  Config: { Image: string; Tty: boolean; Labels: Record<string, string>; Env: string[]; Cmd: string[] | null; [more: string]: unknown }
  HostConfig: { NetworkMode: string; AutoRemove: boolean; LogConfig: { Type: string; Config: Record<string, string> }; [more: string]: unknown }
  Mounts: unknown[]
  [more: string]: unknown
}

/** What GET /images/{name}/json answers. */
export interface FakeImage {
  Id: string
  RepoTags: string[]
  RepoDigests: string[]
  Created: string
  Config: { Labels: Record<string, string> | null; Env: string[]; [more: string]: unknown }
  [more: string]: unknown
}

/** Made-up 64 hex digits, the same for the same seed. */
export function madeUpId(seed: string): string {
  return createHash('sha256').update(seed).digest('hex')
}

/** A running container, started long ago whatever the date is, unless `status` says otherwise; `imageId` defaults to one made up from `image`. A Watchtower is monitor-only unless `env` says otherwise. */
export function container(from: {
  name: string; image: string; id?: string; imageId?: string; status?: string; labels?: Record<string, string>
  env?: string[]; args?: string[]; tty?: boolean; logDriver?: string
}): FakeContainer {
  const { name, image: ref, status = 'running', args = [] } = from
  return {
    Id: from.id ?? madeUpId(`container ${name}`), Name: `/${name}`, Created: '2020-11-01T00:00:00.000000000Z',
    Image: from.imageId ?? `sha256:${madeUpId(`image ${ref}`)}`, Path: '/entrypoint', Args: args, RestartCount: 0,
    State: {
      Status: status, Running: status === 'running', ExitCode: 0,
      StartedAt: '2020-11-01T00:00:01.000000000Z', FinishedAt: '0001-01-01T00:00:00Z',
    },
    Config: {
      Image: ref, Tty: from.tty ?? false, Labels: from.labels ?? {}, Env: from.env ?? (from.labels?.['com.centurylinklabs.watchtower'] === 'true' ? ['WATCHTOWER_MONITOR_ONLY=true'] : []), Cmd: args.length > 0 ? args : null,
    },
    HostConfig: { NetworkMode: 'default', AutoRemove: false, LogConfig: { Type: from.logDriver ?? 'json-file', Config: {} } },
    Mounts: [],
  }
}

/** An image; `ref` null is an untagged one (its tag has moved on). The id defaults to one made up from `ref`. */
export function image(from: {
  ref: string | null; id?: string; created?: string; labels?: Record<string, string>; env?: string[]; repoDigests?: string[]
}): FakeImage {
  return {
    Id: from.id ?? `sha256:${madeUpId(`image ${from.ref}`)}`, RepoTags: from.ref === null ? [] : [from.ref],
    RepoDigests: from.repoDigests ?? [], Created: from.created ?? '2026-10-01T00:00:00.000000000Z',
    Config: { Labels: from.labels ?? null, Env: from.env ?? [] },
  }
}

/** By full id, name or id prefix, as the engine resolves them. */
export function findContainer(containers: readonly FakeContainer[], wanted: string): FakeContainer | undefined {
  const name = wanted.replace(/^\//, '')
  const prefixed = /^[0-9a-f]+$/.test(wanted) ? containers.filter((one) => one.Id.startsWith(wanted)) : []
  return containers.find((one) => one.Id === wanted) ?? containers.find((one) => one.Name === `/${name}`)
    ?? (prefixed.length === 1 ? prefixed[0] : undefined)
}

/** By `sha256:` id or its prefix, tag (`:latest` where none is written) or repo digest. */
export function findImage(images: readonly FakeImage[], wanted: string): FakeImage | undefined {
  const short = wanted.replace(/^docker\.io\//, '').replace(/^library\//, '')
  const tagged = /[:@][^/]*$/.test(short) ? short : `${short}:latest`
  const digits = wanted.replace(/^sha256:/, '')
  const prefixed = /^[0-9a-f]{3,64}$/.test(digits) ? images.filter((one) => one.Id.startsWith(`sha256:${digits}`)) : []
  return images.find((one) => one.RepoTags.includes(tagged) || one.RepoDigests.includes(short))
    ?? (prefixed.length === 1 ? prefixed[0] : undefined)
}

/** One row of GET /containers/json. Once the tag has moved, the engine shows the image's id as Image (daemon/list.go). */
export function listed(one: FakeContainer, images: readonly FakeImage[]): Record<string, unknown> {
  const same = findImage(images, one.Config.Image)?.Id === one.Image
  return {
    Id: one.Id, Names: [one.Name], Image: same ? one.Config.Image : one.Image, ImageID: one.Image,
    Command: [one.Path, ...one.Args].join(' '), Created: Math.floor(Date.parse(one.Created) / 1000), Ports: [],
    Labels: one.Config.Labels, State: one.State.Status, Status: one.State.Running ? `Up 3 days${healthWord(one)}` : 'Exited (0) 2 hours ago',
    HostConfig: { NetworkMode: one.HostConfig.NetworkMode }, NetworkSettings: { Networks: {} }, Mounts: one.Mounts,
  }
}

/** As the engine's list words it: moby container/state.go, String. */
function healthWord({ State }: FakeContainer): string {
  const { Status } = (State.Health ?? {}) as { Status?: string }
  return Status === undefined ? '' : ` (${Status === 'starting' ? 'health: starting' : Status})`
}

/** The `filters` parameter as lists, from either of its two JSON forms; null if the engine would answer 400. */
export function parseFilters(value: string | null): Map<string, string[]> | null {
  try {
    const parsed = JSON.parse(value || '{}') as Record<string, string[] | Record<string, boolean>>
    return new Map(Object.entries(parsed).map(([name, values]) => [name, Array.isArray(values) ? values : Object.keys(values)]))
  } catch {
    return null
  }
}

const FILTERS: Record<string, (one: FakeContainer, value: string) => boolean> = {
  label: (one, value) => hasLabel(one.Config.Labels, value),
  name: (one, value) => new RegExp(value).test(one.Name) || new RegExp(value).test(one.Name.slice(1)),
  status: (one, value) => one.State.Status === value,
  id: (one, value) => one.Id.startsWith(value),
}

/** Containers that GET /containers/json lists, or the name of a filter the fake does not know. All labels must match, one of the others. */
export function select(containers: readonly FakeContainer[], filters: ReadonlyMap<string, string[]>, all: boolean): FakeContainer[] | string {
  const unknown = [...filters.keys()].find((name) => !(name in FILTERS))
  if (unknown !== undefined) return unknown
  return containers.filter((one) => (all || filters.has('status') || one.State.Running)
    && [...filters].every(([name, values]) => {
      const matches = (value: string): boolean => FILTERS[name]?.(one, value) ?? false
      return name === 'label' ? values.every(matches) : values.some(matches)
    }))
}

/** `key` or `key=value`, as the engine's label filter takes them. */
export function hasLabel(labels: Record<string, string>, wanted: string): boolean {
  const at = wanted.indexOf('=')
  return at < 0 ? wanted in labels : labels[wanted.slice(0, at)] === wanted.slice(at + 1)
}
