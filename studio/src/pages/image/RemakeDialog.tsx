import { messagesByField, newIdempotencyKey } from 'gql-server-client';
import { useState, type FormEvent } from 'react';
import { useClient, useQuery } from 'urql';
import { useLocation } from 'wouter';
import { type UserError } from '../../api/user-errors';
import { Button } from '../../design/Button';
import { Choices } from '../../design/Choices';
import { Dialog } from '../../design/Dialog';
import { Select, TextArea } from '../../design/Field';
import { Notice } from '../../design/states';
import { useToast } from '../../design/Toasts';
import { useFormat, useWords } from '../../language/Language';
import { untilEnded } from '../make/attempts';
import { useEstimate } from '../make/estimate';
import { CHOICES } from '../make/queries';
import styles from './Image.module.css';
import { REMAKE, type StudioImage } from './queries';

type Seed = 'NEW' | 'SAME';

const SHOWN = ['prompt', 'model'];

/** Makes an image again, with another seed or with changes; what it costs comes first. */
export function RemakeDialog({ image, onClose }: { image: StudioImage; onClose: () => void }) {
  const { image: words, make, actions, states } = useWords();
  const format = useFormat();
  const client = useClient();
  const toast = useToast();
  const [, navigate] = useLocation();
  const [{ data }] = useQuery({ query: CHOICES });
  const models = data?.models.filter(({ id, isAvailable }) => isAvailable || id === image.model.id) ?? [];
  const [changes, setChanges] = useState({ prompt: image.prompt, model: image.model.id, seed: 'NEW' as Seed });
  const [key, setKey] = useState(newIdempotencyKey);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [refused, setRefused] = useState<readonly UserError[]>([]);
  const isListed = models.some(({ id }) => id === changes.model);
  const changed = {
    ...(changes.prompt !== image.prompt && { prompt: changes.prompt }),
    ...(changes.model !== image.model.id && { model: changes.model }),
    ...(changes.seed === 'NEW' && { seed: null }),
  };
  const { cost, errors: foreseen } = useEstimate({ remake: { ids: [image.id], ...changed } }, true);
  const errors = messagesByField([...foreseen, ...refused]);
  const others = Object.entries(errors).filter(([name]) => !SHOWN.includes(name));

  function change(next: Partial<typeof changes>) {
    setChanges({ ...changes, ...next });
    setKey(newIdempotencyKey()); // another request
    setRefused([]);
    setProblem(null);
  }

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    const input = { id: image.id, ...changed, idempotencyKey: key };
    const outcome = await untilEnded(async () => {
      const { data: made, error } = await client.mutation(REMAKE, { input }).toPromise();
      return { payload: made?.remakeImage, error };
    });
    setBusy(false);
    if ('errors' in outcome) {
      setRefused(outcome.errors);
      setKey(newIdempotencyKey());
    } else if (outcome.kind === 'made') {
      for (const message of outcome.warnings) toast({ text: message });
      navigate(`/studio/images/${outcome.image.id}`);
    } else if (outcome.kind !== 'running') {
      setProblem(`${outcome.message || states.offlineTitle} ${outcome.kind === 'lost' ? make.lost : make.failed}`);
      if (outcome.kind === 'failed') setKey(newIdempotencyKey());
    }
  }

  return (
    <Dialog
      title={words.again}
      onClose={onClose}
      actions={
        <>
          <span className={styles.price} role="status">
            {cost === null ? make.costUnknown : make.cost(format.money(cost))}
          </span>
          <Button label={actions.cancel} onClick={onClose} />
          <Button
            kind="primary"
            icon="make"
            type="submit"
            form="remake"
            label={isBusy ? make.running : make.make(1)}
            isBusy={isBusy}
          />
        </>
      }
    >
      <form id="remake" className={styles.remake} onSubmit={(event) => void submit(event)}>
        <p className={styles.text}>{words.againText}</p>
        <TextArea
          label={make.prompt}
          rows={4}
          required
          minLength={3}
          value={changes.prompt}
          error={errors.prompt}
          onChange={(event) => change({ prompt: event.target.value })}
        />
        <Select
          label={make.model}
          value={changes.model}
          error={errors.model}
          onChange={(event) => change({ model: event.target.value })}
        >
          {!isListed && <option value={changes.model}>{image.model.name}</option>}
          {models.map(({ id, name, costPerImage }) => (
            <option key={id} value={id}>
              {name} · {format.money(costPerImage)}
            </option>
          ))}
        </Select>
        <Choices
          label={make.labels.seed}
          options={[
            ['NEW', words.newSeed],
            ['SAME', words.sameSeed],
          ]}
          value={changes.seed}
          onChoose={(seed) => change({ seed })}
        />
        {others.map(([name, message]) => (
          <Notice key={name} kind="error">
            {message}
          </Notice>
        ))}
        {problem && <Notice kind="error">{problem}</Notice>}
      </form>
    </Dialog>
  );
}
