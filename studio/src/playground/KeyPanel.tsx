import type { GraphiQLPlugin } from '@graphiql/react';
import { forgetKey, readKey } from '../session/api-key';
import { words } from './words';

export const keyPlugin: GraphiQLPlugin = {
  title: words.session.title,
  icon: KeyIcon,
  content: KeyPanel,
};

function KeyPanel() {
  const hasKey = readKey() !== null;
  return (
    <section aria-label={words.session.title}>
      <div className="panel-title">{words.session.title}</div>
      <p>{hasKey ? words.session.using : words.session.none}</p>
      {hasKey && <p className="hint">{words.session.headers}</p>}
      {hasKey && (
        <button type="button" className="action" onClick={signOut}>
          {words.session.forget}
        </button>
      )}
    </section>
  );
}

function signOut(): void {
  forgetKey();
  location.reload(); // ends what is open with the key
}

function KeyIcon() {
  return (
    <svg viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.5" aria-hidden="true">
      <circle cx="6.5" cy="13.5" r="3.5" />
      <path d="m9 11 7-7m-3 3 2.5 2.5" strokeLinecap="round" />
    </svg>
  );
}
