// Release notes one tap away: a link button per update. Nothing that a button does changes anything.
import * as z from 'zod/mini'
import type { Language } from './texts.js'
import type { Placed } from './block.js'
import { namesOf, urlOf } from './view.js'

export const Button = z.object({ text: z.string(), url: z.string() })
export type Button = z.infer<typeof Button>

/** More would push the message off the screen: then the link at the version has to do. */
const MAX_BUTTONS = 8
/** Of a name and of a version: both fit a phone's width. */
const MAX_FIELD = 24

/** The buttons of one part. */
export function buttonsOf(placed: Pick<Placed, 'blocks' | 'severalProjects'>, writing: { language: Language }): Button[] {
  const buttons = placed.blocks.flatMap(({ update, standing }): Button[] => {
    const url = standing.type === 'superseded' || standing.type === 'removed' ? null : urlOf(update.releaseNotesUrl)
    if (url === null) return []
    const names = namesOf(update, placed, writing, { field: MAX_FIELD })
    return [{ text: `📖 ${names.name}${update.newVersion === null ? '' : ` ${names.new}`}`, url }]
  })
  return buttons.length > MAX_BUTTONS ? [] : buttons
}
