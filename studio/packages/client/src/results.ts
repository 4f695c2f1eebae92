import { accepted } from './errors.js';
import type {
  BatchFragment, BatchItemFragment, BatchProgressSubscription, CostEstimateQuery, CostsQuery, GenerateImageMutation,
  ImageFragment, ModelsQuery, SourceImageFragment,
} from './generated.js';
import { money, type Money } from './money.js';

/** An object of the API whose amounts are exact. */
type Exact<T, Amounts extends keyof T> = Omit<T, Amounts> & { [Name in Amounts]: Money };

/** A generated image. Its `url` is valid for an hour. */
export type Image = Exact<ImageFragment, 'cost' | 'providerCost'>;
/** A new image, with what the server warns of: a soft budget that was exceeded, or another size. */
export type GeneratedImage = Image & { warnings: readonly string[] };
/** An upload, to use as a source or a mask. Its `thumbnail` is the address of a smaller file. */
export type SourceImage = SourceImageFragment;
/** Images that were requested together, as they were when the server answered. */
export type Batch = Exact<BatchFragment, 'cost' | 'estimatedCost'>;
/** One image of a batch. */
export type BatchItem = Omit<BatchItemFragment, 'image'> & {
  image: Exact<NonNullable<BatchItemFragment['image']>, 'cost'> | null;
};
/** News of a batch: everything up to `sequence` has been reported. */
export interface BatchProgress {
  sequence: number;
  batch: Batch;
  /** The items that finished since the last update. */
  finishedItems: readonly BatchItem[];
}
/** A model, with what an image costs at its default settings. */
export type Model = Exact<ModelsQuery['models'][number], 'costPerImage'>;

type EstimateData = NonNullable<CostEstimateQuery['costEstimate']['estimate']>;
/** What a request would cost. */
export type CostEstimate = Exact<EstimateData, 'cost' | 'providerCost'>;

type CostsData = CostsQuery['costAnalytics'];
type Parts<Name extends 'byModel' | 'timeline'> = readonly Exact<CostsData[Name][number], 'totalCost'>[];
/** Costs of a time range, by model and by period. */
export type Costs = Exact<
  Omit<CostsData, 'byModel' | 'timeline'>,
  'totalCost' | 'averageCost' | 'providerCost' | 'projectedMonthCost'
> & { byModel: Parts<'byModel'>; timeline: Parts<'timeline'> };

export function imageFrom(image: ImageFragment): Image {
  return exact(image, 'cost', 'providerCost');
}

export function generatedFrom(payload: GenerateImageMutation['generateImage']): GeneratedImage {
  const image = accepted(payload.image, payload.userErrors);
  return { ...imageFrom(image), warnings: payload.warnings.map(({ message }) => message) };
}

export function batchFrom(batch: BatchFragment): Batch {
  return exact(batch, 'cost', 'estimatedCost');
}

export function itemFrom({ image, ...item }: BatchItemFragment): BatchItem {
  return { ...item, image: image && exact(image, 'cost') };
}

export function progressFrom({ sequence, batch, finishedItems }: BatchProgressSubscription['batchProgress']): BatchProgress {
  return { sequence, batch: batchFrom(batch), finishedItems: finishedItems.map(itemFrom) };
}

export function modelFrom(model: ModelsQuery['models'][number]): Model {
  return exact(model, 'costPerImage');
}

export function estimateFrom(estimate: EstimateData): CostEstimate {
  return exact(estimate, 'cost', 'providerCost');
}

export function costsFrom({ byModel, timeline, ...totals }: CostsData): Costs {
  return {
    ...exact(totals, 'totalCost', 'averageCost', 'providerCost', 'projectedMonthCost'),
    byModel: byModel.map((one) => exact(one, 'totalCost')),
    timeline: timeline.map((one) => exact(one, 'totalCost')),
  };
}

function exact<T extends object, Amounts extends keyof T>(value: T, ...amounts: readonly Amounts[]): Exact<T, Amounts> {
  const converted = amounts.map((name) => [name, money(value[name] as number)]);
  return { ...value, ...(Object.fromEntries(converted) as { [Name in Amounts]: Money }) };
}
