// Texts of the guard's alarms, in each language, complete by their type: what is wrong, and one remedy. Values stand in them as
// they are; the alarm escapes the whole.
import type { Language } from './texts.js'

/** What makes Watchtower dangerous, or this program blind. */
export type FindingCode = 'not-monitor-only' | 'label-precedence' | 'log-level' | 'log-unreadable' | 'no-pull' | 'log-rotation'

/** What a finding names. */
export interface FindingValues {
  watchtower: string
  /** the variable or flag that is at fault, and its value; empty where nothing is set */
  from: string
  value: string
  /** containers */
  names: string
  services: number
}

export interface GuardTexts {
  headline: Record<FindingCode | 'recreated' | 'stopped' | 'monitor-only-again', string>
  /** a sentence */
  what: Record<FindingCode, (values: FindingValues) => string>
  /** what to change, without an end, for then goes on; flag: it is set in the command */
  change: Record<FindingCode, (flag: boolean, from: string) => string>
  then: { compose: string; byHand: string; stop: string }
  /** one-off checks are asked for anew each time */
  oneOff: string
  settled(watchtower: string): string
  labels: Record<'remedy' | 'container' | 'image' | 'old' | 'new' | 'at', string>
  replaced(watchtower: string): string
  stopped(watchtower: string): string
  unknownOld: string
  unchanged: string
  steps: {
    stop: string
    /** change: as above */
    change(change: string): string
    monitorOnly: string
    /** its settings are not known */
    unknown: string
    back: string
    /** the old image was removed, or may be */
    backPulled: string
    backUnknown: string
    start: string
    more(count: number): string
  }
}

const LABEL = 'com.centurylinklabs.watchtower.monitor-only'

const EN: GuardTexts = {
  headline: {
    'not-monitor-only': '🚨 Watchtower is not monitor-only',
    'label-precedence': '🚨 Watchtower may update a container',
    'log-level': '⚠️ Watchtower hides its updates',
    'log-unreadable': '⚠️ Watchtower’s log cannot be read',
    'no-pull': '⚠️ Watchtower does not look for new images',
    'log-rotation': '⚠️ Watchtower’s log is too small',
    recreated: '🚨 Watchtower replaced a container',
    stopped: '🚨 Watchtower stopped a container',
    'monitor-only-again': '✅ Watchtower is monitor-only',
  },
  what: {
    'not-monitor-only': ({ watchtower, from }) => `${watchtower} stops and replaces containers by itself at its next check: ${from === '' ? 'nothing tells it to monitor only' : `${from} is there, but not set to true`}.`,
    'label-precedence': ({ watchtower, from, names }) => `${watchtower} is monitor-only, but with ${from} a container’s own label wins, and ${names} carries ${LABEL}=false: it is updated at the next check.`,
    'log-level': ({ watchtower, from, value }) => `${from} is ${JSON.stringify(value)}: the updates that ${watchtower} finds are not in its log, so nobody is told of them.`,
    'log-unreadable': ({ watchtower, value }) => `Docker cannot read the log of ${watchtower} (log driver ${value}), so nobody is told of updates.`,
    'no-pull': ({ watchtower, from }) => `With ${from} ${watchtower} finds an update only after something else has pulled it.`,
    'log-rotation': ({ watchtower, value, services }) => `The log of ${watchtower} keeps ${value}, less than two checks of ${services} containers may write: after a break, updates may be missing.`,
  },
  change: {
    'not-monitor-only': (flag) => (flag ? 'Write --monitor-only in its command' : 'Set WATCHTOWER_MONITOR_ONLY=true in its environment'),
    'label-precedence': (flag, from) => `Remove ${from} from its ${flag ? 'command' : 'environment'}`,
    'log-level': (flag, from) => `Remove ${from} from its ${flag ? 'command' : 'environment'}`,
    'log-unreadable': () => 'Set its logging driver to json-file',
    'no-pull': (flag, from) => `Remove ${from} from its ${flag ? 'command' : 'environment'}`,
    'log-rotation': () => 'Set max-size to 10m and max-file to 3 in its logging options',
  },
  then: {
    compose: ', then recreate it:',
    byHand: ', and create the container anew.',
    stop: ', and create the container anew. Until then, stop it:',
  },
  oneOff: 'Run one-off checks like this:',
  settled: (watchtower) => `${watchtower} looks for updates and changes nothing.`,
  labels: { remedy: 'Remedy:', container: 'Container:', image: 'Image:', old: 'Old:', new: 'New:', at: 'At:' },
  replaced: (watchtower) => `${watchtower} updated it by itself.`,
  stopped: (watchtower) => `${watchtower} stopped it to update it, and has not started it again.`,
  unknownOld: 'not known',
  unchanged: 'the same image, recreated with another container',
  steps: {
    stop: '1. Stop Watchtower:',
    change: (change) => `2. ${change}.`,
    monitorOnly: '2. Its settings say monitor-only: look for another way in which it was started.',
    unknown: '2. Its settings are not known: look whether they say WATCHTOWER_MONITOR_ONLY=true or --monitor-only.',
    back: '3. If the new version does not suit, roll back:',
    backPulled: '3. If the new version does not suit, roll back; the old image is pulled again:',
    backUnknown: '3. The old image is not known. If the new version does not suit, write the version that ran before into the compose file.',
    start: '3. Start it again, with the new image:',
    more: (count) => `… and ${count} more: docker ps shows what was created just now.`,
  },
}

