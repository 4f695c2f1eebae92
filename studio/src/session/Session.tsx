import type { GqlServerClient } from 'gql-server-client';
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { Provider, type Client } from 'urql';
import { openApi, type Api } from '../api/client';
import { graphql, type ResultOf } from '../api/graphql';
import { problemOf } from '../api/problems';
import { useWords } from '../language/Language';
import { Unreachable } from '../shell/Unreachable';
import { forgetKey, keepKey, keepToken, readKey } from './api-key';
import { readServerInfo, type ServerInfo } from './server-info';
import { finishSignIn, forgetRenewal, renewToken, SignInFailed, whenToRenew } from './provider';
import { SignIn } from './SignIn';

const VIEWER = graphql(`
  query StudioViewer {
    viewer {
      userId
      role
      key {
        id
        name
      }
    }
  }
`);

export type Viewer = ResultOf<typeof VIEWER>['viewer'];
export type Role = Viewer['role'];

interface Session {
  viewer: Viewer;
  uncached: Client;
  server: GqlServerClient;
  /** Null where the server requires no authentication. */
  signOut: (() => void) | null;
}

type State =
  | { kind: 'checking' }
  | { kind: 'signedOut'; message: string | null }
  | { kind: 'unreachable'; message: string }
  | { kind: 'open'; api: Api; viewer: Viewer };

const ROLES: readonly Role[] = ['READER', 'CREATOR', 'ADMIN'];
const Context = createContext<Session | null>(null);

/** Shows its children to users with access, and the sign-in page to everyone else. */
export function SessionProvider({ children }: { children: ReactNode }) {
  const { signIn } = useWords();
  const failed = signIn.providerFailed;
  const [serverInfo, setServerInfo] = useState<ServerInfo | null>(null);
  const [state, setState] = useState<State>({ kind: 'checking' });

  const open = useCallback(async (key: string | null, keep: (key: string) => void = keepKey) => {
    let wasOpen = false;
    const api = openApi(key, (message) => {
      api.close();
      // A token that was never accepted would not be accepted now either.
      void (wasOpen ? renewToken() : Promise.resolve(null)).then((token) => {
        if (token) return open(token, keepToken);
        forgetKey();
        setState({ kind: 'signedOut', message });
        return undefined;
      });
    });
    const { data, error } = await api.client.query(VIEWER, {}).toPromise();
    if (data) {
      wasOpen = true;
      if (key) keep(key);
      setState({ kind: 'open', api, viewer: data.viewer });
      return;
    }
    const problem = error && problemOf(error);
    if (problem?.kind === 'unauthenticated') return; // it was refused above
    api.close();
    setState({ kind: 'unreachable', message: problem?.message ?? '' });
  }, []);

  const start = useCallback(async () => {
    setState({ kind: 'checking' });
    try {
      const found = await readServerInfo();
      setServerInfo(found);
      const token = found.hasProvider ? await finishSignIn() : null;
      const key = token ?? readKey();
      if (found.asksForKeys && !key) setState({ kind: 'signedOut', message: null });
      else await open(found.asksForKeys ? key : null, token ? keepToken : keepKey);
    } catch (error) {
      if (error instanceof SignInFailed) setState({ kind: 'signedOut', message: failed });
      else setState({ kind: 'unreachable', message: '' });
    }
  }, [open, failed]);
  const enter = useCallback(
    (key: string, remember: boolean) => {
      forgetRenewal(); // or the token of an earlier session would replace the key
      return open(key, () => keepKey(key, { remember }));
    },
    [open],
  );
  const isStarted = useRef(false);
  useEffect(() => {
    if (isStarted.current) return; // a sign-in is completed once
    isStarted.current = true;
    void start();
  }, [start]);
  const api = state.kind === 'open' ? state.api : null;
  const [renewals, setRenewals] = useState(0);
  useEffect(() => {
    if (!api) return undefined;
    return whenToRenew(() => {
      void renewToken().then((token) => {
        if (!token) return; // it is refused when it expires
        keepToken(token);
        api.renew(token);
        setRenewals((count) => count + 1);
      });
    });
  }, [api, renewals]);

  const session = useMemo<Session | null>(() => {
    if (state.kind !== 'open') return null;
    const signOut = () => {
      state.api.close();
      forgetKey();
      forgetRenewal();
      setState({ kind: 'signedOut', message: null });
    };
    return {
      viewer: state.viewer,
      uncached: state.api.uncached,
      server: state.api.server,
      signOut: serverInfo?.asksForKeys ? signOut : null,
    };
  }, [state, serverInfo]);

  if (state.kind === 'open' && session) {
    return (
      <Context value={session}>
        <Provider value={state.api.client}>{children}</Provider>
      </Context>
    );
  }
  if (state.kind === 'unreachable') {
    return <Unreachable message={state.message} retry={() => void start()} />;
  }
  if (state.kind === 'signedOut' && serverInfo) {
    return <SignIn serverInfo={serverInfo} message={state.message} signIn={enter} />;
  }
  return null;
}

function useSession(): Session {
  const session = useContext(Context);
  if (!session) throw new Error('There is no SessionProvider above');
  return session;
}

/** Returns who uses the studio, and with which role. */
export function useViewer(): Viewer {
  return useSession().viewer;
}

/** Returns whether the viewer's role includes another one. */
export function useMay(): (role: Role) => boolean {
  const { role } = useViewer();
  return (required) => ROLES.indexOf(role) >= ROLES.indexOf(required);
}

/** Returns the client for lists without end; see `Api.uncached`. */
export function useUncachedClient(): Client {
  return useSession().uncached;
}

/** Returns the client for what the cache need not know; see `Api.server`. */
export function useServer(): GqlServerClient {
  return useSession().server;
}

/** Returns the function that signs out; null where the server requires no authentication. */
export function useSignOut(): (() => void) | null {
  return useSession().signOut;
}
