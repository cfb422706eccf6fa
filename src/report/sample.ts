// A made-up check with every kind of update, on which a template of the user's is tried before it is
// used, and one that the test message tells of.
import type { Block, Standing } from './block.js'
import { type Content, type Format, partsOf, reminderOf } from './message.js'
import { parseTemplate, render, type Template, TemplateError } from './template.js'
import { LANGUAGES } from './texts.js'
import type { Update } from './update.js'
import { viewOf } from './view.js'

const POSTGRES: Update = {
  image: 'postgres:16', newImageId: 'dbc31cdc91c5', currentImageId: 'a7d651e0d051', service: 'postgres', project: 'friday', directory: '/opt/friday', containers: ['friday-postgres'],
  currentVersion: '16.1', newVersion: '16.2', releaseNotesUrl: 'https://www.postgresql.org/docs/release/16.2/', commands: ['docker compose pull postgres', 'docker compose up -d postgres'],
  rollback: ['docker tag a7d651e0d051 postgres:16', 'docker compose up -d postgres'], pinned: `postgres@sha256:${'0'.repeat(64)}`,
}
const NGINX: Update = { ...POSTGRES, image: 'nginx', service: 'web', project: 'shop', currentVersion: '1.26.2', newVersion: '2.0.0 <rc> & "more"' }
/** Of which only the log is known. */
const UNKNOWN: Update = {
  image: 'qdrant/qdrant:latest', newImageId: 'dbc31cdc91c5', currentImageId: null, service: '', project: null, directory: null, containers: [],
  currentVersion: null, newVersion: null, releaseNotesUrl: null, commands: [], rollback: [], pinned: null,
}
const NOW = 1_800_000_000_000
const HOUR = 3_600_000
const STANDINGS: readonly Standing[] = [
  { type: 'pending' },
  ...(['none', 'starting', 'healthy', 'unhealthy'] as const).map((health): Standing => ({ type: 'applied', at: NOW - HOUR, health, unhealthySince: health === 'unhealthy' ? NOW : null })),
  { type: 'rolled-back', at: NOW - 48 * HOUR },
  { type: 'superseded', by: '16.3', link: 'https://t.me/c/1234567890/42/99' },
  { type: 'superseded', by: '16.3', link: null },
  { type: 'removed' },
]
const block = (update: Update, standing: Standing = { type: 'pending' }, since: number | null = null): Block => ({ update, standing, since, before: since === null ? null : '1.26.3' })
const ONE: Content = { host: null, blocks: [block(POSTGRES)], failedChecks: [], stillPending: [] }

/** The checks that a template is tried on: the plain one first. */
const SAMPLES: readonly Content[] = [
  ONE,
  { ...ONE, host: 'nas', blocks: [block(POSTGRES), block(NGINX, { type: 'pending' }, NOW - 96 * HOUR), block(UNKNOWN)] },
  ...STANDINGS.flatMap((standing) => [POSTGRES, NGINX, UNKNOWN].map((update): Content => ({ ...ONE, blocks: [block(update, standing)] }))),
  {
    host: 'nas', blocks: STANDINGS.map((standing, i) => block({ ...POSTGRES, service: `service-${i}` }, standing)),
    failedChecks: [{ name: 'private', reason: 'denied', detail: '' }, { name: 'odd', reason: 'other', detail: 'odd <b>' }], stillPending: [{ update: NGINX, since: NOW - 96 * HOUR }, { update: UNKNOWN, since: NOW }],
  },
]

/** A made-up check that found one update. */
export function sampleContent(host: string | null): Content {
  return { ...ONE, host }
}

/** Reads a template and tries it. Throws a TemplateError, with line and column where it has one. */
export function templateFrom(text: string): Template {
  // as an editor on Windows may write it
  const template = parseTemplate(text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n'))
  const placed = { ...ONE, index: 0, count: 1, total: 1, severalProjects: false, reminder: false }
  render(template, viewOf(placed, { language: 'en', timeZone: 'UTC', now: NOW }, { field: 256, line: 1_000, details: true }))
  if (!template.lists.has('updates')) throw new TemplateError('it does not list the updates: write {{#updates}} … {{/updates}}')
  for (const language of LANGUAGES) {
    const format: Format = {
      language, timeZone: 'UTC', now: NOW, template,
      onTemplateError(fault) {
        throw new TemplateError(fault)
      },
    }
    for (const sample of SAMPLES) partsOf(sample, format)
    reminderOf({ host: null, stillPending: [{ update: POSTGRES, since: NOW }] }, format)
  }
  return template
}
