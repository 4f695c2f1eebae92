import { useEffect } from 'react';
import { useLocation, useSearch } from 'wouter';
import { useQuery } from 'urql';
import { ButtonLink } from '../../design/Button';
import { Page } from '../../design/Page';
import { Empty, ErrorState, Loading, Notice } from '../../design/states';
import { Time } from '../../design/values';
import { useWords } from '../../language/Language';
import { Picture } from '../../pictures/Picture';
import { readFilters, withFilters } from '../gallery/filters';
import { rememberOpened } from '../gallery/kept-list';
import { Actions } from './Actions';
import { Details } from './Details';
import styles from './Image.module.css';
import { useNeighbours } from './neighbours';
import { IMAGE, type StudioImage } from './queries';

/** One image: large, with everything that is known about it. */
export default function ImagePage({ params: { id = '' } }: { params: { id?: string } }) {
  const { pages, image: words, states } = useWords();
  const [{ data, error, stale }, read] = useQuery({
    query: IMAGE,
    variables: { id },
    requestPolicy: 'cache-and-network', // addresses expire
  });
  const image = data?.image;
  if (error && !image) return <ErrorState error={error} retry={() => read({ requestPolicy: 'network-only' })} />;
  if (!data || (image === null && stale)) return <Loading />;
  if (!image) {
    return (
      <Page title={pages.image}>
        <Empty
          icon="search"
          title={words.notFound}
          actions={<ButtonLink to="/" icon="gallery" label={states.backToGallery} />}
        >
          {states.notFound}
        </Empty>
      </Page>
    );
  }
  return <Shown key={image.id} image={image} onExpired={() => read({ requestPolicy: 'network-only' })} />;
}

function Shown({ image, onExpired }: { image: StudioImage; onExpired: () => void }) {
  const { image: words } = useWords();
  const [, navigate] = useLocation();
  const filters = readFilters(useSearch());
  const neighbours = useNeighbours(image, filters);
  const address = (id: string) => withFilters(`/studio/images/${id}`, filters);

  useEffect(() => rememberOpened(image.id), [image.id]);
  useEffect(() => {
    const follow = (event: KeyboardEvent) => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.defaultPrevented) return;
      if ((event.target as Element).closest('input, textarea, select, dialog')) return;
      const target = { ArrowLeft: neighbours.newer, ArrowRight: neighbours.older }[event.key];
      if (target) navigate(address(target.id), { replace: true });
      else if (event.key === 'Escape') navigate(withFilters('/', filters));
    };
    addEventListener('keydown', follow);
    return () => removeEventListener('keydown', follow);
  });

  return (
    <Page isWide title={image.prompt} actions={<Actions image={image} filters={filters} neighbours={neighbours} />}>
      {image.isDeleted && image.deletedAt && (
        <Notice kind="warning">
          {words.deleted} <Time value={image.deletedAt} />
        </Notice>
      )}
      {image.missingSince && <Notice kind="error">{words.missing}</Notice>}
      <div className={styles.columns}>
        <a
          href={image.r2Url}
          target="_blank"
          rel="noreferrer"
          className={styles.large}
          style={{ aspectRatio: `${image.width} / ${image.height}` }}
          aria-label={words.openOriginal}
        >
          <Picture
            url={image.isDeleted ? null : image.r2Url}
            placeholder={image.placeholder}
            alt={image.prompt}
            fit="contain"
            onExpired={onExpired}
          />
        </a>
        <Details image={image} />
      </div>
    </Page>
  );
}
