// What of a report was not said yet. Takes the report and what was announced so far, gives the news
// and the new state. Each (service, image, new id) is news once; a failure is, until it recovers.
import * as z from 'zod/mini'
import { FailedCheck } from './failure.js'
import type { Report } from './report.js'
import { Update } from './update.js'

/** What was said before. Plain data, for the state file. */
export const Announced = z.object({
  updates: z.array(z.string()),
  /** the failures of the last session, by the log it stood in */
  failing: z.array(z.object({ log: z.nullable(z.string()), checks: z.array(z.string()) })),
})
export type Announced = z.infer<typeof Announced>

/** What one session has to tell a person. */
export const News = z.object({ host: z.nullable(z.string()), updates: z.array(Update), failedChecks: z.array(FailedCheck) })
export type News = z.infer<typeof News>

/** Updates, and failures of one Watchtower, remembered, oldest forgotten first: years of a large host, a few megabytes at most. */
const MAX_ANNOUNCED = 10_000
/** Logs whose failures are remembered: every one-off check is a log of its own. */
const MAX_LOGS = 100

export const nothingAnnounced: Announced = { updates: [], failing: [] }

/** What a session adds to what was said. */
export interface Found {
  news: News
  /** failures that were told before and are no news, for when there is something to tell */
  stillFailing: FailedCheck[]
  /** the state in which all of them are no news any more */
  announced: Announced
}

/** The news of a report from one log. present: the services and containers that exist; null where that is not known. */
export function newsOf(before: Announced, log: string | null, report: Report, failedChecks: readonly FailedCheck[], present: ReadonlySet<string> | null = null): Found {
  const updates = new Map(report.updates.map((update) => [updateKey(update), update]))
  const failing = new Map(failedChecks.map((failed) => [failureKey(failed), failed]))
  // a check finds few, and what was announced may be thousands: no set is made of that for each check
  const unsaid = [...updates.keys()].filter((key) => !before.updates.includes(key))
  // its image may have been told when more was known of it
  const isKnown = (key: string, update: Update): boolean => !unsaid.includes(key) || (isVague(update) && before.updates.some((one) => one.endsWith(imageIn(update))))
  const failedBefore = new Map(before.failing.find((one) => one.log === log)?.checks.map((key) => [key, failureOfKey(key)]))
  // a session that broke off has not checked all: what failed before it may still fail
  const brokeOff = report.session.end === 'aborted' || report.session.end === 'eof'
  const stillFailing = new Set([...(brokeOff ? failedBefore.keys() : []), ...failing.keys()])
  const names = new Set(failedChecks.map(({ name }) => name))
  const recovered = brokeOff ? [] : [...failedBefore.values()].filter(({ name }) => !names.has(name) && present?.has(name) !== false)
  return {
    news: {
      host: report.host,
      updates: [...updates].filter(([key, update]) => !isKnown(key, update)).map(([, update]) => update),
      failedChecks: [...[...failing].filter(([key]) => !failedBefore.has(key)).map(([, failed]) => failed), ...recovered.map((failed): FailedCheck => ({ ...failed, standing: 'recovered' }))],
    },
    stillFailing: [...failing].filter(([key]) => failedBefore.has(key)).map(([, failed]) => ({ ...failed, standing: 'still' })),
    announced: {
      updates: unsaid.length === 0 ? before.updates : [...before.updates, ...unsaid].slice(-MAX_ANNOUNCED),
      failing: [...before.failing.filter((one) => one.log !== log), { log, checks: [...stillFailing].slice(-MAX_ANNOUNCED) }].slice(-MAX_LOGS),
    },
  }
}

/** Whether something in this log failed when it was last checked. */
export function wasFailing({ failing }: Announced, log: string | null): boolean {
  return failing.some((one) => one.log === log && one.checks.length > 0)
}

function failureKey({ name, reason }: FailedCheck): string {
  return JSON.stringify([name, reason])
}

function failureOfKey(key: string): FailedCheck {
  const [name, reason] = JSON.parse(key) as [string, FailedCheck['reason']]
  return { name, reason, detail: '' }
}

/** The same for the same update of the same service. */
export function updateKey({ project, service, image, newImageId }: Update): string {
  return JSON.stringify([project, service, image, newImageId])
}

/** The end of each key of an update to this image, of whatever service. */
function imageIn({ image, newImageId }: Update): string {
  return `,${JSON.stringify([image, newImageId]).slice(1)}`
}

/** Whether both are updates of one service's image, to whatever version. */
export function samePlace(a: Update, b: Update): boolean {
  return a.project === b.project && a.service === b.service && a.image === b.image
}

/** Whether they are the same update of the same service. */
export function isSame(a: Update, b: Update): boolean {
  return samePlace(a, b) && a.newImageId === b.newImageId
}

/** Only its image is known, not which service runs an older one: what becomes of it cannot be seen. */
export function isVague({ service, currentImageId }: Update): boolean {
  return service === '' || currentImageId === null
}

/** Whether the later update tells what the earlier one told by its image alone, or takes its place. */
export function tellsFor(later: Update, earlier: Update): boolean {
  return samePlace(later, earlier) || (isVague(earlier) && !isVague(later) && later.image === earlier.image && later.newImageId === earlier.newImageId)
}

/**
 * Two lots of news that were not told yet, as one: a newer image of a service replaces the older.
 * replaced: the updates that will not be told any more.
 */
export function joinNews(earlier: News, later: News): { news: News; replaced: Update[] } {
  const isReplaced = (update: Update): boolean => later.updates.some((one) => tellsFor(one, update))
  return {
    news: {
      host: later.host,
      updates: [...earlier.updates.filter((update) => !isReplaced(update)), ...later.updates],
      failedChecks: joinChecks(earlier.failedChecks, later.failedChecks),
    },
    replaced: earlier.updates.filter(isReplaced),
  }
}

/** The later word on a failure counts; but what was never told to fail need not be told to be over, and stays new while it lasts. */
function joinChecks(earlier: readonly FailedCheck[], later: readonly FailedCheck[]): FailedCheck[] {
  const untold = new Set(earlier.filter(({ standing }) => standing === undefined).map(({ name }) => name))
  const kept = later.filter(({ name, standing }) => standing === undefined || !untold.has(name))
  const over = new Set(later.filter(({ standing }) => standing !== 'still').map(({ name }) => name))
  const replaced = new Set(kept.map(({ name }) => name))
  return [...earlier.filter(({ name }) => !over.has(name) && !replaced.has(name)), ...kept]
}

/** The state in which these updates were not announced after all. */
export function withoutAnnounced(announced: Announced, updates: readonly Update[]): Announced {
  if (updates.length === 0) return announced
  const taken = new Set(updates.map(updateKey))
  return { ...announced, updates: announced.updates.filter((key) => !taken.has(key)) }
}
