// The fault table: each row is injected, and what was seen stands beside what was expected. Printed as comments, which
// .ci/run gathers from every file into one table.
import type { Test } from 'tap'

/** A row of the fault matrix. */
export interface Fault {
  /** its number in the matrix */
  row: number
  fault: string
  expected: string
  /** injects it and checks; gives what was seen, in the counter's words where updates are counted */
  run(t: Test): Promise<string>
  /** bound of the row, default 120 s: only a hang gets there */
  timeoutMs?: number
  /** why this row cannot be injected here; run is then not called, and it is no test */
  impossible?: string
}

/** Runs the rows one after the other; every row is a test, and a line of the table. */
export async function faultTable(t: Test, faults: readonly (Omit<Fault, 'run'> & Partial<Fault>)[]): Promise<void> {
  for (const { row, fault, expected, run, timeoutMs = 120_000, impossible } of faults) {
    if (impossible !== undefined || !run) {
      print(t, row, fault, expected, `not injected: ${impossible}`)
      continue
    }
    let seen = 'the row failed'
    await t.test(`fault ${row}: ${fault}: ${expected}`, { timeout: timeoutMs }, async (inner) => {
      seen = await run(inner)
      if (!inner.passing()) seen = `NOT AS EXPECTED: ${seen}`
    })
    print(t, row, fault, expected, seen)
  }
}

function print(t: Test, row: number, fault: string, expected: string, seen: string): void {
  t.comment(`fault | ${String(row).padStart(2)} | ${fault} | ${expected} | ${seen}`)
}
