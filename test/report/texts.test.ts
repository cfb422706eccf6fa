import t from 'tap'
import { markLate, markRepeat, markTopic, damagedNotice, refusedNotice } from '../../src/report/notice.js'
import { commandIn, type Language, LANGUAGES, TEXTS, versionIn } from '../../src/report/texts.js'
import { parseTelegramHtml } from '../fakes/telegram-html.js'

/** All texts of a language, each called with a value that stands out. */
function all(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (typeof value === 'function') return [value('7', null), value('7', '7')].map(String)
  return Object.values(value as object).flatMap(all)
}

t.test('no two languages share a sentence, and no text is empty or has a space where a line may break before a sign', async (t) => {
  const { day, ...fr } = TEXTS.fr
  for (const text of all(fr)) {
    t.ok(text.trim().length > 0)
    t.notMatch(text, / [:;!?]/, text)
    t.notMatch(text, /'/, 'the apostrophe is ’')
  }
  const shared = new Set(all({ ...TEXTS.en, day: '' }))
  t.same(all(fr).filter((text) => shared.has(text) && /[a-z]{3}/i.test(text)), ['image 7', 'image 7'])
  t.equal(day({ year: 2026, month: 11, day: 20, clock: '' }, 2026), '20 nov.')
})

t.test('dates and numbers are said as the language says them', async (t) => {
  const moment = (day: number, month: number, year = 2026) => ({ year, month, day, clock: '09:14' })
  t.same(LANGUAGES.map((l) => TEXTS[l].day(moment(1, 11), 2026)), ['1 Nov', '1er nov.'])
  t.same(LANGUAGES.map((l) => TEXTS[l].day(moment(31, 12, 2025), 2026)), ['31 Dec 2025', '31 déc. 2025'])
  t.same(LANGUAGES.map((l) => [0, 1, 5].map(TEXTS[l].days)), [['today', '1 day', '5 days'], ['aujourd’hui', '1 jour', '5 jours']])
  t.same(LANGUAGES.map((l) => TEXTS[l].headline.available(1)), ['🔔 Docker Update Available', '🔔 Mise à jour Docker disponible'])
  t.same(LANGUAGES.map((l) => TEXTS[l].headline.available(3)), ['🔔 3 Docker Updates Available', '🔔 3 mises à jour Docker disponibles'])
  t.same(LANGUAGES.map((l) => [TEXTS[l].at('09:14', null), TEXTS[l].at('09:14', '20')]), [['09:14', '20 09:14'], ['à 09:14', 'le 20 à 09:14']])
})

t.test('the hints among the commands and the notes at versions are translated, all else is left', async (t) => {
  t.equal(commandIn('fr', '# then recreate a, b by hand: not started by Compose'), '# puis recréer a, b à la main\u00a0: non démarré par Compose')
  t.equal(commandIn('fr', '# stack x is kept by Portainer: update it there, with "Re-pull image"'), '# la pile x est gérée par Portainer\u00a0: la mettre à jour là-bas, avec "Re-pull image"')
  t.equal(commandIn('fr', '# then update stack x in Portainer, without "Re-pull image"'), '# puis mettre à jour la pile x dans Portainer, sans "Re-pull image"')
  for (const line of ['docker compose up -d x', '# then recreate', '']) t.equal(commandIn('fr', line), line)
  t.equal(versionIn('fr', '16.1 (rebuilt 2026-02-08)'), '16.1 (reconstruite 2026-02-08)')
  t.equal(versionIn('fr', '16.1 (rebuilt)'), '16.1 (reconstruite)')
  t.equal(versionIn('en', '16.1 (rebuilt)'), '16.1 (rebuilt)')
  t.equal(versionIn('fr', '16.1 (2026-02-08)'), '16.1 (2026-02-08)')
})

t.test('notices stand in front of a message or for one, with times in the time zone', async (t) => {
  const message = { html: '<b>x</b>', text: 'x', buttons: [] }
  const format = (language: Language) => ({ language, timeZone: 'Europe/Paris', now: Date.parse('2026-11-24T12:00:00Z') })
  t.same(LANGUAGES.map((l) => markLate(message, Date.parse('2026-11-23T23:30:00Z'), format(l)).text), [
    '⏱ Found 24 Nov 00:30, sent late: Telegram could not be reached.\n\nx',
    '⏱ Trouvé le 24 nov. à 00:30, envoyé en retard\u00a0: Telegram était injoignable.\n\nx',
  ])
  for (const language of LANGUAGES) {
    const marked = [markRepeat(message, 'no-answer', language), markRepeat(message, 'state-lost', language), markTopic(message, 7, language)]
    for (const { html, text } of marked) t.match([html, text], [/^(↻|⚠️).*\n\n<b>x<\/b>$/, /^(↻|⚠️).*\n\nx$/])
    for (const { html, text } of [damagedNotice('backup', language), damagedNotice('nothing', language), refusedNotice('<b>', language)]) t.match(parseTelegramHtml(html), { type: 'text', text })
    const inFront = markTopic(markRepeat(markLate(message, 0, format(language)), 'state-lost', language), 7, language)
    t.ok(inFront.text.length - message.text.length <= 300, 'all that delivery puts in front of a message has its room')
  }
})
