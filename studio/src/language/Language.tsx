import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { en, type Words } from './en';
import { Format } from './format';

/** The languages of the studio, by their codes, in their own names. */
export const LANGUAGES = { en: 'English', de: 'Deutsch' } as const;
export type LanguageCode = keyof typeof LANGUAGES;

interface Language {
  code: LanguageCode;
  words: Words;
  format: Format;
  choose: (code: LanguageCode) => void;
}

const NAME = 'gql_server:language';
const Context = createContext<Language | null>(null);

/** Provides the texts and formats of the chosen language, or else of the browser's. */
export function LanguageProvider({ children }: { children: ReactNode }) {
  const [code, setCode] = useState(initialCode);
  const [loaded, setLoaded] = useState<{ code: LanguageCode; words: Words } | null>(
    code === 'en' ? { code, words: en } : null,
  );
  useEffect(() => {
    let isCurrent = true;
    void load(code).then((words) => isCurrent && setLoaded({ code, words }));
    return () => {
      isCurrent = false;
    };
  }, [code]);
  const value = useMemo<Language | null>(() => {
    if (!loaded) return null;
    document.documentElement.lang = loaded.code;
    return {
      ...loaded,
      format: new Format(localeOf(loaded.code)),
      choose(next) {
        localStorage.setItem(NAME, next);
        setCode(next);
      },
    };
  }, [loaded]);
  return value && <Context value={value}>{children}</Context>;
}

export function useLanguage(): Language {
  const language = useContext(Context);
  if (!language) throw new Error('There is no LanguageProvider above');
  return language;
}

/** Returns the texts of the current language. */
export function useWords(): Words {
  return useLanguage().words;
}

/** Returns how the current locale writes numbers, money and times. */
export function useFormat(): Format {
  return useLanguage().format;
}

async function load(code: LanguageCode): Promise<Words> {
  return code === 'de' ? (await import('./de')).de : en;
}

function initialCode(): LanguageCode {
  const kept = localStorage.getItem(NAME);
  const wanted = [kept, ...navigator.languages].map((tag) => tag?.slice(0, 2).toLowerCase());
  return wanted.find((tag): tag is LanguageCode => tag !== undefined && tag in LANGUAGES) ?? 'en';
}

/** Returns the browser's own locale where it is of the language: `de-CH` writes numbers its own way. */
function localeOf(code: LanguageCode): string {
  return navigator.languages.find((tag) => tag.toLowerCase().startsWith(code)) ?? code;
}
