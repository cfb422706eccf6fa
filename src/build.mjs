// Bundles the program into two files: the entry that package.json's bin names, with the health check, and all the rest,
// which it loads for every other command: only to read past the rest costs half of Node's own start.
// With a directory they are written there, with what they were made of: `meta.json`, esbuild's metafile.
// CommonJS: on Node 22 and later an ES module that imports node:http loads undici, 10 MB of it.
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { build } from 'esbuild'

const { version, bin } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const path = new URL(`../${bin['watchtower-telegram']}`, import.meta.url).pathname
const directory = process.argv[2] ?? dirname(path)
const entry = join(directory, basename(path))

// What the libraries load at their start and never use here, and what stands in its place. Each of
// these costs memory and start-up; all of them more than the program's own code.
const LEFT_OUT = [
  // dockerode: builds and archives, which the guard in docker/client refuses, and ssh:// hosts, which config does
  { filter: /^(@grpc\/grpc-js|@grpc\/proto-loader|protobufjs|ssh2|tar-fs|@balena\/dockerignore)$/, contents: 'module.exports = {}' },
  { filter: /^zlib$/, from: /dockerode/, contents: 'module.exports = {}' },
  { filter: /^debug$/, contents: 'module.exports = () => () => {}' },
  // its only use is a line for `debug`, at each request
  { filter: /^util$/, from: /docker-modem.lib.modem/, contents: 'exports.inspect = () => {}' },
  { filter: /^readable-stream$/, contents: "module.exports = require('stream')" },
  // pino: transports in threads, and redaction by path; logger scrubs the finished line
  { filter: /^(\.\/(lib\/)?transport|@pinojs\/redact)$/, from: /pino/, contents: 'module.exports = {}' },
  { filter: /^worker_threads$/, from: /pino/, contents: 'module.exports = { isMainThread: true }' },
  { filter: /^assert$/, from: /sonic-boom/, contents: 'module.exports = (holds, text) => { if (!holds) throw new Error(text) }' },
]

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  minifyWhitespace: true,
  minifySyntax: true,
  // a crash prints the line it happened in
  lineLimit: 120,
  // Request: the Telegram library probes for it, and that alone loads the built-in fetch
  // DOCKER_HOST: config is its only reader; dockerode would read it too, and more variables with it
  // (a timeout, certificates), and fails where it cannot parse what the Docker CLI can
  define: { VERSION: JSON.stringify(version), Request: 'undefined', ReadableStream: 'Promise', 'process.env.DOCKER_HOST': 'undefined' },
  logLevel: 'warning',
}

const { metafile } = await build({
  ...common,
  metafile: true,
  entryPoints: [new URL('cli.ts', import.meta.url).pathname],
  outfile: join(directory, 'program.cjs'),
  plugins: [
    {
      name: 'leave out what is never used',
      setup({ onResolve, onLoad }) {
        for (const [index, { filter, from = /./ }] of LEFT_OUT.entries()) {
          onResolve({ filter }, ({ importer }) => (from.test(importer) ? { path: String(index), namespace: 'left out' } : undefined))
        }
        onLoad({ filter: /./, namespace: 'left out' }, ({ path }) => ({ contents: LEFT_OUT[Number(path)].contents, resolveDir: '.' }))
      },
    },
  ],
})
await build({
  ...common,
  entryPoints: [new URL('main.ts', import.meta.url).pathname],
  outfile: entry,
  banner: { js: '#!/usr/bin/env node' },
  // import() would start Node's loader of ES modules; require does not
  supported: { 'dynamic-import': false },
  plugins: [
    {
      name: 'the rest is a file of its own',
      setup({ onResolve }) {
        onResolve({ filter: /^\.\/cli\.js$/ }, () => ({ path: new URL('rest.ts', import.meta.url).pathname }))
      },
    },
  ],
})
chmodSync(entry, 0o755)
// V8 tells by its length alone whether compiled code belongs to a source
rmSync(join(directory, 'program.code'), { force: true })
if (process.argv[2] !== undefined) writeFileSync(join(directory, 'meta.json'), JSON.stringify(metafile))
