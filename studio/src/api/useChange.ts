import { messagesByField } from 'gql-server-client';
import type { TadaDocumentNode } from 'gql.tada';
import { useCallback, useState } from 'react';
import { useClient, type AnyVariables } from 'urql';
import { useToast } from '../design/Toasts';
import { useWords } from '../language/Language';
import { problemOf } from './problems';
import { type UserError } from './user-errors';

interface Payload {
  userErrors: readonly UserError[];
  warnings?: readonly { message: string }[];
}

export interface Change<P extends Payload, Variables> {
  /** Whether it is being carried out. */
  isBusy: boolean;
  /** What is wrong with each field, by its path; see `messagesByField`. */
  errors: Record<string, string>;
  /** Carries it out, and returns the payload if it succeeded. */
  run: (variables: Variables) => Promise<P | null>;
  forgetErrors: () => void;
}

const NO_ERRORS: Record<string, string> = {};

/**
 * Returns what carries out a mutation with one root field. Errors of single fields belong beside
 * them, those of none and failures are also shown as toasts, and so are warnings.
 */
export function useChange<P extends Payload, Variables extends AnyVariables>(
  mutation: TadaDocumentNode<Record<string, P>, Variables>,
): Change<P, Variables> {
  const client = useClient();
  const toast = useToast();
  const { states } = useWords();
  const [isBusy, setBusy] = useState(false);
  const [errors, setErrors] = useState(NO_ERRORS);
  const run = useCallback(
    async (variables: Variables) => {
      setBusy(true);
      setErrors(NO_ERRORS);
      const { data, error } = await client.mutation(mutation, variables).toPromise();
      setBusy(false);
      const payload = data && Object.values(data)[0];
      if (!payload || error) {
        const problem = error && problemOf(error);
        const text = problem?.message || (problem?.kind === 'busy' ? states.busyTitle : states.offlineTitle);
        toast({ text, kind: 'error' });
        return null;
      }
      for (const { message } of payload.warnings ?? []) toast({ text: message });
      const found = messagesByField(payload.userErrors);
      setErrors(found);
      const whole = found[''] ?? found.id;
      if (whole) toast({ text: whole, kind: 'error' });
      return payload.userErrors.length ? null : payload;
    },
    [client, mutation, toast, states],
  );
  const forgetErrors = useCallback(() => setErrors(NO_ERRORS), []);
  return { isBusy, errors, run, forgetErrors };
}
