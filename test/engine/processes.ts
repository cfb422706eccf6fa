// Child processes of the engine harness: run one to its end, keep one running, and remove all that one directory's
// processes and mounts left behind. Only processes whose command line names that directory are ever killed.
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Finished {
  stdout: string
  stderr: string
  code: number
}

export interface ExecuteOptions {
  input?: string | Buffer
  cwd?: string
  env?: Record<string, string>
  /** default 120 s, then SIGKILL and an error whatever `allowFailure` says */
  timeoutMs?: number
  /** true: a non-zero exit code is a value, not an error */
  allowFailure?: boolean
}

/** Where a program is on PATH (and the sbin directories), or null. */
export function which(program: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin']
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path)) ?? null
}

/** Runs a program to its end. */
export function execute(program: string, args: readonly string[], options: ExecuteOptions = {}): Promise<Finished> {
  const { input, cwd, env, timeoutMs = 120_000, allowFailure = false } = options
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] })
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    let timedOut = false
    const timer = setTimeout(() => { timedOut = true; child.kill('SIGKILL') }, timeoutMs)
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.stdin.on('error', () => {}) // a child that ends without reading its input is judged by its exit code
    child.stdin.end(input)
    child.on('error', (error) => { clearTimeout(timer); reject(error) })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      const finished = { stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString(), code: code ?? -1 }
      if (!timedOut && (code === 0 || allowFailure)) return resolve(finished)
      const how = timedOut ? `took longer than ${timeoutMs} ms` : `ended with ${code ?? signal}`
      reject(new Error(`${program} ${args.join(' ')} ${how}: ${(finished.stderr || finished.stdout).trim().slice(-2000)}`))
    })
  })
}

/** Starts a long-running program, output to a file; it gets SIGTERM when this process dies, and does not keep it alive. */
export function startDaemon(program: string, args: readonly string[], logFile: string, env: Record<string, string>): ChildProcess {
  const log = openSync(logFile, 'a')
  const tied = which('setpriv') // execs the program, so the pid is the program's
  const command = tied ? [tied, '--pdeathsig', 'TERM', '--', program] : [program]
  const child = spawn(command[0] ?? program, [...command.slice(1), ...args], { env, stdio: ['ignore', log, log] })
  child.on('error', () => {})
  child.unref()
  return child
}

/** SIGKILL; resolves when it has ended, within 30 s. */
export async function killDaemon(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  await until(() => child.pid === undefined || child.exitCode !== null || child.signalCode !== null, 30_000)
}

/** Polls every 20 ms until `check` holds or timeoutMs are over; says which. */
export async function until(check: () => boolean | Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const end = performance.now() + timeoutMs
  while (!(await check())) {
    if (performance.now() > end) return false
    await sleep(20)
  }
  return true
}

const PREFIX = '/tmp/wt-engine-' // short: containerd's socket below it must fit into 107 bytes

/** A new working directory that says which process owns it. */
export function claimDirectory(): string {
  const directory = mkdtempSync(PREFIX)
  writeFileSync(join(directory, 'owner'), String(process.pid))
  return directory
}

/** Removes what test processes that were killed left behind: their daemons, mounts and directories. */
export async function sweepAbandoned(): Promise<void> {
  for (const name of readdirSync('/tmp')) {
    const directory = `/tmp/${name}`
    if (!directory.startsWith(PREFIX)) continue
    try {
      const owner = Number(readFileSync(join(directory, 'owner'), 'utf8'))
      const age = Date.now() - statSync(directory).mtimeMs
      if (owner > 0 ? !existsSync(`/proc/${owner}`) : age > 60_000) await removeDirectory(directory)
    } catch { /* being created or removed by another test right now */ }
  }
}

/** Kills processes that name the directory, unmounts everything below it and removes it. */
export async function removeDirectory(directory: string): Promise<void> {
  await until(() => {
    const left = processesNaming(directory)
    for (const pid of left) kill(pid)
    return left.length === 0
  }, 30_000)
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path.startsWith(`${directory}/`)).sort().reverse()
  for (const path of mounts) await execute('umount', ['-l', path], { allowFailure: true })
  await removeBridges(join(directory, 'data/network/files/local-kv.db'))
  rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
}

/** Bridges of a daemon that could not remove its networks any more, as its database names them. */
async function removeBridges(database: string): Promise<void> {
  const names = existsSync(database) ? readFileSync(database, 'latin1').matchAll(/"BridgeName":"(br-[0-9a-f]{12})"/g) : []
  for (const name of new Set([...names].map((match) => match[1] ?? ''))) {
    if (existsSync(`/sys/class/net/${name}`)) await execute('ip', ['link', 'delete', name], { allowFailure: true }).catch(() => null)
  }
}

/** Daemons and containerd shims by their command line, and the shims' children: the containers' processes. */
function processesNaming(directory: string): number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => pid !== process.pid)
  const naming = all.filter((pid) => readProc(pid, 'cmdline').includes(`${directory}/`))
  const children = all.filter((pid) => naming.includes(parentOf(pid)))
  return [...new Set([...naming, ...children])].filter((pid) => pid > 1 && stateOf(pid) !== 'Z')
}

function readProc(pid: number, file: string): string {
  try { return readFileSync(`/proc/${pid}/${file}`, 'utf8') } catch { return '' }
}

// /proc/PID/stat: pid (name, may hold spaces) state ppid …
function afterName(pid: number): string[] {
  return readProc(pid, 'stat').split(') ').at(-1)?.split(' ') ?? []
}

/** Its letter of proc(5): Z is ended, and so is what cannot be found any more. */
export function stateOf(pid: number): string {
  return afterName(pid)[0] ?? 'Z'
}

function parentOf(pid: number): number {
  return Number(afterName(pid)[1] ?? -1)
}

function kill(pid: number): void {
  try { process.kill(pid, 'SIGKILL') } catch { /* already gone */ }
}
