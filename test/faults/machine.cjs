// Given to the program with `node --require`: the machine's clock and name service as a test sets them, and changes them,
// in the JSON file MACHINE_FILE: {"clockMs": added to the wall clock, "names": whether telegram.test resolves}.
// Timers keep to the monotonic clock, as they do on a real machine.
'use strict'
const dns = require('node:dns')
const { readFileSync } = require('node:fs')

const file = process.env.MACHINE_FILE
let machine = { clockMs: 0, names: true }
let readAt = -Infinity

function current() {
  if (performance.now() - readAt > 20) {
    readAt = performance.now()
    machine = JSON.parse(readFileSync(file, 'utf8'))
  }
  return machine
}

const RealDate = Date
globalThis.Date = class Date extends RealDate {
  constructor(...args) {
    if (args.length > 0) super(...args)
    else super(RealDate.now() + current().clockMs)
  }

  static now() {
    return RealDate.now() + current().clockMs
  }
}

const lookup = dns.lookup
dns.lookup = (name, options, callback = options) => {
  if (name !== 'telegram.test') return lookup(name, options, callback)
  if (!current().names) return process.nextTick(callback, Object.assign(new Error('getaddrinfo ENOTFOUND telegram.test'), { code: 'ENOTFOUND', syscall: 'getaddrinfo' }))
  const all = typeof options === 'object' && options?.all
  process.nextTick(callback, null, all ? [{ address: '127.0.0.1', family: 4 }] : '127.0.0.1', 4)
}
