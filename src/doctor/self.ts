// Which container this is. Pure.

/** Docker mounts `/var/lib/docker/containers/ID/hostname` and more into each container. */
const MOUNT = /\/containers\/([0-9a-f]{64})\/(?:hostname|hosts|resolv\.conf)\b/
const SHORT_ID = /^[0-9a-f]{12}$/

/** Its id, in full by what is mounted or in short by its host name; null where neither tells: outside a container. */
export function ownId(hostname: string, mountinfo: string): string | null {
  return MOUNT.exec(mountinfo)?.[1] ?? (SHORT_ID.test(hostname) ? hostname : null)
}
