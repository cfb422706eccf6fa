// Texts of the alarms about a Watchtower that does not check, in each language, complete by their type. Values stand in
// them as they are; the alarm escapes the whole.
import type { Language } from './texts.js'

export interface WatchTexts {
  headline: Record<'down' | 'absent' | 'overdue' | 'idle' | 'oneOff' | 'up' | 'found' | 'checksAgain', string>
  on(host: string): string
  stopped(name: string, when: string | null, exitCode: number): string
  looping(name: string, restarts: number): string
  gone(name: string, when: string): string
  /** wanted: the name that was configured */
  absent(wanted: string | null): string
  /** what follows from all of these */
  meanwhile: string
  overdue(name: string, due: string | null, last: string | null): string
  idle(name: string): string
  /** exitCode: null where it was removed before anybody could see it */
  oneOff(name: string, exitCode: number | null): string
  up(name: string): string
  found(name: string): string
  checksAgain(name: string, when: string): string
  next(when: string): string
  labels: Record<'lastError' | 'reason' | 'remedy', string>
  /** what is to be done about a cause; value: what it names */
  causes: Record<'api-too-old' | 'api-too-new' | 'schedule-and-interval' | 'rolling-restart' | 'no-permission' | 'no-socket' | 'schedule' | 'flag' | 'log-setting' | 'notifications', (value: string) => string>
  reasons: {
    logLevel(level: string): string
    brokeOff: string
    unreadable(schedule: string, why: string): string
    never(schedule: string): string
    notUp: string
    startedAnew: string
    restarts(times: number): string
    error: string
    silent: string
  }
  remedies: {
    start(name: string): string
    look(name: string): string
    create: string
    wanted: string
    logLevel: string
    schedule: string
    notUp: string
    startedAnew: string
    restart(name: string): string
    swarm(service: string): string
    idle: string
  }
}

