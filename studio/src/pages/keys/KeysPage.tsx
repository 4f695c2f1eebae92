import { useState } from 'react';
import { useQuery } from 'urql';
import { readFragment } from '../../api/graphql';
import { useChange } from '../../api/useChange';
import { Button } from '../../design/Button';
import { Badge } from '../../design/Card';
import { Confirmation } from '../../design/Dialog';
import layout from '../../design/layout.module.css';
import { Page } from '../../design/Page';
import { Empty, ErrorState, Loading } from '../../design/states';
import { Table } from '../../design/Table';
import { useToast } from '../../design/Toasts';
import { Time } from '../../design/values';
import { useWords } from '../../language/Language';
import { useViewer } from '../../session/Session';
import { CreateKeyDialog } from './CreateKeyDialog';
import { API_KEY, API_KEYS, REVOKE_KEY, type ApiKey } from './queries';

/** The API keys: made, shown once, revoked. */
export default function KeysPage() {
  const { pages, keys: words, navigation, actions } = useWords();
  const viewer = useViewer();
  const [after, setAfter] = useState<string | null>(null);
  const [isCreating, setCreating] = useState(false);
  const [revoked, setRevoked] = useState<ApiKey | null>(null);
  const [{ data, error, fetching }, read] = useQuery({
    query: API_KEYS,
    variables: { after },
    requestPolicy: 'cache-and-network',
  });
  const found = data && readFragment(API_KEY, data.apiKeys.edges.map(({ node }) => node));
  const make = <Button kind="primary" icon="plus" label={words.make} onClick={() => setCreating(true)} />;
  return (
    <Page title={pages.keys} actions={make}>
      {error && !data && <ErrorState error={error} retry={() => read({ requestPolicy: 'network-only' })} />}
      {!data && !error && <Loading />}
      {found?.length === 0 && (
        <Empty icon="keys" title={words.emptyTitle} actions={make}>
          {words.empty}
        </Empty>
      )}
      {found && found.length > 0 && (
        <Table
          caption={pages.keys}
          rows={found}
          rowKey={({ id }) => id}
          columns={[
            { name: words.name, isHeading: true, cell: (key) => <KeyName apiKey={key} /> },
            { name: words.user, cell: ({ userId }) => userId },
            { name: words.role, cell: ({ role }) => navigation.roles[role] },
            { name: words.state, cell: (key) => <KeyState apiKey={key} /> },
            { name: words.lastUsed, cell: ({ lastUsedAt }) => (lastUsedAt ? <Time value={lastUsedAt} /> : words.never) },
            { name: words.created, cell: ({ createdAt }) => <Time value={createdAt} /> },
            {
              name: words.actions,
              cell: (key) =>
                !key.revokedAt && (
                  <Button
                    kind="danger"
                    label={words.revoke}
                    aria-label={`${words.revoke}: ${key.name ?? key.prefix}`}
                    onClick={() => setRevoked(key)}
                  />
                ),
            },
          ]}
        />
      )}
      {data?.apiKeys.pageInfo.hasNextPage && (
        <div className={layout.more}>
          <Button label={actions.showMore} isBusy={fetching} onClick={() => setAfter(data.apiKeys.pageInfo.endCursor)} />
        </div>
      )}
      {isCreating && <CreateKeyDialog onClose={() => setCreating(false)} onCreated={() => setAfter(null)} />}
      {revoked && (
        <RevokeKey apiKey={revoked} isOwn={revoked.id === viewer.key?.id} onClose={() => setRevoked(null)} />
      )}
    </Page>
  );
}

function KeyName({ apiKey: { id, name, prefix } }: { apiKey: ApiKey }) {
  const { keys: words } = useWords();
  const viewer = useViewer();
  return (
    <>
      {name ?? words.unnamed} {id === viewer.key?.id && <Badge kind="accent" label={words.own} />}
      <br />
      <code className={layout.muted}>{prefix}…</code>
    </>
  );
}

function KeyState({ apiKey: { revokedAt, expiresAt } }: { apiKey: ApiKey }) {
  const { keys: words } = useWords();
  if (revokedAt) return <Badge kind="bad" label={words.revoked} />;
  if (expiresAt && new Date(expiresAt) <= new Date()) return <Badge kind="warning" label={words.expired} />;
  if (!expiresAt) return <Badge kind="good" label={words.valid} />;
  return (
    <>
      <Badge kind="good" label={words.valid} />
      <br />
      <span className={layout.muted}>
        {words.until} <Time value={expiresAt} />
      </span>
    </>
  );
}

function RevokeKey({ apiKey, isOwn, onClose }: { apiKey: ApiKey; isOwn: boolean; onClose: () => void }) {
  const { keys: words } = useWords();
  const toast = useToast();
  const revoke = useChange(REVOKE_KEY);
  const name = apiKey.name ?? apiKey.prefix;
  async function run() {
    if (await revoke.run({ input: { id: apiKey.id } })) toast({ text: words.revokedToast(name) });
    onClose();
  }
  return (
    <Confirmation
      title={words.revokeTitle(name)}
      confirm={words.revoke}
      isBusy={revoke.isBusy}
      onConfirm={() => void run()}
      onClose={onClose}
    >
      <p>{words.revokeText}</p>
      {isOwn && <p>{words.revokeOwn}</p>}
    </Confirmation>
  );
}
