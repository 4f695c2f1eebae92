import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react';
import { chosenLanguage, keepLanguage, loadWords, type LanguageCode } from './choice';
import { en, type Words } from './en';
import { Format } from './format';
import { isLocale } from './locales';

interface Language {
  code: LanguageCode;
  words: Words;
  format: Format;
  choose: (code: LanguageCode) => void;
}

const Context = createContext<Language | null>(null);

/** Provides the texts and formats of the chosen language, or else of the browser's. */
export function LanguageProvider({ children }: { children: ReactNode }) {
  const [code, setCode] = useState(chosenLanguage);
  const [loaded, setLoaded] = useState<{ code: LanguageCode; words: Words } | null>(
    code === 'en' ? { code, words: en } : null,
  );
  useEffect(() => {
    let isCurrent = true;
    void loadWords(code).then((words) => isCurrent && setLoaded({ code, words }));
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
        keepLanguage(next);
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

/** Returns the browser's own locale where it is of the language: `de-CH` writes numbers its own way. */
function localeOf(code: LanguageCode): string {
  return navigator.languages.find((tag) => tag.toLowerCase().startsWith(code) && isLocale(tag)) ?? code;
}