const EN: WatchTexts = {
  headline: {
    down: '⚠️ Watchtower is not running', absent: '⚠️ No Watchtower', overdue: '⚠️ Watchtower has not checked', idle: '⚠️ Watchtower checked nothing',
    oneOff: '⚠️ A one-off check failed', up: '✅ Watchtower runs again', found: '✅ Watchtower is there', checksAgain: '✅ Watchtower checks again',
  },
  on: (host) => ` on ${host}`,
  stopped: (name, when, exitCode) => `${name} stopped${when === null ? '' : ` on ${when}`}, exit code ${exitCode}.`,
  looping: (name, restarts) => `${name} ends again each time it is started${restarts > 0 ? `, ${restarts} ${restarts === 1 ? 'time' : 'times'} so far` : ''}.`,
  gone: (name, when) => `${name} is gone since ${when}.`,
  absent: (wanted) => (wanted === null ? 'No container with the label com.centurylinklabs.watchtower=true was found.' : `There is no container named ${wanted}.`),
  meanwhile: 'Until it runs, nobody looks for updates.',
  overdue: (name, due, last) => `${due === null ? `${name} has not checked for too long` : `${name} should have checked on ${due}`}. ${last === null ? 'No check of it was seen yet.' : `Its last check was on ${last}.`}`,
  idle: (name) => `${name} ended its check without looking at a single container.`,
  oneOff: (name, exitCode) => (exitCode === null ? `${name} ended before its check did.` : `${name} ended with exit code ${exitCode}.`),
  up: (name) => `${name} is up.`,
  found: (name) => `${name} is followed from now on.`,
  checksAgain: (name, when) => `${name} checked on ${when}.`,
  next: (when) => ` Its next check is on ${when}.`,
  labels: { lastError: 'Last error:', reason: 'Likely reason:', remedy: 'Remedy:' },
  causes: {
    'api-too-old': (version) => `its API version is too old for this Docker: set DOCKER_API_VERSION=${version} in its environment and recreate it`,
    'api-too-new': (version) => `its API version is too new for this Docker: set DOCKER_API_VERSION=${version} in its environment and recreate it`,
    'schedule-and-interval': () => 'keep one of WATCHTOWER_SCHEDULE and WATCHTOWER_POLL_INTERVAL and recreate it',
    'rolling-restart': () => 'remove WATCHTOWER_ROLLING_RESTART, it does not go with monitor-only, and recreate it',
    'no-permission': () => 'it may not use the Docker socket: remove user: from its service, or allow the socket in SELinux (security_opt: label=disable)',
    'no-socket': () => 'it does not reach Docker: mount /var/run/docker.sock into it, or set its DOCKER_HOST',
    schedule: () => 'its schedule cannot be read: write six fields, seconds first, like WATCHTOWER_SCHEDULE=0 0 3 * * *',
    flag: (flag) => `it does not know ${flag.replace(/^unknown (?:shorthand )?flag: /, '')}: correct its command`,
    'log-setting': () => 'WATCHTOWER_LOG_LEVEL is one of info, debug, trace, and WATCHTOWER_LOG_FORMAT one of auto, logfmt, json, pretty',
    notifications: () => 'correct WATCHTOWER_NOTIFICATION_URL or WATCHTOWER_NOTIFICATION_TEMPLATE, or remove them: this program sends the messages',
  },
  reasons: {
    logLevel: (level) => `its log level ${level} hides what it checks.`,
    brokeOff: 'its last check broke off.',
    unreadable: (schedule, why) => `its schedule “${schedule}” is not understood (${why}).`,
    never: (schedule) => `its schedule “${schedule}” never comes.`,
    notUp: 'it was not running, or was started anew, at the times of its last two checks.',
    startedAnew: 'it was started anew before each of its last two checks, and counts its interval from its start.',
    restarts: (times) => `it crashed and was started again, ${times} ${times === 1 ? 'time' : 'times'}.`,
    error: 'an error in its log.',
    silent: 'not known; its log says nothing.',
  },
  remedies: {
    start: (name) => `docker start ${name}`,
    look: (name) => `docker logs --tail 20 ${name}`,
    create: 'docker compose up -d, where its compose file is',
    wanted: 'correct WATCHTOWER_CONTAINER, or start that container',
    logLevel: 'set WATCHTOWER_LOG_LEVEL=info and recreate it',
    schedule: 'write six fields, seconds first, like WATCHTOWER_SCHEDULE=0 0 3 * * *, and recreate it',
    notUp: 'choose a time for WATCHTOWER_SCHEDULE at which it is up, and recreate it',
    startedAnew: 'set WATCHTOWER_SCHEDULE to a time at which it is up, in place of WATCHTOWER_POLL_INTERVAL, and recreate it',
    restart: (name) => `docker restart ${name}`,
    swarm: (service) => `docker service update --force ${service}, on a manager of the swarm`,
    idle: 'look at WATCHTOWER_LABEL_ENABLE, WATCHTOWER_SCOPE and the container names in its command',
  },
}

/** No line break before a colon. */
const NB = '\u00a0'

