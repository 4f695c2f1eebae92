import { useState } from 'react';
import { Button } from '../design/Button';
import { Select } from '../design/Field';
import { LANGUAGES, type LanguageCode } from '../language/choice';
import { useLanguage } from '../language/Language';
import { useSignOut, useViewer } from '../session/Session';
import styles from './Navigation.module.css';
import { keepTheme, readTheme, THEMES, type Theme } from './theme';

/** What the viewer chooses for this browser, and who they are. */
export function Preferences() {
  const { code, words, choose } = useLanguage();
  const { userId, role } = useViewer();
  const signOut = useSignOut();
  const [theme, setTheme] = useState(readTheme);
  const { navigation } = words;
  return (
    <div className={styles.preferences}>
      <Select
        label={navigation.language}
        value={code}
        onChange={(event) => choose(event.target.value as LanguageCode)}
      >
        {Object.entries(LANGUAGES).map(([value, name]) => (
          <option key={value} value={value} lang={value}>
            {name}
          </option>
        ))}
      </Select>
      <Select
        label={navigation.theme}
        value={theme}
        onChange={(event) => {
          const chosen = event.target.value as Theme;
          keepTheme(chosen);
          setTheme(chosen);
        }}
      >
        {THEMES.map((value) => (
          <option key={value} value={value}>
            {navigation.themes[value]}
          </option>
        ))}
      </Select>
      {signOut && (
        <div className={styles.viewer}>
          <p>
            {navigation.signedInAs(userId)}
            <br />
            <small>{navigation.roles[role]}</small>
          </p>
          <Button icon="signOut" label={navigation.signOut} onClick={signOut} />
        </div>
      )}
    </div>
  );
}
