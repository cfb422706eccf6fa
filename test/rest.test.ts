// What the build of the image does once: it starts the program where nothing answers, and keeps what V8 made of it.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'

t.test('--write-code needs no variable and no directory but its own, and leaves nothing but the code', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'wt-code-'))
  t.teardown(() => rmSync(directory, { recursive: true }))
  execFileSync(process.execPath, ['src/build.mjs', directory])
  const entry = join(directory, 'watchtower-telegram.cjs')
  const run = (argument: string, env: NodeJS.ProcessEnv) => spawnSync(process.execPath, [entry, argument], { encoding: 'utf8', env, timeout: 60_000 })
  const odd = { TMPDIR: '/nowhere', HTTPS_PROXY: 'no proxy', HTTP_PROXY: 'http://127.0.0.1:1', DOCKER_HOST: 'ssh://x', TZ: 'Mars/Olympus', LOG_LEVEL: 'loud', STATE_DIR: '/nowhere' }
  t.match(run('--write-code', odd), { status: 0, stderr: '', stdout: /"stopped"/ })
  t.same(readdirSync(directory).sort(), ['meta.json', 'program.cjs', 'program.code', 'watchtower-telegram.cjs'])
  const version = run('--version', {})
  t.match(version, { status: 0, stdout: /^\d+\.\d+\.\d+\n$/ })
  writeFileSync(join(directory, 'program.code'), 'of another Node')
  t.same(run('--version', {}).stdout, version.stdout, 'code that V8 does not take is made anew')
  t.end()
})
