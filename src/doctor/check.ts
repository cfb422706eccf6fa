// One row of the doctor's table.

export interface Check {
  /** fault: something is to be mended, the doctor exits 1 */
  mark: 'ok' | 'warning' | 'fault'
  /** of what was looked at */
  name: string
  found: string
  /** null where there is nothing to do; ends in a colon where there is something to paste */
  remedy: string | null
  /** commands, one after the other */
  paste: readonly string[]
}

export const ok = (name: string, found: string): Check => ({ mark: 'ok', name, found, remedy: null, paste: [] })
export const warning = (name: string, found: string, remedy: string, ...paste: string[]): Check => ({ mark: 'warning', name, found, remedy, paste })
export const fault = (name: string, found: string, remedy: string, ...paste: string[]): Check => ({ mark: 'fault', name, found, remedy, paste })

/** What could not be looked at before something else is mended. */
export const unseen = (name: string, first: string): Check => warning(name, 'not looked at', `${first} first`)

/** Names of a list that a row keeps. */
const MAX_NAMES = 12

/** A list of names, cut where it gets long. */
export function listed(names: readonly string[]): string {
  const more = names.length - MAX_NAMES
  return more > 0 ? `${names.slice(0, MAX_NAMES).join(', ')} and ${more} more` : names.join(', ')
}
