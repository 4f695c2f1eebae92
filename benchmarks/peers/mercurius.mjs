// mercurius.mjs PORT: the same lists by Mercurius with its JIT, from the file that $DATABASE names.
// $MODELS is a file of the models, as the GraphQL types below have them.
import { readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import Fastify from 'fastify'
import mercurius from 'mercurius'

const FILES = 'http://127.0.0.1:8000/images/'
const models = JSON.parse(readFileSync(process.env.MODELS, 'utf8'))
const modelsById = new Map(models.map((model) => [model.id, model]))

const database = new DatabaseSync(process.env.DATABASE, { readOnly: true })
const columns = `id, prompt, model_id, storage_key, width, height, tags, cost, is_preview, created_at`
const own = `FROM images WHERE user_id = 'default_user' AND deleted_at IS NULL`
const order = `ORDER BY created_at DESC, id DESC LIMIT ?`
const firstPage = database.prepare(`SELECT ${columns} ${own} ${order}`)
const nextPage = database.prepare(`SELECT ${columns} ${own} AND (created_at, id) < (?, ?) ${order}`)
const oneImage = database.prepare(`SELECT ${columns} ${own} AND id = ?`)

// 2026-01-01 00:00:00.000000, in UTC
const milliseconds = (moment) => Date.parse(`${moment.slice(0, 10)}T${moment.slice(11, 23)}Z`)
const cursorOf = (row) => {
  const micros = `${milliseconds(row.created_at)}${row.created_at.slice(23)}`
  return Buffer.from(`${micros}:${row.id}`).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}
const placeOf = (cursor) => {
  const [micros, id] = Buffer.from(cursor, 'base64url').toString().split(':')
  const moment = new Date(Number(micros.slice(0, -3))).toISOString()
  return [`${moment.slice(0, 10)} ${moment.slice(11, 23)}${micros.slice(-3)}`, id]
}
const imageOf = (row) => ({
  id: row.id,
  prompt: row.prompt,
  url: FILES + row.storage_key,
  r2Url: FILES + row.storage_key,
  width: row.width,
  height: row.height,
  tags: JSON.parse(row.tags),
  cost: row.cost / 1e9,
  isPreview: Boolean(row.is_preview),
  createdAt: new Date(milliseconds(row.created_at)).toISOString(),
  modelId: row.model_id,
})

const schema = `
  scalar JSON
  type SecondsRange { minimum: Float! maximum: Float! }
  type ModelParameter { name: String! type: String! default: JSON minimum: Float maximum: Float }
  type Model {
    id: ID! name: String! provider: String! description: String! costPerImage: Float!
    speed: String! quality: String! typicalSeconds: SecondsRange! capabilities: [String!]!
    parameters: [ModelParameter!]! isRecommended: Boolean! isBeta: Boolean!
  }
  type Image {
    id: ID! prompt: String! url: String! r2Url: String! width: Int! height: Int! cost: Float!
    createdAt: String! tags: [String!]! isPreview: Boolean! model: Model!
  }
  type ImageEdge { cursor: String! node: Image! }
  type PageInfo {
    hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String
  }
  type ImageConnection { edges: [ImageEdge!]! pageInfo: PageInfo! }
  type Query {
    images(first: Int! = 20, after: String): ImageConnection!
    image(id: ID!): Image
    models: [Model!]!
  }
`
const resolvers = {
  Query: {
    models: () => models,
    image: (_, { id }) => {
      const row = oneImage.get(id)
      return row ? imageOf(row) : null
    },
    images: (_, { first, after }) => {
      const rows = after ? nextPage.all(...placeOf(after), first + 1) : firstPage.all(first + 1)
      const edges = rows.slice(0, first).map((row) => ({ cursor: cursorOf(row), node: imageOf(row) }))
      return {
        edges,
        pageInfo: {
          hasNextPage: rows.length > first,
          hasPreviousPage: Boolean(after),
          startCursor: edges[0]?.cursor ?? null,
          endCursor: edges.at(-1)?.cursor ?? null,
        },
      }
    },
  },
  Image: { model: ({ modelId }) => modelsById.get(modelId) },
}

const app = Fastify()
app.register(mercurius, { schema, resolvers, jit: 1, cache: true })
await app.listen({ port: Number(process.argv[2]), host: '127.0.0.1' })
