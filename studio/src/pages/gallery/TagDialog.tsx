import { useState, type FormEvent } from 'react';
import { useClient } from 'urql';
import { Button } from '../../design/Button';
import { Dialog } from '../../design/Dialog';
import { Field } from '../../design/Field';
import { useWords } from '../../language/Language';
import { changeEach, setTags } from './changes';
import { readTags } from './filters';
import type { ImageList } from './image-list';
import type { Tile } from './queries';

/** Adds tags to images and takes others away. */
export function TagDialog({
  tiles,
  list,
  onClose,
  onDone,
}: {
  tiles: readonly Tile[];
  list: ImageList;
  onClose: () => void;
  onDone: (count: number) => void;
}) {
  const { gallery, actions } = useWords();
  const client = useClient();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const present = [...new Set(tiles.flatMap(({ tags }) => tags))].sort();

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const added = readTags(String(form.get('add')));
    const removed = new Set(readTags(String(form.get('remove'))));
    const next = (tile: Tile) => [...new Set([...tile.tags.filter((tag) => !removed.has(tag)), ...added])];
    setBusy(true);
    const { done, failure } = await changeEach(
      tiles,
      (tile) => setTags(client, tile.id, next(tile)),
      (tile) => list.patch(tile.id, { tags: next(tile) }),
    );
    setBusy(false);
    if (failure) setProblem(failure);
    else onDone(done);
  }

  return (
    <Dialog
      title={gallery.tag}
      onClose={onClose}
      actions={
        <>
          <Button label={actions.cancel} onClick={onClose} />
          <Button kind="primary" type="submit" form="tags" label={actions.save} isBusy={isBusy} />
        </>
      }
    >
      <form id="tags" onSubmit={(event) => void submit(event)}>
        <Field
          name="add"
          label={gallery.addTags}
          placeholder={gallery.tagsPlaceholder}
          hint={gallery.tagsHint}
          error={problem ?? undefined}
          autoFocus
        />
        {present.length > 0 && (
          <Field name="remove" label={gallery.removeTags} hint={gallery.present(present.join(', '))} />
        )}
      </form>
    </Dialog>
  );
}
