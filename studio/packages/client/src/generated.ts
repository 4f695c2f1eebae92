/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** An image of a batch with its own settings. Fields that are omitted or null use the batch's settings. */
export type BatchItemInput = {
  /** Ratio of width to height, such as `16:9`. The batch's when omitted. Valid values depend on the model: see `Model.parameters`. */
  aspectRatio?: string | null | undefined;
  /** Background of the image, such as `opaque`. The batch's when omitted. Valid values depend on the model: see `Model.parameters`. */
  background?: string | null | undefined;
  /** Guidance scale, such as 7.5. Higher values follow the prompt more closely. The batch's when omitted. The range depends on the model: see `Model.parameters`. */
  guidance?: number | null | undefined;
  /** Image height in pixels, such as 768. The batch's when omitted. Range and `multipleOf` depend on the model: see `Model.parameters`. */
  height?: number | null | undefined;
  /** ID of a mask: a generated image (`img_…`) or an upload (`src_…`). White areas of the source image are repainted, black and transparent areas are kept. `Model.imageInputs` says whether a model accepts one. The batch's when omitted. */
  maskImageId?: string | null | undefined;
  /** Client-defined metadata stored with the image, such as `{"order": 42}`: a JSON object of at most 16 KiB. The batch's when omitted. */
  metadata?: unknown;
  /** Name of the model, such as `@cf/black-forest-labs/flux-1-schnell`; the query `models` lists all. The batch's when omitted. */
  model?: string | null | undefined;
  /** IDs of models to try, in this order, when `model` does not generate the image, such as when it is out of capacity, refuses the request or costs more than `maxCost`. At most 5 models, `model` included; each must support the request's settings. `Image.skippedModels` lists those that were skipped. The batch's when omitted. */
  models?: Array<string> | null | undefined;
  /** Things the image should not show, such as `blurry, text`. The batch's when omitted. The maximum length depends on the model: see `Model.parameters`. */
  negativePrompt?: string | null | undefined;
  /** File format of the image, such as `png`. The batch's when omitted. Valid values depend on the model: see `Model.parameters`. */
  outputFormat?: string | null | undefined;
  /** Settings that only some models have, as a JSON object with the model's own names, such as `{"resolution": "2K"}`. The whole object replaces the batch's. The batch's when omitted. At most 16 KiB. Ranges depend on the model: see `Model.parameters`. */
  parameters?: unknown;
  /** Text prompt: what the image shows, such as `A red fox in the snow`. At least 3 characters; the maximum depends on the model: see `Model.maxPromptLength`. Combined with the template's prompt. Some models work without one: see `Model.promptUse`. */
  prompt?: string;
  /** Quality of the image, such as `high`. Higher quality is slower and may cost more. The batch's when omitted. Valid values depend on the model: see `Model.parameters`. */
  quality?: string | null | undefined;
  /** Seed of the random generator, such as 42. The same seed and settings give the same image. The batch's when omitted. The range depends on the model: see `Model.parameters`. */
  seed?: number | null | undefined;
  /** IDs of generated images (`img_…`) or uploads (`src_…`) to transform or to use as references. The number depends on the model: see `Model.imageInputs`. The batch's when omitted. */
  sourceImageIds?: Array<string> | null | undefined;
  /** Number of denoising steps, such as 20. More steps are slower and often sharper, and may cost more. The batch's when omitted. The range depends on the model: see `Model.parameters`. */
  steps?: number | null | undefined;
  /** How much the result may differ from the source image, from 0 (not at all) to 1. Requires a source image. The batch's when omitted. */
  strength?: number | null | undefined;
  /** Tags to find the image by, such as `shop`: at most 20, each of 1 to 64 characters. The batch's when omitted. */
  tags?: Array<string> | null | undefined;
  /** ID of a template, `tpl_…`. Its model, prompt and settings apply where neither the item nor the batch sets them. The batch's when omitted. */
  templateId?: string | null | undefined;
  /** Image width in pixels, such as 1024. The batch's when omitted. Range and `multipleOf` depend on the model: see `Model.parameters`. */
  width?: number | null | undefined;
};

/** Status of a batch item. */
export type BatchItemStatus =
  /** The batch was canceled before the image was generated. */
  | 'CANCELED'
  /** Generation failed. Nothing was charged. */
  | 'FAILED'
  /** The item has not started. */
  | 'QUEUED'
  /** The image is being generated. */
  | 'RUNNING'
  /** The image was stored and charged. */
  | 'SUCCEEDED';

/** Reason why a batch is paused. */
export type BatchPauseReason =
  /** The provider account has no neurons left today. */
  | 'DAILY_ALLOCATION_USED'
  /** The provider refuses the server's token or account. The server's operator must fix it. */
  | 'PROVIDER_REFUSED_SERVER'
  /** The server was restored from a backup in which the batch had not finished. Images that were generated after the backup may have been paid for, so it does not resume by itself. Resume it with `resumeBatch`, or cancel it. */
  | 'RESTORED'
  /** The image store is unavailable or refuses the server. */
  | 'STORE_UNAVAILABLE';

/** The images of a batch: exactly one of the fields. */
export type BatchPicturesInput =
  {   /** Images with their own settings, 1 to 10,000. */
  items: Array<BatchItemInput>; prompts?: never; }
  |  { items?: never;   /** Prompts, 1 to 10,000: one image for each, all with the batch's settings. At least 3 characters each; the maximum depends on the model: see `Model.maxPromptLength`. */
  prompts: Array<string>; };

/** Priority of a batch among its user's batches. Users take turns whatever their priorities. */
export type BatchPriority =
  /** Runs before the user's other batches. */
  | 'HIGH'
  /** Runs after the user's other batches. */
  | 'LOW'
  /** Runs after the user's batches of high priority and before those of low priority. The default. */
  | 'NORMAL';

/** Status of a batch. */
export type BatchStatus =
  /** The batch was canceled before it finished. */
  | 'CANCELED'
  /** The batch was canceled, and running items are being finished. */
  | 'CANCELING'
  /** Every item failed. */
  | 'FAILED'
  /** At least one image was generated and at least one failed. */
  | 'PARTIALLY_FAILED'
  /** The batch is paused: see `pausedReason` and `resumesAt`. */
  | 'PAUSED'
  /** The first item has not started. */
  | 'QUEUED'
  /** Images are being generated. */
  | 'RUNNING'
  /** Every image was generated. */
  | 'SUCCEEDED';

/** The request to estimate: exactly one of the fields. */
export type CostEstimateInput =
  {   /** Input of `generateBatch`. */
  batch: GenerateBatchInput; image?: never; remake?: never; }
  |  { batch?: never;   /** Input of `generateImage`. */
  image: GenerateImageInput; remake?: never; }
  |  { batch?: never; image?: never;   /** Input of `remakeImages`. */
  remake: RemakeImagesInput; };

/** Whether a list includes deleted images. */
export type DeletedImages =
  /** Only images that are not deleted. */
  | 'EXCLUDE'
  /** All images, whether or not they are deleted. */
  | 'INCLUDE'
  /** Only deleted images. */
  | 'ONLY';

