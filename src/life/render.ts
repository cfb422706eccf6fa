// Makes the messages of an outbox entry from what is so now. Takes the entry, the tracked updates and
// the shown messages, gives messages, each with what it says where it can be edited later on.
import type { Entry, Rendered } from '../delivery/outbox.js'
import { isSame } from '../report/announce.js'
import type { Block, StillPending } from '../report/block.js'
import { type Format, partAgain, partsOf, reminderOf } from '../report/message.js'
import { markLate } from '../report/notice.js'
import type { Update } from '../report/update.js'
import type { Ledger } from './ledger.js'
import type { Tracked } from './pending.js'

/** A message that waited longer says when it was found. */
const LATE_MS = 3_600_000

/** The messages of an entry; none if it has nothing left to say. */
export function renderEntry({ content, queuedAt }: Entry, tracked: readonly Tracked[], ledger: Ledger, format: Format): Rendered[] {
  // what was applied while it waited is not pending any more
  const open = (mentioned: readonly StillPending[]): StillPending[] =>
    mentioned.filter(({ update }) => tracked.some((one) => one.standing.type === 'pending' && isSame(one.update, update)))
  switch (content.type) {
    case 'notice':
      return [{ message: content.message, placed: null }]
    case 'reminder':
      return reminderOf({ host: content.host, stillPending: open(content.stillPending), failedChecks: content.stillFailing }, format).map((message) => ({ message, placed: null }))
    case 'edit': {
      const shown = ledger.shown.find(({ id }) => id === content.shown)
      // a time without a day, and an age, are read as of the day that the message was sent
      return shown ? [{ message: partAgain(shown.content, { ...format, now: shown.sentAt }), placed: null }] : []
    }
    default: {
      const { news, stillPending } = content satisfies { type: 'news' }
      const { host, updates, failedChecks } = news
      const blocks = updates.map((update) => blockOf(update, tracked))
      const late = format.now - queuedAt >= LATE_MS
      return partsOf({ host, blocks, failedChecks, stillPending: open(stillPending) }, format).map(({ message, ...placed }, index) => ({
        message: late && index === 0 ? markLate(message, queuedAt, format) : message,
        placed,
      }))
    }
  }
}

/** An update as it is told first: pending, as it is known now, and since when an older image of its service is. */
export function blockOf(update: Update, tracked: readonly Tracked[]): Block {
  const known = tracked.find((one) => isSame(one.update, update))
  return { update: known?.update ?? update, standing: { type: 'pending' }, since: known?.since ?? null, before: known?.before ?? null }
}
