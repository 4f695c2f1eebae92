import { print, type DocumentNode } from '@0no-co/graphql.web';
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';

/**
 * An operation, with the types of its result and variables: text, or what graphql-codegen, gql.tada
 * and similar tools make of it.
 */
export type TypedDocument<Result, Variables> = DocumentTypeDecoration<Result, Variables> & object;

export function textOf(document: string | TypedDocument<unknown, never>): string {
  return typeof document === 'object' && 'kind' in document ? print(document as DocumentNode) : String(document);
}

/** Returns whether a document may have a mutation. */
export function changesSomething(text: string): boolean {
  return /\bmutation\b/.test(text);
}
