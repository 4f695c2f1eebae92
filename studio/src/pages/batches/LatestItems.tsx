import { useSubscription } from 'urql';
import { Link } from 'wouter';
import { readFragment, type ResultOf } from '../../api/graphql';
import { Card } from '../../design/Card';
import { Icon } from '../../design/icons';
import { useWords } from '../../language/Language';
import { Picture } from '../../pictures/Picture';
import styles from './Batches.module.css';
import { BATCH_EVENTS, ITEM, type Item } from './queries';

const MAX_SHOWN = 24;

/**
 * Watches a batch, and shows what ended last, newest first.
 *
 * What it receives is also written to the cache, from which the rest of the page shows it. After a
 * reload it begins a little before the present, so that there is something to see.
 */
export function LatestItems({ id, sequence }: { id: string; sequence: number }) {
  const { batches: words } = useWords();
  const after = Math.max(0, sequence - MAX_SHOWN);
  const [{ data: latest = [] }] = useSubscription<Events, Item[], { id: string; after: number }>(
    { query: BATCH_EVENTS, variables: { id, after } },
    merged,
  );
  if (latest.length === 0) return null;
  return (
    <Card title={words.latest}>
      <ul className={styles.latest}>
        {latest.map(({ id: itemId, prompt, image }) => (
          <li key={itemId}>
            {image ? (
              <Link href={`/studio/images/${image.id}`}>
                <Picture url={image.url} placeholder={image.placeholder} alt={prompt} />
              </Link>
            ) : (
              <span className={styles.frame} title={prompt}>
                <Icon name="warning" />
                <span className="visually-hidden">{words.itemStatuses.FAILED}</span>
              </span>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}

type Events = ResultOf<typeof BATCH_EVENTS>;

/** Puts newly ended items before those that are shown; each stands there once. */
function merged(shown: Item[] = [], { batchProgress: { finishedItems } }: Events): Item[] {
  const added = readFragment(ITEM, finishedItems).filter(({ status }) => status !== 'CANCELED');
  const ids = new Set(added.map(({ id }) => id));
  return [...added.reverse(), ...shown.filter(({ id }) => !ids.has(id))].slice(0, MAX_SHOWN);
}
