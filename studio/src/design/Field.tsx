import { useId, type ComponentProps, type ReactNode } from 'react';
import { classes } from './classes';
import styles from './Field.module.css';

interface Around {
  label: string;
  hint?: ReactNode;
  /** What is wrong with the value; read together with the control. */
  error?: string | undefined;
  /** Hides the label visually; screen readers still read it. */
  isLabelHidden?: boolean;
}

/** A text, number or date with its label, hint and error. */
export function Field({ label, hint, error, isLabelHidden, className, ...rest }: Around & ComponentProps<'input'>) {
  return (
    <Labeled {...{ label, hint, error, isLabelHidden, className }}>
      {(wiring) => <input className={styles.control} {...wiring} {...rest} />}
    </Labeled>
  );
}

/** A text of several lines. */
export function TextArea({ label, hint, error, isLabelHidden, className, ...rest }: Around & ComponentProps<'textarea'>) {
  return (
    <Labeled {...{ label, hint, error, isLabelHidden, className }}>
      {(wiring) => <textarea className={styles.control} rows={4} {...wiring} {...rest} />}
    </Labeled>
  );
}

/** One of several options, given as `<option>`. */
export function Select({ label, hint, error, isLabelHidden, className, children, ...rest }: Around & ComponentProps<'select'>) {
  return (
    <Labeled {...{ label, hint, error, isLabelHidden, className }}>
      {(wiring) => (
        <select className={classes(styles.control, styles.select)} {...wiring} {...rest}>
          {children}
        </select>
      )}
    </Labeled>
  );
}

/** Something to switch on, with its label beside it. */
export function Checkbox({ label, hint, ...rest }: { label: string; hint?: string } & ComponentProps<'input'>) {
  const id = useId();
  return (
    <div className={styles.checkbox}>
      <input type="checkbox" id={id} {...(hint && { 'aria-describedby': `${id}-hint` })} {...rest} />
      <div>
        <label htmlFor={id}>{label}</label>
        {hint && (
          <p id={`${id}-hint`} className={styles.hint}>
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}

interface Wiring {
  id: string;
  'aria-invalid'?: true;
  'aria-describedby'?: string;
}

/** Puts a label, a hint and an error around any control, and wires them together. */
export function Labeled({
  label,
  hint,
  error,
  isLabelHidden = false,
  className,
  children,
}: {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  isLabelHidden?: boolean | undefined;
  className?: string | undefined;
  children: (wiring: Wiring) => ReactNode;
}) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ');
  return (
    <div className={classes(styles.field, className)}>
      <label htmlFor={id} className={isLabelHidden ? 'visually-hidden' : styles.label}>
        {label}
      </label>
      {children({
        id,
        ...(error && { 'aria-invalid': true }),
        ...(described && { 'aria-describedby': described }),
      })}
      {hint && (
        <p id={`${id}-hint`} className={styles.hint}>
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} className={styles.error}>
          {error}
        </p>
      )}
    </div>
  );
}