/** A batch of images to generate. Settings apply to every image that does not override them. `tags` and `metadata` are those of the batch as well. */
export type GenerateBatchInput = {
  /** Ratio of width to height, such as `16:9`. Default and valid values depend on the model: see `Model.parameters`. */
  aspectRatio?: string | null | undefined;
  /** Background of the image, such as `opaque`. Default and valid values depend on the model: see `Model.parameters`. */
  background?: string | null | undefined;
  /** Guidance scale, such as 7.5. Higher values follow the prompt more closely. Default and range depend on the model: see `Model.parameters`. */
  guidance?: number | null | undefined;
  /** Image height in pixels, such as 768. Default, range and `multipleOf` depend on the model: see `Model.parameters`. */
  height?: number | null | undefined;
  /** Idempotency key, such as `order-42-cover`: 1 to 255 printable ASCII characters, unique for each new request. Repeating a request with its key neither runs nor charges it again, until 24 hours after it finished. Without a key, each request runs. */
  idempotencyKey?: string | null | undefined;
  /** Number of images for each prompt or item, from 1; the batch has at most 10,000 images in all. Each gets its own seed: a given seed is incremented by 1 for each further image. Defaults to 1. */
  imagesPerPrompt?: number;
  /** ID of a mask: a generated image (`img_…`) or an upload (`src_…`). White areas of the source image are repainted, black and transparent areas are kept. `Model.imageInputs` says whether a model accepts one. None when omitted. */
  maskImageId?: string | null | undefined;
  /** Maximum cost of the whole batch in US dollars, 0 or more, such as 25. A batch that would cost more is refused. No maximum when omitted. */
  maxCost?: number | null | undefined;
  /** Client-defined metadata stored with the image, such as `{"order": 42}`: a JSON object of at most 16 KiB. None when omitted. */
  metadata?: unknown;
  /** Name of the model, such as `@cf/black-forest-labs/flux-1-schnell`; the query `models` lists all. When omitted, the template's model, or else the first of the field `models`. */
  model?: string | null | undefined;
  /** IDs of models to try, in this order, when `model` does not generate the image, such as when it is out of capacity, refuses the request or costs more than `maxCost`. At most 5 models, `model` included; each must support the request's settings. `Image.skippedModels` lists those that were skipped. When `model` is omitted, too, the template's apply. */
  models?: Array<string> | null | undefined;
  /** Name of the batch, for people, such as `Spring catalogue`: 1 to 200 characters. None when omitted. */
  name?: string | null | undefined;
  /** Things the image should not show, such as `blurry, text`. The template's, or else none, when omitted; the maximum length depends on the model: see `Model.parameters`. */
  negativePrompt?: string | null | undefined;
  /** File format of the image, such as `png`. Default and valid values depend on the model: see `Model.parameters`. */
  outputFormat?: string | null | undefined;
  /** Settings that only some models have, as a JSON object with the model's own names, such as `{"resolution": "2K"}`. At most 16 KiB. Defaults and ranges depend on the model: see `Model.parameters`. */
  parameters?: unknown;
  /** Images to generate: 1 to 10,000 in all, each prompt or item `imagesPerPrompt` times. */
  pictures: BatchPicturesInput;
  /** Priority among your own batches. Defaults to `NORMAL`. */
  priority?: BatchPriority;
  /** Quality of the image, such as `high`. Higher quality is slower and may cost more. Default and valid values depend on the model: see `Model.parameters`. */
  quality?: string | null | undefined;
  /** Seed of the random generator, such as 42. The same seed and settings give the same image. The template's, or else chosen at random, when omitted; the range depends on the model: see `Model.parameters`. */
  seed?: number | null | undefined;
  /** IDs of generated images (`img_…`) or uploads (`src_…`) to transform or to use as references. The number depends on the model: see `Model.imageInputs`. None when omitted. */
  sourceImageIds?: Array<string> | null | undefined;
  /** Number of denoising steps, such as 20. More steps are slower and often sharper, and may cost more. Default and range depend on the model: see `Model.parameters`. */
  steps?: number | null | undefined;
  /** How much the result may differ from the source image, from 0 (not at all) to 1. Requires a source image. The default depends on the model: see `Model.parameters`. */
  strength?: number | null | undefined;
  /** Tags to find the image by, such as `shop`: at most 20, each of 1 to 64 characters. None when omitted. */
  tags?: Array<string> | null | undefined;
  /** ID of a template, `tpl_…`. Its model, prompt and settings apply where the request does not set them. None when omitted. */
  templateId?: string | null | undefined;
  /** Public `https://` URL of at most 2,048 characters that receives a signed `batch.finished` webhook with the batch's status and counts, retried for a day until it is delivered. No webhook is sent when omitted. */
  webhookUrl?: string | null | undefined;
  /** Image width in pixels, such as 1024. Default, range and `multipleOf` depend on the model: see `Model.parameters`. */
  width?: number | null | undefined;
};

/** An image to generate. Settings that are omitted or null are the template's, or else the model's defaults. Settings that the model does not have are refused: see `Model.parameters`. */
export type GenerateImageInput = {
  /** Ratio of width to height, such as `16:9`. Default and valid values depend on the model: see `Model.parameters`. */
  aspectRatio?: string | null | undefined;
  /** Background of the image, such as `opaque`. Default and valid values depend on the model: see `Model.parameters`. */
  background?: string | null | undefined;
  /** Guidance scale, such as 7.5. Higher values follow the prompt more closely. Default and range depend on the model: see `Model.parameters`. */
  guidance?: number | null | undefined;
  /** Image height in pixels, such as 768. Default, range and `multipleOf` depend on the model: see `Model.parameters`. */
  height?: number | null | undefined;
  /** Idempotency key, such as `order-42-cover`: 1 to 255 printable ASCII characters, unique for each new request. Repeating a request with its key neither runs nor charges it again, until 24 hours after it finished. Without a key, each request runs. */
  idempotencyKey?: string | null | undefined;
  /** ID of a mask: a generated image (`img_…`) or an upload (`src_…`). White areas of the source image are repainted, black and transparent areas are kept. `Model.imageInputs` says whether a model accepts one. None when omitted. */
  maskImageId?: string | null | undefined;
  /** Maximum cost of the image in US dollars, 0 or more, such as 0.05. A request that would cost more is refused. No maximum when omitted. */
  maxCost?: number | null | undefined;
  /** Client-defined metadata stored with the image, such as `{"order": 42}`: a JSON object of at most 16 KiB. None when omitted. */
  metadata?: unknown;
  /** Name of the model, such as `@cf/black-forest-labs/flux-1-schnell`; the query `models` lists all. When omitted, the template's model, or else the first of the field `models`. */
  model?: string | null | undefined;
  /** IDs of models to try, in this order, when `model` does not generate the image, such as when it is out of capacity, refuses the request or costs more than `maxCost`. At most 5 models, `model` included; each must support the request's settings. `Image.skippedModels` lists those that were skipped. When `model` is omitted, too, the template's apply. */
  models?: Array<string> | null | undefined;
  /** Things the image should not show, such as `blurry, text`. The template's, or else none, when omitted; the maximum length depends on the model: see `Model.parameters`. */
  negativePrompt?: string | null | undefined;
  /** File format of the image, such as `png`. Default and valid values depend on the model: see `Model.parameters`. */
  outputFormat?: string | null | undefined;
  /** Settings that only some models have, as a JSON object with the model's own names, such as `{"resolution": "2K"}`. At most 16 KiB. Defaults and ranges depend on the model: see `Model.parameters`. */
  parameters?: unknown;
  /** Text prompt: what the image shows, such as `A red fox in the snow`. At least 3 characters; the maximum depends on the model: see `Model.maxPromptLength`. Combined with the template's prompt. Some models work without one: see `Model.promptUse`. */
  prompt?: string;
  /** Quality of the image, such as `high`. Higher quality is slower and may cost more. Default and valid values depend on the model: see `Model.parameters`. */
  quality?: string | null | undefined;
  /** Seed of the random generator, such as 42. The same seed and settings give the same image. The template's, or else chosen at random, when omitted; the range depends on the model: see `Model.parameters`. */
  seed?: number | null | undefined;
  /** IDs of generated images (`img_…`) or uploads (`src_…`) to transform or to use as references. The number depends on the model: see `Model.imageInputs`. None when omitted. */
  sourceImageIds?: Array<string> | null | undefined;
  /** Number of denoising steps, such as 20. More steps are slower and often sharper, and may cost more. Default and range depend on the model: see `Model.parameters`. */
  steps?: number | null | undefined;
  /** How much the result may differ from the source image, from 0 (not at all) to 1. Requires a source image. The default depends on the model: see `Model.parameters`. */
  strength?: number | null | undefined;
  /** Tags to find the image by, such as `shop`: at most 20, each of 1 to 64 characters. None when omitted. */
  tags?: Array<string> | null | undefined;
  /** ID of a template, `tpl_…`. Its model, prompt and settings apply where the request does not set them. None when omitted. */
  templateId?: string | null | undefined;
  /** Whether to respond when the image is stored. When false, `generateImage` responds at once with a `Generation`, and the image is generated in the background. Defaults to true. */
  wait?: boolean;
  /** Public `https://` URL of at most 2,048 characters that receives a signed `generation.finished` webhook, retried for a day until it is delivered. Only with `wait: false`. No webhook is sent when omitted. */
  webhookUrl?: string | null | undefined;
  /** Image width in pixels, such as 1024. Default, range and `multipleOf` depend on the model: see `Model.parameters`. */
  width?: number | null | undefined;
};

/** Filters images. Omitted fields do not filter. */
export type ImageFilter = {
  /** Only images of one of these batches, `bat_…`; at most 100. */
  batches?: Array<string> | null | undefined;
  /** Only images stored before this time. */
  createdBefore?: string | null | undefined;
  /** Only images stored at or after this time. */
  createdSince?: string | null | undefined;
  /** Whether to include deleted images. Defaults to `EXCLUDE`. */
  deleted?: DeletedImages;
  /** Only previews (true), or only images generated by a model (false). Both when omitted. */
  isPreview?: boolean | null | undefined;
  /** Only images generated by one of these models; at most 100. */
  models?: Array<string> | null | undefined;
  /** Only images whose prompt contains all of these words; at most 20 words. Parts of words match, and case, width and composition of letters do not matter: `strasse` finds `Straße`. */
  search?: string | null | undefined;
  /** Only images with all of these tags; at most 20. Tags are compared exactly. */
  tags?: Array<string> | null | undefined;
  /** Only images generated with one of these templates, `tpl_…`; at most 100. */
  templates?: Array<string> | null | undefined;
  /** Only images of this user. Only admins see images of other users. */
  userId?: string | null | undefined;
};

