// Permissions mean nothing to root: a test of them takes on an ordinary user's rights for a moment.
/** nobody's, on every system that has one */
const NOBODY = 65_534

/** Does the work with the rights of an ordinary user; one who is such a user already keeps his own. */
export async function asOrdinaryUser<T>(work: () => Promise<T>): Promise<T> {
  const isRoot = process.getuid?.() === 0
  if (isRoot) process.seteuid?.(NOBODY)
  try {
    return await work()
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
}
