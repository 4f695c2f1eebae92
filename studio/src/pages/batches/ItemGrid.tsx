import { useState } from 'react';
import { useQuery } from 'urql';
import { Link } from 'wouter';
import { readFragment } from '../../api/graphql';
import { Button } from '../../design/Button';
import { Card } from '../../design/Card';
import { Choices } from '../../design/Choices';
import { Icon } from '../../design/icons';
import layout from '../../design/layout.module.css';
import { ErrorState, Loading } from '../../design/states';
import { useFormat, useWords } from '../../language/Language';
import { Picture } from '../../pictures/Picture';
import styles from './Batches.module.css';
import { ITEM, ITEMS, type Batch, type Item } from './queries';

const SHOWN = { ALL: null, SUCCEEDED: ['SUCCEEDED'], FAILED: ['FAILED'], WAITING: ['QUEUED', 'RUNNING'] } as const satisfies Record<string, readonly Item['status'][] | null>;
type Shown = keyof typeof SHOWN;

/** The items of a batch, in their order: each turns into its image, or into its error. */
export function ItemGrid({ batch }: { batch: Batch }) {
  const { batches: words, actions } = useWords();
  const format = useFormat();
  const [shown, setShown] = useState<Shown>('ALL');
  const [after, setAfter] = useState<string | null>(null);
  const status = SHOWN[shown];
  const [{ data, error, fetching }, read] = useQuery({
    query: ITEMS,
    variables: { id: batch.id, after, status: status && [...status] },
    requestPolicy: 'cache-and-network',
  });
  const page = data?.batch?.items;
  const items = page && readFragment(ITEM, page.edges.map(({ node }) => node));
  const counts: Record<Shown, number> = {
    ALL: batch.total, SUCCEEDED: batch.succeeded, FAILED: batch.failed, WAITING: batch.queued + batch.running,
  };
  return (
    <Card
      title={words.items}
      actions={
        <Choices
          label={words.show}
          options={(['ALL', 'SUCCEEDED', 'FAILED', 'WAITING'] as const).map((name) => [
            name, `${words.shownItems[name]} ${format.number(counts[name])}`,
          ])}
          value={shown}
          onChoose={(chosen) => {
            setAfter(null);
            setShown(chosen);
          }}
        />
      }
    >
      {error && !items && <ErrorState error={error} retry={() => read({ requestPolicy: 'network-only' })} />}
      {!items && !error && <Loading />}
      {items?.length === 0 && <p className={layout.muted}>{words.noItems}</p>}
      <ul className={styles.items}>
        {items?.map((item) => <Tile key={item.id} item={item} />)}
      </ul>
      {page?.pageInfo.hasNextPage && (
        <div className={layout.more}>
          <Button label={actions.showMore} isBusy={fetching} onClick={() => setAfter(page.pageInfo.endCursor)} />
        </div>
      )}
    </Card>
  );
}

function Tile({ item: { index, prompt, status, image, error } }: { item: Item }) {
  const { batches: words } = useWords();
  const format = useFormat();
  return (
    <li className={styles.item} data-index={index} data-status={status}>
      <div className={styles.frame}>
        {image ? (
          <Link href={`/studio/images/${image.id}`}>
            <Picture url={image.url} placeholder={image.placeholder} alt={prompt} isLazy />
          </Link>
        ) : error ? (
          <div className={styles.failure}>
            <Icon name="warning" />
            {error.message}
          </div>
        ) : (
          <span>{status === 'SUCCEEDED' ? words.imageDeleted : words.itemStatuses[status]}</span>
        )}
      </div>
      <p className={styles.caption}>
        <span>{format.number(index + 1)}</span>
        <span title={prompt}>{prompt}</span>
      </p>
    </li>
  );
}
