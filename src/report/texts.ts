// Every text of the program that reaches Telegram, in each language: a table that is complete by its type. Texts that
// hold a foreign value take it as it is; the message escapes the whole.
import type { FailedCheck } from './failure.js'
import type { Moment } from './times.js'

export const LANGUAGES = ['en', 'fr'] as const
export type Language = (typeof LANGUAGES)[number]

export interface Texts {
  headline: {
    available(updates: number): string
    applied(updates: number): string
    /** nothing waits here, and not all is applied: in this part of the message, or at all */
    appliedOf(updates: number, total: number): string
    stillPending(updates: number): string
    /** of a message that only tells of failures, and of one that they are over */
    check: string
    checkedAgain: string
    on(host: string): string
  }
  /** what stands before a value, with its colon */
  labels: Record<'service' | 'image' | 'project' | 'directory' | 'current' | 'new' | 'command' | 'rollback' | 'pinned' | 'failed' | 'stillFailed' | 'recovered' | 'stillPending', string>
  /** in place of an unknown version */
  unknown: string
  image(id: string): string
  major: string
  pendingSince: string
  applied: string
  healthy: string
  unhealthy: string
  /** before the time from which on it is so */
  since: string
  /** after the service's name, before the version that runs again */
  rolledBack: string
  lasts: { pinned: string; unpinned: string }
  supersededBy: string
  removed: string
  /** 0 is today */
  days(days: number): string
  /** `20 Nov`; the year where it is not this one */
  day(moment: Moment, year: number): string
  /** a time of today, or of another day */
  at(clock: string, day: string | null): string
  /** the same after `since` */
  from(clock: string, day: string | null): string
  reasons: Record<Exclude<FailedCheck['reason'], 'other'>, string>
  /** of a failure that is over */
  recovered: string
  /** what a person can do about a failure */
  failureRemedies: Record<Exclude<FailedCheck['reason'], 'other'>, string>
  /** what takes the place of a command; the report has them in English */
  hints: Record<'byHand' | 'oneOff' | 'portainer' | 'portainerBack', (names: string) => string>
  /** after the version of an image that was built again; date: ISO, with a space before it, or empty */
  rebuilt(date: string): string
  /** a failure of which Watchtower gives no reason */
  noReason: string
  notices: {
    repeat: Record<'no-answer' | 'state-lost', string>
    late(when: string): string
    refused(headline: string): string
    damaged: Record<'backup' | 'nothing', string>
    topic(thread: number): string
    /** before a made-up report */
    test: string
  }
}

const MONTHS = {
  en: ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'],
  fr: ['janv.', 'févr.', 'mars', 'avr.', 'mai', 'juin', 'juil.', 'août', 'sept.', 'oct.', 'nov.', 'déc.'],
}
const month = (language: Language, moment: Moment): string => MONTHS[language][moment.month - 1] as string
const yearUnless = (thisYear: number, { year }: Moment): string => (year === thisYear ? '' : ` ${year}`)

