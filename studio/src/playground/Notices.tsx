import type { FormEvent, ReactNode } from 'react';
import type { Access } from './access';
import { words } from './words';

interface Props {
  access: Exclude<Access, { kind: 'open' }>;
  useKey: (key: string) => void;
  askForKey: () => void;
  proceed: () => void;
  retry: () => void;
}

/** What the playground shows as long as it cannot open its editor. */
export function Notices({ access, useKey, askForKey, proceed, retry }: Props) {
  switch (access.kind) {
    case 'loading':
      return <p className="loading" role="status">{words.loading}</p>;
    case 'keyNeeded':
      return <KeyForm message={access.message} useKey={useKey} />;
    case 'schemaHidden':
      return (
        <Notice heading={words.hidden.heading} message={access.message}>
          <p>{words.hidden.explanation}</p>
          <button type="button" className="action" onClick={proceed}>{words.hidden.proceed}</button>{' '}
          <button type="button" onClick={askForKey}>{words.hidden.otherKey}</button>
        </Notice>
      );
    case 'unreachable':
      return (
        <Notice heading={words.unreachable.heading} message={access.message}>
          <p>{words.unreachable.explanation}</p>
          <button type="button" className="action" onClick={retry}>{words.unreachable.retry}</button>
        </Notice>
      );
  }
}

interface NoticeProps {
  heading: string;
  message: string | null;
  children: ReactNode;
}

function Notice({ heading, message, children }: NoticeProps) {
  return (
    <main className="card">
      <h1>{heading}</h1>
      {message && <p className="error" role="alert">{words.serverSaid} {message}</p>}
      {children}
    </main>
  );
}

function KeyForm({ message, useKey }: { message: string | null; useKey: (key: string) => void }) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const key = String(new FormData(event.currentTarget).get('key')).trim();
    if (key) useKey(key);
  };
  return (
    <Notice heading={words.key.heading} message={message}>
      <p>{words.key.explanation}</p>
      <form onSubmit={submit}>
        <label>
          {words.key.label}
          <input name="key" type="password" placeholder={words.key.placeholder} autoComplete="off" autoFocus required />
        </label>
        <button type="submit" className="action">{words.key.submit}</button>
      </form>
      <p className="hint">{words.key.missing} <code>{words.key.command}</code></p>
    </Notice>
  );
}
