// The messages that Telegram shows and the updates in them, so that they can be edited when an
// update stands differently. Plain data and pure transitions; bounded.
import * as z from 'zod/mini'
import { isSame, isVague, tellsFor, updateKey } from '../report/announce.js'
import { type Block, Placed } from '../report/block.js'
import { severalProjects } from '../report/message.js'
import type { Update } from '../report/update.js'
import { type Change, versionOrId } from './pending.js'

/** A message that Telegram shows. link: for who reads an older one; null where the chat has no such links. */
export const Shown = z.object({
  id: z.int(), chat: z.union([z.number(), z.string()]), messageId: z.int(), link: z._default(z.nullable(z.string()), null), content: Placed,
  /** milliseconds since 1970, the time that Telegram shows beside it however often it is edited */
  sentAt: z._default(z.int().check(z.gte(0)), 0),
})
export type Shown = z.infer<typeof Shown>

export const Ledger = z.object({ nextId: z.int().check(z.gte(1)), shown: z.array(Shown) })
export type Ledger = z.infer<typeof Ledger>

/** What a transition changed: the messages that say something else now. */
export interface Edited {
  ledger: Ledger
  edited: number[]
}

/** Messages that can still be edited; years of updates, about a kilobyte each. */
const MAX_SHOWN = 200

export const emptyLedger: Ledger = { nextId: 1, shown: [] }

/** A part that was accepted. */
export function show(ledger: Ledger, shown: Omit<Shown, 'id'>): Ledger {
  const all = [...ledger.shown, { ...shown, id: ledger.nextId }]
  // the oldest makes room, of those that wait for nothing if there are any
  const settled = all.findIndex(({ content }) => content.blocks.every(({ standing }) => standing.type !== 'pending'))
  return { nextId: ledger.nextId + 1, shown: all.length > MAX_SHOWN ? all.toSpliced(Math.max(0, settled), 1) : all }
}

/** Somebody deleted the message: nothing in it can be ticked any more. */
export function forget(ledger: Ledger, id: number): Ledger {
  return { ...ledger, shown: ledger.shown.filter((one) => one.id !== id) }
}

/** Updates stand differently. edited: the messages that show them; a block that is struck through stays so. */
export function restand(ledger: Ledger, changes: readonly Change[]): Edited {
  return rewrite(ledger, (block) => {
    const standing = isOver(block) ? undefined : changes.find(({ update }) => isSame(update, block.update))?.standing
    return standing ? { ...block, standing } : block
  })
}

/** What is pending is shown as it is known now. */
export function reword(ledger: Ledger, updates: readonly Update[]): Edited {
  return rewrite(ledger, (block) => (block.standing.type === 'pending' ? { ...block, update: updates.find((update) => isSame(update, block.update)) ?? block.update } : block))
}

/** What waits no more is not mentioned as still pending. */
export function mentionOnly(ledger: Ledger, pending: readonly Update[]): Edited {
  const open = new Set(pending.map(updateKey))
  return replaced(ledger, ({ content }) => {
    const stillPending = content.stillPending.filter(({ update }) => open.has(updateKey(update)))
    return stillPending.length === content.stillPending.length ? content : { ...content, stillPending }
  })
}

/** One message is brought up to date. */
export function refresh(ledger: Ledger, id: number, blockNow: (block: Block) => Block): Edited {
  return rewrite(ledger, (block, { id: of }) => (of === id ? blockNow(block) : block))
}

/** The message of this id took blocks over: the older ones of their places are struck through and lead to it. */
export function supersede(ledger: Ledger, newer: readonly Block[], link: string | null, newerId: number): Edited {
  return rewrite(ledger, (block, { id }) => {
    const { type } = block.standing
    if (type !== 'pending' && !(type === 'superseded' && block.standing.link === null)) return block
    const by = newer.find(({ update }) => tellsFor(update, block.update))
    // the block itself; and a version that comes back does not take its own place
    if (!by || (isSame(by.update, block.update) && (id === newerId || type === 'superseded'))) return block
    return { ...block, standing: { type: 'superseded', by: versionOrId(by.update), link } }
  })
}

/**
 * What was told by its image alone becomes the blocks of its services, where it was told first. told: those that are
 * shown there now, and in which message.
 */
export function reveal(ledger: Ledger, blocks: readonly Block[]): Edited & { told: { block: Block; in: Shown }[] } {
  const told: { block: Block; in: Shown }[] = []
  const revealed = rewrite(ledger, (vague, shown) => {
    const known = vague.standing.type === 'pending' ? blocks.filter(({ update }) => isVague(vague.update) && tellsFor(update, vague.update) && !told.some(({ block }) => isSame(block.update, update))) : []
    told.push(...known.map((block) => ({ block, in: shown })))
    return known.length > 0 ? known : vague
  })
  return { ...revealed, told }
}

function isOver({ standing }: Block): boolean {
  return standing.type === 'superseded' || standing.type === 'removed'
}

function rewrite(ledger: Ledger, change: (block: Block, of: Shown) => Block | readonly Block[]): Edited {
  return replaced(ledger, (one) => {
    const { content } = one
    const blocks = content.blocks.flatMap((block) => change(block, one))
    const isUnchanged = (block: Block, n: number): boolean => block === content.blocks[n] || JSON.stringify(block) === JSON.stringify(content.blocks[n])
    if (blocks.length === content.blocks.length && blocks.every(isUnchanged)) return content
    const total = content.total + blocks.length - content.blocks.length
    return { ...content, blocks, total, severalProjects: content.severalProjects || severalProjects({ blocks, stillPending: content.stillPending }) }
  })
}

/** Other contents, or the same where nothing changes. */
function replaced(ledger: Ledger, contentNow: (of: Shown) => Placed): Edited {
  const shown = ledger.shown.map((one) => {
    const content = contentNow(one)
    return content === one.content ? one : { ...one, content }
  })
  const edited = shown.filter((one, n) => one !== ledger.shown[n]).map(({ id }) => id)
  return { ledger: edited.length === 0 ? ledger : { ...ledger, shown }, edited }
}
