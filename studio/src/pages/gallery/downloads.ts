import type { Client } from 'urql';
import { FILES } from './queries';

const AT_ONCE = 100;
const ENDINGS: Record<string, string> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
  'image/avif': 'avif',
};

/**
 * Saves the original files of images, named by their IDs.
 *
 * @param failure What to say where a file cannot be read: a bucket has to allow this origin.
 */
export async function downloadImages(
  client: Client,
  ids: readonly string[],
  failure: string,
): Promise<{ done: number; failure: string | null }> {
  let done = 0;
  for (let start = 0; start < ids.length; start += AT_ONCE) {
    const variables = { ids: ids.slice(start, start + AT_ONCE) };
    const { data, error } = await client
      .query(FILES, variables, { requestPolicy: 'network-only' }) // addresses expire
      .toPromise();
    if (error) return { done, failure: error.message };
    for (const image of data?.nodes ?? []) {
      if (image?.__typename !== 'Image') continue;
      if (!(await save(image.r2Url, `${image.id}.${ENDINGS[image.contentType] ?? 'bin'}`))) {
        return { done, failure };
      }
      done += 1;
    }
  }
  return { done, failure: null };
}

async function save(url: string, name: string): Promise<boolean> {
  try {
    const response = await fetch(url, { credentials: 'omit' });
    if (!response.ok) return false;
    const address = URL.createObjectURL(await response.blob());
    const link = document.createElement('a');
    link.href = address;
    link.download = name;
    link.click();
    // The browser has taken the file over by then.
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
    return true;
  } catch {
    return false;
  }
}
