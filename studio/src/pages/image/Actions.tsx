import { useState } from 'react';
import { useClient } from 'urql';
import { Button, ButtonAnchor, ButtonLink } from '../../design/Button';
import { CopyButton } from '../../design/CopyButton';
import type { IconName } from '../../design/icons';
import { useToast } from '../../design/Toasts';
import { useWords } from '../../language/Language';
import { useMay } from '../../session/Session';
import { deleteImage, restoreImage, type Change } from '../gallery/changes';
import { downloadImages } from '../gallery/downloads';
import { withFilters, type Filters } from '../gallery/filters';
import { patchKept } from '../gallery/kept-list';
import type { Neighbours } from './neighbours';
import type { StudioImage } from './queries';
import { RemakeDialog } from './RemakeDialog';
import { settingsText } from './settings-text';

/** What can be done with an image. */
export function Actions({
  image,
  filters,
  neighbours: { newer, older },
}: {
  image: StudioImage;
  filters: Filters;
  neighbours: Neighbours;
}) {
  const { image: words, actions, gallery } = useWords();
  const may = useMay();
  const client = useClient();
  const toast = useToast();
  const [isBusy, setBusy] = useState(false);
  const [isRemaking, setRemaking] = useState(false);
  const address = (id: string) => withFilters(`/studio/images/${id}`, filters);

  async function change(apply: Change, isDeleted: boolean) {
    setBusy(true);
    const problem = await apply(client, image);
    setBusy(false);
    if (problem) {
      toast({ text: problem, kind: 'error' });
      return;
    }
    const stays = filters.deleted === 'INCLUDE' || (filters.deleted === 'ONLY') === isDeleted;
    patchKept(image.id, stays ? { isDeleted } : null);
    toast({
      text: isDeleted ? gallery.deletedToast('1') : gallery.restored('1'),
      ...(isDeleted && { action: { label: actions.undo, run: () => void change(restoreImage, false) } }),
    });
  }

  async function download() {
    setBusy(true);
    const { failure } = await downloadImages(client, [image.id], gallery.downloadFailed);
    setBusy(false);
    if (failure) toast({ text: failure, kind: 'error' });
  }

  return (
    <>
      <Turn icon="previous" label={words.newer} to={newer && address(newer.id)} />
      <Turn icon="next" label={words.older} to={older && address(older.id)} />
      {may('CREATOR') && (
        <>
          <Button kind="primary" icon="again" label={words.again} onClick={() => setRemaking(true)} />
          <ButtonLink isCompact icon="change" label={words.change} to={`/studio/make?from=${image.id}`} />
          <ButtonLink isCompact icon="source" label={words.asSource} to={`/studio/make?source=${image.id}`} />
        </>
      )}
      <CopyButton
        iconOnly
        label={words.copySettings}
        text={settingsText(image)}
        onCopied={() => toast({ text: words.settingsCopied })}
      />
      {!image.isDeleted && (
        <>
          <Button kind="quiet" icon="download" iconOnly label={actions.download} isBusy={isBusy} onClick={() => void download()} />
          <ButtonAnchor kind="quiet" icon="open" iconOnly label={words.open} href={image.r2Url} target="_blank" rel="noreferrer" />
        </>
      )}
      {may('CREATOR') &&
        (image.isDeleted ? (
          <Button icon="restore" label={actions.restore} isBusy={isBusy} onClick={() => void change(restoreImage, false)} />
        ) : (
          <Button kind="quiet" icon="delete" iconOnly label={actions.delete} isBusy={isBusy} onClick={() => void change(deleteImage, true)} />
        ))}
      {isRemaking && <RemakeDialog image={image} onClose={() => setRemaking(false)} />}
    </>
  );
}

/** Leads to the image beside this one; it keeps its place where there is none. */
function Turn({ icon, label, to }: { icon: IconName; label: string; to: string | null }) {
  const look = { kind: 'quiet', icon, iconOnly: true, label } as const;
  return to ? <ButtonLink {...look} to={to} /> : <Button {...look} disabled />;
}
