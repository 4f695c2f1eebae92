import { Bar } from '../design/Bar';
import { classes } from '../design/classes';
import layout from '../design/layout.module.css';
import { Time } from '../design/values';
import type { Format } from '../language/format';
import { useFormat, useWords } from '../language/Language';
import type { Words } from '../language/en';

/** What the studio shows of a budget. The amounts of the server's are known to admins only. */
export interface BudgetState {
  scope: 'SERVER' | 'USER' | 'KEY';
  userId?: string | null;
  keyId?: string | null;
  period: 'DAILY' | 'MONTHLY';
  enforcement: 'HARD' | 'SOFT';
  limit: number | null;
  spent: number | null;
  reserved: number | null;
  remaining: number | null;
  resetsAt: string;
}

/** Returns whether a further amount would exceed a budget, as far as its amounts are known. */
export function isExceededBy({ remaining }: BudgetState, dollars: number): boolean {
  return remaining !== null && dollars > remaining;
}

/** A budget as a bar: what is spent, what is held for images being made, and what would be added. */
export function BudgetLine({
  budget,
  adding = 0,
  isNameHidden = false,
}: {
  budget: BudgetState;
  /** What something that is being prepared would spend. */
  adding?: number;
  isNameHidden?: boolean;
}) {
  const words = useWords();
  const format = useFormat();
  const { limit, spent, reserved, resetsAt } = budget;
  const name = budgetName(budget, words);
  const text = amounts(budget, words, format);
  return (
    <div className={layout.stack} style={{ gap: 4 }}>
      <div className={classes(layout.row, layout.between)}>
        {!isNameHidden && <span>{name}</span>}
        <span className={isNameHidden ? undefined : layout.muted}>{text}</span>
      </div>
      {limit !== null && (
        <Bar
          role="meter"
          isThin
          label={name}
          text={text}
          total={limit}
          parts={[
            { kind: (spent ?? 0) >= limit ? 'bad' : 'accent', value: spent ?? 0 },
            { kind: 'warning', value: reserved ?? 0 },
            { kind: 'muted', value: adding },
          ]}
        />
      )}
      <p className={layout.muted}>
        {reserved ? `${words.budgets.held(format.money(reserved))} · ` : ''}
        {words.budgets.resets} <Time value={resetsAt} />
      </p>
    </div>
  );
}

export function budgetName({ scope, period, userId, keyId }: BudgetState, { budgets }: Words): string {
  const whose = { SERVER: budgets.ofServer, USER: budgets.ofUser(userId ?? ''), KEY: budgets.ofKey(keyId ?? '') }[scope];
  return `${whose}, ${budgets.periods[period]}`;
}

function amounts({ limit, spent }: BudgetState, { budgets }: Words, format: Format): string {
  return limit === null || spent === null ? budgets.hidden : budgets.spentOf(format.money(spent), format.money(limit));
}
