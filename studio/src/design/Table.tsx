import type { ReactNode } from 'react';
import { classes } from './classes';
import styles from './Table.module.css';

export interface Column<Row> {
  name: string;
  cell: (row: Row) => ReactNode;
  /** Numbers stand at the end of their cell, below one another. */
  isNumber?: boolean;
  /** Names the row for screen readers; one column of a table. */
  isHeading?: boolean;
}

/** A table that becomes a list of cards where there is no room for its columns. */
export function Table<Row>({
  caption,
  columns,
  rows,
  rowKey,
}: {
  /** What the table shows, for screen readers. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
}) {
  return (
    <div className={styles.frame}>
      {/* The roles come back where the narrow form takes the display of a table away. */}
      <table className={styles.table} role="table">
        <caption className="visually-hidden">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(({ name, isNumber }) => (
              <th key={name} scope="col" role="columnheader" className={classes(isNumber && styles.number)}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={rowKey(row)} role="row">
              {columns.map(({ name, cell, isNumber, isHeading }) => {
                const Cell = isHeading ? 'th' : 'td';
                return (
                  <Cell
                    key={name}
                    data-name={name}
                    role={isHeading ? 'rowheader' : 'cell'}
                    className={classes(isNumber && styles.number)}
                    {...(isHeading && { scope: 'row' })}
                  >
                    <div>{cell(row)}</div>
                  </Cell>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
