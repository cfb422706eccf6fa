import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'

/** Bytes of the whole program: half again as much would show in memory and start. */
const MOST = 700_000
/** What the packages of package.json bring along, of which something is used. */
const BROUGHT: Readonly<Record<string, readonly string[]>> = {
  dockerode: ['docker-modem', 'split-ca'],
  'https-proxy-agent': ['agent-base'],
  pino: ['atomic-sleep', 'on-exit-leak-free', 'pino-std-serializers', 'quick-format-unescaped', 'safe-stable-stringify', 'sonic-boom'],
}

t.test('the bundle is small, holds every dependency of package.json, and nothing that is not used', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'wt-bundle-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  execFileSync(process.execPath, ['src/build.mjs', directory])
  const [output] = Object.values((JSON.parse(readFileSync(join(directory, 'meta.json'), 'utf8')) as { outputs: Record<string, { inputs: Record<string, { bytesInOutput: number }> }> }).outputs)
  const packages = Object.entries(output?.inputs ?? {}).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? ''] : []))
  const { dependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as { dependencies: Record<string, string> }
  t.same([...new Set(packages)].filter(Boolean).sort(), [...Object.keys(dependencies), ...Object.values(BROUGHT).flat()].sort())
  const size = statSync(join(directory, 'program.cjs')).size
  t.ok(size < MOST, `${size} bytes`)
  t.end()
})
