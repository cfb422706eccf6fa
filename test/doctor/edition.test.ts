// Which Watchtower it is, by its log, its image's name, labels and tag.
import t from 'tap'
import { editionOf } from '../../src/doctor/edition.js'

const VERSION = 'org.opencontainers.image.version'
const SOURCE = 'org.opencontainers.image.source'
const UNTOLD = 'in a version that neither its log nor its image tells'

t.test('the log tells the version first, then the label and the tag of an image that is known', (t) => {
  const cases: [string, Record<string, string>, string | null, string][] = [
    ['containrrr/watchtower:1.5.3', {}, '1.7.1', 'version 1.7.1'],
    ['containrrr/watchtower:1.5.3', {}, null, 'version 1.5.3'],
    ['containrrr/watchtower:v1.5.3', {}, null, 'version v1.5.3'],
    ['ghcr.io/containrrr/watchtower:latest', {}, null, `stock, ${UNTOLD}`],
    ['containrrr/watchtower', {}, null, `stock, ${UNTOLD}`],
    ['v2tec/watchtower', {}, null, `stock, ${UNTOLD}`],
    ['nickfedor/watchtower:latest', { [VERSION]: '1.21.0' }, null, 'version 1.21.0 of the nicholas-fedor fork'],
    ['nickfedor/watchtower:armhf-1.20', {}, null, 'version 1.20 of the nicholas-fedor fork'],
    ['ghcr.io/nicholas-fedor/watchtower:1', {}, null, `the nicholas-fedor fork, ${UNTOLD}`],
    ['registry.lan/hub/nickfedor/watchtower', {}, null, `the nicholas-fedor fork, ${UNTOLD}`],
    ['mirror/wt:latest', { [SOURCE]: 'https://github.com/nicholas-fedor/watchtower.git', [VERSION]: '1.9.0' }, null, 'version 1.9.0 of the nicholas-fedor fork'],
    ['mirror/wt:latest', { [SOURCE]: 'https://github.com/nicholas-fedor/watchtower-extras', [VERSION]: '3.0' }, null, UNTOLD],
    ['home/watchtower:2.4', { [VERSION]: '2.4' }, null, UNTOLD],
    ['home/watchtower:2.4', {}, '1.14.1', 'version 1.14.1'],
    ['home/watchtower', {}, 'v0.0.0-unknown', UNTOLD],
    ['containrrr/watchtower', {}, 'v0.0.0-unknown', `stock, ${UNTOLD}`],
  ]
  for (const [ref, labels, said, name] of cases) t.equal(editionOf(ref, new Map(Object.entries(labels)), said).name, name, JSON.stringify([ref, labels, said]))
  t.end()
})

t.test('a version behaves in one way, an unknown one in each that is possible', (t) => {
  const ways = (ref: string, said: string | null) => editionOf(ref, new Map(), said).ways.map(({ dialect, api }) => [dialect, api])
  t.same(ways('home/wt', '1.7.1'), [['seconds-first', '1.25']])
  t.same(ways('home/wt', '1.8.8'), [['seconds-first', '1.44']])
  t.same(ways('home/wt', '1.11.0'), [['seconds-first', null]])
  t.same(ways('home/wt', 'v1.14.0'), [['seconds-optional', null]])
  t.same(ways('home/wt', '2.0.0'), [['seconds-optional', null]])
  t.same(ways('containrrr/watchtower', null), [['seconds-first', '1.25']])
  t.same(ways('nickfedor/watchtower', null), [['seconds-optional', null], ['seconds-first', '1.44']])
  t.same(ways('home/wt', null), [['seconds-first', '1.25'], ['seconds-optional', null]])
  t.end()
})
