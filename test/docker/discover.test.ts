import t from 'tap'
import { isOneOff } from '../../src/docker/discover.js'

t.test('a check that runs once is told by the label of Compose or by its flag, unless that says no', (t) => {
  const once = (command: string, labels = {}): boolean => isOneOff({ command, labels })
  for (const command of ['/watchtower --run-once', '/watchtower --run-once=true --monitor-only', '/watchtower -R', '/watchtower -cR', '/watchtower -Rm web']) t.ok(once(command), command)
  for (const command of ['/watchtower', '/watchtower --run-once=false --monitor-only', '/watchtower --run-once=0', '/watchtower --no-restart', '/watchtower -s @daily -R=false', '/watchtower -x web-R']) t.notOk(once(command), command)
  t.ok(once('/watchtower', { 'com.docker.compose.oneoff': 'True' }))
  t.end()
})
