import type { Client } from 'urql';
import { ImageList } from './image-list';
import type { ImageFilter } from './queries';

let kept: { client: Client; address: string; list: ImageList } | null = null;

/** Returns the list that was shown last where its address is the same, so that going back finds it. */
export function keptList(client: Client, address: string, filter: ImageFilter): ImageList {
  if (kept?.client !== client || kept.address !== address) {
    kept = { client, address, list: new ImageList(client, filter) };
  }
  return kept.list;
}

/** Has the gallery return to an image that another page shows. */
export function rememberOpened(id: string): void {
  if (kept) kept.list.opened = id;
}

/** Changes an image in the gallery's list, after another page changed it; `null` takes it out. */
export function patchKept(...change: Parameters<ImageList['patch']>): void {
  kept?.list.patch(...change);
}
