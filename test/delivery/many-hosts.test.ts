// Many hosts whose Watchtowers check at 03:00 and whose sidecars write to one group: the real relay, outbox and Telegram
// client of each, at the strict fake Bot API with Telegram's limit for a group, on a fake clock.
import t from 'tap'
import { emptyOutbox, done, enqueueNews, enqueueNotice, type Outbox, type Render } from '../../src/delivery/outbox.js'
import { createRelay } from '../../src/delivery/relay.js'
import { createTelegram } from '../../src/delivery/telegram.js'
import { sleep } from '../../src/bell.js'
import type { Update } from '../../src/report/update.js'
import { createBotApi } from '../fakes/bot-api.js'
import { installSteppedClock } from '../faults/stepped-clock.js'

const THREE = Date.parse('2026-11-27T03:00:00Z')
const MINUTE = 60_000
const CHAT = -1001234567890

/** Always the same numbers from 0 to 1 for a seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const text = (words: string) => ({ message: { html: words, text: words, buttons: [] }, placed: null })
/** A message for the news and one more, as where they do not fit into one. */
const render: Render = ({ content }) =>
  content.type === 'news' ? [text(`${content.news.host} 1`), text(`${content.news.host} 2`)] : content.type === 'notice' ? [{ message: content.message, placed: null }] : []

/** Lets so many hosts report what they found at 03:00, each in two messages and a notice after them; until all is told. */
async function night(hosts: number, jitterMs: number) {
  const clock = installSteppedClock(THREE)
  const bot = await createBotApi({ chats: [{ id: CHAT, is_forum: true }], perMinute: 20, clock: Date.now })
  const stop = new AbortController()
  const ends: Promise<void>[] = []
  let left = hosts
  for (let n = 1; n <= hosts; n += 1) {
    const host = `host-${String(n).padStart(2, '0')}`
    const telegram = createTelegram({ token: bot.token, chat: CHAT, topic: null, apiRoot: bot.url, timeoutMs: MINUTE, language: 'en' })
    let outbox: Outbox = enqueueNews(emptyOutbox, { host, updates: [{ image: host, newImageId: '0' } as Update], failedChecks: [] }, [], THREE, false).outbox
    let noticed = false
    const relay = createRelay({
      outbox: {
        get: () => outbox,
        change(transition) {
          outbox = transition(outbox)
          if (outbox.entries.length > 0) return
          if (noticed) left -= 1
          else outbox = enqueueNotice(outbox, text(`${host} 3`).message, Date.now())
          noticed = true
        },
        accepted() {
          this.change(done)
        },
        editRefused: () => {},
        flush: async () => {},
      },
      render, language: 'en', sleep, now: Date.now, random: randomFrom(n), paceMs: 1_000, jitterMs,
      send: (message) => telegram.send(message, false, stop.signal),
      probe: () => telegram.check(stop.signal),
      onEvent: () => {},
    })
    ends.push(relay.run(stop.signal))
  }
  for (let minute = 1; left > 0 && minute <= 60; minute += 1) await clock.until(THREE + minute * MINUTE)
  const minutes = Math.ceil((Date.now() - THREE) / MINUTE)
  stop.abort()
  await Promise.all(ends)
  clock.uninstall()
  await bot.close()
  return { minutes, told: bot.messages.map((message) => message.text), refused: bot.requests.filter(({ status }) => status === 429).length }
}

t.test('forty hosts that report at 03:00 into one group are all told, each in its order, as fast as the group takes it', async (t) => {
  const hosts = 40
  const expected = Array.from({ length: hosts }, (_, n) => [1, 2, 3].map((part) => `host-${String(n + 1).padStart(2, '0')} ${part}`))
  const at = async (jitterMs: number) => {
    const seen = await night(hosts, jitterMs)
    t.same([...seen.told].sort(), expected.flat().sort(), 'each message once')
    for (const own of expected) t.same(seen.told.filter((one) => own.includes(one)), own, 'in order')
    t.comment(`jitter ${jitterMs / 1000} s: all told after ${seen.minutes} minutes, ${seen.refused} requests refused with 429`)
    return seen
  }
  // 15 minutes have room for 300 messages; less than 6 would have the hosts wait for each other all the time
  const [together, spread] = [await at(0), await at(15 * MINUTE)]
  t.ok(together.minutes <= 9, `120 messages at 20 a minute: ${together.minutes}`)
  t.ok(spread.minutes <= 17, String(spread.minutes))
  t.ok(spread.refused < together.refused / 4, 'and a jitter that is wide enough spares Telegram most refusals')
})
