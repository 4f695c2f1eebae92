import { useId, useLayoutEffect, useRef, type ReactNode } from 'react';
import { useWords } from '../language/Language';
import { Button } from './Button';
import { classes } from './classes';
import styles from './Dialog.module.css';

/**
 * A dialog over the page. The browser keeps the focus inside and gives it back at the end; Escape
 * and a click beside it close it.
 */
export function Dialog({
  title,
  onClose,
  isWide = false,
  actions,
  children,
}: {
  title: string;
  onClose: () => void;
  isWide?: boolean;
  /** Buttons at the end. */
  actions?: ReactNode;
  children: ReactNode;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const words = useWords();
  // The focus is given back only while the dialog is still in the document.
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      className={classes(styles.dialog, isWide && styles.wide)}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === dialog.current && onClose()}
    >
      <div className={styles.content}>
        <header className={styles.header}>
          <h2 id={id}>{title}</h2>
          <Button kind="quiet" icon="close" iconOnly label={words.actions.close} onClick={onClose} />
        </header>
        <div className={styles.body}>{children}</div>
        {actions && <footer className={styles.actions}>{actions}</footer>}
      </div>
    </dialog>
  );
}

/** Asks before something that cannot be undone easily. */
export function Confirmation({
  title,
  children,
  confirm,
  isBusy = false,
  onConfirm,
  onClose,
}: {
  title: string;
  children: ReactNode;
  /** What the button says that does it. */
  confirm: string;
  isBusy?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}) {
  const words = useWords();
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button label={words.actions.cancel} onClick={onClose} />
          <Button kind="danger" label={confirm} isBusy={isBusy} onClick={onConfirm} />
        </>
      }
    >
      {children}
    </Dialog>
  );
}
