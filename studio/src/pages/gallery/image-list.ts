import type { Client, CombinedError } from 'urql';
import { IMAGES, NEW_IMAGES, type ImageFilter, type Tile } from './queries';

const PAGE = 100;
/** Pages that are kept on each side of the visible ones; the others are read again when needed. */
const KEPT_AROUND = 8;
/** Entries that are read before the end of what is known is reached. */
const AHEAD = 200;
/** Number of new images that are kept before the list starts over. */
const MAX_NEW = 300;
const MAX_AT_ONCE = 2;
const FRESH_MILLISECONDS = 60_000;

interface Page {
  /** The cursor that it follows. */
  after: string | null;
  size: number;
  /** Null while it is far away. */
  tiles: Tile[] | null;
  /** The last entry, where the next page begins. */
  last: Tile | undefined;
  readAt: number;
}

/** What the list reports to its subscribers. */
export interface ListState {
  /** Entries that are known, wherever they are. */
  count: number;
  hasMore: boolean;
  /** Images that appeared since, and are not shown yet. */
  newCount: number;
  isReading: boolean;
  error: CombinedError | null;
}

/**
 * The images of a filter, newest first: any number of them, of which those near the visible ones
 * are kept. Positions are stable: what is read again takes the place that it had.
 */
export class ImageList {
  private pages: Page[] = [];
  private cursor: string | null = null;
  private hasMore = true;
  private fresh: Tile[] = [];
  private newCount = 0;
  private error: CombinedError | null = null;
  private readonly reading = new Set<number>();
  private readonly watchers = new Set<() => void>();
  private state: ListState = this.newState();
  private visible: { first: number; last: number } | null = null;
  /** Where its page was scrolled to. */
  scrollY = 0;
  /** The ID of the entry that was opened last, which gets the focus when the page is back. */
  opened: string | null = null;

  constructor(
    private readonly client: Client,
    private readonly filter: ImageFilter,
  ) {}

  readonly watch = (changed: () => void): (() => void) => {
    this.watchers.add(changed);
    return () => this.watchers.delete(changed);
  };

  readonly snapshot = (): ListState => this.state;

  /** Returns the entry at a position; undefined where it has to be read (again). */
  at(index: number): Tile | undefined {
    const found = this.place(index);
    return found && this.pages[found.page]?.tiles?.[found.offset];
  }

  /** Returns the position of an entry that is kept; -1 where it is not. */
  indexOf(id: string): number {
    let before = 0;
    for (const { tiles, size } of this.pages) {
      const index = tiles?.findIndex((tile) => tile.id === id) ?? -1;
      if (index >= 0) return before + index;
      before += size;
    }
    return -1;
  }

  /** Reads what is visible, and a little more; forgets what is far away. */
  show(first: number, last: number): void {
    this.visible = { first, last };
    const from = this.place(first)?.page ?? 0;
    const to = this.place(last)?.page ?? this.pages.length - 1;
    this.pages.forEach((page, index) => {
      const isFar = index < from - KEPT_AROUND || index > to + KEPT_AROUND;
      if (isFar && index > 0) page.tiles = null; // new images join the first page
      if (index >= from && index <= to && page.tiles === null) void this.readAgain(index);
    });
    if (this.hasMore && last + AHEAD >= this.state.count) void this.readMore();
  }

  retry(): void {
    this.error = null;
    void this.readMore();
  }

  /** Reads the page of an entry again: its addresses have expired. */
  refresh(id: string): void {
    const index = this.pages.findIndex((page) => page.tiles?.some((tile) => tile.id === id));
    const page = this.pages[index];
    if (page && Date.now() - page.readAt > FRESH_MILLISECONDS) void this.readAgain(index);
  }

  /** Changes what an entry shows; `null` takes it out. */
  patch(id: string, change: Partial<Tile> | null): void {
    for (const page of this.pages) {
      const index = page.tiles?.findIndex((tile) => tile.id === id) ?? -1;
      const tile = page.tiles?.[index];
      if (!page.tiles || !tile) continue;
      if (change) {
        page.tiles = page.tiles.with(index, { ...tile, ...change });
      } else {
        page.tiles = page.tiles.toSpliced(index, 1);
        page.size -= 1;
      }
    }
    this.changed();
  }

