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
  total,
  filters,
  selected,
  onSelect,
}: {
  list: ImageList;
  state: ListState;
  /** How many images there are in all, where that is known. */
  total: number | undefined;
  filters: Filters;
  selected: ReadonlyMap<string, Entry>;
  onSelect: (selected: ReadonlyMap<string, Entry>) => void;
}) {
  const { gallery } = useWords();
  const grid = useRef<HTMLDivElement>(null);
  const anchor = useRef<number>(undefined);
  const { columns, size, top, isMeasured } = useLayout(grid);
  const rows = Math.ceil(state.count / columns);
  // No more than there will be, or the end of the page would move when the last images arrive.
  const rowsToCome = total === undefined ? ROWS_TO_COME : Math.min(ROWS_TO_COME, Math.max(0, Math.ceil(total / columns) - rows));
  const virtualizer = useWindowVirtualizer({
    count: rows + (state.hasMore && !state.error ? rowsToCome : 0),
    estimateSize: () => size + GAP,
    overscan: 3,
    scrollMargin: top,
  });
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, size]);

  const [current, setCurrent] = useState(0);
  const visible = virtualizer.getVirtualItems();
  const first = (visible[0]?.index ?? 0) * columns;
  const last = ((visible.at(-1)?.index ?? 0) + 1) * columns - 1;
  useEffect(() => list.show(first, Math.min(last, Math.max(state.count - 1, 0))), [list, first, last, state.count]);
  const topmost = Math.min((virtualizer.range?.startIndex ?? 0) * columns, Math.max(state.count - 1, 0));
  const tabStop = current >= first && current <= last && current < state.count ? current : topmost;
  useScrollMemory(list);
  useEffect(() => {
    const index = list.opened === null || !isMeasured ? -1 : list.indexOf(list.opened);
    if (index < 0) return;
    list.opened = null;
    setCurrent(index);
    virtualizer.scrollToIndex(Math.floor(index / columns));
    requestAnimationFrame(() => focusTile(grid.current, index)); // after the page's heading
  }, [list, virtualizer, columns, isMeasured]);

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
    if (!focused || event.altKey || event.ctrlKey || event.metaKey) return;
    const index = Number(focused.dataset.index);
    if (event.key === ' ' && event.target instanceof HTMLAnchorElement) {
      event.preventDefault();
      select(index, event.shiftKey);
      return;
    }
    const page = columns * Math.max(1, Math.floor(window.innerHeight / (size + GAP)) - 1);
    const step = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: columns,
      ArrowUp: -columns,
      PageDown: page,
      PageUp: -page,
      Home: -index,
      End: state.count - 1 - index,
    }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const isWithin = index + step >= 0 && index + step < state.count;
    if (!isWithin && event.key.startsWith('Arrow')) return;
    const target = Math.min(Math.max(index + step, 0), state.count - 1);
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
      onFocus={(event) => {
        const focused = event.target.closest<HTMLElement>('[data-index]');
        if (focused) setCurrent(Number(focused.dataset.index));
      }}
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
                isTabStop={index === tabStop}
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
  const [layout, setLayout] = useState({ columns: 1, size: USUAL, top: 0, isMeasured: false });
  useLayoutEffect(() => {
    const element = grid.current;
    if (!element) return undefined;
    const measure = () => {
      const width = element.clientWidth;
      const scale = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
      const usual = (width < 560 ? NARROWEST : USUAL) * scale;
      const columns = Math.max(2, Math.floor((width + GAP) / (usual + GAP)));
      const size = Math.floor((width - (columns - 1) * GAP) / columns);
      setLayout({ columns, size, top: element.getBoundingClientRect().top + window.scrollY, isMeasured: true });
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