const EN: Texts = {
  headline: {
    available: (n) => (n === 1 ? '🔔 Docker Update Available' : `🔔 ${n} Docker Updates Available`),
    applied: (n) => (n === 1 ? 'Docker Update Applied' : 'All Docker Updates Applied'),
    appliedOf: (n, total) => `${n} of ${total} Docker Updates Applied`,
    stillPending: (n) => (n === 1 ? '⏳ Docker Update Still Pending' : `⏳ ${n} Docker Updates Still Pending`),
    check: '⚠️ Docker Update Check',
    checkedAgain: '✅ Docker Update Check',
    on: (host) => ` on ${host}`,
  },
  labels: {
    service: 'Service:', image: 'Image:', project: 'Project:', directory: 'Directory:', current: 'Current:', new: 'New:', command: 'Command:',
    rollback: 'Roll back:', pinned: 'Pinned:', failed: 'Could not check:', stillFailed: 'Still not checked:', recovered: 'Checked again:', stillPending: 'Still pending:',
  },
  unknown: 'unknown',
  image: (id) => `image ${id}`,
  major: '⚠️ major version',
  pendingSince: 'pending since',
  applied: 'applied',
  healthy: 'healthy',
  unhealthy: 'unhealthy',
  since: 'since',
  rolledBack: ' rolled back to',
  lasts: {
    pinned: 'It lasts until the next check, which moves the tag forward again. To stay, write this image into the compose file:',
    unpinned: 'It lasts until the next check, which moves the tag forward again. To stay, pin the version in the compose file.',
  },
  supersededBy: 'superseded by',
  removed: 'no longer in use',
  days: (n) => (n === 0 ? 'today' : n === 1 ? '1 day' : `${n} days`),
  day: (moment, year) => `${moment.day} ${month('en', moment)}${yearUnless(year, moment)}`,
  at: (clock, day) => (day === null ? clock : `${day} ${clock}`),
  from: (clock, day) => (day === null ? clock : `${day} ${clock}`),
  reasons: {
    'registry-unreachable': 'registry unreachable',
    denied: 'access denied or image not found',
    'rate-limited': 'registry rate limit reached',
    pinned: 'pinned image',
  },
  recovered: 'checked again',
  failureRemedies: {
    'registry-unreachable': 'if it lasts, check the network and the DNS of this machine',
    denied: 'check the name of the image; a private one needs a login: mount a config.json into Watchtower',
    'rate-limited': 'log in to the registry, or check less often',
    pinned: 'nothing to do',
  },
  hints: {
    byHand: (containers) => `# then recreate ${containers} by hand: not started by Compose`,
    oneOff: (containers) => `# then run it again: ${containers} was started by "docker compose run"`,
    portainer: (stack) => `# stack ${stack} is kept by Portainer: update it there, with "Re-pull image"`,
    portainerBack: (stack) => `# then update stack ${stack} in Portainer, without "Re-pull image"`,
  },
  rebuilt: (date) => `(rebuilt${date})`,
  noReason: 'for a reason that Watchtower does not tell',
  notices: {
    repeat: {
      'no-answer': "↻ Possible repeat: Telegram's answer to the first try was lost.",
      'state-lost': '↻ Possible repeat: the state file was damaged, so this may have been told before.',
    },
    late: (when) => `⏱ Found ${when}, sent late: Telegram could not be reached.`,
    refused: (headline) => `⚠️ A message could not be shown: Telegram refuses its text. It is in the log of watchtower-telegram, as report.set-aside. It began: ${headline}`,
    damaged: {
      backup: '⚠️ The state file of watchtower-telegram was damaged. Its backup is used; the damaged file was kept beside it.',
      nothing: '⚠️ The state file of watchtower-telegram was damaged. It could not be read, nor its backup: everything that is pending is told again; the damaged file was kept beside it.',
    },
    topic: (thread) => `⚠️ Topic ${thread} is closed or deleted, so this comes to the chat.`,
    test: '🧪 This is a test of watchtower-telegram. The update below is made up: there is nothing to do.',
  },
}

/** No line break before a colon. */
const NB = '\u00a0'