/** No line break before a colon. */
const NB = '\u00a0'

const FR: GuardTexts = {
  headline: {
    'not-monitor-only': '🚨 Watchtower n’est pas en mode surveillance seule',
    'label-precedence': '🚨 Watchtower peut mettre à jour un conteneur',
    'log-level': '⚠️ Watchtower cache ses mises à jour',
    'log-unreadable': '⚠️ Le journal de Watchtower est illisible',
    'no-pull': '⚠️ Watchtower ne cherche pas de nouvelles images',
    'log-rotation': '⚠️ Le journal de Watchtower est trop petit',
    recreated: '🚨 Watchtower a remplacé un conteneur',
    stopped: '🚨 Watchtower a arrêté un conteneur',
    'monitor-only-again': '✅ Watchtower est en mode surveillance seule',
  },
  what: {
    'not-monitor-only': ({ watchtower, from }) => `${watchtower} arrête et remplace lui-même des conteneurs à sa prochaine vérification${NB}: ${from === '' ? 'rien ne lui dit de seulement surveiller' : `${from} est là, mais ne vaut pas true`}.`,
    'label-precedence': ({ watchtower, from, names }) => `${watchtower} est en mode surveillance seule, mais avec ${from} l’étiquette d’un conteneur l’emporte, et ${names} porte ${LABEL}=false${NB}: il sera mis à jour à la prochaine vérification.`,
    'log-level': ({ watchtower, from, value }) => `${from} vaut ${JSON.stringify(value)}${NB}: les mises à jour que trouve ${watchtower} ne sont pas dans son journal, et personne n’en est averti.`,
    'log-unreadable': ({ watchtower, value }) => `Docker ne peut pas lire le journal de ${watchtower} (pilote ${value})${NB}: personne n’est averti des mises à jour.`,
    'no-pull': ({ watchtower, from }) => `Avec ${from}, ${watchtower} ne trouve une mise à jour qu’après qu’un autre l’a téléchargée.`,
    'log-rotation': ({ watchtower, value, services }) => `Le journal de ${watchtower} garde ${value}, moins que ce que peuvent écrire deux vérifications de ${services} conteneurs${NB}: après une interruption, des mises à jour peuvent manquer.`,
  },
  change: {
    'not-monitor-only': (flag) => (flag ? 'Écrire --monitor-only dans sa commande' : 'Mettre WATCHTOWER_MONITOR_ONLY=true dans son environnement'),
    'label-precedence': (flag, from) => `Retirer ${from} de ${flag ? 'sa commande' : 'son environnement'}`,
    'log-level': (flag, from) => `Retirer ${from} de ${flag ? 'sa commande' : 'son environnement'}`,
    'log-unreadable': () => 'Choisir json-file comme pilote de son journal (logging driver)',
    'no-pull': (flag, from) => `Retirer ${from} de ${flag ? 'sa commande' : 'son environnement'}`,
    'log-rotation': () => 'Mettre max-size à 10m et max-file à 3 dans les options de son journal',
  },
  then: {
    compose: `, puis le recréer${NB}:`,
    byHand: ', et recréer le conteneur.',
    stop: `, et recréer le conteneur. D’ici là, l’arrêter${NB}:`,
  },
  oneOff: `Lancer les vérifications ponctuelles ainsi${NB}:`,
  settled: (watchtower) => `${watchtower} cherche des mises à jour et ne change rien.`,
  labels: {
    remedy: `Remède${NB}:`, container: `Conteneur${NB}:`, image: `Image${NB}:`, old: `Ancienne${NB}:`, new: `Nouvelle${NB}:`, at: `Quand${NB}:`,
  },
  replaced: (watchtower) => `${watchtower} l’a mis à jour de lui-même.`,
  stopped: (watchtower) => `${watchtower} l’a arrêté pour le mettre à jour, et ne l’a pas redémarré.`,
  unknownOld: 'inconnue',
  unchanged: 'la même image, recréée avec un autre conteneur',
  steps: {
    stop: `1. Arrêter Watchtower${NB}:`,
    change: (change) => `2. ${change}.`,
    monitorOnly: `2. Ses réglages disent surveillance seule${NB}: chercher de quelle autre façon il a été lancé.`,
    unknown: `2. Ses réglages ne sont pas connus${NB}: regarder s’ils disent WATCHTOWER_MONITOR_ONLY=true ou --monitor-only.`,
    back: `3. Si la nouvelle version ne convient pas, revenir en arrière${NB}:`,
    backPulled: `3. Si la nouvelle version ne convient pas, revenir en arrière${NB}; l’ancienne image est téléchargée de nouveau${NB}:`,
    backUnknown: '3. L’ancienne image n’est pas connue. Si la nouvelle version ne convient pas, écrire la version d’avant dans le fichier Compose.',
    start: `3. Le redémarrer, avec la nouvelle image${NB}:`,
    more: (count) => `… et ${count} de plus${NB}: docker ps montre ce qui vient d’être créé.`,
  },
}

export const GUARD_TEXTS: Readonly<Record<Language, GuardTexts>> = { en: EN, fr: FR }
