import { useEffect, useState } from 'react';
import type { UserError } from '../../api/user-errors';
import { useUncachedClient } from '../../session/Session';
import { ESTIMATE, type GenerateInput } from './queries';

const TYPING_MILLISECONDS = 400;

interface Estimate {
  /** What one image costs, in US dollars. Null while that is not known. */
  cost: number | null;
  /** What would keep it from being made. */
  errors: readonly UserError[];
}

const NONE: Estimate = { cost: null, errors: [] };

/** What an image would cost, and what is wrong with its input, when there is a pause in typing. */
export function useEstimate(input: GenerateInput, isComplete: boolean): Estimate {
  const client = useUncachedClient();
  const [estimate, setEstimate] = useState(NONE);
  const text = JSON.stringify(input);
  useEffect(() => {
    if (!isComplete) {
      setEstimate(NONE);
      return undefined;
    }
    let isCurrent = true;
    const timer = setTimeout(() => {
      const image = JSON.parse(text) as GenerateInput;
      void client
        .query(ESTIMATE, { input: { image } })
        .toPromise()
        .then(({ data }) => {
          if (!isCurrent || !data) return;
          const { estimate: found, userErrors } = data.costEstimate;
          setEstimate({ cost: found?.cost ?? null, errors: userErrors.map(ofImage) });
        });
    }, TYPING_MILLISECONDS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [client, text, isComplete]);
  return estimate;
}

/** Paths of an estimate name the kind of request after `input`. */
function ofImage(error: UserError): UserError {
  return { ...error, path: error.path.filter((part, index) => index !== 1 || part !== 'image') };
}
