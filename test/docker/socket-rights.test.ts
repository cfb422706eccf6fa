import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { dockerFault } from '../../src/docker/fault.js'
import { remedyForRights } from '../../src/docker/socket-rights.js'

t.test('the group that is lacking is named as this program sees it, one that is there is not asked for again', (t) => {
  const path = join(t.testdir({}), 'docker.sock')
  writeFileSync(path, '')
  const { gid } = statSync(path)
  t.equal(remedyForRights(path, [gid + 1]), `add the group that owns it, seen from here ${gid} (DOCKER_GID=${gid} in .env, or group_add)`)
  t.match(remedyForRights(path, [gid + 1, gid]), `its group, ${gid}, is there already: if the machine has SELinux, allow it (security_opt: label=disable); else give the group its rights (chmod 660 ${path})`)
  t.match(dockerFault({ code: 'EACCES' }, { type: 'unix', path }), { found: `no permission to use ${path}`, remedy: /^its group, \d+, is there already/ }, 'by its own groups')
  t.equal(remedyForRights(join(path, 'hidden')), `add the group that owns it (group_add with the number that \`stat -c %g ${join(path, 'hidden')}\` prints)`)
  t.end()
})
