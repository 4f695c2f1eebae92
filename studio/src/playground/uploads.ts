import type { PlacedFile } from 'gql-server-client';
import {
  getNamedType, isInputObjectType, isListType, isNonNullType, Kind, typeFromAST,
  type DocumentNode, type GraphQLInputType, type GraphQLSchema, type OperationDefinitionNode, type TypeNode,
} from 'graphql';
import { useSyncExternalStore } from 'react';

/** A place in the variables that takes a file. */
export interface UploadPlace {
  /** Such as `file` or `input.file`. */
  path: string;
  takesMany: boolean;
}

const UPLOAD = 'Upload';
const DEEPEST = 4;

/**
 * Returns where an operation's variables take files.
 *
 * @param schema Null where it is hidden: then only variables of the type itself are known.
 */
export function uploadPlaces(document: DocumentNode, name: string | null | undefined, schema: GraphQLSchema | null): UploadPlace[] {
  const operations = document.definitions.filter(
    (definition): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION,
  );
  const operation = operations.find((one) => one.name?.value === name) ?? operations[0];
  return (operation?.variableDefinitions ?? []).flatMap(({ variable, type }) => {
    const path = variable.name.value;
    if (namedType(type) === UPLOAD) return [{ path, takesMany: isList(type) }];
    const known = schema && (typeFromAST(schema, type as Parameters<typeof typeFromAST>[1]) as GraphQLInputType | undefined);
    return known ? within(known, path, DEEPEST) : [];
  });
}

function within(type: GraphQLInputType, path: string, depth: number): UploadPlace[] {
  const named = getNamedType(type);
  const bare = isNonNullType(type) ? type.ofType : type;
  if (named.name === UPLOAD) return [{ path, takesMany: isListType(bare) }];
  // Files in lists of objects have no place until the objects exist.
  if (!isInputObjectType(named) || isListType(bare) || depth === 0) return [];
  return Object.values(named.getFields()).flatMap((field) => within(field.type, `${path}.${field.name}`, depth - 1));
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}

function isList(type: TypeNode): boolean {
  return type.kind === Kind.LIST_TYPE || (type.kind === Kind.NON_NULL_TYPE && isList(type.type));
}

type Chosen = Readonly<Record<string, readonly File[]>>;
let chosen: Chosen = {};
const listeners = new Set<() => void>();

/** Returns the files that were chosen, by their places. */
export function useChosenFiles(): Chosen {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => chosen,
  );
}

export function chooseFiles(path: string, files: readonly File[]): void {
  chosen = { ...chosen, [path]: files };
  for (const listener of listeners) listener();
}

/** Returns the files that belong to these places. */
export function filesFor(places: readonly UploadPlace[]): PlacedFile[] {
  return places.flatMap(({ path, takesMany }) =>
    (chosen[path] ?? []).map((file, index) => ({ path: takesMany ? `${path}.${index}` : path, file })),
  );
}

/** Returns variables with a place for each file. */
export function withPlaces(given: unknown, files: readonly PlacedFile[]): Record<string, unknown> {
  const variables = structuredClone(given ?? {}) as Record<string, unknown>;
  for (const { path } of files) place(variables, path.split('.'));
  return variables;
}

/** Makes a place for a file: null, as the specification wants it. */
function place(value: Record<string, unknown>, [name = '', ...rest]: string[]): void {
  if (rest.length === 0) {
    value[name] = null;
    return;
  }
  const isInList = /^\d+$/.test(rest[0] ?? '');
  if (typeof value[name] !== 'object' || value[name] === null) value[name] = isInList ? [] : {};
  place(value[name] as Record<string, unknown>, rest);
}
