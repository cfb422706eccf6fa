// The fake engine's /events: NDJSON to every connected reader, a replay for `since`, nothing more to come after `until`.
import type { ServerResponse } from 'node:http'
import { hasLabel, parseFilters, type FakeContainer } from './docker-objects.js'

/** An engine event; `time` is in seconds. */
export interface FakeEvent {
  Type: string
  Action: string
  Actor: { ID: string; Attributes: Record<string, string> }
  time: number
  [more: string]: unknown
}

export interface FakeEvents {
  /** the readers that are connected now */
  readonly readers: number
  /** sends an event to the readers whose filters let it pass */
  push(event: FakeEvent): void
  /** the same for a container, made up from its inspect answer */
  pushFor(one: FakeContainer, action: string, attributes?: Record<string, string>): void
  /** sends bytes as they are: half an event, garbage */
  pushRaw(text: string): void
  /** ends the bodies cleanly */
  end(): void
  /** cuts the connections */
  destroy(): void
}

export function createEvents(): FakeEvents & { answer(params: URLSearchParams, response: ServerResponse): void } {
  const sent: FakeEvent[] = []
  const readers = new Map<ServerResponse, ReadonlyMap<string, string[]>>()

  function push(event: FakeEvent): void {
    sent.push(event)
    for (const [response, filters] of readers) if (passes(event, filters)) response.write(`${JSON.stringify(event)}\n`)
  }

  return {
    get readers() { return readers.size },
    push,
    pushFor: (one, action, attributes) => {
      const now = Date.now()
      push({
        status: action, id: one.Id, from: one.Config.Image, Type: 'container', Action: action,
        Actor: { ID: one.Id, Attributes: { ...one.Config.Labels, image: one.Config.Image, name: one.Name.slice(1), ...attributes } },
        scope: 'local', time: Math.floor(now / 1000), timeNano: now * 1_000_000,
      })
    },
    pushRaw: (text) => { for (const response of readers.keys()) response.write(text) },
    end: () => { for (const response of readers.keys()) response.end() },
    destroy: () => { for (const response of readers.keys()) response.destroy() },
    answer: (params, response) => {
      const filters = parseFilters(params.get('filters')) ?? new Map<string, string[]>()
      response.writeHead(200, { 'content-type': 'application/json' })
      response.flushHeaders()
      const since = params.get('since') ?? ''
      for (const event of sent) {
        if (since !== '' && event.time >= Math.floor(Number(since)) && passes(event, filters)) response.write(`${JSON.stringify(event)}\n`)
      }
      if (params.get('until')) return void response.end()
      readers.set(response, filters)
      response.on('close', () => readers.delete(response))
    },
  }
}

function passes(event: FakeEvent, filters: ReadonlyMap<string, string[]>): boolean {
  const { Type, Action, Actor } = event
  const matches: Record<string, (value: string) => boolean> = {
    type: (value) => value === Type,
    event: (value) => Action === value || Action.startsWith(`${value}: `), // health_status: healthy
    container: (value) => Actor.ID.startsWith(value) || Actor.Attributes.name === value,
    label: (value) => hasLabel(Actor.Attributes, value),
  }
  return [...filters].every(([name, values]) => {
    const match = matches[name]
    return !match || (name === 'label' ? values.every(match) : values.some(match))
  })
}
