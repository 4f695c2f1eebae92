import { messagesByField } from 'gql-server-client';
import { useState, type FormEvent } from 'react';
import { Link } from 'wouter';
import { useMutation } from 'urql';
import { Button } from '../../design/Button';
import { Field } from '../../design/Field';
import { useWords } from '../../language/Language';
import { readTags, withFilters } from '../gallery/filters';
import { patchKept } from '../gallery/kept-list';
import styles from './Image.module.css';
import { UPDATE, type StudioImage } from './queries';

/** The tags of an image: each leads to the images that have it, and can be taken away. */
export function Tags({ image: { id, tags }, isEditable }: { image: StudioImage; isEditable: boolean }) {
  const { image: words, gallery } = useWords();
  const [{ fetching }, update] = useMutation(UPDATE);
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string>();

  async function save(next: string[]): Promise<boolean> {
    const { data, error } = await update({ input: { id, tags: next } });
    const messages = Object.values(messagesByField(data?.updateImage.userErrors ?? []));
    setProblem(error?.message ?? messages[0]);
    if (error || messages.length) return false;
    patchKept(id, { tags: next });
    return true;
  }

  async function add(event: FormEvent) {
    event.preventDefault();
    const next = [...new Set([...tags, ...readTags(text)])];
    if (next.length === tags.length || (await save(next))) setText('');
  }

  return (
    <>
      {tags.length > 0 ? (
        <ul className={styles.tags}>
          {tags.map((tag) => (
            <li key={tag}>
              <Link href={withFilters('/', { tags: tag })}>{tag}</Link>
              {isEditable && (
                <Button
                  kind="quiet"
                  icon="close"
                  iconOnly
                  label={words.removeTag(tag)}
                  onClick={() => void save(tags.filter((one) => one !== tag))}
                />
              )}
            </li>
          ))}
        </ul>
      ) : (
        <p className={styles.text}>{words.noTags}</p>
      )}
      {isEditable && (
        <form className={styles.add} onSubmit={(event) => void add(event)}>
          <Field
            label={gallery.addTags}
            isLabelHidden
            placeholder={words.addTag}
            value={text}
            error={problem}
            onChange={(event) => setText(event.target.value)}
          />
          <Button type="submit" icon="plus" iconOnly label={words.addTag} isBusy={fetching} />
        </form>
      )}
    </>
  );
}
