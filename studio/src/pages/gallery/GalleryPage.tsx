import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import { useLocation, useSearch } from 'wouter';
import { useQuery } from 'urql';
import { Button, ButtonLink } from '../../design/Button';
import { Page } from '../../design/Page';
import { Empty, ErrorState, Loading } from '../../design/states';
import { useFormat, useWords } from '../../language/Language';
import { useMay, useUncachedClient } from '../../session/Session';
import { imageFilter, readFilters, withFilters, type Filters } from './filters';
import { FilterBar } from './FilterBar';
import { FirstImage } from './FirstImage';
import styles from './Gallery.module.css';
import { Grid } from './Grid';
import { keptList } from './kept-list';
import { COUNT, type Tile } from './queries';
import { SelectionBar } from './SelectionBar';

const AT_START = 120;

/** Every image, newest first. */
export default function GalleryPage() {
  const words = useWords();
  const may = useMay();
  const [, navigate] = useLocation();
  const filters = readFilters(useSearch());
  const setFilters = (next: Filters) => navigate(withFilters('/', next), { replace: true });
  return (
    <Page
      title={words.pages.gallery}
      isWide
      actions={may('CREATOR') && <ButtonLink kind="primary" icon="make" to="/studio/make" label={words.gallery.make} />}
    >
      <FilterBar filters={filters} onChange={setFilters} />
      <Images key={JSON.stringify(filters)} filters={filters} onClear={() => setFilters({})} />
    </Page>
  );
}

function Images({ filters, onClear }: { filters: Filters; onClear: () => void }) {
  const { gallery, actions } = useWords();
  const client = useUncachedClient();
  const list = useMemo(() => keptList(client, withFilters('/', filters), imageFilter(filters)), [client, filters]);
  const state = useSyncExternalStore(list.watch, list.snapshot);
  const total = useTotal(filters, state.hasMore ? null : state.count);
  const isRead = state.count > 0 || !state.hasMore;
  const [selected, setSelected] = useState<ReadonlyMap<string, Tile>>(new Map());
  const clear = useCallback(() => setSelected(new Map()), []);

  useEffect(() => list.show(0, 0), [list]);
  useEffect(() => {
    if (!isRead) return undefined;
    return list.follow(() => window.scrollY < AT_START);
  }, [list, isRead]);

  if (!isRead) {
    if (!state.error) return <Loading />;
    return <ErrorState error={state.error} retry={() => list.retry()} />;
  }
  if (state.count === 0) {
    if (Object.keys(filters).length === 0) return <FirstImage />;
    return (
      <Empty icon="search" title={gallery.noneTitle} actions={<Button label={gallery.clear} onClick={onClear} />}>
        {gallery.none}
      </Empty>
    );
  }
  return (
    <>
      <Count total={total} />
      {state.newCount > 0 && (
        <div className={styles.newer}>
          <Button
            kind="primary"
            label={gallery.newer(state.newCount)}
            onClick={() => {
              list.showNew();
              window.scrollTo({ top: 0 });
            }}
          />
        </div>
      )}
      <Grid list={list} state={state} total={total} filters={filters} selected={selected} onSelect={setSelected} />
      {state.error && (
        <Empty
          icon="warning"
          title={gallery.rest}
          actions={<Button icon="again" label={actions.retry} onClick={() => list.retry()} />}
        />
      )}
      {selected.size > 0 && <SelectionBar list={list} selected={selected} filters={filters} onClear={clear} />}
    </>
  );
}

/** Returns how many there are; counted by the server only while not all are known. */
function useTotal(filters: Filters, known: number | null): number | undefined {
  const [{ data }] = useQuery({
    query: COUNT,
    variables: { filter: imageFilter(filters) },
    pause: known !== null,
    requestPolicy: 'cache-and-network',
  });
  return known ?? data?.images.totalCount;
}

function Count({ total }: { total: number | undefined }) {
  const { gallery } = useWords();
  const format = useFormat();
  return (
    <p className={styles.count} role="status">
      {total === undefined ? '\u00a0' : gallery.count(total, format.number(total))}
    </p>
  );
}
