import { useId, useState } from 'react';
import { useChange } from '../../api/useChange';
import { Button } from '../../design/Button';
import { CopyButton } from '../../design/CopyButton';
import { Dialog } from '../../design/Dialog';
import { Field, Select } from '../../design/Field';
import layout from '../../design/layout.module.css';
import { Notice } from '../../design/states';
import { useWords } from '../../language/Language';
import type { Role } from '../../session/Session';
import { CREATE_KEY } from './queries';

const ROLES: readonly Role[] = ['READER', 'CREATOR', 'ADMIN'];

/** Creates a key, and shows its secret: once, because the server keeps only a hash. */
export function CreateKeyDialog({ onClose, onCreated }: { onClose: () => void; onCreated: () => void }) {
  const { keys: words, actions, navigation, budgets } = useWords();
  const form = useId();
  const create = useChange(CREATE_KEY);
  const { errors } = create;
  const [secret, setSecret] = useState<string | null>(null);
  const [entered, setEntered] = useState({
    userId: '', name: '', role: 'CREATOR' as Role, expires: '', limit: '', period: 'MONTHLY' as 'DAILY' | 'MONTHLY',
  });
  const set = (changes: Partial<typeof entered>) => setEntered((before) => ({ ...before, ...changes }));

  async function save() {
    const { userId, name, role, expires, limit, period } = entered;
    const payload = await create.run({
      input: {
        userId: userId.trim(),
        role,
        ...(name.trim() && { name: name.trim() }),
        ...(expires && { expiresAt: new Date(`${expires}T23:59:59`).toISOString() }),
        ...(limit && {
          budget: { limit: Number(limit), period, timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone },
        }),
      },
    });
    if (!payload) return;
    setSecret(payload.secret);
    onCreated();
  }

  if (secret) {
    return (
      <Dialog
        title={words.createdTitle}
        onClose={onClose}
        actions={
          <>
            <CopyButton text={secret} label={words.copySecret} />
            <Button kind="primary" label={words.kept} onClick={onClose} />
          </>
        }
      >
        <Notice kind="warning">{words.once}</Notice>
        <code className={layout.code} data-secret>
          {secret}
        </code>
        <p className={layout.muted}>{words.howToSend}</p>
      </Dialog>
    );
  }
  return (
    <Dialog
      title={words.make}
      onClose={onClose}
      actions={
        <>
          <Button label={actions.cancel} onClick={onClose} />
          <Button kind="primary" type="submit" form={form} label={actions.create} isBusy={create.isBusy} />
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
        <Field
          label={words.user} hint={words.userHint} required maxLength={100} value={entered.userId} error={errors.userId}
          onChange={(event) => set({ userId: event.target.value })}
        />
        <Field
          label={words.name} hint={words.nameHint} maxLength={100} value={entered.name} error={errors.name}
          onChange={(event) => set({ name: event.target.value })}
        />
        <Select
          label={words.role} hint={words.roleHints[entered.role]} value={entered.role} error={errors.role}
          onChange={(event) => set({ role: event.target.value as Role })}
        >
          {ROLES.map((role) => (
            <option key={role} value={role}>
              {navigation.roles[role]}
            </option>
          ))}
        </Select>
        <Field
          label={words.expires} type="date" hint={words.expiresHint} value={entered.expires} error={errors.expiresAt}
          onChange={(event) => set({ expires: event.target.value })}
        />
        <div className={layout.fields}>
          <Field
            label={words.budget} type="number" min={0} step="any" inputMode="decimal" value={entered.limit}
            error={errors['budget.limit']} hint={words.budgetHint} onChange={(event) => set({ limit: event.target.value })}
          />
          <Select
            label={budgets.period} value={entered.period}
            onChange={(event) => set({ period: event.target.value as 'DAILY' | 'MONTHLY' })}
          >
            <option value="DAILY">{budgets.periods.DAILY}</option>
            <option value="MONTHLY">{budgets.periods.MONTHLY}</option>
          </Select>
        </div>
      </form>
    </Dialog>
  );
}
