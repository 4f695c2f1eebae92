import { createContext, useCallback, useContext, useMemo, useState, type ReactNode } from 'react';
import { useWords } from '../language/Language';
import { Button } from './Button';
import { classes } from './classes';
import styles from './Toasts.module.css';

interface Toast {
  text: string;
  kind?: 'plain' | 'error';
  /** Something to do about it, such as to undo it. */
  action?: { label: string; run: () => void };
}

interface Shown extends Toast {
  id: number;
}

const MOST = 3;
const MILLISECONDS = 6000;
const Context = createContext<((toast: Toast) => void) | null>(null);
let lastId = 0;

/** Shows short messages above the page, and has screen readers read them. */
export function ToastProvider({ children }: { children: ReactNode }) {
  const words = useWords();
  const [shown, setShown] = useState<Shown[]>([]);
  const remove = useCallback((id: number) => setShown((all) => all.filter((one) => one.id !== id)), []);
  const show = useCallback(
    (toast: Toast) => {
      lastId += 1;
      const id = lastId;
      setShown((all) => [...all, { ...toast, id }].slice(-MOST));
      // An error stays until it was read.
      if (toast.kind !== 'error') setTimeout(() => remove(id), MILLISECONDS);
    },
    [remove],
  );
  const value = useMemo(() => show, [show]);
  return (
    <Context value={value}>
      {children}
      <div className={styles.toasts} role="status" aria-live="polite">
        {shown.map(({ id, text, kind, action }) => (
          <div key={id} className={classes(styles.toast, kind === 'error' && styles.error)}>
            <p>{text}</p>
            {action && (
              <Button
                kind="quiet"
                label={action.label}
                onClick={() => {
                  remove(id);
                  action.run();
                }}
              />
            )}
            <Button kind="quiet" icon="close" iconOnly label={words.actions.dismiss} onClick={() => remove(id)} />
          </div>
        ))}
      </div>
    </Context>
  );
}

/** Returns what shows a short message. */
export function useToast(): (toast: Toast) => void {
  const show = useContext(Context);
  if (!show) throw new Error('There is no ToastProvider above');
  return show;
}
