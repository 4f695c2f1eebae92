import { useState } from 'react';
import { useClient } from 'urql';
import { Button } from '../../design/Button';
import { Confirmation } from '../../design/Dialog';
import { useToast } from '../../design/Toasts';
import { useFormat, useWords } from '../../language/Language';
import { useMay } from '../../session/Session';
import { changeEach, deleteImage, purgeImage, restoreImage, type Change } from './changes';
import { downloadImages } from './downloads';
import type { Filters } from './filters';
import styles from './Gallery.module.css';
import type { ImageList } from './image-list';
import type { Tile } from './queries';
import { TagDialog } from './TagDialog';

/** What can be done with the selected images. */
export function SelectionBar({
  list,
  selected,
  filters,
  onClear,
}: {
  list: ImageList;
  selected: ReadonlyMap<string, Tile>;
  filters: Filters;
  onClear: () => void;
}) {
  const { gallery, actions } = useWords();
  const format = useFormat();
  const may = useMay();
  const client = useClient();
  const toast = useToast();
  const [dialog, setDialog] = useState<'tag' | 'delete' | 'purge' | null>(null);
  const [isBusy, setBusy] = useState(false);
  const tiles = [...selected.values()];
  const deleted = tiles.filter(({ isDeleted }) => isDeleted);
  const present = tiles.filter(({ isDeleted }) => !isDeleted);
  const showsDeleted = filters.deleted !== undefined;

  async function run(work: () => Promise<{ done: number; failure: string | null }>, say: (count: string) => string) {
    setBusy(true);
    const { done, failure } = await work();
    setBusy(false);
    setDialog(null);
    if (failure) toast({ text: failure, kind: 'error' });
    if (done > 0) toast({ text: say(format.number(done)) });
    if (!failure) onClear();
  }

  const change = (targets: readonly Tile[], apply: Change, patch: (tile: Tile) => Partial<Tile> | null) =>
    changeEach(targets, (tile) => apply(client, tile), (tile) => list.patch(tile.id, patch(tile)));

  return (
    <div className={styles.selection} role="toolbar" aria-label={gallery.selection}>
      <strong role="status">{gallery.selected(selected.size, format.number(selected.size))}</strong>
      {present.length > 0 && (
        <Button
          icon="download"
          label={actions.download}
          isBusy={isBusy}
          onClick={() =>
            void run(
              () => downloadImages(client, present.map(({ id }) => id), gallery.downloadFailed),
              gallery.downloaded,
            )
          }
        />
      )}
      {may('CREATOR') && (
        <>
          <Button icon="tag" label={gallery.tag} isBusy={isBusy} onClick={() => setDialog('tag')} />
          {deleted.length > 0 && (
            <Button
              icon="restore"
              label={actions.restore}
              isBusy={isBusy}
              onClick={() =>
                void run(
                  () =>
                    change(deleted, restoreImage, () =>
                      filters.deleted === 'ONLY' ? null : { isDeleted: false },
                    ),
                  gallery.restored,
                )
              }
            />
          )}
          {deleted.length > 0 && (
            <Button kind="danger" icon="delete" label={gallery.purge} isBusy={isBusy} onClick={() => setDialog('purge')} />
          )}
          {present.length > 0 && (
            <Button kind="danger" icon="delete" label={actions.delete} isBusy={isBusy} onClick={() => setDialog('delete')} />
          )}
        </>
      )}
      <Button kind="quiet" icon="close" iconOnly label={gallery.unselect} onClick={onClear} />
      {dialog === 'delete' && (
        <Confirmation
          title={gallery.deleteTitle(present.length, format.number(present.length))}
          confirm={actions.delete}
          isBusy={isBusy}
          onClose={() => setDialog(null)}
          onConfirm={() =>
            void run(
              () => change(present, deleteImage, () => (showsDeleted ? { isDeleted: true } : null)),
              gallery.deletedToast,
            )
          }
        >
          <p>{gallery.deleteText}</p>
        </Confirmation>
      )}
      {dialog === 'purge' && (
        <Confirmation
          title={gallery.purgeTitle(deleted.length, format.number(deleted.length))}
          confirm={gallery.purge}
          isBusy={isBusy}
          onClose={() => setDialog(null)}
          onConfirm={() => void run(() => change(deleted, purgeImage, () => null), gallery.purgedToast)}
        >
          <p>{gallery.purgeText}</p>
        </Confirmation>
      )}
      {dialog === 'tag' && (
        <TagDialog
          tiles={tiles}
          list={list}
          onClose={() => setDialog(null)}
          onDone={(count) => {
            setDialog(null);
            onClear();
            toast({ text: gallery.tagged(format.number(count)) });
          }}
        />
      )}
    </div>
  );
}
