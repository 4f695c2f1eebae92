import type { ReactNode } from 'react';
import styles from './Welcome.module.css';

/** A page of its own, before anyone is signed in. */
export function Welcome({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className={styles.welcome}>
      <div className={styles.card}>
        <p className={styles.product}>gql_server</p>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
