// Why a socket that is there refuses this program. Looks at it from here: in a container of a rootless engine or of Docker
// Desktop its group has another number than on the host.
import { statSync } from 'node:fs'

/** What a person can do. groups: those that this process is in. */
export function remedyForRights(path: string, groups: readonly number[] = ownGroups()): string {
  const gid = groupOf(path)
  if (gid === null) return `add the group that owns it (group_add with the number that \`stat -c %g ${path}\` prints)`
  if (groups.includes(gid)) return `its group, ${gid}, is there already: if the machine has SELinux, allow it (security_opt: label=disable); else give the group its rights (chmod 660 ${path})`
  return `add the group that owns it, seen from here ${gid} (DOCKER_GID=${gid} in .env, or group_add)`
}

/** Node puts the effective one among them. */
function ownGroups(): number[] {
  return process.getgroups?.() ?? []
}

/** Null where it cannot be seen. */
function groupOf(path: string): number | null {
  try {
    return statSync(path).gid
  } catch {
    return null
  }
}
