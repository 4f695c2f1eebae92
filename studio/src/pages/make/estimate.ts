import { useEffect, useState } from 'react';
import type { UserError } from '../../api/user-errors';
import { useUncachedClient } from '../../session/Session';
import { ESTIMATE, type EstimateInput } from './queries';

const TYPING_MILLISECONDS = 400;

interface Estimate {
  /** What one image costs, in US dollars. Null while that is not known. */
  cost: number | null;
  /** What would keep it from being made. */
  errors: readonly UserError[];
}

const NONE: Estimate = { cost: null, errors: [] };

/** What a request would cost, and what is wrong with its input, when there is a pause in typing. */
export function useEstimate(input: EstimateInput, isComplete: boolean): Estimate {
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
      void client
        .query(ESTIMATE, { input: JSON.parse(text) as EstimateInput })
        .toPromise()
        .then(({ data }) => {
          if (!isCurrent || !data) return;
          const { estimate: found, userErrors } = data.costEstimate;
          setEstimate({ cost: found?.cost ?? null, errors: userErrors.map(ofRequest) });
        });
    }, TYPING_MILLISECONDS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [client, text, isComplete]);
  return estimate;
}

/** Returns an error with the path of the request itself: an estimate's names its kind after `input`. */
function ofRequest(error: UserError): UserError {
  return { ...error, path: error.path.filter((_, index) => index !== 1) };
}
