import { useEffect, useRef, useState } from 'react';
import { Button } from '../../design/Button';
import { Dialog } from '../../design/Dialog';
import { Field } from '../../design/Field';
import { Notice } from '../../design/states';
import { useWords } from '../../language/Language';
import type { Source } from './draft';
import styles from './Make.module.css';
import { MaskDrawing } from './mask-drawing';
import { useUploads } from './uploads';

const SMALLEST = 8;
const LARGEST = 240;

/** Draws over a source image what is to be repainted. */
export function MaskDialog({
  source,
  onDone,
  onClose,
}: {
  source: Source;
  onDone: (mask: Source) => void;
  onClose: () => void;
}) {
  const { make, actions } = useWords();
  const canvas = useRef<HTMLCanvasElement>(null);
  const drawing = useRef<MaskDrawing>(null);
  const [size, setSize] = useState(64);
  const [isErasing, setErasing] = useState(false);
  const [hasStrokes, setHasStrokes] = useState(false);
  const { upload, isUploading, problem } = useUploads();

  useEffect(() => {
    if (!canvas.current) return undefined;
    drawing.current = new MaskDrawing(canvas.current, setHasStrokes);
    return drawing.current.listen();
  }, []);
  useEffect(() => drawing.current?.choose({ size, isErasing }), [size, isErasing]);

  async function save() {
    const file = await drawing.current?.toPng();
    const mask = file && (await upload(file, null));
    if (mask) onDone(mask);
  }

  return (
    <Dialog
      title={make.drawMask}
      isWide
      onClose={onClose}
      actions={
        <>
          <Button label={actions.cancel} onClick={onClose} />
          <Button
            kind="primary"
            label={make.useMask}
            isBusy={isUploading}
            disabled={!hasStrokes}
            onClick={() => void save()}
          />
        </>
      }
    >
      <p className={styles.hint}>{make.drawHint}</p>
      <div className={styles.tools}>
        <Button
          kind={isErasing ? 'plain' : 'primary'}
          icon="brush"
          label={make.brush}
          aria-pressed={!isErasing}
          onClick={() => setErasing(false)}
        />
        <Button
          kind={isErasing ? 'primary' : 'plain'}
          icon="eraser"
          label={make.eraser}
          aria-pressed={isErasing}
          onClick={() => setErasing(true)}
        />
        <Field
          type="range"
          label={make.brushSize}
          min={SMALLEST}
          max={LARGEST}
          step={8}
          value={size}
          onChange={(event) => setSize(event.target.valueAsNumber)}
        />
        <Button icon="restore" label={actions.undo} disabled={!hasStrokes} onClick={() => drawing.current?.undo()} />
        <Button kind="quiet" label={make.clearMask} disabled={!hasStrokes} onClick={() => drawing.current?.clear()} />
      </div>
      <div className={styles.drawing} style={{ aspectRatio: `${source.width} / ${source.height}` }}>
        <img src={source.original} alt={source.label ?? make.upload} draggable={false} />
        <canvas
          ref={canvas}
          width={source.width}
          height={source.height}
          tabIndex={0}
          role="img"
          aria-label={make.canvas}
        />
      </div>
      {problem && <Notice kind="error">{problem}</Notice>}
    </Dialog>
  );
}
