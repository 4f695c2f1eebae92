// graphql_ws.mjs PORT: a batch's progress as graphql-ws sends it to all subscribers.
// POST /publish?count=30&gap=100 sends that many updates, that many milliseconds apart, and completes.
import { createServer } from 'node:http'
import { buildSchema } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'

const ITEMS = 6
const schema = buildSchema(`
  type Image { id: ID! url: String! }
  type Item { index: Int! status: String! image: Image }
  type Batch { status: String! succeeded: Int! total: Int! progress: Float! }
  type BatchProgress { sequence: Int! batch: Batch! finishedItems: [Item!]! }
  type Query { hello: String }
  type Subscription { batchProgress: BatchProgress! }
`)

const watchers = new Set()
class Events {
  waiting = []
  wake = null
  constructor() { watchers.add(this) }
  push(result) {
    if (this.wake) { this.wake(result); this.wake = null } else this.waiting.push(result)
  }
  next() {
    if (this.waiting.length) return Promise.resolve(this.waiting.shift())
    return new Promise((resolve) => { this.wake = resolve })
  }
  return() {
    watchers.delete(this)
    this.push({ value: undefined, done: true })
    return Promise.resolve({ value: undefined, done: true })
  }
  [Symbol.asyncIterator]() { return this }
}
schema.getSubscriptionType().getFields().batchProgress.subscribe = () => {
  const events = new Events()
  events.push(progress(0, 1, 0))
  return events
}

function progress(sequence, total, items) {
  const finishedItems = Array.from({ length: items }, (_, place) => ({
    index: sequence - items + place,
    status: 'SUCCEEDED',
    image: {
      id: `img_01m8frezhdcmpy93nqse3x${String(sequence + place).padStart(4, '0')}`,
      url: `http://127.0.0.1:8000/images/default_user/2026/11/img_${sequence + place}.jpg`,
    },
  }))
  const batch = { status: 'RUNNING', succeeded: sequence, total, progress: sequence / total }
  return { value: { batchProgress: { sequence, batch, finishedItems } }, done: false }
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const server = createServer(async (request, response) => {
  const asked = new URL(request.url, 'http://127.0.0.1').searchParams
  const count = Number(asked.get('count'))
  for (let number = 1; number <= count; number += 1) {
    const event = progress(number * ITEMS, count * ITEMS, ITEMS)
    for (const watcher of watchers) watcher.push(event)
    await pause(Number(asked.get('gap')))
  }
  for (const watcher of [...watchers]) watcher.return()
  response.end('{}')
})
useServer({ schema }, new WebSocketServer({ server, path: '/graphql', perMessageDeflate: false }))
server.listen(Number(process.argv[2]), '127.0.0.1')
