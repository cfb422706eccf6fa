// The messages that Telegram shows and the updates in them, so that they can be edited when an
// update stands differently. Plain data and pure transitions; bounded.
import * as z from 'zod'
import { Block, type Standing } from '../report/block.js'
import { FailedCheck } from '../report/failure.js'
import { Update } from '../report/update.js'
import { type Change, samePlace } from './pending.js'

const time = z.int().min(0)

/** What one part said, enough to say it again. */
export const PartContent = z.object({
  host: z.string().nullable(),
  blocks: z.array(Block),
  failedChecks: z.array(FailedCheck),
  stillPending: z.array(z.object({ update: Update, since: time })),
  /** its number among the parts of one report, from 0, and how many they are */
  index: z.int().min(0),
  count: z.int().min(1),
  /** updates in all parts together */
  total: z.int().min(0),
})
export type PartContent = z.infer<typeof PartContent>

/** A message that Telegram shows. */
export const Shown = z.object({ id: z.int(), chat: z.union([z.number(), z.string()]), messageId: z.int(), content: PartContent })
export type Shown = z.infer<typeof Shown>

export const Ledger = z.object({ nextId: z.int().min(1), shown: z.array(Shown) })
export type Ledger = z.infer<typeof Ledger>

/** Messages that can still be edited; years of updates, about a kilobyte each. */
const MAX_SHOWN = 200

export const emptyLedger: Ledger = { nextId: 1, shown: [] }

/** A part that was accepted; a block of it that stands differently by now shows when it is edited. */
export function show(ledger: Ledger, shown: Omit<Shown, 'id'>): Ledger {
  if (shown.content.blocks.length === 0) return ledger
  return { nextId: ledger.nextId + 1, shown: [...ledger.shown, { ...shown, id: ledger.nextId }].slice(-MAX_SHOWN) }
}

/** Somebody deleted the message: nothing in it can be ticked any more. */
export function forget(ledger: Ledger, id: number): Ledger {
  return { ...ledger, shown: ledger.shown.filter((one) => one.id !== id) }
}

/** Updates stand differently. edited: the messages that show them. */
export function restand(ledger: Ledger, changes: readonly Change[]): { ledger: Ledger; edited: number[] } {
  return restandWhere(ledger, (block) => changes.find(({ update }) => isSame(update, block.update))?.standing ?? null)
}

/** A newer message took blocks over: the older ones of their places are struck through and lead to it. */
export function supersede(ledger: Ledger, newer: readonly Block[], link: string | null, exceptId: number): { ledger: Ledger; edited: number[] } {
  return restandWhere(ledger, (block, id) => {
    const by = id === exceptId || block.standing.type !== 'pending' ? undefined : newer.find(({ update }) => samePlace(update, block.update) && !isSame(update, block.update))
    return by ? { type: 'superseded', by: by.update.newVersion ?? by.update.newImageId, link } : null
  })
}

/** The message that shows an update's block; null if none does any more. */
export function shownIn(ledger: Ledger, update: Update): Shown | null {
  return ledger.shown.findLast(({ content }) => content.blocks.some((block) => isSame(block.update, update))) ?? null
}

/** The same update of the same service. */
export function isSame(a: Update, b: Update): boolean {
  return samePlace(a, b) && a.newImageId === b.newImageId
}

function restandWhere(ledger: Ledger, standingFor: (block: Block, id: number) => Standing | null): { ledger: Ledger; edited: number[] } {
  const edited: number[] = []
  const shown = ledger.shown.map((one) => {
    const blocks = one.content.blocks.map((block) => {
      const standing = standingFor(block, one.id)
      return standing && JSON.stringify(standing) !== JSON.stringify(block.standing) ? { ...block, standing } : block
    })
    if (blocks.every((block, n) => block === one.content.blocks[n])) return one
    edited.push(one.id)
    return { ...one, content: { ...one.content, blocks } }
  })
  return { ledger: edited.length === 0 ? ledger : { ...ledger, shown }, edited }
}
