import { useMemo, useState } from 'react';
import { useQuery } from 'urql';
import { csvOf, saveFile } from '../../api/csv';
import { BudgetLine } from '../../budgets/BudgetLine';
import { Button } from '../../design/Button';
import { Card, Figure } from '../../design/Card';
import { Choices } from '../../design/Choices';
import layout from '../../design/layout.module.css';
import { Page } from '../../design/Page';
import { ErrorState, Loading } from '../../design/states';
import { Table } from '../../design/Table';
import { Money, RoundMoney } from '../../design/values';
import { useFormat, useWords } from '../../language/Language';
import { useMay } from '../../session/Session';
import { Breakdown } from './Breakdown';
import styles from './Costs.module.css';
import { COSTS, type Costs } from './queries';
import { SPANS, startOf, TIME_ZONE, type Interval, type SpanName } from './span';
import { long, Timeline } from './Timeline';

const SPAN_NAMES = Object.keys(SPANS) as SpanName[];

/** What the images cost: in all, over time, and by what they were made with. */
export default function CostsPage() {
  const { pages, costs: words } = useWords();
  const [span, setSpan] = useState<SpanName>('month');
  const [interval, setInterval] = useState<Interval>(SPANS.month.interval);
  const since = useMemo(() => startOf(span).toISOString(), [span]);
  const [{ data, error, fetching }, read] = useQuery({
    query: COSTS,
    variables: { since, interval, timeZone: TIME_ZONE },
    requestPolicy: 'cache-and-network',
  });
  const again = () => read({ requestPolicy: 'network-only' });
  return (
    <Page
      title={pages.costs}
      actions={<Button icon="again" label={words.refresh} isBusy={fetching} onClick={again} />}
    >
      <div className={layout.row}>
        <Choices
          label={words.span}
          options={SPAN_NAMES.map((name) => [name, words.spans[name]])}
          value={span}
          onChoose={(chosen) => {
            setSpan(chosen);
            setInterval(SPANS[chosen].interval);
          }}
        />
        {SPANS[span].intervals.length > 1 && (
          <Choices
            label={words.interval}
            options={SPANS[span].intervals.map((name) => [name, words.intervals[name]])}
            value={interval}
            onChoose={setInterval}
          />
        )}
      </div>
      {error && !data && <ErrorState error={error} retry={again} />}
      {!data && !error && <Loading />}
      {data && <Report costs={data.costAnalytics} interval={interval} span={span} isReading={fetching} />}
    </Page>
  );
}

function Report({
  costs,
  interval,
  span,
  isReading,
}: {
  costs: Costs;
  interval: Interval;
  span: SpanName;
  /** Whether the costs may still be those of what was chosen before. */
  isReading: boolean;
}) {
  const { costs: words } = useWords();
  const format = useFormat();
  const may = useMay();
  const { previous, totalCost } = costs;
  return (
    <>
      <div className={layout.figures}>
        <Figure
          name={words.total}
          value={<RoundMoney dollars={totalCost} />}
          note={previous && <Compared now={totalCost} before={previous.totalCost} text={format.roundMoney(previous.totalCost)} />}
        />
        <Figure
          name={words.images}
          value={format.number(costs.totalImages)}
          note={previous && <Compared now={costs.totalImages} before={previous.totalImages} text={format.number(previous.totalImages)} />}
        />
        <Figure name={words.average} value={<RoundMoney dollars={costs.averageCost} />} note={words.perImage} />
        <Figure name={words.projected} value={<RoundMoney dollars={costs.projectedMonthCost} />} note={words.projectedNote} />
      </div>
      <Card
        title={words.timeline}
        actions={<Button icon="download" label={words.csv} isBusy={isReading} onClick={() => download(costs, span)} />}
      >
        <Timeline periods={costs.timeline} interval={interval} />
        <details>
          <summary>{words.asTable}</summary>
          <div className={styles.scroll} tabIndex={0} role="region" aria-label={words.timeline}>
            <Table
              caption={words.timeline}
              rows={costs.timeline.toReversed()}
              rowKey={({ startsAt }) => startsAt}
              columns={[
                { name: words.period, isHeading: true, cell: (period) => long(period, interval, format.locale) },
                { name: words.images, isNumber: true, cell: ({ totalImages }) => format.number(totalImages) },
                { name: words.cost, isNumber: true, cell: (period) => <Money dollars={period.totalCost} /> },
              ]}
            />
          </div>
        </details>
      </Card>
      <div className={layout.halves}>
        <Breakdown
          title={words.byModel}
          total={totalCost}
          shares={costs.byModel.map(({ model, ...sums }) => ({ ...sums, id: model?.id ?? '', name: model?.name ?? words.noModel }))}
        />
        <Breakdown
          title={words.byTemplate}
          total={totalCost}
          shares={costs.byTemplate.map(({ template, templateId, ...sums }) => ({
            ...sums,
            id: templateId ?? '',
            name: template?.name ?? (templateId ? words.deletedTemplate : words.noTemplate),
          }))}
        />
        {may('ADMIN') && (
          <Breakdown
            title={words.byUser}
            total={totalCost}
            shares={costs.byUser.map(({ userId, ...sums }) => ({ ...sums, id: userId, name: userId }))}
          />
        )}
        {costs.budgets.length > 0 && (
          <Card title={words.budgets}>
            {costs.budgets.map((budget) => (
              <BudgetLine key={budget.id} budget={budget} />
            ))}
          </Card>
        )}
      </div>
      <p className={layout.muted}>{words.zone(TIME_ZONE)}</p>
    </>
  );
}

/** How a figure compares with that of the period before. */
function Compared({ now, before, text }: { now: number; before: number; text: string }) {
  const { costs: words } = useWords();
  const format = useFormat();
  const change = before === 0 ? '' : ` (${format.number((now - before) / before, { style: 'percent', maximumFractionDigits: 0, signDisplay: 'exceptZero' })})`;
  return words.before(text) + change;
}

function download({ timeline }: Costs, span: SpanName): void {
  const rows = timeline.map(({ startsAt, endsAt, totalImages, totalCost }) => [startsAt, endsAt, totalImages, totalCost]);
  const day = new Date().toLocaleDateString('sv'); // as ISO 8601 writes it
  saveFile(`costs-${span}-${day}.csv`, csvOf([['starts_at', 'ends_at', 'images', 'cost_usd'], ...rows]));
}
