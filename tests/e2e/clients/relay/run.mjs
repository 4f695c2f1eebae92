// Relay's runtime with what its compiler made: a connection's pages, and node.
import assert from 'node:assert/strict';
import relay from 'relay-runtime';
import pageQuery from './__generated__/operationsPageQuery.graphql.js';
import nodeQuery from './__generated__/operationsNodeQuery.graphql.js';

const url = process.argv[2];
const { Environment, Network, RecordSource, Store, fetchQuery } = relay;
const environment = new Environment({
  store: new Store(new RecordSource()),
  network: Network.create(async (request, variables) => {
    assert.equal(request.text, null);
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ doc_id: request.id, variables }),
    });
    return await response.json();
  }),
});
const ask = (query, variables) => fetchQuery(environment, query, variables).toPromise();
const images = () => {
  const root = environment.getStore().getSource().get('client:root');
  const key = Object.keys(root).find((name) => name.includes('operations_images'));
  const connection = environment.getStore().getSource().get(root[key].__ref);
  return connection.edges.__refs.map((edge) => {
    const record = environment.getStore().getSource().get(edge);
    return environment.getStore().getSource().get(record.node.__ref);
  });
};

await ask(pageQuery, { count: 1, cursor: null });
const [first] = images();
assert.equal(first.prompt, 'The second');
const found = await ask(nodeQuery, { id: first.id });
assert.equal(found.node.__typename, 'Image');
const refused = await fetch(url, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ query: '{ models { id } }' }),
});
assert.equal((await refused.json()).errors[0].extensions.code, 'DOCUMENT_NOT_TRUSTED');
