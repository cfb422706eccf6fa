import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { pictureOf } from './picture.js'

const fixtures = join(import.meta.dirname, '../fixtures')

t.test('the picture in the README shows a message that is really sent', (t) => {
  const [html = '', buttons = ''] = readFileSync(join(fixtures, 'one-update/message.html'), 'utf8').trimEnd().split(/\n\n(?=\[📖 [^\n]*\] https?:)/)
  const picture = pictureOf(html, buttons.split('\n').map((line) => /^\[(.*)\]/.exec(line)?.[1] ?? ''))
  const file = join(fixtures, 'message.svg')
  if (process.env.WRITE_PICTURE === '1') writeFileSync(file, picture)
  t.equal(readFileSync(file, 'utf8'), picture, 'WRITE_PICTURE=1 makes it anew')
  t.end()
})
