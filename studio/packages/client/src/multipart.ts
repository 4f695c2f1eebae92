/** A file in the variables of an operation, and its place, such as `input.file`. */
export interface PlacedFile {
  path: string;
  file: Blob;
}

/** Returns the files in variables, and the variables with null in their places. */
export function extractFiles(variables: unknown): { variables: unknown; files: PlacedFile[] } {
  const files: PlacedFile[] = [];
  const visit = (value: unknown, path: string): unknown => {
    if (value instanceof Blob) {
      files.push({ path, file: value });
      return null;
    }
    const inner = (name: string | number) => (path ? `${path}.${name}` : String(name));
    if (Array.isArray(value)) return value.map((one, index) => visit(one, inner(index)));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, visit(one, inner(name))]));
  };
  return { variables: visit(variables, ''), files };
}

/** Writes an operation with files as a GraphQL multipart request. Its variables have null for each file. */
export function multipartBody(
  operation: { query: string; operationName?: string | null | undefined; variables?: unknown },
  files: readonly PlacedFile[],
): FormData {
  const body = new FormData();
  body.append('operations', JSON.stringify(operation));
  body.append('map', JSON.stringify(Object.fromEntries(files.map(({ path }, index) => [index, [`variables.${path}`]]))));
  files.forEach(({ file }, index) => body.append(String(index), file));
  return body;
}

/** Multipart requests need a header that no form of another site can send. */
export const PREFLIGHT_HEADERS = { 'graphql-require-preflight': '1' };