const FR: WatchTexts = {
  headline: {
    down: '⚠️ Watchtower ne tourne pas', absent: '⚠️ Pas de Watchtower', overdue: '⚠️ Watchtower n’a pas vérifié', idle: '⚠️ Watchtower n’a rien vérifié',
    oneOff: '⚠️ Une vérification ponctuelle a échoué', up: '✅ Watchtower tourne de nouveau', found: '✅ Watchtower est là', checksAgain: '✅ Watchtower vérifie de nouveau',
  },
  on: (host) => ` sur ${host}`,
  stopped: (name, when, exitCode) => `${name} s’est arrêté${when === null ? '' : ` ${when}`}, code de sortie ${exitCode}.`,
  looping: (name, restarts) => `${name} s’arrête à chaque démarrage${restarts > 0 ? `, ${restarts} fois jusqu’ici` : ''}.`,
  gone: (name, when) => `${name} a disparu depuis ${when}.`,
  absent: (wanted) => (wanted === null ? 'Aucun conteneur avec l’étiquette com.centurylinklabs.watchtower=true n’a été trouvé.' : `Il n’y a pas de conteneur nommé ${wanted}.`),
  meanwhile: 'Tant qu’il ne tourne pas, personne ne cherche les mises à jour.',
  overdue: (name, due, last) => `${due === null ? `${name} n’a pas vérifié depuis trop longtemps` : `${name} aurait dû vérifier ${due}`}. ${last === null ? 'Aucune vérification n’a encore été vue.' : `Sa dernière vérification a eu lieu ${last}.`}`,
  idle: (name) => `${name} a terminé sa vérification sans regarder un seul conteneur.`,
  oneOff: (name, exitCode) => (exitCode === null ? `${name} s’est terminé avant la fin de sa vérification.` : `${name} s’est terminé avec le code de sortie ${exitCode}.`),
  up: (name) => `${name} est en marche.`,
  found: (name) => `${name} est suivi désormais.`,
  checksAgain: (name, when) => `${name} a vérifié ${when}.`,
  next: (when) => ` Sa prochaine vérification aura lieu ${when}.`,
  labels: { lastError: `Dernière erreur${NB}:`, reason: `Raison probable${NB}:`, remedy: `Remède${NB}:` },
  causes: {
    'api-too-old': (version) => `sa version d’API est trop ancienne pour ce Docker${NB}: mettre DOCKER_API_VERSION=${version} dans son environnement et le recréer`,
    'api-too-new': (version) => `sa version d’API est trop récente pour ce Docker${NB}: mettre DOCKER_API_VERSION=${version} dans son environnement et le recréer`,
    'schedule-and-interval': () => 'garder un seul de WATCHTOWER_SCHEDULE et WATCHTOWER_POLL_INTERVAL et le recréer',
    'rolling-restart': () => 'retirer WATCHTOWER_ROLLING_RESTART, incompatible avec la surveillance seule, et le recréer',
    'no-permission': () => `il n’a pas le droit d’utiliser la socket Docker${NB}: retirer user: de son service, ou autoriser la socket dans SELinux (security_opt: label=disable)`,
    'no-socket': () => `il n’atteint pas Docker${NB}: monter /var/run/docker.sock dans le conteneur, ou régler son DOCKER_HOST`,
    schedule: () => `son horaire est illisible${NB}: écrire six champs, secondes d’abord, comme WATCHTOWER_SCHEDULE=0 0 3 * * *`,
    flag: (flag) => `il ne connaît pas ${flag.replace(/^unknown (?:shorthand )?flag: /, '')}${NB}: corriger sa commande`,
    'log-setting': () => 'WATCHTOWER_LOG_LEVEL vaut info, debug ou trace, et WATCHTOWER_LOG_FORMAT auto, logfmt, json ou pretty',
    notifications: () => `corriger WATCHTOWER_NOTIFICATION_URL ou WATCHTOWER_NOTIFICATION_TEMPLATE, ou les retirer${NB}: ce programme envoie les messages`,
  },
  reasons: {
    logLevel: (level) => `son niveau de journal ${level} cache ce qu’il vérifie.`,
    brokeOff: 'sa dernière vérification s’est interrompue.',
    unreadable: (schedule, why) => `son horaire « ${schedule} » n’est pas compris (${why}).`,
    never: (schedule) => `son horaire « ${schedule} » ne vient jamais.`,
    notUp: 'il ne tournait pas, ou a été redémarré, à l’heure de ses deux dernières vérifications.',
    startedAnew: 'il a été redémarré avant chacune de ses deux dernières vérifications, et compte son intervalle à partir de son démarrage.',
    restarts: (times) => `il est tombé et a été redémarré, ${times} fois.`,
    error: 'une erreur dans son journal.',
    silent: 'inconnue ; son journal ne dit rien.',
  },
  remedies: {
    start: (name) => `docker start ${name}`,
    look: (name) => `docker logs --tail 20 ${name}`,
    create: 'docker compose up -d, là où se trouve son fichier Compose',
    wanted: 'corriger WATCHTOWER_CONTAINER, ou démarrer ce conteneur',
    logLevel: 'mettre WATCHTOWER_LOG_LEVEL=info et le recréer',
    schedule: 'écrire six champs, secondes d’abord, comme WATCHTOWER_SCHEDULE=0 0 3 * * *, et le recréer',
    notUp: 'choisir pour WATCHTOWER_SCHEDULE une heure à laquelle il tourne, et le recréer',
    startedAnew: 'mettre dans WATCHTOWER_SCHEDULE une heure à laquelle il tourne, à la place de WATCHTOWER_POLL_INTERVAL, et le recréer',
    restart: (name) => `docker restart ${name}`,
    swarm: (service) => `docker service update --force ${service}, sur un manager du swarm`,
    idle: 'regarder WATCHTOWER_LABEL_ENABLE, WATCHTOWER_SCOPE et les noms de conteneurs de sa commande',
  },
}

export const WATCH_TEXTS: Readonly<Record<Language, WatchTexts>> = { en: EN, fr: FR }
