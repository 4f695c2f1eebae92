import { useQuery } from 'urql';
import { useSearch } from 'wouter';
import { Page } from '../../design/Page';
import { Empty, ErrorState, Loading } from '../../design/states';
import { useWords } from '../../language/Language';
import { EMPTY, type Draft } from './draft';
import { MakeForm } from './MakeForm';
import { CHOICES, STARTING_POINTS } from './queries';
import { byPreference, draftOf, withSource } from './starting-point';

/** Makes images: from a prompt, from images, with a mask. */
export default function MakePage() {
  const { pages, make } = useWords();
  const parameters = new URLSearchParams(useSearch());
  const from = parameters.get('from');
  const source = parameters.get('source');
  const template = parameters.get('template');
  const ids = [from, source].filter((id) => id !== null);
  const [{ data, error }, read] = useQuery({ query: CHOICES });
  const [origin] = useQuery({ query: STARTING_POINTS, variables: { ids }, pause: ids.length === 0 });

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
    const initial = models.find(({ id }) => id === parameters.get('model')) ?? first;
    let draft: Draft = { ...EMPTY, model: initial.id };
    if (made?.__typename === 'Image') draft = draftOf(made, draft, models);
    if (used) draft = withSource(draft, used, models);
    const chosen = templates.find(({ id }) => id === template);
    if (chosen) draft = { ...draft, template: chosen.id, model: chosen.model.id };
    content = <MakeForm key={parameters.toString()} initial={draft} models={models} templates={templates} />;
  }
  return <Page title={pages.make}>{content}</Page>;
}
