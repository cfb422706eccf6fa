// What every SIGKILL is judged by: after the restart nothing is lost, and nothing told twice but what was being sent.
import type { SentMessage } from '../fakes/bot-api.js'
import { count } from './counter.js'
import { outboxOf, type Stage } from './stage.js'

/** How many sidecars are killed at the same time, each on a stage of its own. */
export const AT_ONCE = 4
export const PACE = { RETRY_PACE: '3ms', RECONCILE_EVERY: '1s' }

export const namesIn = (messages: readonly SentMessage[]): string[] => messages.flatMap(({ text }) => [...new Set(text.match(/\bapp-\d{5}\b/g))])

/** The names that may be repeated after a kill: those of the last accepted message, where the disk says that it is being sent. */
export function mayBeRepeated(stage: Stage): string[] {
  const sending = outboxOf(stage)?.entries.find(({ state }) => state === 'sending')
  return namesIn(stage.bot.messages.slice(-1)).filter((name) => sending && JSON.stringify(sending).includes(name))
}

/** Starts it again, undisturbed, and waits until all was told that it has to tell: a last check, which comes after all else. */
export async function recover(stage: Stage): Promise<void> {
  const sidecar = stage.start(PACE)
  await sidecar.waitFor('watchtower.attached')
  stage.check(1)
  await stage.told()
  await stage.stop(sidecar)
  if (sidecar.events('state.corrupt').length > 0) throw new Error('the state was torn')
}

/** What is against the invariant, in words. A name may have been told once more, marked, for each time that it stands in mayRepeat. */
export function wrong(stage: Stage, mayRepeat: readonly string[]): string[] {
  const { lost, repeatedUnmarked, repeatedMarked } = count(stage.bot, stage.injected)
  const times = (names: readonly string[], name: string): number => names.filter((one) => one === name).length
  const told = namesIn(stage.bot.messages)
  return [
    ...lost.map((name) => `${name} is lost`),
    ...repeatedUnmarked.map((name) => `${name} is repeated unmarked`),
    ...repeatedMarked.filter((name) => times(told, name) > 1 + times(mayRepeat, name)).map((name) => `${name} is repeated`),
  ]
}
