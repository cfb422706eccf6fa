// What is wrong now, in sentences. Red while there is a fault; told when it turns red, when what is
// wrong changes, and when it is green again.

/** The parts that can be at fault. */
export type Part = 'docker' | 'state' | 'telegram'

export interface Health {
  /** A fault of one part, in one sentence with its remedy; null when it works again. */
  set(part: Part, fault: string | null): void
  faults(): string[]
}

export function createHealth(onChange: (faults: string[]) => void): Health {
  const now = new Map<Part, string>()
  const faults = (): string[] => [...now.values()]
  return {
    set(part, fault) {
      if (fault === (now.get(part) ?? null)) return
      if (fault === null) now.delete(part)
      else now.set(part, fault)
      onChange(faults())
    },
    faults,
  }
}
