import { messagesByField } from 'gql-server-client';
import { useEffect, useState } from 'react';
import { useClient } from 'urql';
import type { ResultOf, VariablesOf } from '../../api/graphql';
import { problemOf } from '../../api/problems';
import { BudgetLine, isExceededBy } from '../../budgets/BudgetLine';
import { Button } from '../../design/Button';
import { Card } from '../../design/Card';
import layout from '../../design/layout.module.css';
import { Notice } from '../../design/states';
import { Money } from '../../design/values';
import { useFormat, useWords } from '../../language/Language';
import styles from './Batches.module.css';
import { ESTIMATE, type GENERATE } from './queries';

type Estimated = ResultOf<typeof ESTIMATE>;

const PAUSE_MILLISECONDS = 500;

/** What a batch will cost, and the budgets that pay for it; with the button that starts it. */
export function BatchEstimate({
  input,
  images,
  isBusy,
  failure,
  onErrors,
}: {
  /** Null while there is nothing to make. */
  input: VariablesOf<typeof GENERATE>['input'] | null;
  images: number;
  isBusy: boolean;
  /** Why the server refused to start it, where that concerns no field. */
  failure: string | null;
  onErrors: (errors: Record<string, string>) => void;
}) {
  const { batches: words, states, actions } = useWords();
  const format = useFormat();
  const client = useClient();
  const [answer, setAnswer] = useState<Estimated | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [isCurrent, setCurrent] = useState(false);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    setCurrent(false);
    if (!input) {
      setAnswer(null);
      onErrors({});
      return;
    }
    let isWanted = true;
    const timer = setTimeout(async () => {
      // The estimate does not need the key, which must not be used up by it.
      const { idempotencyKey: _, ...batch } = input;
      const result = await client.query(ESTIMATE, { input: { batch } }, { requestPolicy: 'network-only' }).toPromise();
      if (!isWanted) return;
      setProblem(result.error ? problemOf(result.error).message || states.offlineTitle : null);
      setAnswer(result.data ?? null);
      setCurrent(Boolean(result.data));
      onErrors(fieldErrors(result.data));
    }, PAUSE_MILLISECONDS);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [input, client, onErrors, states, attempt]);

  const cost = answer?.costEstimate.estimate?.cost;
  const whole = messagesByField(answer?.costEstimate.userErrors ?? [])[''];
  const budgets = answer?.viewer.budgets ?? [];
  const refusing = cost === undefined ? undefined : budgets.find((budget) => isExceededBy(budget, cost));
  const canStart = Boolean(input && isCurrent && cost !== undefined);
  return (
    <Card title={words.estimate}>
      {!input && <p className={layout.muted}>{words.estimateNone}</p>}
      {input && (
        <div className={styles.state} aria-live="polite">
          <strong className={styles.percent}>{cost === undefined ? '–' : <Money dollars={cost} />}</strong>
          <span className={layout.muted}>{words.images(images, format.number(images))}</span>
        </div>
      )}
      {problem && (
        <Notice kind="error">
          <p>{problem}</p>
          <Button icon="again" label={actions.retry} onClick={() => setAttempt(attempt + 1)} />
        </Notice>
      )}
      {whole && <Notice kind="error">{whole}</Notice>}
      {failure && <Notice kind="error">{failure}</Notice>}
      {budgets.length > 0 && cost !== undefined && (
        <div className={layout.stack}>
          {budgets.map((budget) => (
            <BudgetLine key={budget.id} budget={budget} adding={cost} />
          ))}
        </div>
      )}
      {refusing && (
        <Notice kind={refusing.enforcement === 'HARD' ? 'error' : 'warning'}>
          {refusing.enforcement === 'HARD' ? words.exceedsHard : words.exceedsSoft}
        </Notice>
      )}
      <Button
        kind="primary"
        type="submit"
        icon="play"
        label={isBusy ? words.starting : words.start}
        isBusy={isBusy || !canStart}
      />
      <p className={layout.muted}>{words.safeRetry}</p>
    </Card>
  );
}

function fieldErrors(data: Estimated | undefined): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [path, message] of Object.entries(messagesByField(data?.costEstimate.userErrors ?? []))) {
    found[path.replace(/^batch\./, '')] = message;
  }
  delete found[''];
  return found;
}
