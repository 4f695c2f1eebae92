import { GqlServerError, ServerUnreachable, type SourceImage } from 'gql-server-client';
import { useState } from 'react';
import { useWords } from '../../language/Language';
import { useServer } from '../../session/Session';
import type { Source } from './draft';

export const ACCEPTED = 'image/jpeg,image/png,image/webp,image/avif';

/** Uploads files, and says which of them could not be. */
export function useUploads() {
  const { make, states } = useWords();
  const server = useServer();
  const [running, setRunning] = useState(0);
  const [problem, setProblem] = useState<string | null>(null);

  async function upload(file: Blob, label: string | null): Promise<Source | null> {
    setRunning((count) => count + 1);
    try {
      return sourceFrom(await server.upload(file), label);
    } catch (error) {
      if (!(error instanceof GqlServerError)) throw error;
      const message = error instanceof ServerUnreachable ? states.offlineTitle : error.message;
      setProblem(label ? make.notUploaded(label, message) : message);
      return null;
    } finally {
      setRunning((count) => count - 1);
    }
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

function sourceFrom({ id, width, height, thumbnail, url }: SourceImage, label: string | null): Source {
  return { id, width, height, thumbnail, original: url, label };
}

function isImage({ type }: File): boolean {
  return ACCEPTED.split(',').includes(type);
}
