// provisional
import type { Config } from '../config.js'
import type { Check } from './check.js'
import type { EngineVersion } from './engine.js'

export function settingsChecks(_answer: unknown, _around: { version: string | null; engine: EngineVersion; now: number; config: Config }): Check[] {
  return []
}
