import { browserStorage } from '../session/browser-storage';
import { en, type Words } from './en';

/** The languages of the pages, by their codes, in their own names. */
export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const;
export type LanguageCode = keyof typeof LANGUAGES;

const NAME = 'gql_server:language';

/** Returns the language that was chosen, or else the first of the browser's that there is. */
export function chosenLanguage(): LanguageCode {
  const kept = browserStorage.getItem(NAME);
  const preferred = [kept, ...navigator.languages].map((tag) => tag?.slice(0, 2).toLowerCase());
  return preferred.find((tag): tag is LanguageCode => tag !== undefined && tag in LANGUAGES) ?? 'en';
}

/** Keeps the choice in this browser, for the studio and the playground. */
export function keepLanguage(code: LanguageCode): void {
  browserStorage.setItem(NAME, code);
}

/** Returns the texts of a language. */
export async function loadWords(code: LanguageCode): Promise<Words> {
  return code === 'de' ? (await import('./de')).de : en;
}
