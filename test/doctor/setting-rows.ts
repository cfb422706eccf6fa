// The rows of a Watchtower's settings, from what its container was given.
import type { Check } from '../../src/doctor/check.js'
import { editionOf } from '../../src/doctor/edition.js'
import { settingsChecks } from '../../src/doctor/settings.js'
import type { Zone } from '../../src/guard/schedule.js'
import { settingsOf } from '../../src/guard/settings.js'
import { containerFacts } from '../../src/report/facts.js'
import { container } from '../fakes/docker-api.js'

export const NOW = Date.parse('2026-11-26T12:00:00Z')

/** What is looked for in a row. */
export type Row = { [Part in keyof Check]?: Check[Part] | RegExp | RegExp[] }

export interface Given {
  env?: string[]
  args?: string[]
  version?: string | null
  engine?: [string, string]
  startedAt?: number | null
  log?: Record<string, string>
  driver?: string
  image?: string
  labels?: Record<string, string>
  zone?: Zone | null
  others?: string[]
  /** labels of Watchtower's own scope, by container */
  scopes?: Record<string, string>
}

export function rows({ env = [], args = [], version = '1.7.1', engine = ['1.12', '1.41'], startedAt = null, log = {}, driver = 'json-file', image = 'containrrr/watchtower', labels = {}, zone = null, others = [], scopes = {} }: Given): Record<string, Check> {
  const scopeOf = (name: string): Record<string, string> => (scopes[name] === undefined ? {} : { 'com.centurylinklabs.watchtower.scope': scopes[name] })
  const watchtower = container({ name: 'watchtower', image, env, args, labels: scopeOf('watchtower') })
  watchtower.Path = '/watchtower'
  watchtower.HostConfig.LogConfig = { Type: driver, Config: log }
  const self = containerFacts(watchtower)!
  const db = containerFacts(container({ name: 'db', image: 'postgres:16', labels: { 'com.centurylinklabs.watchtower.monitor-only': 'false' } }))
  const containers = [db!, self, ...others.map((name) => containerFacts(container({ name, image, labels: scopeOf(name) }))!)]
  const checks = settingsChecks(settingsOf(watchtower)!, { edition: editionOf(image, new Map(Object.entries(labels)), version), zone, log: { type: 'read', version, zone, lastError: null }, engine: { MinAPIVersion: engine[0], ApiVersion: engine[1] }, watchtower: self, containers, others, startedAt, now: NOW, timeZone: 'Europe/Paris' })
  return Object.fromEntries(checks.map((check) => [check.name, check]))
}

