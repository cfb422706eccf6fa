// The rows of the benchmark, and the table that shows them.

export interface Row {
  what: string
  /** of the program, with its unit */
  program: string
  /** of what it is held against, with its name and unit; null where there is nothing */
  against: string | null
  ratio: number | null
}

export function table(rows: readonly Row[]): string {
  const lines = rows.map(({ what, program, against, ratio }) => `| ${what} | ${program} | ${against ?? ''} | ${ratio === null ? '' : `${ratio.toFixed(2)} ×`} |`)
  return ['| | watchtower-telegram | held against | ratio |', '|---|---|---|---|', ...lines].join('\n')
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? (sorted[middle] as number) : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

export const milliseconds = (ms: number): string => `${ms.toFixed(0)} ms`
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
