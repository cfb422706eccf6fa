// The messages that Telegram shows and the updates in them, so that they can be edited when an
// update stands differently. Plain data and pure transitions; bounded.
import * as z from 'zod'
import { type Block, Placed, type Standing } from '../report/block.js'
import { type Change, isSame, samePlace } from './pending.js'

/** A message that Telegram shows. */
export const Shown = z.object({ id: z.int(), chat: z.union([z.number(), z.string()]), messageId: z.int(), content: Placed })
export type Shown = z.infer<typeof Shown>

export const Ledger = z.object({ nextId: z.int().min(1), shown: z.array(Shown) })
export type Ledger = z.infer<typeof Ledger>

/** Messages that can still be edited; years of updates, about a kilobyte each. */
const MAX_SHOWN = 200

export const emptyLedger: Ledger = { nextId: 1, shown: [] }

/** A part that was accepted. */
export function show(ledger: Ledger, shown: Omit<Shown, 'id'>): Ledger {
  return { nextId: ledger.nextId + 1, shown: [...ledger.shown, { ...shown, id: ledger.nextId }].slice(-MAX_SHOWN) }
}

/** Somebody deleted the message: nothing in it can be ticked any more. */
export function forget(ledger: Ledger, id: number): Ledger {
  return { ...ledger, shown: ledger.shown.filter((one) => one.id !== id) }
}

/** Updates stand differently. edited: the messages that show them; a block that is struck through stays so. */
export function restand(ledger: Ledger, changes: readonly Change[]): { ledger: Ledger; edited: number[] } {
  return restandWhere(ledger, (block) => (isOver(block) ? null : (changes.find(({ update }) => isSame(update, block.update))?.standing ?? null)))
}

/** One message is brought up to date. */
export function refresh(ledger: Ledger, id: number, standingOf: (block: Block) => Standing): { ledger: Ledger; edited: number[] } {
  return restandWhere(ledger, (block, of) => (of === id ? standingOf(block) : null))
}

/** A newer message took blocks over: the older ones of their places are struck through and lead to it. */
export function supersede(ledger: Ledger, newer: readonly Block[], link: string | null, exceptId: number): { ledger: Ledger; edited: number[] } {
  return restandWhere(ledger, (block, id) => {
    const by = id === exceptId || !['pending', 'superseded'].includes(block.standing.type) ? undefined : newer.find(({ update }) => samePlace(update, block.update))
    if (block.standing.type === 'superseded' && block.standing.link !== null) return null
    return by ? { type: 'superseded', by: by.update.newVersion ?? by.update.newImageId, link } : null
  })
}

function isOver({ standing }: Block): boolean {
  return standing.type === 'superseded' || standing.type === 'removed'
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
