import { useState } from 'react';
import { useClient } from 'urql';
import { problemOf } from '../../api/problems';
import type { Source } from './draft';
import { UPLOAD } from './queries';

export const ACCEPTED = 'image/jpeg,image/png,image/webp,image/avif';

/** Uploads files, and says which of them could not be. */
export function useUploads(offline: string) {
  const client = useClient();
  const [running, setRunning] = useState(0);
  const [problem, setProblem] = useState<string | null>(null);

  async function upload(file: Blob, label: string | null): Promise<Source | null> {
    setRunning((count) => count + 1);
    setProblem(null);
    const input = { file, idempotencyKey: crypto.randomUUID() };
    const { data, error } = await client.mutation(UPLOAD, { input }).toPromise();
    setRunning((count) => count - 1);
    const found = data?.uploadSourceImage.sourceImage;
    if (found) return { ...found, label };
    setProblem(data?.uploadSourceImage.userErrors[0]?.message ?? ((error && problemOf(error).message) || offline));
    return null;
  }

  return { upload, isUploading: running > 0, problem };
}

/** Returns the images that a drop or a paste brings. */
export function imagesIn(data: DataTransfer | null): File[] {
  return [...(data?.files ?? [])].filter(({ type }) => ACCEPTED.split(',').includes(type));
}
