// A clock that nobody sets: milliseconds since some moment. Not `performance.now`: to load what that belongs to takes a
// twentieth of Node's own start, and memory.

export function monotonic(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
