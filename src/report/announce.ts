// What of a report was not said yet. Takes the report and what was announced so far, gives the news
// and the new state. Each (service, image, new id) is news once; a failure is, until it recovers.
import type { FailedCheck } from './failure.js'
import type { Report } from './report.js'
import type { Update } from './update.js'

/** What was said before. Plain data, so that it can be kept in a file. */
export interface Announced {
  updates: ReadonlySet<string>
  /** the failures of the last session, by the log it stood in */
  failing: ReadonlyMap<string | null, ReadonlySet<string>>
}

/** What one session has to tell a person. */
export interface News {
  host: string | null
  updates: Update[]
  failedChecks: FailedCheck[]
}

/** Updates, and failures of one Watchtower, remembered, oldest forgotten first: years of a large host, a few megabytes at most. */
const MAX_ANNOUNCED = 10_000

export const nothingAnnounced: Announced = { updates: new Set(), failing: new Map() }

/** The news of a report from one log, and the state in which they are no news any more. */
export function newsOf(before: Announced, log: string | null, report: Report, failedChecks: readonly FailedCheck[]): { news: News; announced: Announced } {
  const updates = new Map(report.updates.map((update) => [updateKey(update), update]))
  const failing = new Map(failedChecks.map((failed) => [JSON.stringify([failed.name, failed.reason]), failed]))
  const failedBefore = before.failing.get(log) ?? new Set()
  // a session that broke off has not checked all: what failed before it may still fail
  const brokeOff = report.session.end === 'aborted' || report.session.end === 'eof'
  const stillFailing = brokeOff ? [...failedBefore, ...failing.keys()].slice(-MAX_ANNOUNCED) : failing.keys()
  return {
    news: {
      host: report.host,
      updates: [...updates].filter(([key]) => !before.updates.has(key)).map(([, update]) => update),
      failedChecks: [...failing].filter(([key]) => !failedBefore.has(key)).map(([, failed]) => failed),
    },
    announced: {
      updates: new Set([...before.updates, ...updates.keys()].slice(-MAX_ANNOUNCED)),
      failing: new Map(before.failing).set(log, new Set(stillFailing)),
    },
  }
}

function updateKey({ project, service, image, newImageId }: Update): string {
  return JSON.stringify([project, service, image, newImageId])
}
