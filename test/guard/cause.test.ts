import t from 'tap'
import { causeOf } from '../../src/guard/cause.js'

t.test('known errors have a cause, as Watchtower writes them', (t) => {
  const rows: [string, string, string | undefined][] = [
    ['Error response from daemon: client version 1.25 is too old. Minimum supported API version is 1.44, please upgrade your client to a newer version', 'api-too-old', '1.44'],
    ['Error response from daemon: client version 1.25 is too old. Minimum supported API version is 1.40, please upgrade your client to a newer version', 'api-too-old', '1.41'],
    ['Error response from daemon: client version 1.44 is too new. Maximum supported API version is 1.41', 'api-too-new', '1.41'],
    ['Only schedule or interval can be defined, not both.', 'schedule-and-interval', undefined],
    ['Rolling restarts is not compatible with the global monitor only flag', 'rolling-restart', undefined],
    ['Incompatible flags: rolling restarts and monitor-only', 'rolling-restart', undefined],
    ['Got permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "http://%2Fvar%2Frun%2Fdocker.sock/_ping"', 'no-permission', undefined],
    ['failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if the daemon is running: dial unix /var/run/docker.sock: connect: no such file or directory', 'no-socket', undefined],
    ['Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?', 'no-socket', undefined],
    ['Expected 5 to 6 fields, found 1: bogus', 'schedule', undefined],
    ['End of range (7) above maximum (6): 7', 'schedule', undefined],
    ['Scheduled upgrades failed: failed to schedule updates: expected 5 to 6 fields, found 1: [bogus]', 'schedule', undefined],
    ['Scheduled upgrades failed: failed to schedule updates: failed to parse int from "0: strconv.Atoi: parsing "\\"0": invalid syntax', 'schedule', undefined],
    ['unknown flag: --bogus', 'flag', 'unknown flag: --bogus'],
    ['Failed to initialize logging: invalid log format: foo', 'log-setting', undefined],
    ['Unknown notification type "discord"', 'notifications', undefined],
    ['Failed to initialize Shoutrrr notifications: x', 'notifications', undefined],
  ]
  for (const [error, type, value] of rows) t.match(causeOf(error), { type, ...(value !== undefined && { value }) }, error)
  t.equal(causeOf('Error response from daemon: Bad response from Docker engine'), null)
  t.end()
})
