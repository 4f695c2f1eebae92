import { useGraphiQL, useGraphiQLActions, type GraphiQLPlugin } from '@graphiql/react';
import { Kind as Syntax, parse } from 'graphql';
import { useState } from 'react';
import pages from 'virtual:operation-pages';
import { readKey } from '../session/api-key';
import type { OperationPage } from './operation-page';
import { fillPlaceholders } from './placeholders';
import { words } from './words';

const KINDS = ['query', 'mutation', 'subscription'] as const;

export const operationsPlugin: GraphiQLPlugin = {
  title: words.operations.title,
  icon: OperationsIcon,
  content: OperationsPanel,
};

function OperationsPanel() {
  const [filter, setFilter] = useState('');
  const [notice, setNotice] = useState('');
  const open = useOpenExample(setNotice);
  const needle = filter.trim().toLowerCase();
  const found = pages.filter((page) =>
    `${page.name} ${page.description}`.toLowerCase().includes(needle),
  );
  return (
    <section className="operations" aria-label={words.operations.title}>
      <div className="panel-title">{words.operations.title}</div>
      <p className="hint">{words.operations.hint}</p>
      <input
        type="search"
        aria-label={words.operations.filter}
        placeholder={words.operations.filter}
        value={filter}
        onChange={(event) => setFilter(event.target.value)}
      />
      <p className="notice" role="status">{notice}</p>
      {found.length === 0 && <p>{words.operations.none}</p>}
      {KINDS.map((kind) => (
        <Kind key={kind} kind={kind} pages={found.filter((page) => page.kind === kind)} open={open} />
      ))}
    </section>
  );
}

interface KindProps {
  kind: OperationPage['kind'];
  pages: readonly OperationPage[];
  open: (page: OperationPage) => void;
}

function Kind({ kind, pages, open }: KindProps) {
  if (pages.length === 0) return null;
  return (
    <>
      <h3>{words.operations.kinds[kind]}</h3>
      <ul>
        {pages.map((page) => (
          <li key={page.name}>
            <button type="button" onClick={() => open(page)}>
              <code>{page.name}</code> <span className="role">{page.role}</span>
              <span className="description">{page.description}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function useOpenExample(say: (notice: string) => void): (page: OperationPage) => void {
  const { addTab, setOperationFacts } = useGraphiQLActions();
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  return (page) => {
    say(words.operations.opening);
    void fillPlaceholders(page, readKey()).then(({ document, variables, ids, missing }) => {
      addTab();
      queryEditor?.setValue(document);
      variableEditor?.setValue(variables);
      setOperationFacts(factsOf(document)); // GraphiQL reads them only when typing pauses
      if (missing.length > 0) say(words.operations.nothingToUse(missing));
      else say(ids.length > 0 ? words.operations.filled(ids) : '');
    });
  };
}

function factsOf(document: string) {
  const documentAST = parse(document);
  const operations = documentAST.definitions.filter(
    (definition) => definition.kind === Syntax.OPERATION_DEFINITION,
  );
  return { documentAST, operations, operationName: operations[0]?.name?.value ?? '' };
}

function OperationsIcon() {
  return (
    <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <path d="M3 5h2M3 10h2M3 15h2M8 5h9M8 10h9M8 15h9" strokeLinecap="round" />
    </svg>
  );
}
