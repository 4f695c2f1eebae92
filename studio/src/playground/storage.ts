const HISTORIES = ['graphiql:queries', 'graphiql:favorites'];

/**
 * localStorage for tabs and history, without headers: GraphiQL's history would keep an API key that
 * is typed into the headers editor.
 */
export const storage = {
  getItem: (name: string) => localStorage.getItem(name),
  setItem: (name: string, value: string) =>
    localStorage.setItem(name, HISTORIES.includes(name) ? withoutHeaders(value) : value),
  removeItem: (name: string) => localStorage.removeItem(name),
  clear: () => own().forEach((name) => localStorage.removeItem(name)),
  get length() {
    return own().length;
  },
};

function own(): string[] {
  return Object.keys(localStorage).filter((name) => name.startsWith('graphiql:'));
}

function withoutHeaders(text: string): string {
  return JSON.stringify(JSON.parse(text), (name, value: unknown) =>
    name === 'headers' ? undefined : value,
  );
}
