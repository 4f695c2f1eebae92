import type { FetcherReturnType } from '@graphiql/toolkit';
import { useSyncExternalStore } from 'react';
import { readServerInfo } from './server-info';

/** A picture whose address an answer contains. */
export interface Picture {
  address: string;
  /** Path in the response, such as `generateImage.image.url`. */
  path: string;
}

/** How far a batch is, as far as the operation selects it. */
export interface Progress {
  /** From 0 to 1; null where nothing selected says it. */
  fraction: number | null;
  status: string;
  /** The items that ended while this was watched. */
  finished: number;
}

export interface Answer {
  pictures: readonly Picture[];
  progress: Progress | null;
}

const MAX_PICTURES = 200;
const IMAGE_FILE = /\.(?:png|jpe?g|webp|avif)$/i;
const ORIGINS = new Set([location.origin, ...(readServerInfo()?.imageOrigins ?? [])]);
const NOTHING: Answer = { pictures: [], progress: null };

let current = NOTHING;
const listeners = new Set<() => void>();

/** Returns what can be shown of the latest answer. */
export function useAnswer(): Answer {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}

/** Watches the answer to an operation while the editor reads it. */
export function observed(answer: FetcherReturnType): FetcherReturnType {
  show(NOTHING);
  if (isIterable(answer)) return each(answer);
  if ('then' in answer) {
    return answer.then((result) => {
      if (isIterable(result)) return each(result);
      take(result);
      return result;
    }) as FetcherReturnType;
  }
  return answer;
}

async function* each<Result>(answers: AsyncIterable<Result>): AsyncGenerator<Result> {
  for await (const answer of answers) {
    take(answer);
    yield answer;
  }
}

function take(result: unknown): void {
  const data = (result as { data?: Record<string, unknown> | null } | undefined)?.data;
  if (!data) return;
  const found: Picture[] = [];
  collect(data, '', found);
  const known = new Set(current.pictures.map(({ address }) => address));
  const added = found.filter(({ address }, index) => !known.has(address) && found.findIndex((one) => one.address === address) === index);
  show({
    pictures: [...current.pictures, ...added].slice(-MAX_PICTURES),
    progress: progressOf(data, current.progress),
  });
}

/** Finds every value that is a picture's address, whatever its field is called. */
function collect(value: unknown, path: string, found: Picture[]): void {
  if (typeof value === 'string') {
    if (isPicture(value)) found.push({ address: value, path });
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) collect(inner, path ? `${path}.${name}` : name, found);
  }
}

function isPicture(text: string): boolean {
  if (!text.startsWith('http') || !URL.canParse(text)) return false;
  const { origin, pathname } = new URL(text);
  return ORIGINS.has(origin) && IMAGE_FILE.test(pathname);
}

interface Event {
  batch?: { progress?: number; status?: string; total?: number; succeeded?: number; failed?: number; canceled?: number };
  finishedItems?: unknown[];
}

function progressOf(data: Record<string, unknown>, before: Progress | null): Progress | null {
  const event = data.batchProgress as Event | undefined;
  if (!event) return before;
  const { progress, status = '', total, succeeded = 0, failed = 0, canceled = 0 } = event.batch ?? {};
  return {
    fraction: progress ?? (total ? (succeeded + failed + canceled) / total : (before?.fraction ?? null)),
    status: status || (before?.status ?? ''),
    finished: (before?.finished ?? 0) + (event.finishedItems?.length ?? 0),
  };
}

function show(answer: Answer): void {
  current = answer;
  for (const listener of listeners) listener();
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
