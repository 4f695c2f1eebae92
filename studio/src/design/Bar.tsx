import { classes } from './classes';
import styles from './Bar.module.css';

export interface BarPart {
  kind: 'good' | 'bad' | 'accent' | 'warning' | 'muted';
  value: number;
}

/** A bar of parts, such as what a batch has finished or what a budget has spent. */
export function Bar({
  label,
  text,
  total,
  parts,
  role = 'progressbar',
  isThin = false,
}: {
  /** What it measures, for screen readers. */
  label: string;
  /** Its value in words, for screen readers. */
  text: string;
  total: number;
  parts: readonly BarPart[];
  role?: 'progressbar' | 'meter';
  isThin?: boolean;
}) {
  const sum = parts.reduce((all, { value }) => all + value, 0);
  const whole = Math.max(total, sum) || 1;
  return (
    <div
      className={classes(styles.bar, isThin && styles.thin)}
      role={role}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={whole}
      aria-valuenow={sum}
      aria-valuetext={text}
    >
      {parts.map(({ kind, value }) => (
        <span key={kind} className={styles[kind]} style={{ width: `${(100 * value) / whole}%` }} />
      ))}
    </div>
  );
}
