import type { Client } from 'urql';
import { DELETE, PURGE, RESTORE, SET_TAGS, type Tile } from './queries';

const SIDE_BY_SIDE = 4;

/** Changes one image; returns why it could not be done, or null. */
export type Change = (client: Client, tile: Pick<Tile, 'id'>) => Promise<string | null>;

export const deleteImage: Change = async (client, { id }) => {
  const { data, error } = await client.mutation(DELETE, { input: { id } }).toPromise();
  return failure(error, data?.deleteImage.userErrors);
};

export const restoreImage: Change = async (client, { id }) => {
  const { data, error } = await client.mutation(RESTORE, { input: { id } }).toPromise();
  return failure(error, data?.restoreImage.userErrors);
};

/** Erases an image for good. */
export const purgeImage: Change = async (client, { id }) => {
  const { data, error } = await client.mutation(PURGE, { input: { id } }).toPromise();
  return failure(error, data?.purgeImage.userErrors);
};

export async function setTags(client: Client, id: string, tags: string[]): Promise<string | null> {
  const { data, error } = await client.mutation(SET_TAGS, { input: { id, tags } }).toPromise();
  return failure(error, data?.updateImage.userErrors);
}

function failure(error: Error | undefined, userErrors: readonly { message: string }[] = []): string | null {
  return userErrors[0]?.message ?? error?.message.replace(/^\[\w+\] /, '') ?? null;
}

/** Does something with each of many, a few at a time; stops at the first failure. */
export async function changeEach<Item>(
  items: readonly Item[],
  change: (item: Item) => Promise<string | null>,
  onDone: (item: Item) => void,
): Promise<{ done: number; failure: string | null }> {
  const waiting = [...items];
  let done = 0;
  let failed: string | null = null;
  async function work() {
    for (let item = waiting.shift(); item !== undefined && failed === null; item = waiting.shift()) {
      const problem = await change(item);
      if (problem !== null) {
        failed ??= problem;
        return;
      }
      done += 1;
      onDone(item);
    }
  }
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work));
  return { done, failure: failed };
}
