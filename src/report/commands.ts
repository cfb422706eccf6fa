// The commands that apply an update when pasted in the project's directory, and those that take it
// back. Takes container facts, gives shell lines; every foreign value in them is quoted.
import { type ContainerFacts, shortId } from './facts.js'
import { imageRef } from './image-ref.js'
import { COMPOSE, isOneOff, placeOf } from './place.js'
import { TEXTS } from './texts.js'

const DEFAULT_FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml']
/** Where Portainer keeps its stacks, inside its own container: no shell on the host sees it. */
const PORTAINER_DIRECTORY = /^\/data\/compose\/\d+/

/** A message in another language translates them. */
const { hints: HINTS } = TEXTS.en

/** The commands where nothing is known but the image: the service is taken to be named like it. */
export function plainCommands(service: string): string[] {
  return [`docker compose pull ${operand(service)}`, `docker compose up -d ${operand(service)}`]
}

/**
 * The commands for one service. containers: those of the service that run the old image. all: every
 * container of the engine. pending: the services of its project that have an update; `up -d` would
 * recreate the ones it depends on as well, because Watchtower has already moved their tags.
 */
export function commandsFor(image: string, containers: readonly [ContainerFacts, ...ContainerFacts[]], all: readonly ContainerFacts[], pending: ReadonlySet<string>): string[] {
  const [first] = containers
  const { service, project, directory } = placeOf(first)
  if (project === null) return [`docker pull ${operand(image)}`, HINTS.byHand(listed(containers))]
  if (isPortainers(directory)) {
    return [HINTS.portainer(inline(project))]
  }
  const compose = ['docker compose', ...composeFlags(first, project, directory)].join(' ')
  if (containers.every(isOneOff)) return [`${compose} pull ${operand(service)}`, HINTS.oneOff(listed(containers))]
  const replicas = all.filter((c) => isOf(c, project, service) && !isOneOff(c)).length
  const up = [
    'up -d',
    ...(dependencies(service, project, all).some((s) => pending.has(s)) ? ['--no-deps'] : []),
    // without it `up` returns to the number in the file, which may be one
    ...(replicas > 1 ? [`--scale ${quote(service)}=${replicas}`] : []),
  ].join(' ')
  return [`${compose} pull ${operand(service)}`, `${compose} ${up} ${operand(service)}`]
}

/**
 * The way back from an applied update: the tag on the old image again, for the update has moved it, then the last of
 * the update's own commands. oldImageId: of an image that is still here. None for a digest: it never moves.
 */
export function rollbackFor(image: string, oldImageId: string, containers: readonly [ContainerFacts, ...ContainerFacts[]], commands: readonly string[]): string[] {
  if (imageRef(image).digest !== null) return []
  const { project, directory } = placeOf(containers[0])
  const recreate = isPortainers(directory) ? [HINTS.portainerBack(inline(project as string))] : commands.slice(-1)
  return [`docker tag ${shortId(oldImageId)} ${operand(image)}`, ...recreate]
}

/** The same way back where the old image was removed: it is pulled by its digest. recreate: what comes after. */
export function pulledRollbackFor(image: string, pinned: string, recreate: readonly string[]): string[] {
  return [`docker pull ${operand(pinned)}`, `docker tag ${operand(pinned)} ${operand(image)}`, ...recreate]
}

function isPortainers(directory: string | null): boolean {
  return directory !== null && PORTAINER_DIRECTORY.test(directory)
}

function composeFlags(container: ContainerFacts, project: string, directory: string | null): string[] {
  const files = fromDirectory(splitPaths(container.labels.get(`${COMPOSE}project.config_files`)), directory).map((file) => relative(file, directory))
  const envFiles = splitPaths(container.labels.get(`${COMPOSE}project.environment_file`)).map((file) => relative(file, directory))
  const impliesFiles = files.length === 0 || (DEFAULT_FILES.includes(files[0] as string) && (files.length === 1 || (files.length === 2 && files[1] === override(files[0] as string))))
  return [
    ...(directory !== null && impliedProject(directory) === project ? [] : [`-p ${quote(project)}`]),
    // Compose takes the first file's directory for the project's
    ...(!impliesFiles && directory !== null && files[0]?.includes('/') ? ['--project-directory .'] : []),
    ...envFiles.filter((file) => file !== '.env').map((file) => `--env-file ${quote(file)}`),
    ...(impliesFiles ? [] : files.map((file) => `-f ${quote(file)}`)),
  ]
}

/** All services that a service depends on, directly or not, from the label that Compose 2 writes: `db:service_started:false,…`. */
function dependencies(service: string, project: string, all: readonly ContainerFacts[]): string[] {
  const found = new Set<string>()
  const waiting = [service]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const label = all.find((c) => isOf(c, project, next as string))?.labels.get(`${COMPOSE}depends_on`) ?? ''
    for (const entry of label.split(',')) {
      const name = entry.split(':', 1)[0] as string
      if (name === '' || name === service || found.has(name)) continue
      found.add(name)
      waiting.push(name)
    }
  }
  return [...found]
}

function isOf(container: ContainerFacts, project: string, service: string): boolean {
  return container.labels.get(`${COMPOSE}project`) === project && container.labels.get(`${COMPOSE}service`) === service
}

function splitPaths(label: string | undefined): string[] {
  return (label ?? '').split(',').filter(Boolean)
}

/**
 * Compose 1 writes names relative to where it was called, which need not be the project's directory: that is the
 * first file's (compose/cli/command.py, config_files_label), unless --project-directory names another one.
 */
function fromDirectory(files: readonly string[], directory: string | null): readonly string[] {
  const folder = (files[0] ?? '').split('/').slice(0, -1).filter((part) => part !== '.')
  if (directory === null || folder.length === 0 || folder[0] === '') return files
  const inside = ['', ...folder.filter((part) => part !== '..'), ''].join('/').replaceAll('//', '/')
  if (!`/${directory}/`.replaceAll('//', '/').endsWith(inside)) return files
  return files.map((file) => {
    const parts = file.split('/')
    let same = 0
    while (same < folder.length && parts[same] === folder[same]) same += 1
    const up = folder.slice(same)
    // out of a folder above, the name of the way back is not known
    return parts[0] === '' || up.includes('..') ? file : [...up.map(() => '..'), ...parts.slice(same)].join('/')
  })
}

/** A path as seen from the project's directory; Compose 1 labels hold relative names, Compose 2 absolute ones. */
function relative(file: string, directory: string | null): string {
  if (directory === null) return file
  const inside = directory.endsWith('/') ? directory : `${directory}/`
  return file.startsWith(inside) ? file.slice(inside.length) : file.replace(/^\.\//, '')
}

function override(file: string): string {
  return file.replace(/\.(ya?ml)$/, '.override.$1')
}

/** Compose's default project name: the directory's, lower case, without what a name may not hold. */
function impliedProject(directory: string): string {
  const name = directory.split('/').filter(Boolean).at(-1) ?? ''
  return name.toLowerCase().replace(/[^a-z0-9_-]/g, '').replace(/^[_-]+/, '')
}

function listed(containers: readonly ContainerFacts[]): string {
  return containers.map((c) => inline(c.name)).join(', ')
}

/** No line break may end a comment early. */
function inline(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
}

/** A value that no command takes for an option. */
function operand(text: string): string {
  return text.startsWith('-') ? `-- ${quote(text)}` : quote(text)
}

/** A value as one shell word. */
function quote(text: string): string {
  const word = inline(text)
  if (/^[\w./:@%+=,][\w./:@%+=,-]*$/.test(word)) return word
  return `'${word.replaceAll("'", `'\\''`)}'`
}
