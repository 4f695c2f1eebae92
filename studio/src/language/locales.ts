/**
 * Whether `Intl` accepts a language tag. Chromium's own come from the system's locale, which may be one that it
 * rejects: `en-US@posix`.
 */
export function isLocale(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length > 0;
  } catch {
    return false;
  }
}

// Libraries pass the browser's language on to Intl when they are imported, so this module is imported before them.
if (!isLocale(navigator.language)) {
  Object.defineProperty(navigator, 'language', { value: navigator.languages.find(isLocale) ?? 'en' });
}
