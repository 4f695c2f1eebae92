import { PUBLIC_PATH } from '../api/addresses';
import { tabStorage } from './browser-storage';

/** Signing in at the OpenID Connect provider, by the authorization code flow with PKCE. */

const STARTED = 'gql_server:sign-in';
const RENEWAL = 'gql_server:renewal';
const BACK = `${PUBLIC_PATH}/studio/signed-in`;
/** A token is renewed when this part of its lifetime has passed. */
const RENEWED_AFTER = 0.8;
const MAX_TIMER = 2 ** 31 - 1;

/** The provider issues no token for what the browser came back with. */
export class SignInFailed extends Error {}

interface Started {
  state: string;
  verifier: string;
  /** The address to return to after signing in. */
  returnTo: string;
}

interface Renewal {
  refreshToken: string | null;
  /** In milliseconds since 1970. */
  renewAt: number | null;
}

/** Sends the browser to the provider; it comes back to `studio/signed-in`. */
export async function startSignIn(): Promise<void> {
  const verifier = randomText();
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  const isBack = location.pathname === BACK;
  const started: Started = {
    state: randomText(),
    verifier,
    returnTo: isBack ? `${PUBLIC_PATH}/` : location.pathname + location.search,
  };
  tabStorage.setItem(STARTED, JSON.stringify(started));
  const parameters = new URLSearchParams({ state: started.state, challenge: base64url(new Uint8Array(digest)) });
  location.assign(`${PUBLIC_PATH}/studio/sign-in?${parameters}`);
}

/**
 * Completes a sign-in where the provider has sent the browser back, and returns the token; null where
 * none was started. Rejects where it cannot be completed.
 */
export async function finishSignIn(): Promise<string | null> {
  if (location.pathname !== BACK) return null;
  const parameters = new URLSearchParams(location.search);
  const kept = tabStorage.getItem(STARTED);
  tabStorage.removeItem(STARTED);
  const started = kept === null ? null : (JSON.parse(kept) as Started);
  // The code is of no use a second time, so a reload must not find it.
  history.replaceState(null, '', started?.returnTo ?? `${PUBLIC_PATH}/`);
  const code = parameters.get('code');
  if (!started) return null;
  if (!code || parameters.get('state') !== started.state) throw new SignInFailed();
  const { token, renewal } = await exchange({ code, verifier: started.verifier });
  keepRenewal(renewal);
  return token;
}

/** Renews the token; null where it cannot be, or is of no use any more. */
export async function renewToken(): Promise<string | null> {
  const { refreshToken } = readRenewal();
  if (!refreshToken) return null;
  const answer = await exchange({ refreshToken }).catch((error: unknown) => {
    if (error instanceof SignInFailed) forgetRenewal(); // else the network may be back later
    return null;
  });
  const isCurrent = readRenewal().refreshToken === refreshToken; // not signed out meanwhile
  if (!answer || !isCurrent) return null;
  keepRenewal(answer.renewal);
  return answer.token;
}

/** Calls back when it is time to renew the token, until the returned function is called. */
export function whenToRenew(renew: () => void): () => void {
  const { refreshToken, renewAt } = readRenewal();
  if (!refreshToken || renewAt === null) return () => undefined;
  const timer = setTimeout(renew, Math.min(Math.max(renewAt - Date.now(), 0), MAX_TIMER));
  return () => clearTimeout(timer);
}

export function forgetRenewal(): void {
  tabStorage.removeItem(RENEWAL);
}

async function exchange(body: Record<string, string>): Promise<{ token: string; renewal: Renewal }> {
  const response = await fetch(`${PUBLIC_PATH}/studio/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
  });
  if (response.status >= 500) throw new Error(`HTTP ${response.status}`);
  const answer = (await response.json()) as Partial<{
    token: string;
    seconds: number | null;
    refreshToken: string | null;
    message: string;
  }>;
  if (!response.ok || !answer.token) throw new SignInFailed(answer.message);
  const renewal: Renewal = {
    refreshToken: answer.refreshToken ?? null,
    renewAt: answer.seconds ? Date.now() + answer.seconds * 1000 * RENEWED_AFTER : null,
  };
  return { token: answer.token, renewal };
}

function keepRenewal(renewal: Renewal): void {
  tabStorage.setItem(RENEWAL, JSON.stringify(renewal));
}

function readRenewal(): Renewal {
  const kept = tabStorage.getItem(RENEWAL);
  return kept === null ? { refreshToken: null, renewAt: null } : (JSON.parse(kept) as Renewal);
}

function randomText(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
