import { browserStorage } from '../session/browser-storage';

const HISTORIES = ['graphiql:queries', 'graphiql:favorites'];

/**
 * The browser's storage for tabs and history, without headers: GraphiQL's history would keep an API key that
 * is typed into the headers editor.
 */
export const storage = {
  getItem: (name: string) => browserStorage.getItem(name),
  setItem: (name: string, value: string) =>
    browserStorage.setItem(name, HISTORIES.includes(name) ? withoutHeaders(value) : value),
  removeItem: (name: string) => browserStorage.removeItem(name),
  clear: () => own().forEach((name) => browserStorage.removeItem(name)),
  get length() {
    return own().length;
  },
};

function own(): string[] {
  return browserStorage.names().filter((name) => name.startsWith('graphiql:'));
}

function withoutHeaders(text: string): string {
  return JSON.stringify(JSON.parse(text), (name, value: unknown) =>
    name === 'headers' ? undefined : value,
  );
}
