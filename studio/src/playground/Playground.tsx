import { explorerPlugin } from '@graphiql/plugin-explorer';
import { HISTORY_PLUGIN } from '@graphiql/plugin-history';
import { GraphiQL } from 'graphiql';
import { useCallback, useEffect, useMemo, useState } from 'react';
import { AnswerPane } from './AnswerPane';
import { findAccess, opened, SCHEMA_OPTIONS, type Access } from './access';
import { forgetKey, keepKey, readKey } from '../session/api-key';
import { createFetcher } from './endpoint';
import { keyPlugin } from './KeyPanel';
import { Notices } from './Notices';
import { operationsPlugin } from './OperationsPanel';
import { storage } from './storage';
import { welcome } from './welcome';
import { words } from './words';

const PLUGINS = [operationsPlugin, HISTORY_PLUGIN, explorerPlugin(), keyPlugin];
const WIDE = matchMedia('(min-width: 1000px)').matches;
const linked = new URLSearchParams(location.search);
const LINKED = {
  ...(linked.has('q') && { initialQuery: linked.get('q') ?? '' }),
  ...(linked.has('variables') && { initialVariables: linked.get('variables') ?? '' }),
};

export function Playground() {
  const [key, setKey] = useState(readKey);
  const [access, setAccess] = useState<Access>({ kind: 'loading' });
  const load = useCallback(() => {
    setAccess({ kind: 'loading' });
    void findAccess(key).then((found) => {
      if (found.kind === 'keyNeeded') forgetKey();
      else if (key) keepKey(key);
      setAccess(found);
    });
  }, [key]);
  useEffect(load, [load]);
  const introspection = access.kind === 'open' ? access.introspection : null;
  const fetcher = useMemo(() => createFetcher(key, introspection), [key, introspection]);

  if (access.kind !== 'open') {
    return (
      <Notices
        access={access}
        useKey={(given) => (given === key ? load() : setKey(given))}
        askForKey={() => setAccess({ kind: 'keyNeeded', message: null })}
        proceed={() => setAccess(opened(null))}
        retry={load}
      />
    );
  }
  return (
    <GraphiQL
      key={access.version}
      fetcher={fetcher}
      {...SCHEMA_OPTIONS}
      {...(introspection === null && { schema: null })}
      storage={storage}
      plugins={PLUGINS}
      {...(WIDE && { visiblePlugin: operationsPlugin })}
      defaultQuery={welcome}
      shouldPersistHeaders={false}
      showPersistHeadersSettings={false}
      {...LINKED}
    >
      <GraphiQL.Logo>
        <span className="logo">{words.title}</span>
      </GraphiQL.Logo>
      <GraphiQL.Footer>
        <AnswerPane />
      </GraphiQL.Footer>
    </GraphiQL>
  );
}
