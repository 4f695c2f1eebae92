import { Connection, type CallOptions, type ConnectionOptions } from './connection.js';
import { changesSomething, textOf, type TypedDocument } from './documents.js';
import { downloadImage, type Downloadable } from './downloading.js';
import { accepted, notFound } from './errors.js';
import {
  BatchDocument, CancelBatchDocument, CostEstimateDocument, CostsDocument, GenerateBatchDocument,
  GenerateImageDocument, ImageDocument, ImagesDocument, ModelsDocument, RemakeImageDocument,
  UploadSourceImageDocument, type CostEstimateInput, type CostsQueryVariables, type GenerateBatchInput,
  type GenerateImageInput, type ImageFilter, type RemakeImageInput,
} from './generated.js';
import { newIdempotencyKey, withIdempotencyKey } from './idempotency.js';
import {
  batchFrom, costsFrom, estimateFrom, generatedFrom, imageFrom, modelFrom, type Batch, type BatchProgress,
  type CostEstimate, type Costs, type GeneratedImage, type Image, type Model, type SourceImage,
} from './results.js';
import { untilSettled } from './settling.js';
import { Subscriptions, type WebSocketConstructor } from './subscriptions.js';
import { watchBatch, type WatchOptions } from './watching.js';

export interface ClientOptions extends ConnectionOptions {
  /** Opens WebSockets instead of the global `WebSocket`, which Node 20 does not have: of the package `ws`. */
  webSocket?: WebSocketConstructor | undefined;
}

export interface WaitOptions extends CallOptions {
  /** For how long to wait for an image or a batch that is not ready in time, in seconds; 600 by default. */
  waitSeconds?: number | undefined;
}

export interface RequestOptions extends CallOptions {
  /**
   * Whether to repeat the request when the response was lost. By default queries are repeated;
   * mutations are not. Set it for mutations with an idempotency key.
   */
  isSafe?: boolean | undefined;
}

type CostsOptions = CallOptions & Partial<CostsQueryVariables>;

const PAGE = 100;
const WAIT_SECONDS = 600;

/**
 * A client of a gql_server, for browsers and Node.
 *
 * Requests that fail temporarily are retried: after lost connections, restarts of the server and
 * `RATE_LIMITED`. Requests that generate images have an idempotency key, so that none is charged
 * twice. All methods reject with a `GqlServerError`.
 */
export class GqlServerClient {
  readonly #connection: Connection;
  readonly #subscriptions: Subscriptions;

  /**
   * @param url Address of the server, such as `http://127.0.0.1:8000`.
   */
  constructor(url: string, options: ClientOptions = {}) {
    this.#connection = new Connection(url, options);
    this.#subscriptions = new Subscriptions(this.#connection, options.retrySeconds ?? 60, options.webSocket);
  }

  /** Ends all subscriptions and closes the WebSocket. */
  close(): void {
    this.#subscriptions.close();
  }

  /**
   * Generates an image and returns it once it is stored, however long that takes.
   *
   * Give an `idempotencyKey` of your own, and repeat it, to be safe across restarts of your program.
   */
  async generate(input: GenerateImageInput, options: WaitOptions = {}): Promise<GeneratedImage> {
    const keyed = withIdempotencyKey(input);
    return this.#settled(
      async () => (await this.#run(GenerateImageDocument, { input: keyed }, options)).generateImage,
      generatedFrom,
      options,
    );
  }

  /** Generates an image again, as it was or with changes, and returns the new one. */
  async remake(input: RemakeImageInput, options: WaitOptions = {}): Promise<GeneratedImage> {
    const keyed = withIdempotencyKey(input);
    return this.#settled(
      async () => (await this.#run(RemakeImageDocument, { input: keyed }, options)).remakeImage,
      generatedFrom,
      options,
    );
  }

  /** Uploads a JPEG, PNG, WebP or AVIF file, to use its ID in `sourceImageIds` or as `maskImageId`. */
  async upload(
    file: Blob,
    { idempotencyKey = newIdempotencyKey(), ...options }: WaitOptions & { idempotencyKey?: string } = {},
  ): Promise<SourceImage> {
    const input = { file, idempotencyKey };
    return this.#settled(
      async () => (await this.#run(UploadSourceImageDocument, { input }, options)).uploadSourceImage,
      ({ sourceImage, userErrors }) => accepted(sourceImage, userErrors),
      options,
    );
  }

  /** Requests many images, which the server generates in the background; follow it with `watchBatch`. */
  async createBatch(input: GenerateBatchInput, options: WaitOptions = {}): Promise<Batch> {
    const keyed = withIdempotencyKey(input);
    return this.#settled(
      async () => (await this.#run(GenerateBatchDocument, { input: keyed }, options)).generateBatch,
      ({ batch, userErrors }) => batchFrom(accepted(batch, userErrors)),
      options,
    );
  }

