// Sentences that delivery puts in front of a message, or sends in place of one. Takes Messages and
// facts of their delivery, gives Messages.
import { escape } from './html.js'
import type { Message } from './message.js'
import { type Language, TEXTS } from './texts.js'
import { momentOf } from './times.js'

/** Telegram may have this message already: it did not answer, or the state that tells was lost. */
export function markRepeat(message: Message, because: 'no-answer' | 'state-lost', language: Language): Message {
  return withNotice(message, TEXTS[language].notices.repeat[because])
}

/** at: when it was found, milliseconds since 1970. */
export function markLate(message: Message, at: number, { language, timeZone, now }: { language: Language; timeZone: string; now: number }): Message {
  const { at: when, day, notices } = TEXTS[language]
  const found = momentOf(at, timeZone)
  return withNotice(message, notices.late(when(found.clock, day(found, momentOf(now, timeZone).year))))
}

/** The topic that it should have gone to is closed or deleted. */
export function markTopic(message: Message, thread: number, language: Language): Message {
  return withNotice(message, TEXTS[language].notices.topic(thread))
}

/** A made-up report that shows what messages look like. */
export function markTest(message: Message, language: Language): Message {
  return withNotice(message, TEXTS[language].notices.test)
}

/** In place of a message that Telegram takes in no form. */
export function refusedNotice(headline: string, language: Language): Message {
  return notice(TEXTS[language].notices.refused(headline))
}

/** The state file was damaged; from says what is gone on from. */
export function damagedNotice(from: 'backup' | 'nothing', language: Language): Message {
  return notice(TEXTS[language].notices.damaged[from])
}

function withNotice(message: Message, sentence: string): Message {
  return { ...message, html: `${escape(sentence, sentence.length)}\n\n${message.html}`, text: `${sentence}\n\n${message.text}` }
}

function notice(sentence: string): Message {
  return { html: escape(sentence, sentence.length), text: sentence, buttons: [] }
}
