// The program from its source as a process of its own, with the loader of the test: its coverage counts.
import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import type { Test } from 'tap'

export interface Program {
  child: ChildProcess
  /** resolves to the exit code once both streams are closed */
  exit: Promise<number | null>
  stdout(): string
  stderr(): string
  /** the log lines so far; throws on one that is not JSON */
  lines(): Record<string, any>[]
  /** resolves once standard output holds this text */
  said(text: string): Promise<void>
}

export interface ProgramOptions {
  env?: Record<string, string>
  /** of Node itself, in front of the program */
  nodeArguments?: readonly string[]
  stdio?: StdioOptions
}

/** A loader on a busy machine takes seconds. */
const SAID_MS = 60_000

/** Runs the program with these variables and none of the outer ones that it reads; the test's end kills it. */
export function program(t: Test, args: readonly string[], { env = {}, nodeArguments = [], stdio = 'pipe' }: ProgramOptions = {}): Program {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(TELEGRAM|TOPIC|DOCKER|WATCHTOWER|HOST_LABEL|STATE|XDG|SESSION|MESSAGE|TZ|RECONCILE|RETRY|SEND|LOG_LEVEL|HOME|HTTPS_PROXY|https_proxy|NO_PROXY|no_proxy)/.test(name)))
  const child = spawn(process.execPath, [...process.execArgv, ...nodeArguments, 'src/main.ts', ...args], { env: { ...inherited, HOME: '/nonexistent', ...env } as NodeJS.ProcessEnv, stdio })
  t.teardown(() => child.kill('SIGKILL'))
  let stdout = ''
  let stderr = ''
  const watchers = new Set<() => void>()
  // a character may come in two chunks
  child.stdout?.setEncoding('utf8').on('data', (chunk) => {
    stdout += chunk
    for (const check of watchers) check()
  })
  child.stderr?.setEncoding('utf8').on('data', (chunk) => (stderr += chunk))
  const exit = once(child, 'close').then(([code]) => code as number | null)
  return {
    child, exit,
    stdout: () => stdout,
    stderr: () => stderr,
    lines: () => stdout.trim().split('\n').map((line) => JSON.parse(line)),
    said: (text) => new Promise((resolve, reject) => {
      const check = (): void => {
        if (!stdout.includes(text)) return
        clearTimeout(timer)
        watchers.delete(check)
        resolve()
      }
      const timer = setTimeout(() => reject(new Error(`${text} did not come; came: ${stdout}${stderr}`)), SAID_MS)
      watchers.add(check)
      check()
    }),
  }
}
