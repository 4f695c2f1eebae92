import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { Button } from '../../design/Button';
import { Card } from '../../design/Card';
import { classes } from '../../design/classes';
import { Notice } from '../../design/states';
import { useWords } from '../../language/Language';
import type { Draft, Source } from './draft';
import styles from './Make.module.css';
import { MaskDialog } from './MaskDialog';
import type { Model } from './queries';
import { SourceDialog } from './SourceDialog';
import { ACCEPTED, imagesIn, useUploads } from './uploads';

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
  onChange: (changes: Partial<Draft>) => void;
}) {
  const { make, states } = useWords();
  const { upload, isUploading, problem } = useUploads(states.offlineTitle);
  const [dialog, setDialog] = useState<'gallery' | 'mask' | null>(null);
  const [isOver, setOver] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const [first] = sources;
  const hasRoom = sources.length < maximum;

  const add = (added: readonly Source[]) => {
    const known = new Set(sources.map(({ id }) => id));
    onChange({ sources: [...sources, ...added.filter(({ id }) => !known.has(id))].slice(0, maximum) });
  };
  async function addFiles(files: readonly File[]) {
    const wanted = files.slice(0, maximum - sources.length);
    const uploaded = await Promise.all(wanted.map((file) => upload(file, file.name)));
    add(uploaded.filter((one) => one !== null));
  }
  const paste = useEffectEvent((event: ClipboardEvent) => {
    const files = imagesIn(event.clipboardData);
    if (files.length === 0 || !hasRoom) return;
    event.preventDefault();
    void addFiles(files);
  });
  useEffect(() => {
    const listen = (event: ClipboardEvent) => paste(event);
    addEventListener('paste', listen);
    return () => removeEventListener('paste', listen);
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
        <div
          className={classes(styles.drop, isOver && styles.over)}
          onDragOver={(event) => {
            event.preventDefault();
            setOver(true);
          }}
          onDragLeave={() => setOver(false)}
          onDrop={(event) => {
            event.preventDefault();
            setOver(false);
            void addFiles(imagesIn(event.dataTransfer));
          }}
        >
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
