import { Suspense, useEffect, useRef } from 'react';
import { Route, Switch, useLocation } from 'wouter';
import { ButtonLink } from '../design/Button';
import { Page } from '../design/Page';
import { Empty, Loading } from '../design/states';
import { useWords } from '../language/Language';
import { ROUTES } from '../routes';
import { useMay, useViewer } from '../session/Session';
import { Navigation } from './Navigation';
import { OfflineBanner } from './OfflineBanner';
import { PageFailure } from './PageFailure';
import styles from './Shell.module.css';

/** The frame of the studio: the navigation, and the page of the address. */
export function Shell() {
  const words = useWords();
  const may = useMay();
  const [location] = useLocation();
  const main = useRef<HTMLElement>(null);
  useEffect(() => {
    if (location !== '/') window.scrollTo(0, 0); // the gallery returns to where it was
  }, [location]);
  return (
    <div className={styles.shell}>
      <a
        className={styles.skip}
        href="#content"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        {words.skip}
      </a>
      <Navigation />
      <main ref={main} id="content" tabIndex={-1} className={styles.main}>
        <OfflineBanner />
        <PageFailure key={location}>
          <Suspense fallback={<Loading />}>
            <Switch>
              {ROUTES.map(({ name, path, page: Content, role }) => (
                <Route key={name} path={path}>
                  {(params) => (may(role) ? <Content params={params} /> : <Forbidden name={name} />)}
                </Route>
              ))}
              <Route>
                <NotFound />
              </Route>
            </Switch>
          </Suspense>
        </PageFailure>
      </main>
    </div>
  );
}

function Forbidden({ name }: { name: (typeof ROUTES)[number]['name'] }) {
  const { pages, states, navigation } = useWords();
  const { role } = useViewer();
  return (
    <Page title={pages[name]}>
      <Empty
        icon="keys"
        title={states.forbiddenTitle}
        actions={<ButtonLink to="/" icon="gallery" label={states.backToGallery} />}
      >
        {states.forbidden(navigation.roles[role])}
      </Empty>
    </Page>
  );
}

function NotFound() {
  const { states } = useWords();
  return (
    <Page title={states.notFoundTitle}>
      <Empty
        icon="search"
        title={states.notFoundTitle}
        actions={<ButtonLink to="/" icon="gallery" label={states.backToGallery} />}
      >
        {states.notFound}
      </Empty>
    </Page>
  );
}
