import { useState } from 'react';
import { useQuery, type CombinedError } from 'urql';
import { readFragment } from '../../api/graphql';
import { useChange } from '../../api/useChange';
import { BudgetLine, budgetName } from '../../budgets/BudgetLine';
import { Button } from '../../design/Button';
import { Badge, Card } from '../../design/Card';
import { Confirmation } from '../../design/Dialog';
import layout from '../../design/layout.module.css';
import { Page } from '../../design/Page';
import { Empty, ErrorState, Loading } from '../../design/states';
import { useToast } from '../../design/Toasts';
import { useFormat, useWords } from '../../language/Language';
import { useMay } from '../../session/Session';
import { BudgetDialog } from './BudgetDialog';
import { ALL_BUDGETS, BUDGET, OWN_BUDGETS, REMOVE_BUDGET, type Budget } from './queries';

/** The budgets: all for admins, who set them; for others those that pay for their images. */
export default function BudgetsPage() {
  return useMay()('ADMIN') ? <AllBudgets /> : <OwnBudgets />;
}

function AllBudgets() {
  const [{ data, error }, read] = useQuery({ query: ALL_BUDGETS, variables: {}, requestPolicy: 'cache-and-network' });
  return <Budgets found={data && readFragment(BUDGET, data.budgets)} error={error} read={() => read({ requestPolicy: 'network-only' })} />;
}

function OwnBudgets() {
  const [{ data, error }, read] = useQuery({ query: OWN_BUDGETS, variables: {}, requestPolicy: 'cache-and-network' });
  return <Budgets found={data && readFragment(BUDGET, data.viewer.budgets)} error={error} read={() => read({ requestPolicy: 'network-only' })} />;
}

function Budgets({ found, error, read }: { found: readonly Budget[] | undefined; error: CombinedError | undefined; read: () => void }) {
  const { pages, budgets: words } = useWords();
  const may = useMay();
  const [edited, setEdited] = useState<Budget | 'new' | null>(null);
  const [removed, setRemoved] = useState<Budget | null>(null);
  const make = may('ADMIN') && (
    <Button kind="primary" icon="plus" label={words.make} onClick={() => setEdited('new')} />
  );
  return (
    <Page title={pages.budgets} actions={make}>
      {error && !found && <ErrorState error={error} retry={read} />}
      {!found && !error && <Loading />}
      {found?.length === 0 && (
        <Empty icon="budgets" title={words.emptyTitle} actions={make}>
          {may('ADMIN') ? words.empty : words.emptyOthers}
        </Empty>
      )}
      <div className={layout.cards}>
        {found?.map((budget) => (
          <BudgetCard
            key={budget.id}
            budget={budget}
            onEdit={() => setEdited(budget)}
            onRemove={() => setRemoved(budget)}
          />
        ))}
      </div>
      {edited && <BudgetDialog budget={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />}
      {removed && <RemoveBudget budget={removed} onClose={() => setRemoved(null)} />}
    </Page>
  );
}

function BudgetCard({ budget, onEdit, onRemove }: { budget: Budget; onEdit: () => void; onRemove: () => void }) {
  const words = useWords();
  const { budgets, actions } = words;
  const format = useFormat();
  const may = useMay();
  const name = budgetName(budget, words);
  const reached = budget.alerts.at(-1);
  return (
    <Card
      title={name}
      actions={
        may('ADMIN') && (
          <div className={layout.row} style={{ gap: 0 }}>
            <Button kind="quiet" icon="change" iconOnly label={`${actions.edit}: ${name}`} onClick={onEdit} />
            <Button kind="quiet" icon="delete" iconOnly label={`${actions.delete}: ${name}`} onClick={onRemove} />
          </div>
        )
      }
    >
      <BudgetLine budget={budget} isNameHidden />
      <div className={layout.row}>
        <Badge
          kind={budget.enforcement === 'HARD' ? 'accent' : 'plain'}
          label={budgets.enforcements[budget.enforcement]}
        />
        {reached && (
          <Badge
            kind={reached.percent >= 100 ? 'bad' : 'warning'}
            label={budgets.reached(format.percent(reached.percent / 100))}
          />
        )}
      </div>
      <p className={layout.muted}>
        {budget.timeZone}
        {budget.webhookUrl && ` · ${budgets.webhookTo(budget.webhookUrl)}`}
      </p>
    </Card>
  );
}

function RemoveBudget({ budget, onClose }: { budget: Budget; onClose: () => void }) {
  const words = useWords();
  const toast = useToast();
  const remove = useChange(REMOVE_BUDGET);
  const name = budgetName(budget, words);
  async function run() {
    if (await remove.run({ input: { id: budget.id } })) toast({ text: words.budgets.removed(name) });
    onClose();
  }
  return (
    <Confirmation
      title={words.budgets.removeTitle(name)}
      confirm={words.actions.delete}
      isBusy={remove.isBusy}
      onConfirm={() => void run()}
      onClose={onClose}
    >
      <p>{words.budgets.removeText}</p>
    </Confirmation>
  );
}
