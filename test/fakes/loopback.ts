// A loopback address of this process alone. Ports are taken by address, and all else here listens at 127.0.0.1 and connects
// from there: a port that is free for a while, for its server is away or not there yet, is taken by nobody.

/** Of 127.0.0.0/8 Linux has every address, other systems only the first; a process's id has 22 bits at most (proc(5)). */
export const OWN_ADDRESS = process.platform === 'linux' ? `127.${64 + (process.pid >> 16)}.${(process.pid >> 8) & 255}.${process.pid & 255}` : '127.0.0.1'
