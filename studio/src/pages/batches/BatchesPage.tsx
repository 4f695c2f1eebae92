import { useState } from 'react';
import { useQuery, useSubscription } from 'urql';
import { Link } from 'wouter';
import { readFragment, type FragmentOf } from '../../api/graphql';
import { Button, ButtonLink } from '../../design/Button';
import { Choices } from '../../design/Choices';
import { classes } from '../../design/classes';
import layout from '../../design/layout.module.css';
import { Page } from '../../design/Page';
import { Empty, ErrorState, Loading } from '../../design/states';
import { Money, Time } from '../../design/values';
import { useFormat, useWords } from '../../language/Language';
import { Picture } from '../../pictures/Picture';
import { useMay, useViewer } from '../../session/Session';
import styles from './Batches.module.css';
import { BATCH, BATCH_STATE, BATCHES, type BatchStatus } from './queries';
import { BatchBadge, BatchBar, isActive } from './status';

const SHOWN = { ALL: null, ACTIVE: ['QUEUED', 'RUNNING', 'PAUSED', 'CANCELING'], ENDED: ['SUCCEEDED', 'PARTIALLY_FAILED', 'FAILED', 'CANCELED'] } as const satisfies Record<string, readonly BatchStatus[] | null>;
type Shown = keyof typeof SHOWN;
/** A connection carries only so many subscriptions. */
const MAX_WATCHED = 8;

/** The batches, newest first, with bars that move. */
export default function BatchesPage() {
  const { pages, batches: words, actions } = useWords();
  const may = useMay();
  const [shown, setShown] = useState<Shown>('ALL');
  const [after, setAfter] = useState<string | null>(null);
  const status = SHOWN[shown];
  const [{ data, error, fetching }, read] = useQuery({
    query: BATCHES,
    variables: { after, filter: status && { status: [...status] } },
    requestPolicy: 'cache-and-network',
  });
  const found = data?.batches.edges ?? [];
  const { hasNextPage, endCursor } = data?.batches.pageInfo ?? {};
  const make = may('CREATOR') && (
    <ButtonLink kind="primary" icon="plus" label={words.make} to="/studio/batches/new" />
  );
  return (
    <Page title={pages.batches} actions={make}>
      <Choices
        label={words.show}
        options={(['ALL', 'ACTIVE', 'ENDED'] as const).map((name) => [name, words.shown[name]])}
        value={shown}
        onChoose={(chosen) => {
          setAfter(null);
          setShown(chosen);
        }}
      />
      {error && !data && <ErrorState error={error} retry={() => read({ requestPolicy: 'network-only' })} />}
      {!data && !error && <Loading />}
      {data && found.length === 0 && (
        <Empty icon="batches" title={shown === 'ALL' ? words.emptyTitle : words.noneShown} actions={shown === 'ALL' && make}>
          {shown === 'ALL' && (may('CREATOR') ? words.empty : words.emptyReader)}
        </Empty>
      )}
      <ul className={styles.list}>
        {found.map(({ node }, index) => (
          <Row key={readFragment(BATCH, node).id} batch={node} isWatched={index < MAX_WATCHED} />
        ))}
      </ul>
      {hasNextPage && (
        <div className={layout.more}>
          <Button label={actions.showMore} isBusy={fetching} onClick={() => setAfter(endCursor ?? null)} />
        </div>
      )}
    </Page>
  );
}

function Row({ batch: masked, isWatched }: { batch: FragmentOf<typeof BATCH>; isWatched: boolean }) {
  const batch = readFragment(BATCH, masked);
  const { batches: words } = useWords();
  const format = useFormat();
  const viewer = useViewer();
  const [after] = useState(batch.sequence);
  // What it receives is written to the cache, which shows it here.
  useSubscription({
    query: BATCH_STATE,
    variables: { id: batch.id, after },
    pause: !isWatched || !isActive(batch),
  });
  const images = batch.images.edges.map(({ node }) => node);
  const [first] = images;
  return (
    <li className={styles.row} data-batch={batch.id}>
      <div className={styles.thumbs} aria-hidden="true">
        {Array.from({ length: Math.min(4, batch.total) }, (_, index) => {
          const image = images[index];
          return (
            <span key={index}>{image && <Picture url={image.url} placeholder={image.placeholder} alt="" />}</span>
          );
        })}
      </div>
      <div className={styles.about}>
        <div className={classes(layout.row, layout.between)}>
          <h2>
            <Link href={`/studio/batches/${batch.id}`} className={styles.link}>
              {batch.name ?? first?.prompt ?? words.images(batch.total, format.number(batch.total))}
            </Link>
          </h2>
          <BatchBadge status={batch.status} />
        </div>
        <BatchBar batch={batch} isThin />
        <p className={layout.muted}>
          {words.doneOf(format.number(batch.succeeded), format.number(batch.total))}
          {batch.failed > 0 && ` · ${words.failedCount(format.number(batch.failed))}`} ·{' '}
          <Money dollars={batch.cost} /> · <Time value={batch.createdAt} />
          {batch.userId !== viewer.userId && ` · ${batch.userId}`}
        </p>
      </div>
    </li>
  );
}
