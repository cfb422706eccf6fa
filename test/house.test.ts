// The rules of the house that a machine can check; src/README.md says why they are.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import t from 'tap'

const root = join(import.meta.dirname, '..')

function filesUnder(folder: string): string[] {
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = join(folder, name)
    return statSync(join(root, path)).isDirectory() ? filesUnder(path) : [path]
  })
}

const sources = filesUnder('src').filter((file) => /\.ts$/.test(file) && !file.endsWith('.d.ts'))
const text = (file: string): string => readFileSync(join(root, file), 'utf8')

/** What a file imports: packages by name, own files by path below src; types do not count unless asked for. */
function imports(file: string, types = false): string[] {
  const statements = [...text(file).matchAll(/^import (type )?([^'"]*?from )?['"]([^'"]+)['"]/gm)]
  return statements
    .filter(([, type, names = '']) => types || !(type || /^\{( type \w+,?)+ \}/.test(names)))
    .map(([, , , from = '']) => (from.startsWith('.') ? relative('src', normalize(join(dirname(file), from))).replace(/\.js$/, '') : from))
}

const RULES: { files: RegExp; only?: RegExp; never?: RegExp }[] = [
  { files: /^watchtower\//, only: /^(watchtower\/|node:util$|zod\/mini$)/ },
  { files: /^report\/(?!template$)/, only: /^(report\/|node:util$|zod\/mini$)/ },
  { files: /^report\/template$/, only: /^(report\/|mustache$)/ },
  { files: /^docker\/(demux|lines|line|cursor)$/, only: /^(docker\/|watchtower\/time$|node:stream$|node:crypto$|split2$)/ },
  { files: /^docker\/socket-rights$/, only: /^node:fs$/ },
  { files: /^docker\/(?!socket-rights$)/, only: /^(docker\/|report\/|watchtower\/time$|bell$|dockerode$|docker-modem\/|node:(http|util|stream|stream\/promises|crypto)$|split2$|zod\/mini$)/ },
  { files: /^pipeline$/, only: /^watchtower\// },
  { files: /^life\//, only: /^(life\/|report\/|zod\/mini$)/ },
  { files: /^guard\/(?!schedule$)/, only: /^(guard\/|report\/|watchtower\/|zod\/mini$)/ },
  { files: /^guard\/schedule$/, only: /^croner$/ },
  { files: /^delivery\/outbox$/, only: /^(report\/|zod\/mini$)/ },
  { files: /^delivery\/relay$/, only: /^(bell$|delivery\/outbox$)/ },
  { files: /^delivery\//, only: /^(delivery\/|report\/|bell$|node:https?$|node-telegram-bot-api$|zod\/mini$)/ },
  { files: /^state\/(state|store)$/, only: /^(state\/|life\/|guard\/watched$|delivery\/outbox$|report\/announce$|zod\/mini$)/ },
  { files: /^state\//, only: /^(state\/|life\/|guard\/watched$|delivery\/outbox$|report\/announce$|node:(fs|path|net|crypto|util)$|zod\/mini$)/ },
  { files: /^(?!delivery\/telegram)/, never: /^node-telegram-bot-api$/ },
  { files: /^(?!report\/template)/, never: /^mustache$/ },
  { files: /^(?!docker\/client)/, never: /^(dockerode$|docker-modem)/ },
  { files: /^(docker-host|telegram-proxy)$/, only: /^node:(crypto|fs|os|path|tls)$/ },
  { files: /./, never: /^https-proxy-agent$/ },
  { files: /^replay$/, never: /^(delivery|state|daemon|docker\/(client|tail|follower|discover|inspect))/ },
  { files: /^(main|healthcheck|environment|state\/ask)$/, only: /^(cli|healthcheck|environment|state\/ask|node:(fs|net|os|path))$/ },
  { files: /^doctor\/(check|edition|schedule|self|services|settings|table)$/, only: /^(doctor\/|guard\/|report\/|zod\/mini$)/ },
  { files: /^doctor\//, never: /^(cli|daemon|tell|observer|watchtowers|life\/|delivery\/(relay|outbox)|state\/(lock|store))/ },
  { files: /^(?!doctor\/|cli$)/, never: /^doctor\// },
  { files: /^test-message$/, only: /^(delivery\/telegram$|report\/)/ },
  { files: /^daemon$/, never: /^cli$/ },
  { files: /^config$/, never: /^(daemon|delivery|state|report\/(?!(sample|template|texts|times)$))/ },
]

t.test('modules import only what the table in src/README.md allows', (t) => {
  for (const file of sources) {
    const name = relative('src', file).replace(/\.ts$/, '')
    for (const { only, never } of RULES.filter((rule) => rule.files.test(name))) {
      for (const from of imports(file)) t.ok((!only || only.test(from)) && !never?.test(from), `${name} imports ${from}`)
    }
  }
  t.end()
})

t.test('the pure middle touches neither clock, process, files nor network', (t) => {
  for (const file of sources.filter((f) => /^src\/(watchtower|report|guard)\//.test(f) || /src\/(life\/|pipeline|list-pending|delivery\/outbox|state\/state|doctor\/(check|edition|schedule|self|services|settings|table))/.test(f))) {
    t.notMatch(text(file), /\bprocess\.|Date\.now|new Date\(\)|setTimeout|setInterval|Math\.random|console\./, file)
  }
  t.end()
})

t.test('only config reads the environment, only the entry and the command line exit', (t) => {
  for (const file of sources) {
    if (!/src\/(config|environment)\.ts/.test(file)) t.notMatch(text(file), /process\.env\b(?! = \{)/, file)
    if (!/src\/(main|cli)\.ts/.test(file)) t.notMatch(text(file), /process\.exit/, file)
  }
  t.end()
})

t.test("the doctor alone may make the one write that there is", async (t) => {
  for (const file of sources.filter((f) => !/^src\/(doctor\/|docker\/client\.ts)/.test(f))) t.notMatch(text(file), /probeWrite/, file)
  t.same(sources.filter((file) => /['"](POST|PUT|DELETE|PATCH)['"]/.test(text(file))), ['src/docker/client.ts'])
})

t.test('no file is over 250 lines, none has a name that says nothing, none was left half done', (t) => {
  for (const file of [...filesUnder('src'), ...filesUnder('test'), ...filesUnder('compose')].filter((f) => !f.endsWith('README.md'))) {
    t.ok(text(file).split('\n').length <= 251, `${file} is short`)
    t.notMatch(file, /(utils?|helpers?|index|types|constants)\.ts$/)
    t.notMatch(text(file), new RegExp(['TO' + 'DO', 'FIX' + 'ME', '@ts-' + 'ignore', '@ts-' + 'nocheck'].join('|')), file)
  }
  t.end()
})

t.test('every file begins by saying what it is', (t) => {
  for (const file of sources) t.match(text(file), /^\/\/ \S/, file)
  t.end()
})

t.test('modules do not import each other in a circle', (t) => {
  const graph = new Map(sources.map((file) => [relative('src', file).replace(/\.ts$/, ''), imports(file).filter((from) => !/^(node:|zod|split2|pino|docker(ode|-modem)|node-telegram|mustache|croner)/.test(from))]))
  const visit = (name: string, path: string[]): void => {
    if (path.includes(name)) throw new Error(`a circle: ${[...path, name].join(' → ')}`)
    for (const next of graph.get(name) ?? []) visit(next, [...path, name])
  }
  for (const name of graph.keys()) t.doesNotThrow(() => visit(name, []))
  t.end()
})

t.test('the top level holds only what was agreed', (t) => {
  const agreed = ['package.json', 'package-lock.json', 'tsconfig.json', 'src', 'compose', 'fixtures', 'test', 'README.md', 'README.fr.md', 'CHANGELOG.md', 'LICENSE', 'node_modules', 'dist']
  t.same(readdirSync(root).filter((name) => !name.startsWith('.') && !agreed.includes(name)), [])
  t.end()
})
