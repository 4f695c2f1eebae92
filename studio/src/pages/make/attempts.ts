import { newIdempotencyKey, untilSettled } from 'gql-server-client';
import { useCallback, useState } from 'react';
import { useClient, type Client, type CombinedError } from 'urql';
import { problemOf } from '../../api/problems';
import { GENERATE, type GenerateInput, type Generated, type MadeImage } from './queries';

type Errors = Generated['userErrors'];
/** How a request ended; errors of its input belong beside their fields. */
export type Outcome = Attempt['state'] | { errors: Errors };

/** A requested image. Its key makes it safe to retry: it is generated and charged once. */
export interface Attempt {
  key: string;
  input: GenerateInput;
  startedAt: number;
  state:
    | { kind: 'running' }
    | { kind: 'made'; image: MadeImage; warnings: readonly string[] }
    /** The request could not be sent, or its answer was lost. */
    | { kind: 'lost'; message: string }
    | { kind: 'failed'; message: string; isRetryable: boolean };
}

const KEPT = 24;
const NOT_THE_INPUT = new Set([
  'GENERATION_FAILED', 'IMAGE_FLAGGED', 'DAILY_ALLOCATION_USED', 'IDEMPOTENCY_CONFLICT', 'BUDGET_EXCEEDED',
]);

/** The images requested on this page, newest first. */
export function useAttempts(onInputErrors: (errors: Errors) => void) {
  const client = useClient();
  const [attempts, setAttempts] = useState<readonly Attempt[]>([]);
  const set = useCallback((key: string, state: Attempt['state'] | null) => {
    setAttempts((all) =>
      all.flatMap((one) => (one.key !== key ? [one] : state ? [{ ...one, state }] : [])),
    );
  }, []);

  async function run({ key, input }: Attempt) {
    const outcome = await generate(client, { ...input, idempotencyKey: key });
    if ('errors' in outcome) {
      set(key, null);
      onInputErrors(outcome.errors);
    } else {
      set(key, outcome);
    }
  }

  function start(inputs: readonly GenerateInput[]) {
    const started = inputs.map<Attempt>((input) => ({
      key: newIdempotencyKey(),
      input,
      startedAt: Date.now(),
      state: { kind: 'running' },
    }));
    setAttempts((all) => [...started, ...all].slice(0, KEPT));
    started.forEach((attempt) => void run(attempt));
  }

  function retry(attempt: Attempt) {
    set(attempt.key, { kind: 'running' });
    void run(attempt);
  }

  const dismiss = (attempt: Attempt) => set(attempt.key, null);
  return { attempts, start, retry, dismiss };
}

async function generate(client: Client, input: GenerateInput): Promise<Outcome> {
  return untilEnded(async () => {
    const { data, error } = await client.mutation(GENERATE, { input }).toPromise();
    return { payload: data?.generateImage, error };
  });
}

/** The request could not be sent, or its answer was lost. */
class Lost extends Error {}

/** Asks for an image until it is there or has failed: the same key never makes two. */
export async function untilEnded(
  ask: () => Promise<{ payload: Generated | undefined; error: CombinedError | undefined }>,
): Promise<Outcome> {
  const payload = await untilSettled(async () => {
    const { payload, error } = await ask();
    if (payload && !error) return payload;
    throw new Lost(error && problemOf(error).message);
  }).catch((error: unknown) => {
    if (error instanceof Lost) return error;
    throw error;
  });
  if (payload instanceof Lost) return { kind: 'lost', message: payload.message };
  const { image, userErrors, warnings } = payload;
  if (image) return { kind: 'made', image, warnings: warnings.map(({ message }) => message) };
  const [first] = userErrors;
  if (!first) return { kind: 'lost', message: '' };
  if (!NOT_THE_INPUT.has(first.code)) return { errors: userErrors };
  const isRetryable = first.__typename === 'GenerationFailed' && first.retryable;
  return { kind: 'failed', message: first.message, isRetryable };
}
