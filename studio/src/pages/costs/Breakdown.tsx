import { Bar } from '../../design/Bar';
import { Card } from '../../design/Card';
import layout from '../../design/layout.module.css';
import { Table } from '../../design/Table';
import { Money } from '../../design/values';
import { useFormat, useWords } from '../../language/Language';
import styles from './Costs.module.css';

export interface Share {
  id: string;
  name: string;
  totalCost: number;
  totalImages: number;
}

/** What the parts of the total cost, the costliest first. */
export function Breakdown({ title, shares, total }: { title: string; shares: readonly Share[]; total: number }) {
  const { costs: words } = useWords();
  const format = useFormat();
  return (
    <Card title={title}>
      {shares.length === 0 ? (
        <p className={layout.muted}>{words.nothing}</p>
      ) : (
        <Table
          caption={title}
          rows={shares}
          rowKey={({ id }) => id}
          columns={[
            {
              name: words.name,
              isHeading: true,
              cell: ({ name, totalCost }) => (
                <span className={styles.share}>
                  {name}
                  <Bar
                    role="meter"
                    isThin
                    label={name}
                    text={format.percent(total ? totalCost / total : 0)}
                    total={total}
                    parts={[{ kind: 'accent', value: Math.max(0, totalCost) }]}
                  />
                </span>
              ),
            },
            { name: words.images, isNumber: true, cell: ({ totalImages }) => format.number(totalImages) },
            { name: words.cost, isNumber: true, cell: ({ totalCost }) => <Money dollars={totalCost} /> },
          ]}
        />
      )}
    </Card>
  );
}
