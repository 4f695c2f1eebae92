import type { AnchorHTMLAttributes, ButtonHTMLAttributes } from 'react';
import { Link } from 'wouter';
import styles from './Button.module.css';
import { classes } from './classes';
import { Icon, type IconName } from './icons';

interface Look {
  /** How strongly it invites: `primary` once on a page, `quiet` in rows and toolbars. */
  kind?: 'primary' | 'plain' | 'quiet' | 'danger';
  icon?: IconName;
  /** Shows the icon alone; the label is read to those who do not see it. */
  iconOnly?: boolean;
  /** Shows the icon alone where there is little room, such as on phones. */
  isCompact?: boolean;
  label: string;
}

interface ButtonProps extends Look, Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'children'> {
  /** Whether its action is still running: the button keeps the focus and ignores clicks. */
  isBusy?: boolean;
}

export function Button({ kind = 'plain', icon, iconOnly, isCompact, label, isBusy, onClick, type = 'button', className, ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      className={classes(look({ kind, iconOnly, isCompact }), className)}
      aria-busy={isBusy || undefined}
      aria-disabled={isBusy || undefined}
      {...(iconOnly && { 'aria-label': label, title: label })}
      onClick={(event) => {
        if (isBusy) event.preventDefault();
        else onClick?.(event);
      }}
      {...rest}
    >
      <Content icon={icon} iconOnly={iconOnly} label={label} />
    </button>
  );
}

/** A link within the studio that looks like a button. */
export function ButtonLink({ kind = 'plain', icon, iconOnly, isCompact, label, to }: Look & { to: string }) {
  return (
    <Link href={to} className={look({ kind, iconOnly, isCompact })} {...(iconOnly && { 'aria-label': label, title: label })}>
      <Content icon={icon} iconOnly={iconOnly} label={label} />
    </Link>
  );
}

/** A link out of the studio that looks like a button. */
export function ButtonAnchor({ kind = 'plain', icon, iconOnly, isCompact, label, ...rest }: Look & AnchorHTMLAttributes<HTMLAnchorElement>) {
  return (
    <a className={look({ kind, iconOnly, isCompact })} {...(iconOnly && { 'aria-label': label, title: label })} {...rest}>
      <Content icon={icon} iconOnly={iconOnly} label={label} />
    </a>
  );
}

function look({
  kind,
  iconOnly,
  isCompact,
}: {
  kind: NonNullable<Look['kind']>;
  iconOnly?: boolean | undefined;
  isCompact?: boolean | undefined;
}): string {
  return classes(styles.button, styles[kind], iconOnly && styles.iconOnly, isCompact && styles.compact);
}

function Content({ icon, iconOnly, label }: { icon?: IconName | undefined; iconOnly?: boolean | undefined; label: string }) {
  return (
    <>
      {icon && <Icon name={icon} size={18} />}
      {!iconOnly && <span>{label}</span>}
    </>
  );
}
