// Sends a made-up report, marked as a test, as a check's message would be sent. Touches neither state nor Docker, so it
// works beside a running sidecar.
import type { Config } from './config.js'
import { createTelegram } from './delivery/telegram.js'
import { partsOf } from './report/message.js'
import { markTest } from './report/notice.js'
import { sampleContent } from './report/sample.js'

/** A person waits for it: an answer that takes longer is as good as none. */
const MAX_WAIT_MS = 30_000

/** Sends it; what became of it, in one sentence. now: milliseconds since 1970, the time of the message. */
export async function sendTestMessage({ telegram, host, style, timing }: Config, now: number): Promise<{ sent: boolean; sentence: string }> {
  let templateFault: string | null = null
  const onTemplateError = (fault: string): void => void (templateFault = fault)
  const [part] = partsOf(sampleContent(host), { ...style, onTemplateError, now })
  if (!part) return { sent: false, sentence: 'the sample makes no message: please report this' }
  const timeoutMs = Math.min(timing.telegramTimeoutMs, MAX_WAIT_MS)
  const outcome = await createTelegram({ ...telegram, timeoutMs, language: style.language }).send(markTest(part.message, style.language), false, AbortSignal.timeout(2 * timeoutMs))
  switch (outcome.type) {
    case 'sent': {
      const where = `the test message is in ${telegram.topic === null ? 'the chat' : `topic ${telegram.topic}`}${outcome.link === null ? '' : `: ${outcome.link}`}`
      const notes = [...outcome.notes, ...(templateFault === null ? [] : [`MESSAGE_TEMPLATE_FILE: ${templateFault}; it is the built-in message`])]
      return notes.length === 0 ? { sent: true, sentence: where } : { sent: false, sentence: `the test message was sent${outcome.link === null ? '' : ` (${outcome.link})`}, but ${notes.join('; ')}` }
    }
    case 'permanent':
      return { sent: false, sentence: `Telegram refuses the test message: ${outcome.reason}; ${outcome.remedy}` }
    case 'transient': {
      if (outcome.retryAfterMs !== null) return { sent: false, sentence: `Telegram asks to wait (${outcome.reason}): try again in ${Math.ceil(outcome.retryAfterMs / 1000)} s` }
      return { sent: false, sentence: `${outcome.reason}: ${outcome.unknown ? 'the test message may have arrived all the same; look there and ' : ''}check this machine's way to ${telegram.apiRoot}` }
    }
    default:
      return { sent: false, sentence: `Telegram takes the test message in no form: ${outcome.reason}; try without MESSAGE_TEMPLATE_FILE` }
  }
}
