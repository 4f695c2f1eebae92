import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react';
import { useWords } from '../../language/Language';
import { withFilters, type Filters } from './filters';
import styles from './Gallery.module.css';
import type { ImageList, ListState } from './image-list';
import type { Tile as Entry } from './queries';
import { Tile } from './Tile';

const GAP = 12;
const NARROWEST = 132;
const USUAL = 208;
/** Rows of grey tiles while more is on its way. */
const ROWS_TO_COME = 3;

/** A grid of any number of images, of which those in sight exist. */
export function Grid({
  list,
  state,
  filters,
  selected,
  onSelect,
}: {
  list: ImageList;
  state: ListState;
  filters: Filters;
  selected: ReadonlyMap<string, Entry>;
  onSelect: (selected: ReadonlyMap<string, Entry>) => void;
}) {
  const { gallery } = useWords();
  const grid = useRef<HTMLDivElement>(null);
  const anchor = useRef<number>(undefined);
  const { columns, size, top } = useLayout(grid);
  const rows = Math.ceil(state.count / columns);
  const virtualizer = useWindowVirtualizer({
    count: rows + (state.hasMore && !state.error ? ROWS_TO_COME : 0),
    estimateSize: () => size + GAP,
    overscan: 3,
    scrollMargin: top,
  });
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, size]);

  const visible = virtualizer.getVirtualItems();
  const first = (visible[0]?.index ?? 0) * columns;
  const last = ((visible.at(-1)?.index ?? 0) + 1) * columns - 1;
  useEffect(() => list.show(first, Math.min(last, Math.max(state.count - 1, 0))), [list, first, last, state.count]);
  useScrollMemory(list);

  function select(index: number, isRange: boolean) {
    const tile = list.at(index);
    if (!tile) return;
    const next = new Map(selected);
    const isChosen = !next.has(tile.id);
    const [from, to] = isRange && anchor.current !== undefined ? [anchor.current, index].sort((a, b) => a - b) : [index, index];
    for (let at = from ?? index; at <= (to ?? index); at += 1) {
      const one = list.at(at);
      if (one && isChosen) next.set(one.id, one);
      else if (one) next.delete(one.id);
    }
    anchor.current = index;
    onSelect(next);
  }

  function move(event: KeyboardEvent) {
    const focused = (event.target as Element).closest<HTMLElement>('[data-index]');
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
    if (!focused || step === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    const target = Number(focused.dataset.index) + step;
    if (target < 0 || target >= state.count) return;
    event.preventDefault();
    virtualizer.scrollToIndex(Math.floor(target / columns));
    focusTile(grid.current, target);
  }

  return (
    <div
      ref={grid}
      role="list"
      aria-label={gallery.images}
      className={styles.grid}
      style={{ height: virtualizer.getTotalSize() }}
      onKeyDown={move}
    >
      {visible.map((row) => (
        <div
          key={row.key}
          role="none"
          className={styles.row}
          style={{
            height: size,
            gridTemplateColumns: `repeat(${columns}, ${size}px)`,
            transform: `translateY(${row.start - top}px)`,
          }}
        >
          {Array.from({ length: columns }, (_, column) => {
            const index = row.index * columns + column;
            if (index >= state.count) return state.hasMore && <span key={index} className={styles.toCome} />;
            const tile = list.at(index);
            if (!tile) return <span key={index} className={styles.toCome} />;
            return (
              <Tile
                key={tile.id}
                tile={tile}
                index={index}
                href={withFilters(`/studio/images/${tile.id}`, filters)}
                isSelected={selected.has(tile.id)}
                isSelecting={selected.size > 0}
                onSelect={(isRange) => select(index, isRange)}
                onExpired={() => list.refresh(tile.id)}
              />
            );
          })}
        </div>
      ))}
    </div>
  );
}

/** Focuses a tile once it exists, which takes a few frames where it had to be scrolled to. */
function focusTile(grid: HTMLElement | null, index: number, frames = 30): void {
  const link = grid?.querySelector<HTMLElement>(`[data-index="${index}"] a`);
  if (link) link.focus({ preventScroll: true });
  else if (frames > 0) requestAnimationFrame(() => focusTile(grid, index, frames - 1));
}

function useLayout(grid: React.RefObject<HTMLElement | null>) {
  const [layout, setLayout] = useState({ columns: 1, size: USUAL, top: 0 });
  useLayoutEffect(() => {
    const element = grid.current;
    if (!element) return undefined;
    const measure = () => {
      const width = element.clientWidth;
      const usual = width < 560 ? NARROWEST : USUAL;
      const columns = Math.max(2, Math.floor((width + GAP) / (usual + GAP)));
      const size = Math.floor((width - (columns - 1) * GAP) / columns);
      setLayout({ columns, size, top: element.getBoundingClientRect().top + window.scrollY });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [grid]);
  return layout;
}

/** Returns to where the list was scrolled to, and remembers where it is. */
function useScrollMemory(list: ImageList): void {
  useLayoutEffect(() => {
    window.scrollTo(0, list.scrollY);
    const remember = () => {
      list.scrollY = window.scrollY;
    };
    addEventListener('scroll', remember, { passive: true });
    return () => removeEventListener('scroll', remember);
  }, [list]);
}
