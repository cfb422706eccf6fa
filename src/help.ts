// What the commands say of themselves.

export const HELP = `watchtower-telegram: tells you in Telegram which containers have an update. It never updates anything.

Usage:
  watchtower-telegram [run]              follow Watchtower's log and send reports until SIGTERM
  watchtower-telegram replay FILE… | -   show what recorded logs would have sent
  watchtower-telegram doctor             check everything the deployment depends on
  watchtower-telegram test-message       send a sample report to the chat or topic, marked as a test
  watchtower-telegram healthcheck        whether the running sidecar is well, for Docker's HEALTHCHECK
  watchtower-telegram pending            what is pending now, since when, with the commands
  watchtower-telegram template --print   the built-in message as a template to start from
  watchtower-telegram COMMAND --help     the options of a command
  watchtower-telegram --version

Exit codes: 0 ok, 1 failed, 2 usage.
`

export const RUN_HELP = `watchtower-telegram run: follow Watchtower's log and send reports until SIGTERM or SIGINT.

It takes no options; it is configured by environment variables:
  TELEGRAM_BOT_TOKEN        the bot's token, or
  TELEGRAM_BOT_TOKEN_FILE   a file that holds it
  TELEGRAM_CHAT_ID          the chat, for a group like -1001234567890
  TOPIC_SYSTEM_ID           the topic in it; without it the chat itself
  TELEGRAM_API_URL          a Bot API server of your own     (https://api.telegram.org)
  DOCKER_HOST               where the engine listens         (unix:///var/run/docker.sock)
  DOCKER_TLS_VERIFY         set: over TLS, with ca.pem, cert.pem and key.pem in
  DOCKER_CERT_PATH          this directory                   (~/.docker)
  HTTPS_PROXY, NO_PROXY     the proxy on the way to Telegram, and what it is not for
  WATCHTOWER_CONTAINER      the one Watchtower to follow     (all)
  HOST_LABEL                names this host in messages
  REMIND_AFTER              what is pending is said again after so long; 0 never (7d)
  QUIET_HOURS               messages come without sound then, like 22:00-08:00
  STATE_DIR                 keeps what was told and what is still to be sent
                            (~/.local/state/watchtower-telegram; /data in the image)
  SESSION_IDLE_AFTER        quiet time that ends a check of Watchtower 1.3 and older (10m)
  MESSAGE_LANGUAGE          of the messages, en or fr        (en)
  MESSAGE_TEMPLATE_FILE     a template of your own, see watchtower-telegram template --help
  TZ                        time zone of their times, like Europe/Paris (UTC)
  LOG_LEVEL                 debug, info, warn or error       (info)

Logs are JSON lines on standard output; \`| npx pino-pretty\` makes them readable.
`

export const REPLAY_HELP = `watchtower-telegram replay: show what recorded logs would have sent, without Docker and Telegram.

Usage: watchtower-telegram replay [options] FILE… | -

A FILE is what \`docker logs watchtower > FILE 2>&1\` or \`docker compose logs\` wrote, with or
without timestamps, or a raw body of the logs API; - is standard input.

Options:
  --images FILE   inspect answers, so that services and versions are known; written by
                  docker inspect $(docker ps -aq) $(docker images -aq) > FILE
  --html          print what goes to Telegram
  --json          print one JSON report per check session
  --template FILE the message as this template makes it (MESSAGE_TEMPLATE_FILE)
`

export const TEMPLATE_HELP = `watchtower-telegram template: the built-in message as a template to start from.

Usage: watchtower-telegram template --print > message.mustache

Change the file, look at it with \`watchtower-telegram replay --template message.mustache FILE\`, and name it in
MESSAGE_TEMPLATE_FILE. compose/README.md lists the fields. MESSAGE_LANGUAGE (en or fr) is the language of its texts.
`

export const PENDING_HELP = `watchtower-telegram pending: what is pending now, since when, with the commands that apply it.

Usage: watchtower-telegram pending [--json]

It reads the state in STATE_DIR, as the running sidecar left it; in the container:
  docker exec watchtower-telegram node /app/watchtower-telegram.cjs pending

Options:
  --json          print one JSON array
`

export const DOCTOR_HELP = `watchtower-telegram doctor: check everything the deployment depends on, and how to mend what is wrong.

Usage: watchtower-telegram doctor [--json]

It reads the same variables as \`run\` and works beside a running sidecar; in its container, or in one of its own:
  docker exec watchtower-telegram node /app/watchtower-telegram.cjs doctor
  docker compose run --rm watchtower-telegram doctor

A row per check: ✓ well, ! worth a look, ✗ to be mended. It sends no message (the topic sees "typing" for a moment),
changes nothing, and prints no secret. Whether writes to Docker are refused it learns by starting a container that
cannot exist.

Options:
  --json          print one JSON array: mark (ok, warning, fault), name, found, remedy, paste

Exit codes: 0 nothing is marked ✗, 1 something is, 2 usage.
`

export const TEST_MESSAGE_HELP = `watchtower-telegram test-message: send a sample report to the chat or topic, marked as a test.

Usage: watchtower-telegram test-message

It reads the same variables as \`run\`, works beside a running sidecar and deletes nothing; in the container:
  docker exec watchtower-telegram node /app/watchtower-telegram.cjs test-message

Exit codes: 0 it is where it should be, 1 it is not, 2 usage.
`

export const HEALTHCHECK_HELP = `watchtower-telegram healthcheck: whether the running sidecar is well, in one sentence, for Docker's HEALTHCHECK.

Usage: watchtower-telegram healthcheck

It asks the sidecar that uses STATE_DIR: whether Docker answers, Watchtower is followed or waited for, Telegram took
token and chat, the outbox moves on, and the state can be written.

Exit codes: 0 healthy, 1 unhealthy or not running, 2 usage.
`
