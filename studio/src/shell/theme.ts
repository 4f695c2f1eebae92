import { browserStorage } from '../session/browser-storage';

const NAME = 'gql_server:theme';

export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

export function readTheme(): Theme {
  const kept = browserStorage.getItem(NAME);
  return THEMES.find((theme) => theme === kept) ?? 'system';
}

export function keepTheme(theme: Theme): void {
  browserStorage.setItem(NAME, theme);
  applyTheme();
}

export function applyTheme(): void {
  const theme = readTheme();
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
