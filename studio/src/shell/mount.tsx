import { StrictMode, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { en } from '../language/en';

/** Renders a page into the document; an error that nothing in it handles leaves a message, not an empty page. */
export function mount(page: ReactNode): void {
  const root = document.getElementById('root');
  if (!root) throw new Error('The page has no root element');
  const onUncaughtError = (error: unknown) => {
    reportError(error);
    const message = document.createElement('p');
    message.setAttribute('role', 'alert');
    message.style.padding = '2rem';
    message.textContent = `${en.states.errorTitle}. ${en.states.brokenPage}`;
    document.body.append(message);
  };
  createRoot(root, { onUncaughtError }).render(<StrictMode>{page}</StrictMode>);
}
