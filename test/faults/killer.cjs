// Given to the program with `node --require`: its SIGKILL right before or right after the N-th call of a kind that matters
// for its state: of node:fs on STATE_DIR, and of sending a message. CommonJS, as the program and --require are.
//   KILL_WHAT  the kind, like `rename state.json.new state.json`; without it nothing is killed
//   KILL_NTH   N, counted from 1
//   KILL_SIDE  before | after
// At its end, by its own hand or not, it writes the calls to standard error: `killer: [{"what":"open state.json","nth":1,"done":true},…]`
'use strict'
const fs = require('node:fs')
const { basename } = require('node:path')

const kind = process.env.KILL_WHAT
const at = Number(process.env.KILL_NTH)
const side = process.env.KILL_SIDE ?? 'before'
const directory = process.env.STATE_DIR ?? ''
const { writeSync } = fs
const calls = []

function tell() {
  writeSync(2, `killer: ${JSON.stringify(calls)}\n`)
}

const isMeant = ({ what, nth }) => what === kind && nth === at

function begin(what) {
  const call = { what, nth: calls.filter((one) => one.what === what).length + 1, done: false }
  calls.push(call)
  if (isMeant(call) && side === 'before') die()
  return call
}

/** A call that failed is not done, but over. */
function end(call, done = true) {
  call.done = done
  if (isMeant(call) && side === 'after') die()
}

function failed(call, error) {
  end(call, false)
  throw error
}

function die() {
  tell()
  process.kill(process.pid, 'SIGKILL')
}

process.on('exit', tell)

const nameOf = (path) => (path === directory ? 'STATE_DIR' : basename(path))
const isState = (path) => typeof path === 'string' && directory !== '' && path.startsWith(directory)

/** The call as a person reads it; null for one that is not about the state directory. */
function named(name, args, descriptors) {
  const paths = args.slice(0, 2).filter(isState).map(nameOf)
  if (paths.length > 0) return [name, ...paths].join(' ')
  return descriptors.has(args[0]) ? `${name} ${descriptors.get(args[0])}` : null
}

const NAMES = ['open', 'writeFile', 'appendFile', 'write', 'writev', 'fsync', 'fdatasync', 'ftruncate', 'truncate', 'close', 'link', 'copyFile', 'rename', 'unlink', 'rm', 'mkdir', 'symlink', 'chmod', 'fchmod']
const descriptors = new Map()

function opened(name, args, result) {
  if (name.startsWith('open') && typeof result === 'number') descriptors.set(result, nameOf(String(args[0])))
}

for (const name of NAMES) {
  const sync = `${name}Sync`
  const original = fs[sync]
  if (original) {
    fs[sync] = function (...args) {
      const what = named(name, args, descriptors)
      if (what === null) return original.apply(this, args)
      const call = begin(what)
      let result
      try {
        result = original.apply(this, args)
      } catch (error) {
        failed(call, error)
      }
      opened(name, args, result)
      if (name === 'close') descriptors.delete(args[0])
      end(call)
      return result
    }
  }
  const callback = fs[name]
  if (callback) {
    fs[name] = function (...args) {
      const what = named(name, args, descriptors)
      const last = args.at(-1)
      if (what === null || typeof last !== 'function') return callback.apply(this, args)
      const call = begin(what)
      return callback.apply(this, [...args.slice(0, -1), (error, result, ...more) => {
        if (!error) opened(name, args, result)
        if (name === 'close') descriptors.delete(args[0])
        end(call, !error)
        last(error, result, ...more)
      }])
    }
  }
}

for (const module of [require('node:http'), require('node:https')]) {
  const original = module.request
  module.request = function (...args) {
    const address = args.map((one) => (one instanceof URL ? one.href : typeof one === 'object' && one !== null ? `${one.path}` : String(one))).join(' ')
    if (!/\/sendMessage\b/.test(address)) return original.apply(this, args)
    const call = begin('request')
    const request = original.apply(this, args)
    // all of it was handed to the system, which delivers it whatever becomes of this process
    request.once('finish', () => end(call))
    request.prependOnceListener('response', (response) => {
      const answer = begin('answer')
      response.once('end', () => end(answer))
    })
    return request
  }
}
