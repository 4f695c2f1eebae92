import { SERVER_INFO_URL } from '../api/addresses';

/** What the server says about itself to everyone, before anyone has signed in. */
export interface ServerInfo {
  /** Whether callers need an API key or a provider's token. */
  asksForKeys: boolean;
  /** Whether a browser can sign in at an OpenID Connect provider. */
  hasProvider: boolean;
}

/** Reads what the server says of itself; rejects where the server does not answer. */
export async function readServerInfo(): Promise<ServerInfo> {
  const response = await fetch(SERVER_INFO_URL, { headers: { accept: 'application/json' } });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()) as ServerInfo;
}
