import { useState } from 'react';
import { useQuery } from 'urql';
import { Link } from 'wouter';
import { readFragment } from '../../api/graphql';
import { useChange } from '../../api/useChange';
import { Button } from '../../design/Button';
import { Badge, Card } from '../../design/Card';
import { Choices } from '../../design/Choices';
import { classes } from '../../design/classes';
import { CopyButton } from '../../design/CopyButton';
import layout from '../../design/layout.module.css';
import { Page } from '../../design/Page';
import { Empty, ErrorState, Loading } from '../../design/states';
import { Table } from '../../design/Table';
import { useToast } from '../../design/Toasts';
import { Time } from '../../design/values';
import { useFormat, useWords } from '../../language/Language';
import { useMay } from '../../session/Session';
import { DELIVERIES, REDELIVER, WEBHOOK, WEBHOOKS, type Webhook } from './queries';

const KINDS = { PENDING: 'warning', DELIVERED: 'good', FAILED: 'bad' } as const;

const SHOWN = { ALL: null, PENDING: ['PENDING'], FAILED: ['FAILED'], DELIVERED: ['DELIVERED'] } as const satisfies Record<string, readonly Webhook['status'][] | null>;
type Shown = keyof typeof SHOWN;

/** The webhooks, newest first, each with its deliveries. */
export default function WebhooksPage() {
  const { pages, webhooks: words, batches, actions } = useWords();
  const [shown, setShown] = useState<Shown>('ALL');
  const [after, setAfter] = useState<string | null>(null);
  const status = SHOWN[shown];
  const [{ data, error, fetching }, read] = useQuery({
    query: WEBHOOKS, variables: { after, filter: status && { status: [...status] } }, requestPolicy: 'cache-and-network',
  });
  const again = () => read({ requestPolicy: 'network-only' });
  const found = (data?.webhooks.edges ?? []).map(({ node }) => readFragment(WEBHOOK, node));
  const { hasNextPage, endCursor } = data?.webhooks.pageInfo ?? {};
  return (
    <Page title={pages.webhooks} actions={<Button icon="again" label={words.refresh} onClick={again} />}>
      <Choices
        label={words.show}
        options={[
          ['ALL', words.all],
          ...(['PENDING', 'FAILED', 'DELIVERED'] as const).map((name) => [name, batches.webhookStatuses[name]] as const),
        ]}
        value={shown}
        onChoose={(chosen) => {
          setAfter(null);
          setShown(chosen);
        }}
      />
      {error && !data && <ErrorState error={error} retry={again} />}
      {!data && !error && <Loading />}
      {data && data.viewer.webhookSecrets.length > 0 && <Secrets secrets={data.viewer.webhookSecrets} />}
      {data && found.length === 0 && (
        <Empty icon="webhooks" title={shown === 'ALL' ? words.emptyTitle : words.noneShown}>
          {shown === 'ALL' && words.empty}
        </Empty>
      )}
      {found.map((webhook) => (
        <WebhookCard key={webhook.id} webhook={webhook} />
      ))}
      {hasNextPage && (
        <div className={layout.more}>
          <Button label={actions.showMore} isBusy={fetching} onClick={() => setAfter(endCursor ?? null)} />
        </div>
      )}
    </Page>
  );
}

function Secrets({ secrets }: { secrets: readonly string[] }) {
  const { webhooks: words } = useWords();
  const [isShown, setShown] = useState(false);
  return (
    <Card
      title={words.secret}
      actions={
        <div className={layout.row}>
          <Button label={isShown ? words.hide : words.reveal} aria-expanded={isShown} onClick={() => setShown(!isShown)} />
          <CopyButton text={secrets.join(' ')} />
        </div>
      }
    >
      <p className={layout.muted}>{words.secretText}</p>
      {isShown && <code className={layout.code}>{secrets.join('\n')}</code>}
    </Card>
  );
}

function WebhookCard({ webhook }: { webhook: Webhook }) {
  const { webhooks: words, batches } = useWords();
  const may = useMay();
  const toast = useToast();
  const redeliver = useChange(REDELIVER);
  async function run() {
    if (await redeliver.run({ input: { id: webhook.id } })) toast({ text: words.redelivered });
  }
  return (
    <Card>
      <div className={classes(layout.row, layout.between)}>
        <div className={layout.stack} style={{ gap: 4, flex: '1 1 240px' }}>
          <div className={layout.row}>
            <Badge kind={KINDS[webhook.status]} label={batches.webhookStatuses[webhook.status]} />
            <code>{webhook.eventType}</code>
          </div>
          <p className={layout.plainText}>{webhook.url}</p>
          <p className={layout.muted}>
            <Time value={webhook.createdAt} /> ·{' '}
            <Subject id={webhook.subjectId} />
            {webhook.nextDeliveryAt && (
              <>
                {' · '}
                {words.next} <Time value={webhook.nextDeliveryAt} />
              </>
            )}
          </p>
        </div>
        {may('CREATOR') && (
          <Button
            icon="again"
            label={words.redeliver}
            aria-label={`${words.redeliver}: ${webhook.url}`}
            isBusy={redeliver.isBusy}
            onClick={() => void run()}
          />
        )}
      </div>
      <Deliveries id={webhook.id} />
    </Card>
  );
}

/** What a webhook is about: a page where there is one. */
function Subject({ id }: { id: string }) {
  const { webhooks: words } = useWords();
  if (id.startsWith('bat_')) return <Link href={`/studio/batches/${id}`}>{words.batch}</Link>;
  if (id.startsWith('bdg_')) return <Link href="/studio/budgets">{words.budget}</Link>;
  return <code>{id}</code>;
}

function Deliveries({ id }: { id: string }) {
  const { webhooks: words, states } = useWords();
  const format = useFormat();
  const [isOpen, setOpen] = useState(false);
  const [{ data, error }] = useQuery({
    query: DELIVERIES, variables: { id }, pause: !isOpen, requestPolicy: 'cache-and-network',
  });
  const deliveries = data?.node?.__typename === 'Webhook' ? data.node.deliveries : [];
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{words.deliveries}</summary>
      <div className={layout.afterSummary}>
        {error && !data && <p role="alert">{states.errorTitle}</p>}
        {data && deliveries.length === 0 && <p className={layout.muted}>{words.noDeliveries}</p>}
        {deliveries.length > 0 && (
          <Table
            caption={words.deliveries}
            rows={deliveries}
            rowKey={({ startedAt }) => startedAt}
            columns={[
              { name: words.sent, isHeading: true, cell: ({ startedAt }) => <Time value={startedAt} isExact /> },
              { name: words.answer, cell: ({ statusCode, error: reason }) => [statusCode, reason].filter(Boolean).join(' · ') },
              { name: words.took, isNumber: true, cell: ({ durationMs }) => format.seconds(durationMs / 1000) },
            ]}
          />
        )}
      </div>
    </details>
  );
}