/** Typical image quality of a model. */
export type ModelQuality =
  /** Good for most uses on a screen. */
  | 'HIGH'
  /** Good for drafts and small sizes. */
  | 'STANDARD'
  /** Fine detail, close to the prompt. */
  | 'VERY_HIGH';

/** Typical speed of a model. */
export type ModelSpeed =
  /** A few seconds. */
  | 'FAST'
  /** About five to ten seconds. */
  | 'MEDIUM'
  /** Ten seconds or more. */
  | 'SLOW';

/** The image to generate again, and what to change. */
export type RemakeImageInput = {
  /** Ratio of width to height, such as `16:9`. Replaces width and height. As in the first image when omitted; the model's default when null. Valid values depend on the model: see `Model.parameters`. */
  aspectRatio?: string | null | undefined;
  /** Background of the image, such as `opaque`. As in the first image when omitted; the model's default when null. Valid values depend on the model: see `Model.parameters`. */
  background?: string | null | undefined;
  /** Guidance scale, such as 7.5. Higher values follow the prompt more closely. As in the first image when omitted; the model's default when null. The range depends on the model: see `Model.parameters`. */
  guidance?: number | null | undefined;
  /** Image height in pixels, such as 768. As in the first image when omitted; the model's default when null. Range and `multipleOf` depend on the model: see `Model.parameters`. */
  height?: number | null | undefined;
  /** ID of the image to generate again, `img_…`. */
  id: string;
  /** Idempotency key, such as `order-42-cover`: 1 to 255 printable ASCII characters, unique for each new request. Repeating a request with its key neither runs nor charges it again, until 24 hours after it finished. Without a key, each request runs. */
  idempotencyKey?: string | null | undefined;
  /** ID of another mask (`img_…` or `src_…`). The same mask when omitted; none when null. */
  maskImageId?: string | null | undefined;
  /** Maximum cost of the image in US dollars, 0 or more, such as 0.05. A request that would cost more is refused. No maximum when omitted. */
  maxCost?: number | null | undefined;
  /** Client-defined metadata of the new image: a JSON object of at most 16 KiB. That of the first image when omitted; none when null. */
  metadata?: unknown;
  /** Name of another model, such as `@cf/black-forest-labs/flux-2-dev`. Settings that it does not have are dropped, and defaults of the first model become those of the new one. The same model when omitted or null. */
  model?: string | null | undefined;
  /** IDs of models to try, in this order, when `model` does not generate the image, as in `generateImage`. At most 5 models, the first one included; each takes the settings of the first image that it has. None when omitted or null. */
  models?: Array<string> | null | undefined;
  /** Things the image should not show, such as `blurry, text`. As in the first image when omitted; the model's default when null. The maximum length depends on the model: see `Model.parameters`. */
  negativePrompt?: string | null | undefined;
  /** File format of the image, such as `png`. As in the first image when omitted; the model's default when null. Valid values depend on the model: see `Model.parameters`. */
  outputFormat?: string | null | undefined;
  /** Settings that only some models have, as a JSON object with the model's own names, such as `{"resolution": "2K"}`. Settings that the object leaves out stay as they were; null, for one or for the whole object, stands for the model's default. At most 16 KiB. Ranges depend on the model: see `Model.parameters`. */
  parameters?: unknown;
  /** New prompt, combined with the current text of the image's template. At least 3 characters; the maximum depends on the model: see `Model.maxPromptLength`. As in the first image when omitted or null. */
  prompt?: string | null | undefined;
  /** Quality of the image, such as `high`. Higher quality is slower and may cost more. As in the first image when omitted; the model's default when null. Valid values depend on the model: see `Model.parameters`. */
  quality?: string | null | undefined;
  /** Seed of the random generator, such as 42. The same seed and settings give the same image. As in the first image when omitted; chosen at random when null. The range depends on the model: see `Model.parameters`. */
  seed?: number | null | undefined;
  /** IDs of other source images (`img_…` or `src_…`). The number depends on the model: see `Model.imageInputs`. The same images when omitted; none when null or empty. */
  sourceImageIds?: Array<string> | null | undefined;
  /** Number of denoising steps, such as 20. More steps are slower and often sharper, and may cost more. As in the first image when omitted; the model's default when null. The range depends on the model: see `Model.parameters`. */
  steps?: number | null | undefined;
  /** How much the result may differ from the source image, from 0 (not at all) to 1. As in the first image when omitted; the model's default when null. */
  strength?: number | null | undefined;
  /** Tags of the new image: at most 20, each of 1 to 64 characters. Those of the first image when omitted; none when null. */
  tags?: Array<string> | null | undefined;
  /** Image width in pixels, such as 1024. As in the first image when omitted; the model's default when null. Range and `multipleOf` depend on the model: see `Model.parameters`. */
  width?: number | null | undefined;
};

/** The images to generate again, and what to change in each of them. */
export type RemakeImagesInput = {
  /** Ratio of width to height, such as `16:9`. Replaces width and height. As in the first image when omitted; the model's default when null. Valid values depend on the model: see `Model.parameters`. */
  aspectRatio?: string | null | undefined;
  /** Background of the image, such as `opaque`. As in the first image when omitted; the model's default when null. Valid values depend on the model: see `Model.parameters`. */
  background?: string | null | undefined;
  /** Guidance scale, such as 7.5. Higher values follow the prompt more closely. As in the first image when omitted; the model's default when null. The range depends on the model: see `Model.parameters`. */
  guidance?: number | null | undefined;
  /** Image height in pixels, such as 768. As in the first image when omitted; the model's default when null. Range and `multipleOf` depend on the model: see `Model.parameters`. */
  height?: number | null | undefined;
  /** Idempotency key, such as `order-42-cover`: 1 to 255 printable ASCII characters, unique for each new request. Repeating a request with its key neither runs nor charges it again, until 24 hours after it finished. Without a key, each request runs. */
  idempotencyKey?: string | null | undefined;
  /** IDs of the images, `img_…`; 1 to 1,000. */
  ids: Array<string>;
  /** ID of another mask (`img_…` or `src_…`). The same mask when omitted; none when null. */
  maskImageId?: string | null | undefined;
  /** Maximum cost of the whole batch in US dollars, 0 or more, such as 25. A batch that would cost more is refused. No maximum when omitted. */
  maxCost?: number | null | undefined;
  /** Client-defined metadata of the new image: a JSON object of at most 16 KiB. That of the first image when omitted; none when null. */
  metadata?: unknown;
  /** Name of another model, such as `@cf/black-forest-labs/flux-2-dev`. Settings that it does not have are dropped, and defaults of the first model become those of the new one. The same model when omitted or null. */
  model?: string | null | undefined;
  /** IDs of models to try, in this order, when `model` does not generate the image, as in `generateImage`. At most 5 models, the first one included; each takes the settings of the first image that it has. None when omitted or null. */
  models?: Array<string> | null | undefined;
  /** Name of the batch, for people, such as `Spring catalogue`: 1 to 200 characters. None when omitted. */
  name?: string | null | undefined;
  /** Things the image should not show, such as `blurry, text`. As in the first image when omitted; the model's default when null. The maximum length depends on the model: see `Model.parameters`. */
  negativePrompt?: string | null | undefined;
  /** File format of the image, such as `png`. As in the first image when omitted; the model's default when null. Valid values depend on the model: see `Model.parameters`. */
  outputFormat?: string | null | undefined;
  /** Settings that only some models have, as a JSON object with the model's own names, such as `{"resolution": "2K"}`. Settings that the object leaves out stay as they were; null, for one or for the whole object, stands for the model's default. At most 16 KiB. Ranges depend on the model: see `Model.parameters`. */
  parameters?: unknown;
  /** Priority among your own batches. Defaults to `NORMAL`. */
  priority?: BatchPriority;
  /** New prompt, combined with the current text of the image's template. At least 3 characters; the maximum depends on the model: see `Model.maxPromptLength`. As in the first image when omitted or null. */
  prompt?: string | null | undefined;
  /** Quality of the image, such as `high`. Higher quality is slower and may cost more. As in the first image when omitted; the model's default when null. Valid values depend on the model: see `Model.parameters`. */
  quality?: string | null | undefined;
  /** Seed of the random generator, such as 42. The same seed and settings give the same image. As in the first image when omitted; chosen at random when null. The range depends on the model: see `Model.parameters`. */
  seed?: number | null | undefined;
  /** IDs of other source images (`img_…` or `src_…`). The number depends on the model: see `Model.imageInputs`. The same images when omitted; none when null or empty. */
  sourceImageIds?: Array<string> | null | undefined;
  /** Number of denoising steps, such as 20. More steps are slower and often sharper, and may cost more. As in the first image when omitted; the model's default when null. The range depends on the model: see `Model.parameters`. */
  steps?: number | null | undefined;
  /** How much the result may differ from the source image, from 0 (not at all) to 1. As in the first image when omitted; the model's default when null. */
  strength?: number | null | undefined;
  /** Tags of the new image: at most 20, each of 1 to 64 characters. Those of the first image when omitted; none when null. */
  tags?: Array<string> | null | undefined;
  /** Number of new images for each of the images, from 1; the batch has at most 10,000 images in all. Each gets another seed: a random one, or `seed` incremented by 1 for each further image. When omitted, one image with the seed of the first one. */
  variations?: number | null | undefined;
  /** Public `https://` URL of at most 2,048 characters that receives a signed `batch.finished` webhook with the batch's status and counts, retried for a day until it is delivered. No webhook is sent when omitted. */
  webhookUrl?: string | null | undefined;
  /** Image width in pixels, such as 1024. As in the first image when omitted; the model's default when null. Range and `multipleOf` depend on the model: see `Model.parameters`. */
  width?: number | null | undefined;
};