  /** Has new images appear: at once while the start of the list is visible, otherwise on request. */
  follow(isAtStart: () => boolean): () => void {
    const { deleted, createdBefore } = this.filter;
    if (deleted === 'ONLY' || createdBefore) return () => undefined; // nothing new can come
    const variables = { filter: this.filter, after: this.newest()?.id ?? null };
    const { unsubscribe } = this.client.subscription(NEW_IMAGES, variables).subscribe(({ data }) => {
      if (!data) return;
      const tile = data.imageCreated;
      if ([...this.fresh, ...(this.pages[0]?.tiles ?? [])].some(({ id }) => id === tile.id)) return;
      this.fresh = [tile, ...this.fresh].slice(0, MAX_NEW);
      this.newCount += 1;
      if (isAtStart()) this.showNew();
      else this.changed();
    });
    return unsubscribe;
  }

  /** Puts new images at the beginning. */
  showNew(): void {
    const [first] = this.pages;
    if (!first?.tiles) return;
    const isTooMuch = first.size + this.newCount > PAGE + MAX_NEW;
    if (isTooMuch || this.newCount > this.fresh.length) {
      this.startAnew();
      return;
    }
    first.tiles = [...this.fresh, ...first.tiles];
    first.size = first.tiles.length;
    first.last ??= first.tiles.at(-1);
    this.fresh = [];
    this.newCount = 0;
    this.changed();
  }

  private newest(): Tile | undefined {
    return this.fresh[0] ?? this.pages[0]?.tiles?.[0];
  }

  private startAnew(): void {
    this.pages = [];
    this.fresh = [];
    this.newCount = 0;
    this.cursor = null;
    this.hasMore = true;
    void this.readMore();
  }

  private async readMore(): Promise<void> {
    const index = this.pages.length;
    if (this.error || this.reading.has(index)) return;
    const after = this.cursor;
    const found = await this.read(index, after);
    if (!found || this.pages.length !== index || this.cursor !== after) return;
    const tiles = found.edges.map(({ node }) => node);
    this.pages.push({ after, size: tiles.length, tiles, last: tiles.at(-1), readAt: Date.now() });
    this.cursor = found.pageInfo.endCursor;
    this.hasMore = found.pageInfo.hasNextPage;
    this.changed();
  }

  private async readAgain(index: number): Promise<void> {
    const page = this.pages[index];
    if (!page || this.reading.has(index) || this.reading.size >= MAX_AT_ONCE) return;
    const found = await this.read(index, page.after);
    if (!found || this.pages[index] !== page) return;
    // What was deleted since makes room for entries of the next page, which has them already.
    const { last } = page;
    page.tiles = found.edges.map(({ node }) => node).filter((tile) => !last || !isAfter(tile, last));
    page.size = page.tiles.length;
    page.readAt = Date.now();
    this.changed();
    // A high screen shows more pages than are read at once.
    if (this.visible) this.show(this.visible.first, this.visible.last);
  }

  private async read(index: number, after: string | null) {
    this.reading.add(index);
    this.changed();
    const variables = { first: PAGE, after, filter: this.filter };
    const { data, error } = await this.client
      .query(IMAGES, variables, { requestPolicy: 'network-only' })
      .toPromise();
    this.reading.delete(index);
    this.error = error ?? null;
    this.changed();
    return data?.images;
  }

  private place(index: number): { page: number; offset: number } | undefined {
    let offset = index;
    for (const [page, { size }] of this.pages.entries()) {
      if (offset < size) return { page, offset };
      offset -= size;
    }
    return undefined;
  }

  private changed(): void {
    this.state = this.newState();
    this.watchers.forEach((changed) => changed());
  }

  private newState(): ListState {
    return {
      count: this.pages.reduce((sum, { size }) => sum + size, 0),
      hasMore: this.hasMore,
      newCount: this.newCount,
      isReading: this.reading.size > 0,
      error: this.error,
    };
  }
}

/** Returns whether an image stands behind another one, newest first. */
function isAfter(image: Tile, other: Tile): boolean {
  return image.createdAt === other.createdAt ? image.id < other.id : image.createdAt < other.createdAt;
}
