import type { Connection } from './connection.js';
import { UnexpectedResponse } from './errors.js';

/** What has a file: an image, an upload, or the image of a batch's item. */
export interface Downloadable {
  id: string;
  url: string;
}

const EXPIRED = new Set([400, 403, 404, 410]);

/** Downloads a file; an address that has expired is read again. The key is not sent: it is the store's address. */
export async function downloadImage(
  connection: Connection,
  { id, url }: Downloadable,
  readAgain: (id: string) => Promise<Downloadable>,
  signal: AbortSignal | undefined,
): Promise<Blob> {
  const download = (address: string) =>
    connection.retrying(true, signal, async () => {
      const response = await connection.fetch(address, signal);
      if (!response.ok) throw new UnexpectedResponse(response.status);
      return response.blob();
    });
  try {
    return await download(url);
  } catch (error) {
    const isExpired = error instanceof UnexpectedResponse && EXPIRED.has(error.status) && id.startsWith('img_');
    if (!isExpired) throw error;
    return download((await readAgain(id)).url);
  }
}
