import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { Button } from '../../design/Button';
import { Card } from '../../design/Card';
import { classes } from '../../design/classes';
import { Notice } from '../../design/states';
import { useWords } from '../../language/Language';
import type { Draft, DraftChange, Source } from './draft';
import styles from './Make.module.css';
import { MaskDialog } from './MaskDialog';
import type { Model } from './queries';
import { SourceDialog } from './SourceDialog';
import { ACCEPTED, filesIn, useUploads } from './uploads';

/** The source images of a request, and its mask: uploaded, dropped, pasted, or from the gallery. */
export function Sources({
  draft: { sources, mask },
  inputs: { minimum, maximum, takesMask, needsMask },
  error,
  onChange,
}: {
  draft: Draft;
  inputs: NonNullable<Model['imageInputs']>;
  error: string | undefined;
  onChange: (changes: DraftChange) => void;
}) {
  const { make } = useWords();
  const { uploadImages, isUploading, problem } = useUploads();
  const [dialog, setDialog] = useState<'gallery' | 'mask' | null>(null);
  const [isOver, setOver] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const [first] = sources;
  const hasRoom = sources.length < maximum;

  // Others may have been added while these were uploaded.
  const add = (added: readonly Source[]) =>
    onChange(({ sources: before }) => {
      const known = new Set(before.map(({ id }) => id));
      return { sources: [...before, ...added.filter(({ id }) => !known.has(id))].slice(0, maximum) };
    });
  async function addFiles(files: readonly File[]) {
    add(await uploadImages(files, maximum - sources.length));
  }
  const paste = useEffectEvent((event: ClipboardEvent) => {
    const files = filesIn(event.clipboardData);
    if (files.length === 0 || !hasRoom) return;
    event.preventDefault();
    void addFiles(files);
  });
  // Wherever on the page a file is dropped, it is meant.
  const drop = useEffectEvent((event: DragEvent) => {
    setOver(false);
    if (hasRoom) void addFiles(filesIn(event.dataTransfer));
  });
  useEffect(() => {
    const end = new AbortController();
    const options = { signal: end.signal };
    addEventListener('paste', (event) => paste(event), options);
    addEventListener('drop', (event) => drop(event), options);
    addEventListener('dragover', ({ dataTransfer }) => setOver(dataTransfer?.types.includes('Files') ?? false), options);
    addEventListener('dragleave', (event) => event.relatedTarget === null && setOver(false), options);
    return () => end.abort();
  }, []);

  return (
    <Card title={maximum === 1 ? make.source : make.sources}>
      <p className={styles.hint}>{make.sourcesHint(minimum, maximum)}</p>
      {sources.length > 0 && (
        <ul className={styles.sources}>
          {sources.map((source, index) => (
            <li key={source.id}>
              <img src={source.thumbnail} alt={source.label ?? make.upload} />
              <Button
                icon="close"
                iconOnly
                label={make.removeSource(index + 1)}
                onClick={() =>
                  onChange({
                    sources: sources.filter((one) => one !== source),
                    ...(index === 0 && { mask: null }), // it was drawn over this one
                  })
                }
              />
            </li>
          ))}
        </ul>
      )}
      {hasRoom && (
        <div className={classes(styles.drop, isOver && styles.over)}>
          <p>{make.drop}</p>
          <div className={styles.buttons}>
            <Button
              icon="upload"
              label={isUploading ? make.uploading : make.chooseFile}
              isBusy={isUploading}
              onClick={() => picker.current?.click()}
            />
            <Button icon="gallery" label={make.fromGallery} onClick={() => setDialog('gallery')} />
          </div>
          <input
            ref={picker}
            type="file"
            accept={ACCEPTED}
            multiple={maximum > 1}
            hidden
            aria-label={make.chooseFile}
            onChange={(event) => {
              void addFiles([...(event.target.files ?? [])]);
              event.target.value = '';
            }}
          />
        </div>
      )}
      {takesMask && first && (
        <div className={styles.mask}>
          {mask && <img src={mask.thumbnail} alt={make.maskAlt} />}
          <div>
            <strong>{needsMask ? make.maskNeeded : make.maskOptional}</strong>
            <p className={styles.hint}>{make.maskHint}</p>
            <div className={styles.buttons}>
              <Button icon="brush" label={mask ? make.redraw : make.drawMask} onClick={() => setDialog('mask')} />
              {mask && <Button kind="quiet" label={make.removeMask} onClick={() => onChange({ mask: null })} />}
            </div>
          </div>
        </div>
      )}
      {(problem ?? error) && <Notice kind="error">{problem ?? error}</Notice>}
      {dialog === 'gallery' && (
        <SourceDialog
          onClose={() => setDialog(null)}
          onChoose={(source) => {
            setDialog(null);
            add([source]);
          }}
        />
      )}
      {dialog === 'mask' && first && (
        <MaskDialog
          source={first}
          onClose={() => setDialog(null)}
          onDone={(drawn) => {
            setDialog(null);
            onChange({ mask: drawn });
          }}
        />
      )}
    </Card>
  );
}
