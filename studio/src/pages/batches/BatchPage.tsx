import { useState } from 'react';
import { useQuery } from 'urql';
import { Link } from 'wouter';
import { readFragment } from '../../api/graphql';
import { ButtonLink } from '../../design/Button';
import { Card, DescriptionList } from '../../design/Card';
import { classes } from '../../design/classes';
import layout from '../../design/layout.module.css';
import { Page } from '../../design/Page';
import { Empty, ErrorState, Loading, Notice } from '../../design/states';
import { Money, Time } from '../../design/values';
import { useFormat, useWords } from '../../language/Language';
import { BatchActions } from './BatchActions';
import styles from './Batches.module.css';
import { ItemGrid } from './ItemGrid';
import { LatestItems } from './LatestItems';
import { BATCH, BATCH_PAGE, type Batch } from './queries';
import { BatchBadge, BatchBar, isActive } from './status';

/** One batch, with its items as they end. */
export default function BatchPage({ params: { id = '' } }: { params: Record<string, string | undefined> }) {
  const { pages, batches: words } = useWords();
  const format = useFormat();
  const [{ data, error }, read] = useQuery({
    query: BATCH_PAGE,
    variables: { id },
    requestPolicy: 'cache-and-network',
  });
  if (!data) {
    return (
      <Page title={pages.batch}>
        {error ? <ErrorState error={error} retry={() => read({ requestPolicy: 'network-only' })} /> : <Loading />}
      </Page>
    );
  }
  const back = <ButtonLink kind="quiet" icon="previous" label={pages.batches} to="/studio/batches" />;
  if (!data.batch) {
    return (
      <Page title={pages.batch}>
        <Empty icon="search" title={words.notFound} actions={back}>
          {words.notFoundHint}
        </Empty>
      </Page>
    );
  }
  const batch = readFragment(BATCH, data.batch);
  const { retryOf, tags, webhook } = data.batch;
  return (
    <Page
      isWide
      title={batch.name ?? words.of(batch.total, format.number(batch.total))}
      actions={
        <>
          {back}
          <BatchActions batch={batch} />
        </>
      }
    >
      {batch.pausedReason && (
        <Notice kind="warning">
          {words.paused[batch.pausedReason]}
          {batch.resumesAt && ` ${words.resumes(format.dateTime(batch.resumesAt))}`}
        </Notice>
      )}
      <div className={classes(styles.columns, styles.even)}>
        <State batch={batch} />
        <Card>
          <DescriptionList
            items={[
              [words.cost, <Money dollars={batch.cost} />],
              [words.estimated, <Money dollars={batch.estimatedCost} />],
              [words.created, <Time value={batch.createdAt} />],
              ...(batch.finishedAt ? [[words.finished, <Time value={batch.finishedAt} />] as const] : []),
              ...(tags.length > 0 ? [[words.tags, tags.join(', ')] as const] : []),
              [words.priority, words.priorities[batch.priority]],
              [words.user, batch.userId],
              ...(retryOf ? [[words.retryOf, <Link href={`/studio/batches/${retryOf.id}`}>{words.earlier}</Link>] as const] : []),
              ...(webhook ? [[words.webhook, <Link href="/studio/webhooks">{words.webhookStatuses[webhook.status]}</Link>] as const] : []),
              [words.id, <code>{batch.id}</code>],
            ]}
          />
        </Card>
      </div>
      {/* The page of another batch starts over. */}
      <Items key={id} batch={batch} />
    </Page>
  );
}

function Items({ batch }: { batch: Batch }) {
  // The items are read after this number, so whatever ended before it is among them, and whatever
  // ends later is an event.
  const [sequence] = useState(batch.sequence);
  const [wasActive] = useState(isActive(batch));
  return (
    <>
      {wasActive && <LatestItems id={batch.id} sequence={sequence} />}
      <ItemGrid batch={batch} />
    </>
  );
}

function State({ batch }: { batch: Batch }) {
  const { batches: words } = useWords();
  const format = useFormat();
  const counts: [string | undefined, string, number][] = [
    [styles.good, words.counts.succeeded, batch.succeeded],
    [styles.bad, words.counts.failed, batch.failed],
    [styles.running, words.counts.running, batch.running],
    [undefined, words.counts.queued, batch.queued],
    [undefined, words.counts.canceled, batch.canceled],
  ];
  return (
    <Card>
      <div className={classes(layout.row, layout.between)}>
        <div className={styles.state}>
          <strong className={styles.percent}>{format.percent(batch.progress)}</strong>
          <span className={layout.muted}>
            {words.finishedOf(format.number(batch.succeeded + batch.failed + batch.canceled), format.number(batch.total))}
          </span>
        </div>
        <span role="status">
          <BatchBadge status={batch.status} />
        </span>
      </div>
      <BatchBar batch={batch} />
      <ul className={styles.legend}>
        {counts
          .filter(([, , count], index) => index === 0 || count > 0)
          .map(([kind, name, count]) => (
            <li key={name} className={kind}>
              {name} {format.number(count)}
            </li>
          ))}
      </ul>
      {batch.estimatedFinishAt && isActive(batch) && (
        <p className={layout.muted}>
          {isSoon(batch.estimatedFinishAt) ? words.finishesSoon : words.finishes(format.relative(batch.estimatedFinishAt))}
        </p>
      )}
    </Card>
  );
}

const SOON_MILLISECONDS = 60_000;

function isSoon(time: string): boolean {
  return new Date(time).getTime() - Date.now() < SOON_MILLISECONDS;
}
