// Bundles the program into the one file that package.json's bin names.
// CommonJS: on Node 22 and later an ES module that imports node:http loads undici, 10 MB of it.
import { chmodSync, readFileSync } from 'node:fs'
import { build } from 'esbuild'

const { version, bin } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))

const outfile = new URL(`../${bin['watchtower-telegram']}`, import.meta.url).pathname

await build({
  entryPoints: [new URL('main.ts', import.meta.url).pathname],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  banner: { js: '#!/usr/bin/env node' },
  // undefined hides the built-in fetch from the Telegram library, which brings its own memory along
  define: { VERSION: JSON.stringify(version), 'globalThis.fetch': 'undefined', Request: 'undefined' },
  loader: { '.node': 'empty' },
  legalComments: 'none',
  logLevel: 'warning',
})
chmodSync(outfile, 0o755)
