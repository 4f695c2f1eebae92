import { newIdempotencyKey } from 'gql-server-client';
import { useEffect, useState } from 'react';
import type { Entered } from '../../parameters/input';
import { tabStorage } from '../../session/browser-storage';

/** A batch that is being prepared. */
export interface Draft {
  text: string;
  model: string;
  template: string;
  copies: string;
  priority: 'HIGH' | 'NORMAL' | 'LOW';
  name: string;
  tags: string;
  webhookUrl: string;
  settings: Entered;
  /** Sent with the request: sending the same draft twice makes one batch. */
  idempotencyKey: string;
}

const NAME = 'gql_server:batch-draft';
/** Browsers keep some megabytes for a page; a longer draft is not kept. */
const MAX_KEPT = 1_000_000;

/** Keeps a draft in this tab, so that it survives a reload, and the request that was sent with it too. */
export function useDraft(): [Draft, (changes: Partial<Draft>) => void, forget: () => void] {
  const [draft, setDraft] = useState(readDraft);
  useEffect(() => {
    const text = JSON.stringify(draft);
    if (text.length <= MAX_KEPT) tabStorage.setItem(NAME, text);
    else tabStorage.removeItem(NAME);
  }, [draft]);
  return [
    draft,
    (changes) => setDraft((before) => ({ ...before, ...changes, idempotencyKey: newIdempotencyKey() })),
    () => tabStorage.removeItem(NAME),
  ];
}

function readDraft(): Draft {
  const kept = tabStorage.getItem(NAME);
  const empty: Draft = {
    text: '', model: '', template: '', copies: '1', priority: 'NORMAL', name: '', tags: '', webhookUrl: '', settings: {},
    idempotencyKey: newIdempotencyKey(),
  };
  if (!kept) return empty;
  try {
    return { ...empty, ...(JSON.parse(kept) as Partial<Draft>) };
  } catch {
    return empty;
  }
}
