import { useEffect, useRef, type ReactNode } from 'react';
import { useWords } from '../language/Language';
import { classes } from './classes';
import styles from './Page.module.css';

let isFirst = true;

/**
 * A page of the studio: its heading, what can be done on it, and its content.
 *
 * The heading gets the focus when the page is navigated to, so that screen readers begin there.
 */
export function Page({
  title,
  actions,
  isWide = false,
  children,
}: {
  title: string;
  actions?: ReactNode;
  /** Whether it uses a screen of any width, as images do. */
  isWide?: boolean;
  children: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  const { studio } = useWords();
  useEffect(() => {
    document.title = `${title} · gql_server ${studio}`;
  }, [title, studio]);
  useEffect(() => {
    if (!isFirst) heading.current?.focus({ preventScroll: true });
    isFirst = false;
  }, []);
  return (
    <div className={classes(styles.page, isWide && styles.wide)}>
      <header className={styles.header}>
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}
