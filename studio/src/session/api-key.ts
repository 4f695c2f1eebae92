import { browserStorage, tabStorage } from './browser-storage';

const NAME = 'gql_server:api-key';

/** Returns the API key or token of this tab, or the one that this browser remembers. */
export function readKey(): string | null {
  return tabStorage.getItem(NAME) ?? browserStorage.getItem(NAME);
}

/** Keeps the key for this tab; for this browser too where the user asks for that. */
export function keepKey(key: string, { remember = isRemembered() } = {}): void {
  tabStorage.setItem(NAME, key);
  if (remember) browserStorage.setItem(NAME, key);
  else browserStorage.removeItem(NAME);
}

/** Keeps a provider's token, which is for this tab alone. */
export function keepToken(token: string): void {
  tabStorage.setItem(NAME, token);
}

export function forgetKey(): void {
  tabStorage.removeItem(NAME);
  browserStorage.removeItem(NAME);
}

export function keyHeaders(key: string | null): Record<string, string> {
  return key ? { authorization: `Bearer ${key}` } : {};
}

function isRemembered(): boolean {
  return browserStorage.getItem(NAME) !== null;
}
