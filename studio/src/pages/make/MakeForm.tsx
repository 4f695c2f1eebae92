import { messagesByField } from 'gql-server-client';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { messageOfList, type UserError } from '../../api/user-errors';
import { Button } from '../../design/Button';
import { Card } from '../../design/Card';
import { Field, Select, TextArea } from '../../design/Field';
import { Notice } from '../../design/states';
import { useFormat, useWords } from '../../language/Language';
import { readTags } from '../gallery/filters';
import { enteredOf } from '../../parameters/input';
import { useAttempts } from './attempts';
import { Attempts } from './Attempts';
import { inputsOf, inputOf, MAX_AT_ONCE, type Draft, type DraftChange } from './draft';
import { useEstimate } from './estimate';
import styles from './Make.module.css';
import { ModelField } from './ModelField';
import type { Model, Template } from './queries';
import { Settings } from './Settings';
import { Sources } from './Sources';

/** The form that makes images, and what it made. */
export function MakeForm({
  initial,
  models,
  templates,
}: {
  initial: Draft;
  models: readonly Model[];
  templates: readonly Template[];
}) {
  const { make } = useWords();
  const format = useFormat();
  const [draft, setDraft] = useState(initial);
  const [tags, setTags] = useState(initial.tags.join(', '));
  const [refused, setRefused] = useState<readonly UserError[]>([]);
  const results = useRef<HTMLElement>(null);
  const { attempts, start, retry, dismiss } = useAttempts(setRefused);
  const model = models.find(({ id }) => id === draft.model) ?? models[0];
  if (!model) throw new Error('There are models, or there is no form');
  const template = templates.find(({ id }) => id === draft.template);
  const change = (changes: DraftChange) => {
    setRefused([]);
    setDraft((before) => ({ ...before, ...(typeof changes === 'function' ? changes(before) : changes) }));
  };

  const { cost, errors: foreseen } = useEstimate({ image: inputOf(draft, model) }, draft.prompt.trim().length > 0);
  const errors = messagesByField([...foreseen, ...refused]);
  const { imageInputs } = model;
  const placed = new Set(['prompt', 'model', 'templateId', 'tags', ...model.parameters.map(({ name }) => name)]);
  const others = Object.entries(errors)
    .filter(([name]) => !placed.has(name.split('.')[0] ?? name) && !(imageInputs && isOfImages(name)))
    .map(([, message]) => message);
  const needed = imageInputs?.minimum ?? 0;
  const lacks = draft.sources.length < needed ? make.needsSources(needed) : undefined;

  useEffect(() => {
    if (attempts.length === 1) results.current?.scrollIntoView({ block: 'nearest' });
  }, [attempts.length]);

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!model || lacks) return;
    setRefused([]);
    start(inputsOf(draft, model));
  }

  return (
    <div className={styles.columns}>
      <form className={styles.form} onSubmit={submit}>
        <Card>
          <TextArea
            label={make.prompt}
            placeholder={make.promptPlaceholder}
            rows={4}
            required
            minLength={3}
            maxLength={model.maxPromptLength}
            value={draft.prompt}
            error={errors.prompt}
            onChange={(event) => change({ prompt: event.target.value })}
            onKeyDown={(event) => {
              if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.form?.requestSubmit();
            }}
          />
          <ModelField models={models} model={model} error={errors.model} onChange={(id) => change({ model: id })} />
          {templates.length > 0 && (
            <Select
              label={make.template}
              value={draft.template}
              error={errors.templateId}
              hint={template?.description}
              onChange={(event) => {
                const chosen = templates.find(({ id }) => id === event.target.value);
                const isOffered = models.some(({ id }) => id === chosen?.model.id);
                change({
                  template: chosen?.id ?? '',
                  ...(chosen && isOffered && { model: chosen.model.id }),
                });
              }}
            >
              <option value="">{make.noTemplate}</option>
              {templates.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </Select>
          )}
        </Card>
        {imageInputs && (
          <Sources
            draft={draft}
            inputs={imageInputs}
            error={lacks ?? messageOfList(errors, 'sourceImageIds') ?? errors.maskImageId}
            onChange={change}
          />
        )}
        {model.parameters.length > 0 && (
          <Settings
            parameters={model.parameters}
            values={draft.settings}
            inherited={template ? enteredOf(template.parameters) : {}}
            errors={errors}
            onChange={(settings) => change({ settings })}
          />
        )}
        <Card>
          <div className={styles.two}>
            <Field
              label={make.tags}
              placeholder={make.tagsPlaceholder}
              value={tags}
              error={messageOfList(errors, 'tags')}
              onChange={(event) => {
                setTags(event.target.value);
                change({ tags: readTags(event.target.value) });
              }}
            />
            <Field
              type="number"
              label={make.count}
              min={1}
              max={MAX_AT_ONCE}
              required
              value={draft.count}
              onChange={(event) => change({ count: clamp(event.target.valueAsNumber) })}
            />
          </div>
          {others.map((message) => (
            <Notice key={message} kind="error">
              {message}
            </Notice>
          ))}
          <div className={styles.submit}>
            <p role="status">{cost === null ? make.costUnknown : make.cost(format.money(cost * draft.count))}</p>
            <Button kind="primary" icon="make" type="submit" label={make.make(draft.count)} />
          </div>
        </Card>
      </form>
      <section ref={results} className={styles.results} aria-label={make.results}>
        <Attempts attempts={attempts} onRetry={retry} onDismiss={dismiss} />
      </section>
    </div>
  );
}

function clamp(count: number): number {
  return Number.isNaN(count) ? 1 : Math.min(Math.max(Math.trunc(count), 1), MAX_AT_ONCE);
}

function isOfImages(name: string): boolean {
  return name.startsWith('sourceImageIds') || name === 'maskImageId';
}
