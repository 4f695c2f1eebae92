import type { ReactNode } from 'react';
import { classes } from './classes';
import styles from './Card.module.css';

/** A part of a page that belongs together, with a heading of its own if it has one. */
export function Card({
  title,
  actions,
  children,
  className,
}: {
  title?: string;
  actions?: ReactNode;
  children: ReactNode;
  className?: string | undefined;
}) {
  return (
    <section className={classes(styles.card, className)}>
      {(title || actions) && (
        <header className={styles.header}>
          {title && <h2>{title}</h2>}
          {actions}
        </header>
      )}
      {children}
    </section>
  );
}

/** Values by their names. */
export function DescriptionList({ items }: { items: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className={styles.descriptions}>
      {items.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** One figure with its name, such as a total. */
export function Figure({ name, value, note }: { name: string; value: ReactNode; note?: ReactNode }) {
  return (
    <div className={classes(styles.card, styles.figure)}>
      <span className={styles.name}>{name}</span>
      <strong>{value}</strong>
      {note && <span className={styles.name}>{note}</span>}
    </div>
  );
}

/** A short state or kind, such as “running”. */
export function Badge({ kind = 'plain', label }: { kind?: 'plain' | 'good' | 'warning' | 'bad' | 'accent'; label: string }) {
  return <span className={classes(styles.badge, styles[kind])}>{label}</span>;
}
