import { post } from './endpoint';
import type { OperationPage } from './operation-page';

interface Noun {
  name: string;
  /** Finds the newest ID of this kind. */
  query: string;
}

const NOUNS: Record<string, Noun> = {
  img: { name: 'image', query: '{ images(first: 1) { edges { node { id } } } }' },
  tpl: { name: 'template', query: '{ templates(first: 1) { edges { node { id } } } }' },
  src: { name: 'source image', query: '{ sourceImages(first: 1) { edges { node { id } } } }' },
  bat: { name: 'batch', query: '{ batches(first: 1) { edges { node { id } } } }' },
  key: { name: 'API key', query: '{ apiKeys(first: 1) { edges { node { id } } } }' },
  bdg: { name: 'budget', query: '{ budgets(limit: 1) { id } }' },
  whk: { name: 'webhook', query: '{ webhooks(first: 20) { edges { node { id } } } }' },
};

/** Some operations take only things in a certain state. */
const EXCEPTIONS: Record<string, Record<string, Noun>> = {
  resumeBatch: {
    bat: {
      name: 'paused batch',
      query: '{ batches(first: 1, filter: { status: [PAUSED] }) { edges { node { id } } } }',
    },
  },
};

const PLACEHOLDER = /\b([a-z]{3})_…/g;

export interface Filled {
  document: string;
  variables: string;
  ids: string[];
  /** What the caller has none of. */
  missing: string[];
}

/** Puts IDs of things that exist in the place of an example's placeholders, such as `img_…`. */
export async function fillPlaceholders(page: OperationPage, key: string | null): Promise<Filled> {
  const text = page.document + page.variables;
  const prefixes = new Set([...text.matchAll(PLACEHOLDER)].map(([, prefix]) => prefix ?? ''));
  const filled: Filled = { document: page.document, variables: page.variables, ids: [], missing: [] };
  for (const prefix of prefixes) {
    const noun = EXCEPTIONS[page.name]?.[prefix] ?? NOUNS[prefix];
    if (!noun) continue;
    const id = await findId(noun.query, key);
    if (id === null) {
      filled.missing.push(noun.name);
      continue;
    }
    filled.ids.push(id);
    filled.document = filled.document.replaceAll(`${prefix}_…`, id);
    filled.variables = filled.variables.replaceAll(`${prefix}_…`, id);
  }
  return filled;
}

async function findId(query: string, key: string | null): Promise<string | null> {
  const { data } = await post(query, key).catch(() => ({ data: null }));
  let found: string | null = null;
  JSON.stringify(data, (name, value: unknown) => {
    if (name === 'id' && found === null) found = String(value);
    return value;
  });
  return found;
}
