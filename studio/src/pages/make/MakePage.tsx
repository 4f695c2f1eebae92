import { useQuery } from 'urql';
import { useSearch } from 'wouter';
import type { ResultOf } from '../../api/graphql';
import { Page } from '../../design/Page';
import { Empty, ErrorState, Loading } from '../../design/states';
import { useWords } from '../../language/Language';
import { EMPTY, settingsOf, type Draft, type Source } from './draft';
import { MakeForm } from './MakeForm';
import { CHOICES, SOURCES, type Model } from './queries';

/** Makes images: from a prompt, from images, with a mask. */
export default function MakePage() {
  const { pages, make } = useWords();
  const parameters = new URLSearchParams(useSearch());
  const from = parameters.get('from');
  const source = parameters.get('source');
  const template = parameters.get('template');
  const ids = [from, source].filter((id) => id !== null);
  const [{ data, error }, read] = useQuery({ query: CHOICES });
  const [origin] = useQuery({ query: SOURCES, variables: { ids }, pause: ids.length === 0 });

  const models = data?.models.filter(({ isAvailable }) => isAvailable) ?? [];
  const [first] = models.toSorted(byPreference);
  const isLoading = !data || (ids.length > 0 && origin.fetching);
  let content;
  if (error && !data) content = <ErrorState error={error} retry={() => read({ requestPolicy: 'network-only' })} />;
  else if (isLoading) content = <Loading />;
  else if (!first) content = <Empty icon="models" title={make.noModels} />;
  else {
    const templates = data.templates.edges.map(({ node }) => node);
    const made = origin.data?.nodes.find((node) => node?.id === from);
    const used = origin.data?.nodes.find((node) => node?.id === source);
    const wanted = models.find(({ id }) => id === parameters.get('model')) ?? first;
    let draft: Draft = { ...EMPTY, model: wanted.id };
    if (made?.__typename === 'Image') draft = draftOf(made, draft, models, parameters.has('again'));
    if (used) draft = withSource(draft, used, models);
    const chosen = templates.find(({ id }) => id === template);
    if (chosen) draft = { ...draft, template: chosen.id, model: chosen.model.id };
    content = <MakeForm key={parameters.toString()} initial={draft} models={models} templates={templates} />;
  }
  return <Page title={pages.make}>{content}</Page>;
}

type Node = NonNullable<ResultOf<typeof SOURCES>['nodes'][number]>;

/** Returns a draft of the same request; made again it gets another seed, or it would be the same. */
function draftOf(image: Node & { __typename: 'Image' }, draft: Draft, models: readonly Model[], isAgain: boolean): Draft {
  const isKnown = models.some(({ id }) => id === image.model.id);
  return {
    ...draft,
    prompt: image.prompt,
    model: isKnown ? image.model.id : draft.model,
    template: image.template?.id ?? '',
    settings: settingsOf(image.parameters, { without: isAgain ? ['seed'] : [] }),
    tags: image.tags,
  };
}

function withSource(draft: Draft, node: Node, models: readonly Model[]): Draft {
  const source = sourceOf(node);
  const taking = models
    .filter(({ imageInputs }) => imageInputs && !imageInputs.needsMask)
    .toSorted(byPreference)[0];
  return source ? { ...draft, sources: [source], model: taking?.id ?? draft.model } : draft;
}

function sourceOf(node: Node): Source | null {
  if (node.__typename === 'Image') {
    const { id, width, height, url, r2Url, prompt } = node;
    return { id, width, height, thumbnail: url, original: r2Url, label: prompt };
  }
  if (node.__typename === 'SourceImage') {
    const { id, width, height, thumbnail, original } = node;
    return { id, width, height, thumbnail, original, label: null };
  }
  return null;
}

/** Recommended models first, then the cheaper ones; those that need an image last. */
function byPreference(one: Model, other: Model): number {
  const needs = (model: Model) => Number((model.imageInputs?.minimum ?? 0) > 0);
  return (
    needs(one) - needs(other) ||
    Number(other.isRecommended) - Number(one.isRecommended) ||
    one.costPerImage - other.costPerImage
  );
}
