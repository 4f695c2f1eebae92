import { useState } from 'react';
import { useClient } from 'urql';
import { newIdempotencyKey } from '../../api/idempotency';
import { problemOf } from '../../api/problems';
import { useWords } from '../../language/Language';
import type { Source } from './draft';
import { UPLOAD } from './queries';

export const ACCEPTED = 'image/jpeg,image/png,image/webp,image/avif';

/** Uploads files, and says which of them could not be. */
export function useUploads() {
  const { make, states } = useWords();
  const client = useClient();
  const [running, setRunning] = useState(0);
  const [problem, setProblem] = useState<string | null>(null);

  async function upload(file: Blob, label: string | null): Promise<Source | null> {
    setRunning((count) => count + 1);
    const input = { file, idempotencyKey: newIdempotencyKey() };
    const { data, error } = await client.mutation(UPLOAD, { input }).toPromise();
    setRunning((count) => count - 1);
    const found = data?.uploadSourceImage.sourceImage;
    if (found) return { ...found, label };
    const message =
      data?.uploadSourceImage.userErrors[0]?.message ?? ((error && problemOf(error).message) || states.offlineTitle);
    setProblem(label ? make.notUploaded(label, message) : message);
    return null;
  }

  /** Uploads those of the files that are images, as many as there is room for. */
  async function uploadImages(files: readonly File[], room: number): Promise<Source[]> {
    const other = files.find((file) => !isImage(file));
    setProblem(other ? make.noImage(other.name) : null);
    const accepted = files.filter(isImage).slice(0, room);
    const uploaded = await Promise.all(accepted.map((file) => upload(file, file.name)));
    return uploaded.filter((one) => one !== null);
  }

  return { upload, uploadImages, isUploading: running > 0, problem };
}

/** Returns the files that a drop or a paste brings. */
export function filesIn(data: DataTransfer | null): File[] {
  return [...(data?.files ?? [])];
}

function isImage({ type }: File): boolean {
  return ACCEPTED.split(',').includes(type);
}
