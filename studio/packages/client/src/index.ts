export { GqlServerClient, type ClientOptions, type RequestOptions, type WaitOptions } from './client.js';
export type { CallOptions } from './connection.js';
export type { TypedDocument } from './documents.js';
export type { Downloadable } from './downloading.js';
export {
  GqlServerError, isTemporary, messagesByField, Rejected, RequestError, ServerUnreachable, UnexpectedResponse,
  type ResponseError, type UserError,
} from './errors.js';
export type {
  BatchItemInput, BatchItemStatus, BatchPauseReason, BatchPicturesInput, BatchPriority, BatchStatus,
  CostEstimateInput, DeletedImages, GenerateBatchInput, GenerateImageInput, ImageFilter, RemakeImageInput,
  TimelineInterval, UserErrorCode,
} from './generated.js';
export { newIdempotencyKey } from './idempotency.js';
export { money, nanodollars, type Money } from './money.js';
export { multipartBody, PREFLIGHT_HEADERS, type PlacedFile } from './multipart.js';
export type {
  Batch, BatchItem, BatchProgress, CostEstimate, Costs, GeneratedImage, Image, Model, SourceImage,
} from './results.js';
export { closeCodeOf, createResumingSocket, REFUSED_CODE } from './resuming.js';
export { untilSettled } from './settling.js';
export type { WebSocketConstructor } from './subscriptions.js';
export type { WatchOptions } from './watching.js';
