/** An error in a request, as every mutation returns them. */
export interface UserError {
  message: string;
  code: string;
  path: readonly string[];
}

/** Returns what is wrong with a field that holds a list: with the field, or with any of its entries. */
export function messageOfList(errors: Record<string, string>, field: string): string | undefined {
  const found = Object.entries(errors).filter(([name]) => name === field || name.startsWith(`${field}.`));
  return found.length > 0 ? [...new Set(found.map(([, message]) => message))].join(' ') : undefined;
}
