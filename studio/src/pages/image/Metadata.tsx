import { messagesByField } from 'gql-server-client';
import { useState, type FormEvent } from 'react';
import { useMutation } from 'urql';
import { Button } from '../../design/Button';
import { Card } from '../../design/Card';
import { Dialog } from '../../design/Dialog';
import { TextArea } from '../../design/Field';
import { useWords } from '../../language/Language';
import styles from './Image.module.css';
import { UPDATE, type StudioImage } from './queries';

/** The metadata that clients gave an image. */
export function Metadata({ image, isEditable }: { image: StudioImage; isEditable: boolean }) {
  const { image: words, actions } = useWords();
  const [isEditing, setEditing] = useState(false);
  return (
    <Card
      title={words.metadata}
      actions={
        isEditable && <Button kind="quiet" icon="change" label={actions.edit} onClick={() => setEditing(true)} />
      }
    >
      {image.metadata === null ? (
        <p className={styles.text}>{words.noMetadata}</p>
      ) : (
        <pre className={styles.metadata} tabIndex={0} aria-label={words.metadata}>
          {JSON.stringify(image.metadata, null, 2)}
        </pre>
      )}
      {isEditing && <Editor image={image} onClose={() => setEditing(false)} />}
    </Card>
  );
}

function Editor({ image: { id, metadata }, onClose }: { image: StudioImage; onClose: () => void }) {
  const { image: words, actions } = useWords();
  const [{ fetching }, update] = useMutation(UPDATE);
  const [problem, setProblem] = useState<string>();

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const text = String(new FormData(event.currentTarget).get('metadata')).trim();
    let value: unknown = null;
    try {
      if (text) value = JSON.parse(text);
    } catch {
      setProblem(words.noJson);
      return;
    }
    const { data, error } = await update({ input: { id, metadata: value } });
    const messages = Object.values(messagesByField(data?.updateImage.userErrors ?? []));
    if (error || messages.length) setProblem(error?.message ?? messages[0]);
    else onClose();
  }

  return (
    <Dialog
      title={words.metadata}
      onClose={onClose}
      actions={
        <>
          <Button label={actions.cancel} onClick={onClose} />
          <Button kind="primary" type="submit" form="metadata" label={actions.save} isBusy={fetching} />
        </>
      }
    >
      <form id="metadata" onSubmit={(event) => void submit(event)}>
        <TextArea
          name="metadata"
          label={words.metadata}
          hint={words.metadataHint}
          error={problem}
          rows={10}
          spellCheck={false}
          defaultValue={metadata === null ? '' : JSON.stringify(metadata, null, 2)}
        />
      </form>
    </Dialog>
  );
}
