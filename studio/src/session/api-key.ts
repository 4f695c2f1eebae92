const NAME = 'gql_server:api-key';

/** Returns the API key or token of this tab, or the one that this browser remembers. */
export function readKey(): string | null {
  return sessionStorage.getItem(NAME) ?? localStorage.getItem(NAME);
}

/** Keeps the key for this tab; for this browser too where the user asks for that. */
export function keepKey(key: string, { remember = isRemembered() } = {}): void {
  sessionStorage.setItem(NAME, key);
  if (remember) localStorage.setItem(NAME, key);
  else localStorage.removeItem(NAME);
}

/** Keeps a provider's token, which is for this tab alone. */
export function keepToken(token: string): void {
  sessionStorage.setItem(NAME, token);
}

export function forgetKey(): void {
  sessionStorage.removeItem(NAME);
  localStorage.removeItem(NAME);
}

export function keyHeaders(key: string | null): Record<string, string> {
  return key ? { authorization: `Bearer ${key}` } : {};
}

function isRemembered(): boolean {
  return localStorage.getItem(NAME) !== null;
}
