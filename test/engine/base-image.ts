// The base image that stands in for node:…-slim where there is no network: this machine's Node and npm, and npm's cache.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Engine, nodeFiles } from './engine.js'
import { execute, which } from './processes.js'

const repository = join(import.meta.dirname, '../..')

/** The value for BASE_IMAGE. */
export const BASE_IMAGE = 'node-of-this-machine:1'

export const NOT_CACHED = 'npm\'s cache lacks what package-lock.json names: run `npm ci` once'

/** Copies from npm's cache what `npm ci` will ask for: the index entries of the locked packages and what they point at. */
function copyNpmCache(from: string, to: string): void {
  const lock = JSON.parse(readFileSync(join(repository, 'package-lock.json'), 'utf8'))
  const names = new Set(Object.keys(lock.packages).map((path) => path.split('node_modules/').at(-1)))
  if (!existsSync(join(from, 'index-v5'))) throw new Error(NOT_CACHED)
  const copy = (path: string): void => {
    mkdirSync(dirname(join(to, path)), { recursive: true })
    copyFileSync(join(from, path), join(to, path))
  }
  for (const path of readdirSync(join(from, 'index-v5'), { recursive: true, encoding: 'utf8' })) {
    if (path.split('/').length !== 3) continue
    for (const line of readFileSync(join(from, 'index-v5', path), 'utf8').split('\n')) {
      const { key, integrity } = JSON.parse(line.split('\t')[1] ?? '{}') as { key?: string, integrity?: string }
      const name = /((@[^/]+\/)?[^/]+)$/.exec(decodeURIComponent(key ?? '').split('/-/')[0] ?? '')?.[1]
      if (!names.has(name) || !integrity) continue
      const [algorithm = '', hash = ''] = integrity.split('-')
      const [, first = '', second = '', rest = ''] = /^(..)(..)(.*)$/.exec(Buffer.from(hash, 'base64').toString('hex')) ?? []
      copy(join('index-v5', path))
      if (existsSync(join(from, 'content-v2', algorithm, first, second, rest))) copy(join('content-v2', algorithm, first, second, rest))
    }
  }
}

/** A base image with this machine's Node and npm, and all that `npm ci` needs to run without a network. */
export async function buildBaseImage(engine: Engine): Promise<void> {
  const config = (await execute('npm', ['config', 'get', 'cache', 'registry'])).stdout
  const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(config)?.[1] ?? ''
  const cache = join(engine.directory, 'npm-cache')
  copyNpmCache(join(value('cache'), '_cacache'), cache)
  await engine.buildImage({
    ref: BASE_IMAGE,
    env: { npm_config_offline: 'true', npm_config_cache: '/npm-cache', npm_config_registry: value('registry') },
    files: {
      ...await nodeFiles(),
      '/usr/local/lib/npm': { from: dirname(dirname(realpathSync(which('npm') ?? ''))) },
      '/usr/local/bin/npm': '#!/bin/sh\nexec node /usr/local/lib/npm/bin/npm-cli.js "$@"\n',
      '/npm-cache/_cacache': { from: cache },
    },
  })
}
