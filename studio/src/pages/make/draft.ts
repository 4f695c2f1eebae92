import { parameterInput } from '../../parameters/input';
import type { GenerateInput, Model } from './queries';

/** A source image or a mask of the form. */
export interface Source {
  id: string;
  width: number;
  height: number;
  thumbnail: string;
  original: string;
  label: string | null;
}

/** What the form holds; settings as they are typed. */
export interface Draft {
  prompt: string;
  model: string;
  template: string;
  settings: Readonly<Record<string, string>>;
  sources: readonly Source[];
  mask: Source | null;
  tags: readonly string[];
  count: number;
}

/** What changes in a draft, or how that follows from what it is by then. */
export type DraftChange = Partial<Draft> | ((before: Draft) => Partial<Draft>);

export const EMPTY: Draft = {
  prompt: '',
  model: '',
  template: '',
  settings: {},
  sources: [],
  mask: null,
  tags: [],
  count: 1,
};

export const MAX_AT_ONCE = 8;

/** Returns the API's input; only what the model has, so that switching models loses nothing typed. */
export function inputOf(draft: Draft, model: Model): GenerateInput {
  const { imageInputs } = model;
  const sources = draft.sources.slice(0, imageInputs?.maximum ?? 0).map(({ id }) => id);
  return {
    prompt: draft.prompt,
    model: model.id,
    ...(draft.template && { templateId: draft.template }),
    ...parameterInput(model.parameters, draft.settings),
    ...(sources.length > 0 && { sourceImageIds: sources }),
    ...(imageInputs?.takesMask && sources.length > 0 && draft.mask && { maskImageId: draft.mask.id }),
    ...(draft.tags.length > 0 && { tags: [...draft.tags] }),
  };
}

/** Returns the inputs of as many images: a seed that was given goes up by one for each. */
export function inputsOf(draft: Draft, model: Model): GenerateInput[] {
  const input = inputOf(draft, model);
  return Array.from({ length: draft.count }, (_, index) => ({
    ...input,
    ...(typeof input.seed === 'number' && { seed: input.seed + index }),
  }));
}
