interface Kept extends Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> {
  names(): string[];
  survivesThePage: boolean;
}

/** Keeps texts for this tab; only until the page is left where the browser allows no storage. */
export const tabStorage = usable(() => sessionStorage);

/** Keeps texts for this browser; only until the page is left where the browser allows no storage. */
export const browserStorage = usable(() => localStorage);

function usable(find: () => Storage): Kept {
  try {
    const storage: Storage | null = find(); // throws where cookies are blocked; is null in some apps
    if (!storage) return untilThePageIsLeft();
    return {
      getItem: (name) => storage.getItem(name),
      setItem: (name, value) => storage.setItem(name, value),
      removeItem: (name) => storage.removeItem(name),
      names: () => Object.keys(storage),
      survivesThePage: true,
    };
  } catch {
    return untilThePageIsLeft();
  }
}

function untilThePageIsLeft(): Kept {
  const kept = new Map<string, string>();
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => void kept.set(name, value),
    removeItem: (name) => void kept.delete(name),
    names: () => [...kept.keys()],
    survivesThePage: false,
  };
}
