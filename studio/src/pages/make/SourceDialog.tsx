import { useQuery } from 'urql';
import { Dialog } from '../../design/Dialog';
import { Empty, ErrorState, Loading } from '../../design/states';
import { useWords } from '../../language/Language';
import type { Source } from './draft';
import styles from './Make.module.css';
import { RECENT } from './queries';

/** Chooses a source image among the latest images and uploads. */
export function SourceDialog({ onChoose, onClose }: { onChoose: (source: Source) => void; onClose: () => void }) {
  const { make } = useWords();
  const [{ data, error }, read] = useQuery({ query: RECENT, requestPolicy: 'network-only' });
  const made = data?.images.edges.map(({ node: { url, r2Url, prompt, ...rest } }) => ({
    ...rest,
    thumbnail: url,
    original: r2Url,
    label: prompt,
  }));
  const uploaded = data?.sourceImages.edges.map(({ node }) => ({ ...node, label: null }));
  return (
    <Dialog title={make.fromGallery} isWide onClose={onClose}>
      {!data && (error ? <ErrorState error={error} retry={() => read()} /> : <Loading />)}
      {data && made?.length === 0 && uploaded?.length === 0 && <Empty icon="gallery" title={make.nothingYet} />}
      <Choices title={make.latestImages} sources={made ?? []} onChoose={onChoose} />
      <Choices title={make.latestUploads} sources={uploaded ?? []} onChoose={onChoose} />
    </Dialog>
  );
}

function Choices({
  title,
  sources,
  onChoose,
}: {
  title: string;
  sources: readonly Source[];
  onChoose: (source: Source) => void;
}) {
  const { make } = useWords();
  if (sources.length === 0) return null;
  return (
    <section>
      <h3 className={styles.small}>{title}</h3>
      <ul className={styles.choices}>
        {sources.map((source) => (
          <li key={source.id}>
            <button type="button" onClick={() => onChoose(source)} title={source.label ?? make.upload}>
              <img src={source.thumbnail} alt={source.label ?? make.upload} loading="lazy" />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
