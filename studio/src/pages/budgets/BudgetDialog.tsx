import { useId, useState } from 'react';
import { useChange } from '../../api/useChange';
import { budgetName } from '../../budgets/BudgetLine';
import { Button } from '../../design/Button';
import { Dialog } from '../../design/Dialog';
import { Field, Select } from '../../design/Field';
import layout from '../../design/layout.module.css';
import { useToast } from '../../design/Toasts';
import { useWords } from '../../language/Language';
import { SET_BUDGET, type Budget } from './queries';

/** Sets a budget. What it limits is chosen once; the rest can be changed. */
export function BudgetDialog({ budget, onClose }: { budget: Budget | null; onClose: () => void }) {
  const words = useWords();
  const { budgets, actions } = words;
  const toast = useToast();
  const form = useId();
  const { run, errors, isBusy } = useChange(SET_BUDGET);
  const [entered, setEntered] = useState(() => ({
    scope: budget?.scope ?? 'USER',
    subject: budget?.userId ?? budget?.keyId ?? '',
    period: budget?.period ?? 'MONTHLY',
    limit: budget?.limit?.toString() ?? '',
    enforcement: budget?.enforcement ?? 'HARD',
    timeZone: budget?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    webhookUrl: budget?.webhookUrl ?? '',
  }));
  const set = (changes: Partial<typeof entered>) => setEntered((before) => ({ ...before, ...changes }));

  async function save() {
    const { scope, subject, period, limit, enforcement, timeZone, webhookUrl } = entered;
    const saved = await run({
      input: {
        limit: Number(limit),
        period,
        enforcement,
        timeZone: timeZone.trim(),
        webhookUrl: webhookUrl.trim() || null,
        ...(scope === 'USER' && { userId: subject.trim() }),
        ...(scope === 'KEY' && { keyId: subject.trim() }),
      },
    });
    if (!saved) return;
    toast({ text: actions.saved });
    onClose();
  }

  return (
    <Dialog
      title={budget ? budgetName(budget, words) : budgets.make}
      onClose={onClose}
      actions={
        <>
          <Button label={actions.cancel} onClick={onClose} />
          <Button kind="primary" type="submit" form={form} label={actions.save} isBusy={isBusy} />
        </>
      }
    >
      <form
        id={form}
        className={layout.form}
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {!budget && (
          <div className={layout.fields}>
            <Select
              label={budgets.scope} value={entered.scope}
              onChange={(event) => set({ scope: event.target.value as Budget['scope'], subject: '' })}
            >
              {(['SERVER', 'USER', 'KEY'] as const).map((scope) => (
                <option key={scope} value={scope}>
                  {budgets.scopes[scope]}
                </option>
              ))}
            </Select>
            <Select
              label={budgets.period} value={entered.period}
              onChange={(event) => set({ period: event.target.value as Budget['period'] })}
            >
              <option value="DAILY">{budgets.periods.DAILY}</option>
              <option value="MONTHLY">{budgets.periods.MONTHLY}</option>
            </Select>
          </div>
        )}
        {!budget && entered.scope !== 'SERVER' && (
          <Field
            label={entered.scope === 'USER' ? budgets.userId : budgets.keyId} required value={entered.subject}
            error={errors.userId ?? errors.keyId} onChange={(event) => set({ subject: event.target.value })}
          />
        )}
        <Field
          label={budgets.limit} type="number" inputMode="decimal" min={0} step="any" required value={entered.limit}
          error={errors.limit} onChange={(event) => set({ limit: event.target.value })}
        />
        <Select
          label={budgets.enforcement} hint={budgets.enforcementHints[entered.enforcement]} value={entered.enforcement}
          onChange={(event) => set({ enforcement: event.target.value as Budget['enforcement'] })}
        >
          <option value="HARD">{budgets.enforcements.HARD}</option>
          <option value="SOFT">{budgets.enforcements.SOFT}</option>
        </Select>
        <Field
          label={budgets.timeZone} hint={budgets.timeZoneHint} required value={entered.timeZone} error={errors.timeZone}
          onChange={(event) => set({ timeZone: event.target.value })}
        />
        <Field
          label={budgets.webhookUrl} type="url" placeholder="https://" hint={budgets.webhookHint}
          value={entered.webhookUrl} error={errors.webhookUrl}
          onChange={(event) => set({ webhookUrl: event.target.value })}
        />
      </form>
    </Dialog>
  );
}