/** Length of a timeline's periods. */
export type TimelineInterval =
  /** Calendar days. */
  | 'DAY'
  /** Hours. */
  | 'HOUR'
  /** Calendar months. */
  | 'MONTH'
  /** Weeks that start on Monday. */
  | 'WEEK';

/** An image to upload: exactly one of `file` and `dataUrl`. */
export type UploadSourceImageInput = {
  /** The image as a data URL, for clients that cannot send multipart requests: `data:image/png;base64,…`. The whole request is limited to the server's `MAX_BODY_BYTES`, by default 8 MiB, which is enough for an image of 6 MiB. */
  dataUrl?: string | null | undefined;
  /** A JPEG, PNG, WebP or AVIF file of at most 20 MiB and 25,000,000 pixels, sent as a GraphQL multipart request. Stored upright, at most 2,048 pixels per side and without its metadata. */
  file?: Blob | null | undefined;
  /** Idempotency key, such as `order-42-cover`: 1 to 255 printable ASCII characters, unique for each new request. Repeating a request with its key neither runs nor charges it again, until 24 hours after it finished. Without a key, each request runs. */
  idempotencyKey?: string | null | undefined;
};

/** Kind of error, for programs. */
export type UserErrorCode =
  /** No API key has this ID. */
  | 'API_KEY_NOT_FOUND'
  /** The batch's current status does not allow the operation. */
  | 'BATCH_CONFLICT'
  /** No batch has this ID. */
  | 'BATCH_NOT_FOUND'
  /** The request's deadline passed while the batch was being accepted. Unless that fails, the batch will run and be charged. Query it by `batchId`. */
  | 'BATCH_PENDING'
  /** The request would exceed a hard budget. Nothing was charged. */
  | 'BUDGET_EXCEEDED'
  /** No budget has this ID, or it has been removed. */
  | 'BUDGET_NOT_FOUND'
  /** The provider account has used up its free neurons for the day. Nothing was charged. */
  | 'DAILY_ALLOCATION_USED'
  /** The image could not be generated or stored. Nothing was charged. */
  | 'GENERATION_FAILED'
  /** No generation has this ID. */
  | 'GENERATION_NOT_FOUND'
  /** The request's deadline passed while the image was being generated. Unless generation fails, the image will be stored and charged. Query it by `imageId`. */
  | 'GENERATION_PENDING'
  /** The idempotency key was used for a request with different input. Nothing was charged. Use a new key for a new request. */
  | 'IDEMPOTENCY_CONFLICT'
  /** An earlier request with the same idempotency key was still running at the deadline. Send it again later, or query the result by `imageId`. */
  | 'IDEMPOTENCY_IN_PROGRESS'
  /** The model's safety filter accepted the prompt but flagged the generated image. Nothing was charged. Use another seed, or omit the seed. */
  | 'IMAGE_FLAGGED'
  /** No image or source image has this ID. */
  | 'IMAGE_NOT_FOUND'
  /** The image that an earlier request with the idempotency key generated was purged. Nothing was generated or charged by this request. Use a new key for another image. */
  | 'IMAGE_PURGED'
  /** The value is malformed or conflicts with another field. */
  | 'INVALID'
  /** The request would cost more than its `maxCost`. Nothing was charged. */
  | 'MAX_COST_EXCEEDED'
  /** No model has this name. */
  | 'MODEL_NOT_FOUND'
  /** The number is not a valid multiple. */
  | 'NOT_A_MULTIPLE'
  /** The model does not support this field. Remove it. */
  | 'NOT_SUPPORTED'
  /** The number is out of range. */
  | 'OUT_OF_RANGE'
  /** The model's safety filter refused the prompt or a source image. Nothing was charged. Reword the prompt and try again. */
  | 'PROMPT_REFUSED'
  /** The user has too many images in unfinished batches and generations. Nothing was accepted. Try again when enough of them have been generated, or cancel a batch. */
  | 'QUEUE_FULL'
  /** The field is required. */
  | 'REQUIRED'
  /** No template has this ID, or it has been deleted. */
  | 'TEMPLATE_NOT_FOUND'
  /** The text or the data is too long. */
  | 'TOO_LONG'
  /** The list has too many entries. */
  | 'TOO_MANY'
  /** The text is too short. */
  | 'TOO_SHORT'
  /** No webhook has this ID. */
  | 'WEBHOOK_NOT_FOUND';

export type ImageFragment = { id: string, prompt: string, url: string, r2Key: string, width: number, height: number, contentType: string, sizeBytes: number, placeholder: string, tags: Array<string>, metadata: unknown, cost: number, providerCost: number, seconds: number, isPreview: boolean, isDeleted: boolean, userId: string, createdAt: string, model: { id: string, name: string }, parameters: { negativePrompt: string | null, width: number | null, height: number | null, steps: number | null, guidance: number | null, seed: number | null, strength: number | null, aspectRatio: string | null, quality: string | null, background: string | null, outputFormat: string | null, parameters: unknown } };

type UserError_ApiKeyNotFound_Fragment = { __typename: 'ApiKeyNotFound', message: string, code: UserErrorCode, path: Array<string> };

type UserError_BatchConflict_Fragment = { __typename: 'BatchConflict', message: string, code: UserErrorCode, path: Array<string> };

type UserError_BatchNotFound_Fragment = { __typename: 'BatchNotFound', message: string, code: UserErrorCode, path: Array<string> };

type UserError_BatchPending_Fragment = { __typename: 'BatchPending', batchId: string, message: string, code: UserErrorCode, path: Array<string> };

type UserError_BudgetExceeded_Fragment = { __typename: 'BudgetExceeded', resetsAt: string, message: string, code: UserErrorCode, path: Array<string> };

type UserError_BudgetNotFound_Fragment = { __typename: 'BudgetNotFound', message: string, code: UserErrorCode, path: Array<string> };

type UserError_DailyAllocationUsed_Fragment = { __typename: 'DailyAllocationUsed', resetsAt: string, message: string, code: UserErrorCode, path: Array<string> };

type UserError_GenerationFailed_Fragment = { __typename: 'GenerationFailed', retryable: boolean, message: string, code: UserErrorCode, path: Array<string> };

type UserError_GenerationNotFound_Fragment = { __typename: 'GenerationNotFound', message: string, code: UserErrorCode, path: Array<string> };

type UserError_GenerationPending_Fragment = { __typename: 'GenerationPending', imageId: string, message: string, code: UserErrorCode, path: Array<string> };

type UserError_IdempotencyConflict_Fragment = { __typename: 'IdempotencyConflict', message: string, code: UserErrorCode, path: Array<string> };

type UserError_IdempotencyInProgress_Fragment = { __typename: 'IdempotencyInProgress', imageId: string, message: string, code: UserErrorCode, path: Array<string> };

type UserError_ImageFlagged_Fragment = { __typename: 'ImageFlagged', message: string, code: UserErrorCode, path: Array<string> };

type UserError_ImageNotFound_Fragment = { __typename: 'ImageNotFound', message: string, code: UserErrorCode, path: Array<string> };

type UserError_ImagePurged_Fragment = { __typename: 'ImagePurged', imageId: string, message: string, code: UserErrorCode, path: Array<string> };

type UserError_InvalidInput_Fragment = { __typename: 'InvalidInput', message: string, code: UserErrorCode, path: Array<string> };

type UserError_MaxCostExceeded_Fragment = { __typename: 'MaxCostExceeded', cost: number, maxCost: number, message: string, code: UserErrorCode, path: Array<string> };

type UserError_ModelNotFound_Fragment = { __typename: 'ModelNotFound', message: string, code: UserErrorCode, path: Array<string> };

type UserError_PromptRefused_Fragment = { __typename: 'PromptRefused', message: string, code: UserErrorCode, path: Array<string> };

