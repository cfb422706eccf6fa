// Sentences that delivery puts in front of a message, or sends in place of one. Takes Messages and
// facts of their delivery, gives Messages.
import { escape } from './html.js'
import type { Message } from './message.js'

/** The message with a sentence in front. */
export function withNotice(message: Message, sentence: string): Message {
  return { html: `${escape(sentence, sentence.length)}\n\n${message.html}`, text: `${sentence}\n\n${message.text}` }
}

/** Telegram may have this message already: it did not answer, or the state that tells was lost. */
export function markRepeat(message: Message, because: 'no-answer' | 'state-lost'): Message {
  const reason = because === 'no-answer' ? "Telegram's answer to the first try was lost" : 'the state file was damaged, so this may have been told before'
  return withNotice(message, `↻ Possible repeat: ${reason}.`)
}

/** at: ISO time, UTC, at which it was found. */
export function markLate(message: Message, at: string): Message {
  return withNotice(message, `⏱ Found ${at.slice(0, 10)} ${at.slice(11, 16)} UTC, sent late: Telegram could not be reached.`)
}

/** In place of a message that Telegram takes in no form. */
export function refusedNotice(headline: string): Message {
  return notice(`⚠️ A message could not be shown: Telegram refuses its text. It is in the log of watchtower-telegram, as report.set-aside. It began: ${headline}`)
}

/** The state file was damaged; from says what is gone on from. */
export function damagedNotice(from: 'backup' | 'nothing'): Message {
  const consequence = from === 'backup' ? 'Its backup is used' : 'It could not be read, nor its backup: everything that is pending is told again'
  return notice(`⚠️ The state file of watchtower-telegram was damaged. ${consequence}; the damaged file was kept beside it.`)
}

function notice(sentence: string): Message {
  return { html: escape(sentence, sentence.length), text: sentence }
}
