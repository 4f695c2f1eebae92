import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { DOCUMENTATION_URL, PLAYGROUND_URL, REST_DOCS_URL } from '../api/addresses';
import { classes } from '../design/classes';
import { Dialog } from '../design/Dialog';
import { Icon, type IconName } from '../design/icons';
import { useWords } from '../language/Language';
import { ROUTES, type StudioRoute } from '../routes';
import { useMay } from '../session/Session';
import styles from './Navigation.module.css';
import { Preferences } from './Preferences';

/** The way between the pages: at the side, or at the bottom of a phone. */
export function Navigation() {
  const words = useWords();
  const may = useMay();
  const shown = ROUTES.filter(({ icon, role }) => icon && may(role));
  const inBar = shown.filter(({ isInBar }) => isInBar);
  const [dialog, setDialog] = useState<'more' | 'settings' | null>(null);
  const close = () => setDialog(null);
  return (
    <>
      <nav className={styles.side} aria-label={words.navigation.label}>
        <p className={styles.product}>gql_server</p>
        <Pages routes={shown} />
        <Developers />
        <button type="button" className={styles.link} onClick={() => setDialog('settings')}>
          <Icon name="settings" />
          <span>{words.navigation.settings}</span>
        </button>
      </nav>
      <nav className={styles.bar} aria-label={words.navigation.label}>
        <Pages routes={inBar} />
        <button type="button" className={styles.link} onClick={() => setDialog('more')}>
          <Icon name="more" />
          <span>{words.navigation.more}</span>
        </button>
      </nav>
      {dialog === 'settings' && (
        <Dialog title={words.navigation.settings} onClose={close}>
          <Preferences />
        </Dialog>
      )}
      {dialog === 'more' && (
        <Dialog title={words.navigation.more} onClose={close}>
          <div className={styles.more}>
            <Pages routes={shown.filter(({ isInBar }) => !isInBar)} onFollow={close} />
            <Developers />
          </div>
          <Preferences />
        </Dialog>
      )}
    </>
  );
}

function Pages({ routes, onFollow }: { routes: readonly StudioRoute[]; onFollow?: () => void }) {
  const { pages } = useWords();
  const [location] = useLocation();
  return (
    <ul className={styles.pages}>
      {routes.map(({ name, path, icon }) => {
        const isCurrent = path === '/' ? location === '/' : location.startsWith(path);
        return (
          <li key={name}>
            <Link
              href={path}
              className={classes(styles.link, isCurrent && styles.current)}
              {...(isCurrent && { 'aria-current': 'page' })}
              {...(onFollow && { onClick: onFollow })}
            >
              {icon && <Icon name={icon} />}
              <span>{pages[name]}</span>
            </Link>
          </li>
        );
      })}
    </ul>
  );
}

function Developers() {
  const { pages, navigation } = useWords();
  const links: [string, IconName, string][] = [
    [PLAYGROUND_URL, 'playground', pages.playground],
    [REST_DOCS_URL, 'templates', pages.restDocs],
    [DOCUMENTATION_URL, 'info', pages.documentation],
  ];
  return (
    <div className={styles.developers}>
      <p>{navigation.developers}</p>
      {links.map(([href, icon, label]) => (
        <a key={href} href={href} className={styles.link}>
          <Icon name={icon} />
          <span>{label}</span>
        </a>
      ))}
    </div>
  );
}
