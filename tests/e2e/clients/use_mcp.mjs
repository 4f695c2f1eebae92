// The official MCP clients for TypeScript, over streamable HTTP and over `gql-server mcp`.
// node use_mcp.mjs URL KEY READER_KEY TEMPLATE_ID PYTHON
import assert from 'node:assert/strict'
import { Client as LatestClient, StreamableHTTPClientTransport as LatestHttp } from '@modelcontextprotocol/client'
import { StdioClientTransport as LatestStdio } from '@modelcontextprotocol/client/stdio'
import { Client as FirstClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as FirstStdio } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport as FirstHttp } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

const [url, key, readerKey, templateId, python] = process.argv.slice(2)
const FLUX = '@cf/black-forest-labs/flux-1-schnell'
const SPENDING = ['generate_image', 'edit_image', 'remake_image', 'create_batch']
const SAMPLE = { prompt: 'A red fox in the snow', model: FLUX }
const NAME = { name: 'gql-server-tests', version: '1.0.0' }

/** Each major version, in each era of the protocol that it speaks: how to connect and to call. */
const SDKS = [
  {
    client: () => new FirstClient(NAME), Http: FirstHttp, Stdio: FirstStdio,
    call: (client, name, given, options) => client.callTool({ name, arguments: given }, undefined, options),
  },
  ...['legacy', 'auto'].map((mode) => ({
    client: () => new LatestClient(NAME, { versionNegotiation: { mode } }), Http: LatestHttp, Stdio: LatestStdio,
    call: (client, name, given, options) => client.callTool({ name, arguments: given }, options),
  })),
]
const DOORS = {
  http: ({ Http }, secret) =>
    new Http(new URL(`${url}/mcp`), { requestInit: { headers: { authorization: `Bearer ${secret}` } } }),
  stdio: ({ Stdio }, secret) =>
    new Stdio({
      command: python, args: ['-m', 'gql_server', 'mcp', '--server', url],
      env: { PATH: process.env.PATH, GQL_SERVER_KEY: secret },
    }),
}

for (const sdk of SDKS) {
  for (const open of Object.values(DOORS)) await connected(sdk, open(sdk, key), useEverything)
  await connected(sdk, DOORS.http(sdk, readerKey), useAsReader)
}

async function connected(sdk, transport, use) {
  const client = sdk.client()
  await client.connect(transport)
  try {
    await use(client, (name, given, options) => sdk.call(client, name, given, options))
  } finally {
    await client.close()
  }
}

async function useEverything(client, call) {
  const names = (await client.listTools()).tools.map((tool) => tool.name)
  assert.equal(names.length, 10)
  for (const name of SPENDING) assert(names.includes(name), name)

  const heard = []
  const made = await call('generate_image', SAMPLE, { onprogress: (progress) => heard.push(progress) })
  assert(!made.isError)
  assert.equal(made.structuredContent.status, 'stored')
  const [, picture, link] = made.content
  assert.deepEqual([picture.type, link.type], ['image', 'resource_link'])
  assert(Buffer.from(picture.data, 'base64').length > 100)
  assert.equal((await fetch(link.uri)).status, 200)
  assert.equal(heard[0].progress, 0)
  assert.match(heard[0].message, /is generating the image/)

  const refused = await call('generate_image', { ...SAMPLE, steps: 99 })
  assert(refused.isError)
  assert.equal(
    refused.content[0].text, 'OUT_OF_RANGE (argument steps): steps must be from 1 to 8; it is 99.',
  )
  assert.equal(refused._meta.errors[0].code, 'OUT_OF_RANGE')

  const batch = (await call('create_batch', { model: FLUX, prompts: ['A kite', 'A kettle'] })).structuredContent
  const progress = []
  const ended = await call('batch_status', { batch_id: batch.id, wait_seconds: 30 }, {
    onprogress: ({ progress: done, total }) => progress.push([done, total]),
  })
  assert.equal(ended.structuredContent.status, 'succeeded')
  assert(progress.every(([done, total]) => done <= total && total === 2))

  const { id } = made.structuredContent
  const { resources } = await client.listResources()
  assert(resources.some(({ uri }) => uri === `image://${id}`))
  const { contents } = await client.readResource({ uri: `image://${id}` })
  assert.equal(JSON.parse(contents[0].text).prompt, SAMPLE.prompt)
  assert.equal(contents[1].mimeType, picture.mimeType)
  const model = await client.readResource({ uri: `model://${encodeURIComponent(FLUX)}` })
  assert.equal(JSON.parse(model.contents[0].text).setting_schemas.steps.maximum, 8)

  const { prompts } = await client.listPrompts()
  assert(prompts.some(({ name, title }) => name === templateId && title === 'Posters'))
  const filled = await client.getPrompt({ name: templateId, arguments: { prompt: 'A red fox' } })
  assert(filled.messages[0].content.text.includes(templateId))
}

async function useAsReader(client, call) {
  const names = (await client.listTools()).tools.map((tool) => tool.name)
  assert.equal(names.length, 6)
  assert(!names.some((name) => SPENDING.includes(name)))
  const refused = await call('generate_image', SAMPLE)
  assert(refused.isError)
  assert.match(refused.content[0].text, /^FORBIDDEN: generate_image needs the role creator; yours is reader/)
  assert((await call('list_models', {})).structuredContent.models.length > 0)
}
