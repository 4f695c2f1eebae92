import { useState } from 'react';
import { Link } from 'wouter';
import { useQuery } from 'urql';
import { Button } from '../../design/Button';
import { Card } from '../../design/Card';
import { useFormat, useWords } from '../../language/Language';
import { Picture } from '../../pictures/Picture';
import styles from './Image.module.css';
import { DERIVED, type StudioImage } from './queries';

const AT_FIRST = 8;
/** The API lists no more at once. */
const MOST = 100;

type Origin = NonNullable<StudioImage['sources']>[number];

/** What an image was made from, and what was made from it. */
export function Lineage({ image }: { image: StudioImage }) {
  const { image: words } = useWords();
  const { requestKind, sources, mask } = image;
  return (
    <>
      {requestKind !== 'TEXT_TO_IMAGE' && (
        <Card title={words.madeFrom}>
          {requestKind === null && <p className={styles.text}>{words.originUnknown}</p>}
          {sources && sources.length > 0 && (
            <ul className={styles.origins}>
              {sources.map((source, index) => (
                <Shown key={source?.id ?? index} origin={source} label={words.sourceOf(index + 1, sources.length)} />
              ))}
              {requestKind === 'INPAINTING' && <Shown origin={mask} label={words.mask} />}
            </ul>
          )}
        </Card>
      )}
      <Derived id={image.id} />
    </>
  );
}

/** A source or a mask: an image leads to its page, an upload opens. */
function Shown({ origin, label }: { origin: Origin; label: string }) {
  const { image: words } = useWords();
  return (
    <li>
      {origin === null && <p className={styles.gone}>{words.originGone}</p>}
      {origin?.__typename === 'Image' && (
        <Link href={`/studio/images/${origin.id}`} title={origin.prompt}>
          <img src={origin.url} alt={origin.prompt} />
        </Link>
      )}
      {origin?.__typename === 'SourceImage' && (
        <a href={origin.original} target="_blank" rel="noreferrer">
          <img src={origin.thumbnail} alt={words.upload} />
        </a>
      )}
      <small>
        {label}
        {origin?.__typename === 'Image' && origin.isDeleted && ` · ${words.originDeleted}`}
      </small>
    </li>
  );
}

function Derived({ id }: { id: string }) {
  const { image: words, actions } = useWords();
  const format = useFormat();
  const [first, setFirst] = useState(AT_FIRST);
  const [{ data, fetching }] = useQuery({
    query: DERIVED,
    variables: { id, first },
    requestPolicy: 'cache-and-network',
  });
  const derived = data?.image?.derived;
  if (!derived || derived.totalCount === 0) return null;
  return (
    <Card title={words.derived(format.number(derived.totalCount))}>
      <ul className={styles.origins}>
        {derived.edges.map(({ node }) => (
          <li key={node.id}>
            <Link href={`/studio/images/${node.id}`} title={node.prompt}>
              <Picture url={node.url} placeholder={node.placeholder} alt={node.prompt} />
            </Link>
          </li>
        ))}
      </ul>
      {derived.edges.length < Math.min(derived.totalCount, MOST) && (
        <div>
          <Button label={actions.showMore} isBusy={fetching} onClick={() => setFirst(MOST)} />
        </div>
      )}
    </Card>
  );
}
