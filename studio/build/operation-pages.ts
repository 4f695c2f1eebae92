import { readFile, readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { Plugin } from 'vite';
import type { OperationPage } from '../src/playground/operation-page';

const MODULE = 'virtual:operation-pages';
const RESOLVED = `\0${MODULE}`;
const BLOCK = /```(\w+)\n(.*?)```/gs;
const FACTS = /^(Query|Mutation|Subscription) that requires the role `(\w+)`.*?\n\n(.+?)\n\n/ms;
const GENERATED_END = '<!-- What follows is written by hand. -->';

/** Provides the examples of the operation pages as the module `virtual:operation-pages`. */
export function operationPages(folder: string): Plugin {
  let path = '';
  return {
    name: 'operation-pages',
    configResolved(config) {
      path = resolve(config.root, folder);
    },
    resolveId: (id) => (id === MODULE ? RESOLVED : undefined),
    async load(id) {
      if (id !== RESOLVED) return undefined;
      const files = (await readdir(path)).filter((name) => name.endsWith('.md') && name !== 'README.md');
      const pages = await Promise.all(files.sort().map((name) => readPage(join(path, name))));
      return `export default ${JSON.stringify(pages)};`;
    },
  };
}

async function readPage(path: string): Promise<OperationPage> {
  const text = await readFile(path, 'utf-8');
  const [, kind, role, description] = FACTS.exec(text) ?? [];
  const [, written = ''] = text.split(GENERATED_END);
  const blocks = [...written.matchAll(BLOCK)].map(([, language, content]) => ({ language, content }));
  const document = blocks.find((block) => block.language === 'graphql')?.content;
  // The last block of JSON is the answer; one before it holds the variables.
  const [variables] = blocks.filter((block) => block.language === 'json').slice(0, -1);
  if (!kind || !role || !description || !document) {
    throw new Error(`${path}: not the form that \`make schema\` writes`);
  }
  return {
    name: basename(path, '.md'),
    kind: kind.toLowerCase() as OperationPage['kind'],
    role,
    description: description.replaceAll('`', '').replaceAll('\n', ' '),
    document: document.trim(),
    variables: variables?.content?.trim() ?? '',
  };
}
