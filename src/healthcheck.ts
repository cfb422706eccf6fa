// The command for Docker's HEALTHCHECK: asks the running program how it is. It runs every minute, so it loads nothing else.
import { readFileSync, statSync } from 'node:fs'
import { stateDirOf, withoutEmpty } from './environment.js'
import type { Answer } from './health.js'
import { ask, lockPath, TELL_EVERY_MS, toldFile } from './state/ask.js'

/** Where the program tells in a file, it does so every 15 s: three that are missing are no accident. */
const TOLD_STALE_MS = 3 * TELL_EVERY_MS

/** How the program is, in one sentence. Takes 2 s at most, never fails. now: milliseconds since 1970. */
export async function healthcheck(now: number, environment?: NodeJS.ProcessEnv): Promise<{ healthy: boolean; sentence: string }> {
  const { healthy, faults, doing } = await howItIs(stateDirOf(withoutEmpty(environment)), now)
  return { healthy, sentence: healthy ? `healthy: ${doing}` : `unhealthy: ${faults.join('; ')}` }
}

/** What the program that uses this directory answers, or what is wrong with that. running: false where surely none is. */
export async function howItIs(stateDir: string, now: number): Promise<Answer & { running: boolean }> {
  const answer = await asked(stateDir)
  if (answer !== null) return parsed(answer) ?? fault('watchtower-telegram does not answer: restart it')
  const told = inFile(stateDir)
  if (told === null) return { ...fault(`no watchtower-telegram is running with STATE_DIR ${stateDir}: start it`), running: false }
  const age = Math.round((now - told.at) / 1000)
  if (age * 1000 > TOLD_STALE_MS) return fault(`watchtower-telegram has not told how it is for ${age} s: start it, or make STATE_DIR ${stateDir} writable`)
  return parsed(told.text) ?? fault(`${toldFile(stateDir)} holds no answer: restart watchtower-telegram`)
}

async function asked(stateDir: string): Promise<string | null> {
  try {
    return await ask(lockPath(stateDir))
  } catch {
    return null
  }
}

function inFile(stateDir: string): { text: string; at: number } | null {
  try {
    return { text: readFileSync(toldFile(stateDir), 'utf8'), at: statSync(toldFile(stateDir)).mtimeMs }
  } catch {
    return null
  }
}

function parsed(text: string): (Answer & { running: boolean }) | null {
  try {
    const { healthy, faults, doing, upMs } = JSON.parse(text) as Partial<Answer>
    return { healthy: healthy === true, faults: faults?.map(String) ?? [], doing: String(doing), upMs: Number(upMs ?? Infinity), running: true }
  } catch {
    return null
  }
}

function fault(sentence: string): Answer & { running: boolean } {
  return { healthy: false, faults: [sentence], doing: '', upMs: Infinity, running: true }
}