type UserError_QueueFull_Fragment = { __typename: 'QueueFull', queued: number, maxQueued: number, message: string, code: UserErrorCode, path: Array<string> };

type UserError_TemplateNotFound_Fragment = { __typename: 'TemplateNotFound', message: string, code: UserErrorCode, path: Array<string> };

type UserError_WebhookNotFound_Fragment = { __typename: 'WebhookNotFound', message: string, code: UserErrorCode, path: Array<string> };

export type UserErrorFragment =
  | UserError_ApiKeyNotFound_Fragment
  | UserError_BatchConflict_Fragment
  | UserError_BatchNotFound_Fragment
  | UserError_BatchPending_Fragment
  | UserError_BudgetExceeded_Fragment
  | UserError_BudgetNotFound_Fragment
  | UserError_DailyAllocationUsed_Fragment
  | UserError_GenerationFailed_Fragment
  | UserError_GenerationNotFound_Fragment
  | UserError_GenerationPending_Fragment
  | UserError_IdempotencyConflict_Fragment
  | UserError_IdempotencyInProgress_Fragment
  | UserError_ImageFlagged_Fragment
  | UserError_ImageNotFound_Fragment
  | UserError_ImagePurged_Fragment
  | UserError_InvalidInput_Fragment
  | UserError_MaxCostExceeded_Fragment
  | UserError_ModelNotFound_Fragment
  | UserError_PromptRefused_Fragment
  | UserError_QueueFull_Fragment
  | UserError_TemplateNotFound_Fragment
  | UserError_WebhookNotFound_Fragment
;

export type BatchFragment = { id: string, name: string | null, status: BatchStatus, priority: BatchPriority, total: number, queued: number, running: number, succeeded: number, failed: number, canceled: number, progress: number, sequence: number, cost: number, estimatedCost: number, estimatedFinishAt: string | null, pausedReason: BatchPauseReason | null, resumesAt: string | null, userId: string, createdAt: string, startedAt: string | null, finishedAt: string | null, tags: Array<string>, metadata: unknown };

