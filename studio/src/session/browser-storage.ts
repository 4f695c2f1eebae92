type Kept = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> & { names(): string[] };

/** Keeps texts for this tab; only until the page is left where the browser allows no storage. */
export const tabStorage = usable(() => sessionStorage);

/** Keeps texts for this browser; only until the page is left where the browser allows no storage. */
export const browserStorage = usable(() => localStorage);

function usable(find: () => Storage): Kept {
  try {
    const storage = find(); // throws where cookies are blocked
    return {
      getItem: (name) => storage.getItem(name),
      setItem: (name, value) => storage.setItem(name, value),
      removeItem: (name) => storage.removeItem(name),
      names: () => Object.keys(storage),
    };
  } catch {
    const kept = new Map<string, string>();
    return {
      getItem: (name) => kept.get(name) ?? null,
      setItem: (name, value) => void kept.set(name, value),
      removeItem: (name) => void kept.delete(name),
      names: () => [...kept.keys()],
    };
  }
}
