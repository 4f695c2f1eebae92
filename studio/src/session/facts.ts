import { STUDIO_FACTS_URL } from '../api/addresses';

/** What the server says about itself to everyone, before anyone has signed in. */
export interface Facts {
  /** Whether callers need an API key or a provider's token. */
  asksForKeys: boolean;
  /** Whether a browser can sign in at an OpenID Connect provider. */
  hasProvider: boolean;
}

/** Reads the facts; rejects where the server does not answer. */
export async function readFacts(): Promise<Facts> {
  const response = await fetch(STUDIO_FACTS_URL, { headers: { accept: 'application/json' } });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()) as Facts;
}
