/** An error in a request, as every mutation returns them. */
export interface UserError {
  message: string;
  code: string;
  path: readonly string[];
}

/**
 * Returns the messages of errors by the field that they concern, such as `width` or `pictures.3`;
 * those of no single field are under the empty name.
 */
export function messagesByField(errors: readonly UserError[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { path, message } of errors) {
    const name = path.slice(1).join('.'); // the first part is `input`
    found[name] = found[name] ? `${found[name]} ${message}` : message;
  }
  return found;
}

/** Returns what is wrong with a field that holds a list: with the field, or with any of its entries. */
export function messageOfList(errors: Record<string, string>, field: string): string | undefined {
  const found = Object.entries(errors).filter(([name]) => name === field || name.startsWith(`${field}.`));
  return found.length > 0 ? [...new Set(found.map(([, message]) => message))].join(' ') : undefined;
}