export type BatchItemFragment = { id: string, index: number, sequence: number | null, prompt: string, status: BatchItemStatus, image: { id: string, url: string, r2Key: string, contentType: string, width: number, height: number, sizeBytes: number, cost: number } | null, error:
    | { __typename: 'ApiKeyNotFound', message: string, code: UserErrorCode, path: Array<string> }
    | { __typename: 'BatchConflict', message: string, code: UserErrorCode, path: Array<string> }
    | { __typename: 'BatchNotFound', message: string, code: UserErrorCode, path: Array<string> }
    | { __typename: 'BatchPending', batchId: string, message: string, code: UserErrorCode, path: Array<string> }
    | { __typename: 'BudgetExceeded', resetsAt: string, message: string, code: UserErrorCode, path: Array<string> }
    | { __typename: 'BudgetNotFound', message: string, code: UserErrorCode, path: Array<string> }
    | { __typename: 'DailyAllocationUsed', resetsAt: string, message: string, code: UserErrorCode, path: Array<string> }
    | { __typename: 'GenerationFailed', retryable: boolean, message: string, code: UserErrorCode, path: Array<string> }
    | { __typename: 'GenerationNotFound', message: string, code: UserErrorCode, path: Array<string> }
    | { __typename: 'GenerationPending', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
    | { __typename: 'IdempotencyConflict', message: string, code: UserErrorCode, path: Array<string> }
    | { __typename: 'IdempotencyInProgress', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
    | { __typename: 'ImageFlagged', message: string, code: UserErrorCode, path: Array<string> }
    | { __typename: 'ImageNotFound', message: string, code: UserErrorCode, path: Array<string> }
    | { __typename: 'ImagePurged', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
    | { __typename: 'InvalidInput', message: string, code: UserErrorCode, path: Array<string> }
    | { __typename: 'MaxCostExceeded', cost: number, maxCost: number, message: string, code: UserErrorCode, path: Array<string> }
    | { __typename: 'ModelNotFound', message: string, code: UserErrorCode, path: Array<string> }
    | { __typename: 'PromptRefused', message: string, code: UserErrorCode, path: Array<string> }
    | { __typename: 'QueueFull', queued: number, maxQueued: number, message: string, code: UserErrorCode, path: Array<string> }
    | { __typename: 'TemplateNotFound', message: string, code: UserErrorCode, path: Array<string> }
    | { __typename: 'WebhookNotFound', message: string, code: UserErrorCode, path: Array<string> }
   | null };

export type SourceImageFragment = { id: string, url: string, width: number, height: number, contentType: string, sizeBytes: number, createdAt: string, thumbnail: string };

export type GenerateImageMutationVariables = Exact<{
  input: GenerateImageInput;
}>;


export type GenerateImageMutation = { generateImage: { image: { id: string, prompt: string, url: string, r2Key: string, width: number, height: number, contentType: string, sizeBytes: number, placeholder: string, tags: Array<string>, metadata: unknown, cost: number, providerCost: number, seconds: number, isPreview: boolean, isDeleted: boolean, userId: string, createdAt: string, model: { id: string, name: string }, parameters: { negativePrompt: string | null, width: number | null, height: number | null, steps: number | null, guidance: number | null, seed: number | null, strength: number | null, aspectRatio: string | null, quality: string | null, background: string | null, outputFormat: string | null, parameters: unknown } } | null, userErrors: Array<
      | { __typename: 'ApiKeyNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BatchConflict', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BatchNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BatchPending', batchId: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BudgetExceeded', resetsAt: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BudgetNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'DailyAllocationUsed', resetsAt: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'GenerationFailed', retryable: boolean, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'GenerationNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'GenerationPending', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'IdempotencyConflict', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'IdempotencyInProgress', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'ImageFlagged', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'ImageNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'ImagePurged', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'InvalidInput', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'MaxCostExceeded', cost: number, maxCost: number, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'ModelNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'PromptRefused', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'QueueFull', queued: number, maxQueued: number, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'TemplateNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'WebhookNotFound', message: string, code: UserErrorCode, path: Array<string> }
    >, warnings: Array<
      | { message: string }
      | { message: string }
      | { message: string }
      | { message: string }
    > } };

export type RemakeImageMutationVariables = Exact<{
  input: RemakeImageInput;
}>;


export type RemakeImageMutation = { remakeImage: { image: { id: string, prompt: string, url: string, r2Key: string, width: number, height: number, contentType: string, sizeBytes: number, placeholder: string, tags: Array<string>, metadata: unknown, cost: number, providerCost: number, seconds: number, isPreview: boolean, isDeleted: boolean, userId: string, createdAt: string, model: { id: string, name: string }, parameters: { negativePrompt: string | null, width: number | null, height: number | null, steps: number | null, guidance: number | null, seed: number | null, strength: number | null, aspectRatio: string | null, quality: string | null, background: string | null, outputFormat: string | null, parameters: unknown } } | null, userErrors: Array<
      | { __typename: 'ApiKeyNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BatchConflict', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BatchNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BatchPending', batchId: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BudgetExceeded', resetsAt: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BudgetNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'DailyAllocationUsed', resetsAt: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'GenerationFailed', retryable: boolean, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'GenerationNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'GenerationPending', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'IdempotencyConflict', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'IdempotencyInProgress', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'ImageFlagged', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'ImageNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'ImagePurged', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'InvalidInput', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'MaxCostExceeded', cost: number, maxCost: number, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'ModelNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'PromptRefused', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'QueueFull', queued: number, maxQueued: number, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'TemplateNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'WebhookNotFound', message: string, code: UserErrorCode, path: Array<string> }
    >, warnings: Array<
      | { message: string }
      | { message: string }
      | { message: string }
      | { message: string }
    > } };

export type GenerateBatchMutationVariables = Exact<{
  input: GenerateBatchInput;
}>;


export type GenerateBatchMutation = { generateBatch: { batch: { id: string, name: string | null, status: BatchStatus, priority: BatchPriority, total: number, queued: number, running: number, succeeded: number, failed: number, canceled: number, progress: number, sequence: number, cost: number, estimatedCost: number, estimatedFinishAt: string | null, pausedReason: BatchPauseReason | null, resumesAt: string | null, userId: string, createdAt: string, startedAt: string | null, finishedAt: string | null, tags: Array<string>, metadata: unknown } | null, userErrors: Array<
      | { __typename: 'ApiKeyNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BatchConflict', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BatchNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BatchPending', batchId: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BudgetExceeded', resetsAt: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BudgetNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'DailyAllocationUsed', resetsAt: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'GenerationFailed', retryable: boolean, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'GenerationNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'GenerationPending', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'IdempotencyConflict', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'IdempotencyInProgress', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'ImageFlagged', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'ImageNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'ImagePurged', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'InvalidInput', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'MaxCostExceeded', cost: number, maxCost: number, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'ModelNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'PromptRefused', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'QueueFull', queued: number, maxQueued: number, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'TemplateNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'WebhookNotFound', message: string, code: UserErrorCode, path: Array<string> }
    > } };

export type CancelBatchMutationVariables = Exact<{
  id: string;
}>;


export type CancelBatchMutation = { cancelBatch: { batch: { id: string, name: string | null, status: BatchStatus, priority: BatchPriority, total: number, queued: number, running: number, succeeded: number, failed: number, canceled: number, progress: number, sequence: number, cost: number, estimatedCost: number, estimatedFinishAt: string | null, pausedReason: BatchPauseReason | null, resumesAt: string | null, userId: string, createdAt: string, startedAt: string | null, finishedAt: string | null, tags: Array<string>, metadata: unknown } | null, userErrors: Array<
      | { __typename: 'ApiKeyNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BatchConflict', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BatchNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BatchPending', batchId: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BudgetExceeded', resetsAt: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BudgetNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'DailyAllocationUsed', resetsAt: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'GenerationFailed', retryable: boolean, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'GenerationNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'GenerationPending', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'IdempotencyConflict', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'IdempotencyInProgress', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'ImageFlagged', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'ImageNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'ImagePurged', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'InvalidInput', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'MaxCostExceeded', cost: number, maxCost: number, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'ModelNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'PromptRefused', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'QueueFull', queued: number, maxQueued: number, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'TemplateNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'WebhookNotFound', message: string, code: UserErrorCode, path: Array<string> }
    > } };

export type UploadSourceImageMutationVariables = Exact<{
  input: UploadSourceImageInput;
}>;


export type UploadSourceImageMutation = { uploadSourceImage: { sourceImage: { id: string, url: string, width: number, height: number, contentType: string, sizeBytes: number, createdAt: string, thumbnail: string } | null, userErrors: Array<
      | { __typename: 'ApiKeyNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BatchConflict', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BatchNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BatchPending', batchId: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BudgetExceeded', resetsAt: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BudgetNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'DailyAllocationUsed', resetsAt: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'GenerationFailed', retryable: boolean, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'GenerationNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'GenerationPending', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'IdempotencyConflict', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'IdempotencyInProgress', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'ImageFlagged', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'ImageNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'ImagePurged', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'InvalidInput', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'MaxCostExceeded', cost: number, maxCost: number, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'ModelNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'PromptRefused', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'QueueFull', queued: number, maxQueued: number, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'TemplateNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'WebhookNotFound', message: string, code: UserErrorCode, path: Array<string> }
    > } };

export type ImageQueryVariables = Exact<{
  id: string;
}>;


export type ImageQuery = { image: { id: string, prompt: string, url: string, r2Key: string, width: number, height: number, contentType: string, sizeBytes: number, placeholder: string, tags: Array<string>, metadata: unknown, cost: number, providerCost: number, seconds: number, isPreview: boolean, isDeleted: boolean, userId: string, createdAt: string, model: { id: string, name: string }, parameters: { negativePrompt: string | null, width: number | null, height: number | null, steps: number | null, guidance: number | null, seed: number | null, strength: number | null, aspectRatio: string | null, quality: string | null, background: string | null, outputFormat: string | null, parameters: unknown } } | null };

export type ImagesQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  filter?: ImageFilter | null | undefined;
}>;


export type ImagesQuery = { images: { edges: Array<{ node: { id: string, prompt: string, url: string, r2Key: string, width: number, height: number, contentType: string, sizeBytes: number, placeholder: string, tags: Array<string>, metadata: unknown, cost: number, providerCost: number, seconds: number, isPreview: boolean, isDeleted: boolean, userId: string, createdAt: string, model: { id: string, name: string }, parameters: { negativePrompt: string | null, width: number | null, height: number | null, steps: number | null, guidance: number | null, seed: number | null, strength: number | null, aspectRatio: string | null, quality: string | null, background: string | null, outputFormat: string | null, parameters: unknown } } }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type BatchQueryVariables = Exact<{
  id: string;
}>;


export type BatchQuery = { batch: { id: string, name: string | null, status: BatchStatus, priority: BatchPriority, total: number, queued: number, running: number, succeeded: number, failed: number, canceled: number, progress: number, sequence: number, cost: number, estimatedCost: number, estimatedFinishAt: string | null, pausedReason: BatchPauseReason | null, resumesAt: string | null, userId: string, createdAt: string, startedAt: string | null, finishedAt: string | null, tags: Array<string>, metadata: unknown } | null };

export type FinishedItemsQueryVariables = Exact<{
  id: string;
  after: number;
}>;


export type FinishedItemsQuery = { batch: { id: string, name: string | null, status: BatchStatus, priority: BatchPriority, total: number, queued: number, running: number, succeeded: number, failed: number, canceled: number, progress: number, sequence: number, cost: number, estimatedCost: number, estimatedFinishAt: string | null, pausedReason: BatchPauseReason | null, resumesAt: string | null, userId: string, createdAt: string, startedAt: string | null, finishedAt: string | null, tags: Array<string>, metadata: unknown, finishedItems: Array<{ id: string, index: number, sequence: number | null, prompt: string, status: BatchItemStatus, image: { id: string, url: string, r2Key: string, contentType: string, width: number, height: number, sizeBytes: number, cost: number } | null, error:
        | { __typename: 'ApiKeyNotFound', message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'BatchConflict', message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'BatchNotFound', message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'BatchPending', batchId: string, message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'BudgetExceeded', resetsAt: string, message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'BudgetNotFound', message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'DailyAllocationUsed', resetsAt: string, message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'GenerationFailed', retryable: boolean, message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'GenerationNotFound', message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'GenerationPending', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'IdempotencyConflict', message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'IdempotencyInProgress', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'ImageFlagged', message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'ImageNotFound', message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'ImagePurged', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'InvalidInput', message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'MaxCostExceeded', cost: number, maxCost: number, message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'ModelNotFound', message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'PromptRefused', message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'QueueFull', queued: number, maxQueued: number, message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'TemplateNotFound', message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'WebhookNotFound', message: string, code: UserErrorCode, path: Array<string> }
       | null }> } | null };

export type BatchProgressSubscriptionVariables = Exact<{
  id: string;
  after: number;
}>;


export type BatchProgressSubscription = { batchProgress: { sequence: number, batch: { id: string, name: string | null, status: BatchStatus, priority: BatchPriority, total: number, queued: number, running: number, succeeded: number, failed: number, canceled: number, progress: number, sequence: number, cost: number, estimatedCost: number, estimatedFinishAt: string | null, pausedReason: BatchPauseReason | null, resumesAt: string | null, userId: string, createdAt: string, startedAt: string | null, finishedAt: string | null, tags: Array<string>, metadata: unknown }, finishedItems: Array<{ id: string, index: number, sequence: number | null, prompt: string, status: BatchItemStatus, image: { id: string, url: string, r2Key: string, contentType: string, width: number, height: number, sizeBytes: number, cost: number } | null, error:
        | { __typename: 'ApiKeyNotFound', message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'BatchConflict', message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'BatchNotFound', message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'BatchPending', batchId: string, message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'BudgetExceeded', resetsAt: string, message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'BudgetNotFound', message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'DailyAllocationUsed', resetsAt: string, message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'GenerationFailed', retryable: boolean, message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'GenerationNotFound', message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'GenerationPending', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'IdempotencyConflict', message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'IdempotencyInProgress', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'ImageFlagged', message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'ImageNotFound', message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'ImagePurged', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'InvalidInput', message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'MaxCostExceeded', cost: number, maxCost: number, message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'ModelNotFound', message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'PromptRefused', message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'QueueFull', queued: number, maxQueued: number, message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'TemplateNotFound', message: string, code: UserErrorCode, path: Array<string> }
        | { __typename: 'WebhookNotFound', message: string, code: UserErrorCode, path: Array<string> }
       | null }> } };

export type CostEstimateQueryVariables = Exact<{
  input: CostEstimateInput;
}>;


export type CostEstimateQuery = { costEstimate: { estimate: { cost: number, providerCost: number, isMaximum: boolean, neurons: number } | null, userErrors: Array<
      | { __typename: 'ApiKeyNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BatchConflict', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BatchNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BatchPending', batchId: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BudgetExceeded', resetsAt: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'BudgetNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'DailyAllocationUsed', resetsAt: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'GenerationFailed', retryable: boolean, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'GenerationNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'GenerationPending', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'IdempotencyConflict', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'IdempotencyInProgress', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'ImageFlagged', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'ImageNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'ImagePurged', imageId: string, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'InvalidInput', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'MaxCostExceeded', cost: number, maxCost: number, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'ModelNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'PromptRefused', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'QueueFull', queued: number, maxQueued: number, message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'TemplateNotFound', message: string, code: UserErrorCode, path: Array<string> }
      | { __typename: 'WebhookNotFound', message: string, code: UserErrorCode, path: Array<string> }
    > } };

export type CostsQueryVariables = Exact<{
  since?: string | null | undefined;
  until?: string | null | undefined;
  interval: TimelineInterval;
  timeZone: string;
}>;


export type CostsQuery = { costAnalytics: { since: string | null, until: string | null, totalCost: number, totalImages: number, averageCost: number, providerCost: number, projectedMonthCost: number, byModel: Array<{ totalCost: number, totalImages: number, model: { id: string, name: string } | null }>, timeline: Array<{ startsAt: string, endsAt: string, totalCost: number, totalImages: number }> } };

export type ModelsQueryVariables = Exact<{ [key: string]: never; }>;


export type ModelsQuery = { models: Array<{ id: string, name: string, description: string, speed: ModelSpeed, quality: ModelQuality, costPerImage: number, isRecommended: boolean, isAvailable: boolean, maxPromptLength: number }> };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const ImageFragmentDoc = new TypedDocumentString(`
    fragment Image on Image {
  id
  prompt
  model {
    id
    name
  }
  parameters {
    negativePrompt
    width
    height
    steps
    guidance
    seed
    strength
    aspectRatio
    quality
    background
    outputFormat
    parameters
  }
  url
  r2Key
  width
  height
  contentType
  sizeBytes
  placeholder
  tags
  metadata
  cost
  providerCost
  seconds
  isPreview
  isDeleted
  userId
  createdAt
}
    `, {"fragmentName":"Image"}) as unknown as TypedDocumentString<ImageFragment, unknown>;
export const BatchFragmentDoc = new TypedDocumentString(`
    fragment Batch on Batch {
  id
  name
  status
  priority
  total
  queued
  running
  succeeded
  failed
  canceled
  progress
  sequence
  cost
  estimatedCost
  estimatedFinishAt
  pausedReason
  resumesAt
  userId
  createdAt
  startedAt
  finishedAt
  tags
  metadata
}
    `, {"fragmentName":"Batch"}) as unknown as TypedDocumentString<BatchFragment, unknown>;
export const UserErrorFragmentDoc = new TypedDocumentString(`
    fragment UserError on UserError {
  __typename
  message
  code
  path
  ... on GenerationFailed {
    retryable
  }
  ... on GenerationPending {
    imageId
  }
  ... on IdempotencyInProgress {
    imageId
  }
  ... on ImagePurged {
    imageId
  }
  ... on BatchPending {
    batchId
  }
  ... on QueueFull {
    queued
    maxQueued
  }
  ... on MaxCostExceeded {
    cost
    maxCost
  }
  ... on BudgetExceeded {
    resetsAt
  }
  ... on DailyAllocationUsed {
    resetsAt
  }
}
    `, {"fragmentName":"UserError"}) as unknown as TypedDocumentString<UserErrorFragment, unknown>;
export const BatchItemFragmentDoc = new TypedDocumentString(`
    fragment BatchItem on BatchItem {
  id
  index
  sequence
  prompt
  status
  image {
    id
    url
    r2Key
    contentType
    width
    height
    sizeBytes
    cost
  }
  error {
    ...UserError
  }
}
    fragment UserError on UserError {
  __typename
  message
  code
  path
  ... on GenerationFailed {
    retryable
  }
  ... on GenerationPending {
    imageId
  }
  ... on IdempotencyInProgress {
    imageId
  }
  ... on ImagePurged {
    imageId
  }
  ... on BatchPending {
    batchId
  }
  ... on QueueFull {
    queued
    maxQueued
  }
  ... on MaxCostExceeded {
    cost
    maxCost
  }
  ... on BudgetExceeded {
    resetsAt
  }
  ... on DailyAllocationUsed {
    resetsAt
  }
}`, {"fragmentName":"BatchItem"}) as unknown as TypedDocumentString<BatchItemFragment, unknown>;
export const SourceImageFragmentDoc = new TypedDocumentString(`
    fragment SourceImage on SourceImage {
  id
  url
  thumbnail: url(width: 400, format: WEBP)
  width
  height
  contentType
  sizeBytes
  createdAt
}
    `, {"fragmentName":"SourceImage"}) as unknown as TypedDocumentString<SourceImageFragment, unknown>;
export const GenerateImageDocument = new TypedDocumentString(`
    mutation GenerateImage($input: GenerateImageInput!) {
  generateImage(input: $input) {
    image {
      ...Image
    }
    userErrors {
      ...UserError
    }
    warnings {
      message
    }
  }
}
    fragment Image on Image {
  id
  prompt
  model {
    id
    name
  }
  parameters {
    negativePrompt
    width
    height
    steps
    guidance
    seed
    strength
    aspectRatio
    quality
    background
    outputFormat
    parameters
  }
  url
  r2Key
  width
  height
  contentType
  sizeBytes
  placeholder
  tags
  metadata
  cost
  providerCost
  seconds
  isPreview
  isDeleted
  userId
  createdAt
}
fragment UserError on UserError {
  __typename
  message
  code
  path
  ... on GenerationFailed {
    retryable
  }
  ... on GenerationPending {
    imageId
  }
  ... on IdempotencyInProgress {
    imageId
  }
  ... on ImagePurged {
    imageId
  }
  ... on BatchPending {
    batchId
  }
  ... on QueueFull {
    queued
    maxQueued
  }
  ... on MaxCostExceeded {
    cost
    maxCost
  }
  ... on BudgetExceeded {
    resetsAt
  }
  ... on DailyAllocationUsed {
    resetsAt
  }
}`) as unknown as TypedDocumentString<GenerateImageMutation, GenerateImageMutationVariables>;
export const RemakeImageDocument = new TypedDocumentString(`
    mutation RemakeImage($input: RemakeImageInput!) {
  remakeImage(input: $input) {
    image {
      ...Image
    }
    userErrors {
      ...UserError
    }
    warnings {
      message
    }
  }
}
    fragment Image on Image {
  id
  prompt
  model {
    id
    name
  }
  parameters {
    negativePrompt
    width
    height
    steps
    guidance
    seed
    strength
    aspectRatio
    quality
    background
    outputFormat
    parameters
  }
  url
  r2Key
  width
  height
  contentType
  sizeBytes
  placeholder
  tags
  metadata
  cost
  providerCost
  seconds
  isPreview
  isDeleted
  userId
  createdAt
}
fragment UserError on UserError {
  __typename
  message
  code
  path
  ... on GenerationFailed {
    retryable
  }
  ... on GenerationPending {
    imageId
  }
  ... on IdempotencyInProgress {
    imageId
  }
  ... on ImagePurged {
    imageId
  }
  ... on BatchPending {
    batchId
  }
  ... on QueueFull {
    queued
    maxQueued
  }
  ... on MaxCostExceeded {
    cost
    maxCost
  }
  ... on BudgetExceeded {
    resetsAt
  }
  ... on DailyAllocationUsed {
    resetsAt
  }
}`) as unknown as TypedDocumentString<RemakeImageMutation, RemakeImageMutationVariables>;
export const GenerateBatchDocument = new TypedDocumentString(`
    mutation GenerateBatch($input: GenerateBatchInput!) {
  generateBatch(input: $input) {
    batch {
      ...Batch
    }
    userErrors {
      ...UserError
    }
  }
}
    fragment UserError on UserError {
  __typename
  message
  code
  path
  ... on GenerationFailed {
    retryable
  }
  ... on GenerationPending {
    imageId
  }
  ... on IdempotencyInProgress {
    imageId
  }
  ... on ImagePurged {
    imageId
  }
  ... on BatchPending {
    batchId
  }
  ... on QueueFull {
    queued
    maxQueued
  }
  ... on MaxCostExceeded {
    cost
    maxCost
  }
  ... on BudgetExceeded {
    resetsAt
  }
  ... on DailyAllocationUsed {
    resetsAt
  }
}
fragment Batch on Batch {
  id
  name
  status
  priority
  total
  queued
  running
  succeeded
  failed
  canceled
  progress
  sequence
  cost
  estimatedCost
  estimatedFinishAt
  pausedReason
  resumesAt
  userId
  createdAt
  startedAt
  finishedAt
  tags
  metadata
}`) as unknown as TypedDocumentString<GenerateBatchMutation, GenerateBatchMutationVariables>;
export const CancelBatchDocument = new TypedDocumentString(`
    mutation CancelBatch($id: ID!) {
  cancelBatch(input: {id: $id}) {
    batch {
      ...Batch
    }
    userErrors {
      ...UserError
    }
  }
}
    fragment UserError on UserError {
  __typename
  message
  code
  path
  ... on GenerationFailed {
    retryable
  }
  ... on GenerationPending {
    imageId
  }
  ... on IdempotencyInProgress {
    imageId
  }
  ... on ImagePurged {
    imageId
  }
  ... on BatchPending {
    batchId
  }
  ... on QueueFull {
    queued
    maxQueued
  }
  ... on MaxCostExceeded {
    cost
    maxCost
  }
  ... on BudgetExceeded {
    resetsAt
  }
  ... on DailyAllocationUsed {
    resetsAt
  }
}
fragment Batch on Batch {
  id
  name
  status
  priority
  total
  queued
  running
  succeeded
  failed
  canceled
  progress
  sequence
  cost
  estimatedCost
  estimatedFinishAt
  pausedReason
  resumesAt
  userId
  createdAt
  startedAt
  finishedAt
  tags
  metadata
}`) as unknown as TypedDocumentString<CancelBatchMutation, CancelBatchMutationVariables>;
export const UploadSourceImageDocument = new TypedDocumentString(`
    mutation UploadSourceImage($input: UploadSourceImageInput!) {
  uploadSourceImage(input: $input) {
    sourceImage {
      ...SourceImage
    }
    userErrors {
      ...UserError
    }
  }
}
    fragment UserError on UserError {
  __typename
  message
  code
  path
  ... on GenerationFailed {
    retryable
  }
  ... on GenerationPending {
    imageId
  }
  ... on IdempotencyInProgress {
    imageId
  }
  ... on ImagePurged {
    imageId
  }
  ... on BatchPending {
    batchId
  }
  ... on QueueFull {
    queued
    maxQueued
  }
  ... on MaxCostExceeded {
    cost
    maxCost
  }
  ... on BudgetExceeded {
    resetsAt
  }
  ... on DailyAllocationUsed {
    resetsAt
  }
}
fragment SourceImage on SourceImage {
  id
  url
  thumbnail: url(width: 400, format: WEBP)
  width
  height
  contentType
  sizeBytes
  createdAt
}`) as unknown as TypedDocumentString<UploadSourceImageMutation, UploadSourceImageMutationVariables>;
export const ImageDocument = new TypedDocumentString(`
    query Image($id: ID!) {
  image(id: $id) {
    ...Image
  }
}
    fragment Image on Image {
  id
  prompt
  model {
    id
    name
  }
  parameters {
    negativePrompt
    width
    height
    steps
    guidance
    seed
    strength
    aspectRatio
    quality
    background
    outputFormat
    parameters
  }
  url
  r2Key
  width
  height
  contentType
  sizeBytes
  placeholder
  tags
  metadata
  cost
  providerCost
  seconds
  isPreview
  isDeleted
  userId
  createdAt
}`) as unknown as TypedDocumentString<ImageQuery, ImageQueryVariables>;
export const ImagesDocument = new TypedDocumentString(`
    query Images($first: Int!, $after: String, $filter: ImageFilter) {
  images(first: $first, after: $after, filter: $filter) {
    edges {
      node {
        ...Image
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    fragment Image on Image {
  id
  prompt
  model {
    id
    name
  }
  parameters {
    negativePrompt
    width
    height
    steps
    guidance
    seed
    strength
    aspectRatio
    quality
    background
    outputFormat
    parameters
  }
  url
  r2Key
  width
  height
  contentType
  sizeBytes
  placeholder
  tags
  metadata
  cost
  providerCost
  seconds
  isPreview
  isDeleted
  userId
  createdAt
}`) as unknown as TypedDocumentString<ImagesQuery, ImagesQueryVariables>;
export const BatchDocument = new TypedDocumentString(`
    query Batch($id: ID!) {
  batch(id: $id) {
    ...Batch
  }
}
    fragment Batch on Batch {
  id
  name
  status
  priority
  total
  queued
  running
  succeeded
  failed
  canceled
  progress
  sequence
  cost
  estimatedCost
  estimatedFinishAt
  pausedReason
  resumesAt
  userId
  createdAt
  startedAt
  finishedAt
  tags
  metadata
}`) as unknown as TypedDocumentString<BatchQuery, BatchQueryVariables>;
export const FinishedItemsDocument = new TypedDocumentString(`
    query FinishedItems($id: ID!, $after: Int!) {
  batch(id: $id) {
    ...Batch
    finishedItems(after: $after) {
      ...BatchItem
    }
  }
}
    fragment UserError on UserError {
  __typename
  message
  code
  path
  ... on GenerationFailed {
    retryable
  }
  ... on GenerationPending {
    imageId
  }
  ... on IdempotencyInProgress {
    imageId
  }
  ... on ImagePurged {
    imageId
  }
  ... on BatchPending {
    batchId
  }
  ... on QueueFull {
    queued
    maxQueued
  }
  ... on MaxCostExceeded {
    cost
    maxCost
  }
  ... on BudgetExceeded {
    resetsAt
  }
  ... on DailyAllocationUsed {
    resetsAt
  }
}
fragment Batch on Batch {
  id
  name
  status
  priority
  total
  queued
  running
  succeeded
  failed
  canceled
  progress
  sequence
  cost
  estimatedCost
  estimatedFinishAt
  pausedReason
  resumesAt
  userId
  createdAt
  startedAt
  finishedAt
  tags
  metadata
}
fragment BatchItem on BatchItem {
  id
  index
  sequence
  prompt
  status
  image {
    id
    url
    r2Key
    contentType
    width
    height
    sizeBytes
    cost
  }
  error {
    ...UserError
  }
}`) as unknown as TypedDocumentString<FinishedItemsQuery, FinishedItemsQueryVariables>;
export const BatchProgressDocument = new TypedDocumentString(`
    subscription BatchProgress($id: ID!, $after: Int!) {
  batchProgress(id: $id, after: $after) {
    sequence
    batch {
      ...Batch
    }
    finishedItems {
      ...BatchItem
    }
  }
}
    fragment UserError on UserError {
  __typename
  message
  code
  path
  ... on GenerationFailed {
    retryable
  }
  ... on GenerationPending {
    imageId
  }
  ... on IdempotencyInProgress {
    imageId
  }
  ... on ImagePurged {
    imageId
  }
  ... on BatchPending {
    batchId
  }
  ... on QueueFull {
    queued
    maxQueued
  }
  ... on MaxCostExceeded {
    cost
    maxCost
  }
  ... on BudgetExceeded {
    resetsAt
  }
  ... on DailyAllocationUsed {
    resetsAt
  }
}
fragment Batch on Batch {
  id
  name
  status
  priority
  total
  queued
  running
  succeeded
  failed
  canceled
  progress
  sequence
  cost
  estimatedCost
  estimatedFinishAt
  pausedReason
  resumesAt
  userId
  createdAt
  startedAt
  finishedAt
  tags
  metadata
}
fragment BatchItem on BatchItem {
  id
  index
  sequence
  prompt
  status
  image {
    id
    url
    r2Key
    contentType
    width
    height
    sizeBytes
    cost
  }
  error {
    ...UserError
  }
}`) as unknown as TypedDocumentString<BatchProgressSubscription, BatchProgressSubscriptionVariables>;
export const CostEstimateDocument = new TypedDocumentString(`
    query CostEstimate($input: CostEstimateInput!) {
  costEstimate(input: $input) {
    estimate {
      cost
      providerCost
      isMaximum
      neurons
    }
    userErrors {
      ...UserError
    }
  }
}
    fragment UserError on UserError {
  __typename
  message
  code
  path
  ... on GenerationFailed {
    retryable
  }
  ... on GenerationPending {
    imageId
  }
  ... on IdempotencyInProgress {
    imageId
  }
  ... on ImagePurged {
    imageId
  }
  ... on BatchPending {
    batchId
  }
  ... on QueueFull {
    queued
    maxQueued
  }
  ... on MaxCostExceeded {
    cost
    maxCost
  }
  ... on BudgetExceeded {
    resetsAt
  }
  ... on DailyAllocationUsed {
    resetsAt
  }
}`) as unknown as TypedDocumentString<CostEstimateQuery, CostEstimateQueryVariables>;
export const CostsDocument = new TypedDocumentString(`
    query Costs($since: DateTime, $until: DateTime, $interval: TimelineInterval!, $timeZone: String!) {
  costAnalytics(since: $since, until: $until) {
    since
    until
    totalCost
    totalImages
    averageCost
    providerCost
    projectedMonthCost
    byModel {
      model {
        id
        name
      }
      totalCost
      totalImages
    }
    timeline(interval: $interval, timeZone: $timeZone) {
      startsAt
      endsAt
      totalCost
      totalImages
    }
  }
}
    `) as unknown as TypedDocumentString<CostsQuery, CostsQueryVariables>;
export const ModelsDocument = new TypedDocumentString(`
    query Models {
  models {
    id
    name
    description
    speed
    quality
    costPerImage
    isRecommended
    isAvailable
    maxPromptLength
  }
}
    `) as unknown as TypedDocumentString<ModelsQuery, ModelsQueryVariables>;