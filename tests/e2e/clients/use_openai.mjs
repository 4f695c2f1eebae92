// The official OpenAI package for Node.js, and the Vercel AI SDK's provider for compatible APIs.
import assert from 'node:assert/strict'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateImage } from 'ai'
import OpenAI, { AuthenticationError, BadRequestError, NotFoundError, toFile } from 'openai'

const [url, key] = process.argv.slice(2)
const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: key })
const given = { model: 'gpt-image-1', prompt: 'A red fox', size: '256x256' }

const names = []
for await (const model of client.models.list()) names.push(model.id)
assert(names.includes('gpt-image-1'))
assert.equal((await client.models.retrieve('@cf/black-forest-labs/flux-1-schnell')).object, 'model')

const made = await client.images.generate({ ...given, n: 2, user: 'u-1' })
assert.deepEqual([made.data.length, made.size, made.usage.total_tokens], [2, '256x256', 0])
assert(made._request_id)
const file = Buffer.from(made.data[0].b64_json, 'base64')
const picture = () => toFile(file, 'a.png', { type: 'image/png' })

const edited = await client.images.edit({ ...given, image: [await picture(), await picture()] })
assert.equal(edited.data.length, 1)
const varied = await client.images.createVariation({ model: 'dall-e-2', image: await picture(), response_format: 'url' })
assert(varied.data[0].url.startsWith('http'))

for (const [stream, type] of [
  [await client.images.generate({ ...given, stream: true }), 'image_generation.completed'],
  [await client.images.edit({ ...given, image: await picture(), stream: true }), 'image_edit.completed'],
]) {
  const events = []
  for await (const event of stream) events.push(event.type)
  assert.deepEqual(events, [type])
}

await assert.rejects(client.images.generate({ ...given, model: 'nope' }), (error) => {
  assert(error instanceof NotFoundError)
  return error.code === 'model_not_found' && error.param === 'model'
})
await assert.rejects(client.images.generate({ ...given, colour: 'red' }), BadRequestError)
const stranger = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'gqls_none' })
await assert.rejects(stranger.images.generate(given), AuthenticationError)

globalThis.AI_SDK_LOG_WARNINGS = false
const server = createOpenAICompatible({ name: 'gqlServer', baseURL: `${url}/v1`, apiKey: key })
const model = server.imageModel('gpt-image-1')
const { images, usage } = await generateImage({
  model, prompt: 'A red fox', n: 2, size: '256x256', providerOptions: { gqlServer: { seed: 4 } },
})
assert.deepEqual(images.map((image) => image.mediaType), ['image/png', 'image/png'])
assert.equal(usage.totalTokens, 0)
const fromImage = await generateImage({ model, prompt: { text: 'A blue fox', images: [file] }, size: '256x256' })
assert.equal(fromImage.images.length, 1)
await assert.rejects(
  generateImage({ model: server.imageModel('nope'), prompt: 'A red fox', maxRetries: 0 }),
  (error) => error.statusCode === 404 && error.message.startsWith('There is no model "nope"'),
)