const FR: Texts = {
  headline: {
    available: (n) => (n === 1 ? '🔔 Mise à jour Docker disponible' : `🔔 ${n} mises à jour Docker disponibles`),
    applied: (n) => (n === 1 ? 'Mise à jour Docker appliquée' : 'Toutes les mises à jour Docker sont appliquées'),
    appliedOf: (n, total) => `${n} des ${total} mises à jour Docker appliquée${n === 1 ? '' : 's'}`,
    stillPending: (n) => (n === 1 ? '⏳ Mise à jour Docker toujours en attente' : `⏳ ${n} mises à jour Docker toujours en attente`),
    check: '⚠️ Vérification des mises à jour Docker',
    checkedAgain: '✅ Vérification des mises à jour Docker',
    on: (host) => ` sur ${host}`,
  },
  labels: {
    service: `Service${NB}:`, image: `Image${NB}:`, project: `Projet${NB}:`, directory: `Dossier${NB}:`, current: `Version actuelle${NB}:`,
    new: `Nouvelle version${NB}:`, command: `Commandes${NB}:`, rollback: `Revenir en arrière${NB}:`, pinned: `Référence fixe${NB}:`,
    failed: `Vérification impossible${NB}:`, stillFailed: `Toujours pas vérifié${NB}:`, recovered: `De nouveau vérifié${NB}:`, stillPending: `Toujours en attente${NB}:`,
  },
  unknown: 'inconnue',
  image: (id) => `image ${id}`,
  major: '⚠️ version majeure',
  pendingSince: 'en attente depuis le',
  applied: 'appliquée',
  healthy: 'en bonne santé',
  unhealthy: 'en mauvaise santé',
  since: 'depuis',
  rolledBack: `${NB}: retour à`,
  lasts: {
    pinned: `Cela tient jusqu’à la prochaine vérification, qui avance de nouveau l’étiquette. Pour y rester, écrire cette image dans le fichier Compose${NB}:`,
    unpinned: 'Cela tient jusqu’à la prochaine vérification, qui avance de nouveau l’étiquette. Pour y rester, fixer la version dans le fichier Compose.',
  },
  supersededBy: 'remplacée par',
  removed: 'n’est plus utilisée',
  days: (n) => (n === 0 ? 'aujourd’hui' : n === 1 ? '1 jour' : `${n} jours`),
  day: (moment, year) => `${moment.day === 1 ? '1er' : moment.day} ${month('fr', moment)}${yearUnless(year, moment)}`,
  at: (clock, day) => (day === null ? `à ${clock}` : `le ${day} à ${clock}`),
  from: (clock, day) => (day === null ? clock : `le ${day} à ${clock}`),
  reasons: {
    'registry-unreachable': 'registre injoignable',
    denied: 'accès refusé ou image introuvable',
    'rate-limited': 'limite de requêtes du registre atteinte',
    pinned: 'image à version fixe',
  },
  recovered: 'de nouveau vérifié',
  failureRemedies: {
    'registry-unreachable': 'si cela dure, vérifier le réseau et le DNS de cette machine',
    denied: `vérifier le nom de l’image${NB}; une image privée demande une connexion${NB}: monter un config.json dans Watchtower`,
    'rate-limited': 'se connecter au registre, ou vérifier moins souvent',
    pinned: 'rien à faire',
  },
  hints: {
    byHand: (containers) => `# puis recréer ${containers} à la main${NB}: non démarré par Compose`,
    oneOff: (containers) => `# puis le relancer${NB}: ${containers} a été démarré par "docker compose run"`,
    portainer: (stack) => `# la pile ${stack} est gérée par Portainer${NB}: la mettre à jour là-bas, avec "Re-pull image"`,
    portainerBack: (stack) => `# puis mettre à jour la pile ${stack} dans Portainer, sans "Re-pull image"`,
  },
  rebuilt: (date) => `(reconstruite${date})`,
  noReason: 'pour une raison que Watchtower ne précise pas',
  notices: {
    repeat: {
      'no-answer': `↻ Répétition possible${NB}: la réponse de Telegram au premier essai s’est perdue.`,
      'state-lost': `↻ Répétition possible${NB}: le fichier d’état était endommagé, cela a peut-être déjà été annoncé.`,
    },
    late: (when) => `⏱ Trouvé ${when}, envoyé en retard${NB}: Telegram était injoignable.`,
    refused: (headline) => `⚠️ Un message n’a pas pu être affiché${NB}: Telegram refuse son texte. Il se trouve dans le journal de watchtower-telegram, sous report.set-aside. Il commençait par${NB}: ${headline}`,
    damaged: {
      backup: `⚠️ Le fichier d’état de watchtower-telegram était endommagé. Sa copie de secours est utilisée${NB}; le fichier endommagé a été conservé à côté.`,
      nothing: `⚠️ Le fichier d’état de watchtower-telegram était endommagé. Ni lui ni sa copie de secours n’ont pu être lus${NB}: tout ce qui est en attente est annoncé de nouveau${NB}; le fichier endommagé a été conservé à côté.`,
    },
    topic: (thread) => `⚠️ Le sujet ${thread} est fermé ou supprimé, ce message arrive donc dans le groupe.`,
    test: `🧪 Ceci est un test de watchtower-telegram. La mise à jour ci-dessous est inventée${NB}: il n’y a rien à faire.`,
  },
}

export const TEXTS: Readonly<Record<Language, Texts>> = { en: EN, fr: FR }

/** A line of the report's commands, its hints in another language. */
export function commandIn(language: Language, line: string): string {
  for (const name of ['byHand', 'oneOff', 'portainer', 'portainerBack'] as const) {
    const [before = '', after = ''] = EN.hints[name]('\0').split('\0')
    if (line.startsWith(before) && line.endsWith(after)) return TEXTS[language].hints[name](line.slice(before.length, line.length - after.length))
  }
  return line
}

/** A version of the report, its note in another language. */
export function versionIn(language: Language, version: string): string {
  return version.replace(/\(rebuilt( \d{4}-\d\d-\d\d)?\)$/, (_, date?: string) => TEXTS[language].rebuilt(date ?? ''))
}
