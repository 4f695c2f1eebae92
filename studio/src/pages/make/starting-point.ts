import { enteredOf } from '../../parameters/input';
import type { Draft, Source } from './draft';
import type { Model, Requested, StartingPoint } from './queries';

type Usable = NonNullable<NonNullable<Requested['sources']>[number]>;

/** Returns a draft of the request that made an image. */
export function draftOf(image: Requested, draft: Draft, models: readonly Model[]): Draft {
  const isKnown = models.some(({ id }) => id === image.model.id);
  const sources = (image.sources ?? []).flatMap((source) => (source ? [sourceOf(source)] : []));
  return {
    ...draft,
    prompt: image.prompt,
    model: isKnown ? image.model.id : draft.model,
    template: image.template?.id ?? '',
    settings: enteredOf(image.parameters),
    tags: image.tags,
    sources,
    mask: sources.length > 0 && image.mask ? sourceOf(image.mask) : null,
  };
}

/** Returns a draft that has an image as its source, and a model that takes one. */
export function withSource(draft: Draft, node: StartingPoint, models: readonly Model[]): Draft {
  if (node.__typename !== 'Image' && node.__typename !== 'SourceImage') return draft;
  const [taking] = models.filter(({ imageInputs }) => imageInputs && !imageInputs.needsMask).toSorted(byPreference);
  return { ...draft, sources: [sourceOf(node)], model: taking?.id ?? draft.model };
}

/** Recommended models first, of them those that run on every account, then the cheaper; last what needs an image. */
export function byPreference(one: Model, other: Model): number {
  const needs = (model: Model) => Number((model.imageInputs?.minimum ?? 0) > 0);
  return (
    needs(one) - needs(other) ||
    Number(other.isRecommended) - Number(one.isRecommended) ||
    Number(other.id.startsWith('@cf/')) - Number(one.id.startsWith('@cf/')) ||
    one.costPerImage - other.costPerImage
  );
}

/** Returns an image or an upload as the form holds it. */
export function sourceOf(node: Usable): Source {
  if (node.__typename === 'Image') {
    const { id, width, height, url, r2Url, prompt } = node;
    return { id, width, height, thumbnail: url, original: r2Url, label: prompt };
  }
  const { id, width, height, thumbnail, original } = node;
  return { id, width, height, thumbnail, original, label: null };
}
