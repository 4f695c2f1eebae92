import { useState, type FormEvent } from 'react';
import { Button } from '../design/Button';
import { Checkbox, Field } from '../design/Field';
import { useWords } from '../language/Language';
import { Welcome } from '../shell/Welcome';
import type { ServerInfo } from './server-info';
import { tabStorage } from './browser-storage';
import { startSignIn } from './provider';
import styles from './SignIn.module.css';

/** Asks for an API key, or sends the browser to the provider. */
export function SignIn({
  serverInfo,
  message,
  signIn,
}: {
  serverInfo: ServerInfo;
  /** Why the last key was refused. */
  message: string | null;
  signIn: (key: string, remember: boolean) => Promise<void>;
}) {
  const { signIn: words } = useWords();
  const offersProvider = serverInfo.hasProvider && tabStorage.survivesThePage;
  const [isBusy, setBusy] = useState(false);
  const [isLeaving, setLeaving] = useState(false);
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    await signIn(String(form.get('key')).trim(), form.has('remember'));
    setBusy(false);
  }
  return (
    <Welcome title={words.title}>
      {serverInfo.hasProvider && !offersProvider && <p role="alert">{words.needsStorage}</p>}
      {offersProvider && (
        <>
          {message && <p role="alert">{message}</p>}
          <Button
            kind="primary"
            icon="keys"
            label={words.provider}
            isBusy={isLeaving}
            autoFocus
            onClick={() => {
              setLeaving(true);
              void startSignIn();
            }}
          />
          <p className={styles.or}>{words.or}</p>
        </>
      )}
      <p>{words.explanation}</p>
      <form onSubmit={(event) => void submit(event)}>
        <Field
          label={words.key}
          name="key"
          type="password"
          autoComplete="off"
          spellCheck={false}
          placeholder={words.placeholder}
          error={offersProvider ? undefined : (message ?? undefined)}
          required
          autoFocus={!offersProvider}
        />
        <Checkbox label={words.remember} hint={words.rememberHint} name="remember" />
        <Button
          kind={offersProvider ? 'plain' : 'primary'}
          type="submit" label={isBusy ? words.checking : words.submit}
          isBusy={isBusy}
        />
      </form>
      <p>
        {words.missing} <code>gql-server keys create --user NAME --role ROLE</code>
      </p>
    </Welcome>
  );
}
