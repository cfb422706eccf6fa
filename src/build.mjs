// Bundles the program into the one file that package.json's bin names.
// CommonJS: on Node 22 and later an ES module that imports node:http loads undici, 10 MB of it.
import { chmodSync, readFileSync } from 'node:fs'
import { build } from 'esbuild'

const { version, bin } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const outfile = new URL(`../${bin['watchtower-telegram']}`, import.meta.url).pathname

// What dockerode loads at its start and uses only for builds, archives and ssh:// hosts: config
// refuses ssh://, and the guard in docker/client refuses the rest.
const UNUSED = /^(@grpc\/grpc-js|@grpc\/proto-loader|protobufjs|ssh2|tar-fs|@balena\/dockerignore)$/

await build({
  entryPoints: [new URL('main.ts', import.meta.url).pathname],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  banner: { js: '#!/usr/bin/env node' },
  // Request: the Telegram library probes for it, and that alone loads the built-in fetch
  // DOCKER_HOST: config is its only reader; dockerode would read it too, and more variables with it
  // (a timeout, certificates), and fails where it cannot parse what the Docker CLI can
  define: { VERSION: JSON.stringify(version), Request: 'undefined', 'process.env.DOCKER_HOST': 'undefined' },
  plugins: [
    {
      name: 'leave out what is never used',
      setup({ onResolve, onLoad }) {
        onResolve({ filter: UNUSED }, ({ path }) => ({ path, namespace: 'unused' }))
        onLoad({ filter: /.*/, namespace: 'unused' }, () => ({ contents: 'module.exports = {}' }))
      },
    },
  ],
  logLevel: 'warning',
})
chmodSync(outfile, 0o755)