  /**
   * Yields the progress of a batch until it has finished: each finished item once, also over lost
   * connections and restarts of the server. Keep the last `sequence` and give it as `after` to
   * continue after a restart of your program.
   */
  watchBatch(id: string, options: WatchOptions = {}): AsyncGenerator<BatchProgress, void, void> {
    return watchBatch(this.#connection, this.#subscriptions, id, options);
  }

  async batch(id: string, options: CallOptions = {}): Promise<Batch> {
    const { batch } = await this.#run(BatchDocument, { id }, options);
    if (!batch) throw notFound('Batch', id);
    return batchFrom(batch);
  }

  /** Cancels the items of a batch that have not started. */
  async cancelBatch(id: string, options: CallOptions = {}): Promise<Batch> {
    const { cancelBatch } = await this.#run(CancelBatchDocument, { id }, options);
    return batchFrom(accepted(cancelBatch.batch, cancelBatch.userErrors));
  }

  async image(id: string, options: CallOptions = {}): Promise<Image> {
    const { image } = await this.#run(ImageDocument, { id }, options);
    if (!image) throw notFound('Image', id);
    return imageFrom(image);
  }

  /** Yields images, newest first. It reads a page at a time. */
  async *images(filter: ImageFilter = {}, options: CallOptions = {}): AsyncGenerator<Image, void, void> {
    let after: string | null = null;
    do {
      const { images }: { images: ImagesPage } = await this.#run(ImagesDocument, { first: PAGE, after, filter }, options);
      for (const { node } of images.edges) yield imageFrom(node);
      after = images.pageInfo.hasNextPage ? images.pageInfo.endCursor : null;
    } while (after !== null);
  }

  /** Returns the file of an image, an upload or a batch's item, each by itself or an image's ID. */
  async download(image: Downloadable | string, options: CallOptions = {}): Promise<Blob> {
    const file = typeof image === 'string' ? await this.image(image, options) : image;
    return downloadImage(this.#connection, file, (id) => this.image(id, options), options.signal);
  }

  async models(options: CallOptions = {}): Promise<Model[]> {
    return (await this.#run(ModelsDocument, {}, options)).models.map(modelFrom);
  }

  /** Returns what an image, a batch or a remake would cost. */
  async estimateCost(input: CostEstimateInput, options: CallOptions = {}): Promise<CostEstimate> {
    const { costEstimate } = await this.#run(CostEstimateDocument, { input }, options);
    return estimateFrom(accepted(costEstimate.estimate, costEstimate.userErrors));
  }

  /** Returns costs by model and by period: those of all time and by day, unless you say otherwise. */
  async costs({ signal, ...range }: CostsOptions = {}): Promise<Costs> {
    const variables = { interval: 'DAY', timeZone: 'UTC', ...range } as const;
    return costsFrom((await this.#run(CostsDocument, variables, { signal })).costAnalytics);
  }

  /**
   * Runs an operation of your own and returns its data. Files in its variables are uploaded.
   *
   * @throws RequestError if the response has `errors`. `userErrors` are part of the data.
   */
  async request<Result, Variables>(
    document: TypedDocument<Result, Variables> | string,
    variables?: Variables,
    { isSafe, signal }: RequestOptions = {},
  ): Promise<Result> {
    const text = textOf(document);
    const data = await this.#connection.run(text, variables, { isSafe: isSafe ?? !changesSomething(text), signal });
    return data as Result;
  }

  /**
   * Runs a subscription of your own, and yields the data of each event. It continues after lost
   * connections; declare the variable `after` to miss nothing, see `createResumingSocket`.
   */
  async *subscribe<Result, Variables extends Record<string, unknown>>(
    document: TypedDocument<Result, Variables> | string,
    variables: Variables,
    options: CallOptions = {},
  ): AsyncGenerator<Result, void, void> {
    for await (const data of this.#subscriptions.run(textOf(document), variables, options)) yield data as Result;
  }

  /** Runs an operation of this package: all of them may be repeated. */
  #run<Result, Variables>(document: TypedDocument<Result, Variables>, variables: Variables, { signal }: CallOptions) {
    return this.request(document, variables, { isSafe: true, signal });
  }

  async #settled<P extends { userErrors: readonly { code: string }[] }, T>(
    send: () => Promise<P>,
    read: (payload: P) => T,
    { waitSeconds = WAIT_SECONDS, signal }: WaitOptions,
  ): Promise<T> {
    return read(await untilSettled(send, { waitSeconds, signal }));
  }
}

interface ImagesPage {
  edges: readonly { node: Parameters<typeof imageFrom>[0] }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}
