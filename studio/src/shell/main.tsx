import '../language/locales';
import '../design/base.css';
import { Router } from 'wouter';
import { PUBLIC_PATH } from '../api/addresses';
import { ToastProvider } from '../design/Toasts';
import { LanguageProvider } from '../language/Language';
import { SessionProvider } from '../session/Session';
import { mount } from './mount';
import { Shell } from './Shell';
import { applyTheme } from './theme';

applyTheme();
// A file that is dropped beside its place must not replace the page, and what was entered on it.
for (const name of ['dragover', 'drop'] as const) {
  document.addEventListener(name, (event) => {
    if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
  });
}
mount(
  <LanguageProvider>
    <Router base={PUBLIC_PATH}>
      <SessionProvider>
        <ToastProvider>
          <Shell />
        </ToastProvider>
      </SessionProvider>
    </Router>
  </LanguageProvider>,
);
