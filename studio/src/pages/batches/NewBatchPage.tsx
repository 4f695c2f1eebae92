import { useMemo, useRef, useState, type ChangeEvent, type DragEvent } from 'react';
import { useQuery } from 'urql';
import { useLocation } from 'wouter';
import type { ResultOf, VariablesOf } from '../../api/graphql';
import { useChange } from '../../api/useChange';
import { messageOfList } from '../../api/user-errors';
import { Button, ButtonLink } from '../../design/Button';
import { Card } from '../../design/Card';
import { Field, Select, TextArea } from '../../design/Field';
import layout from '../../design/layout.module.css';
import { Page } from '../../design/Page';
import { ErrorState, Loading, Notice } from '../../design/states';
import { useFormat, useWords } from '../../language/Language';
import { ParameterFields } from '../../parameters/ParameterFields';
import { parameterInput } from '../../parameters/input';
import styles from './Batches.module.css';
import { BatchEstimate } from './BatchEstimate';
import { useDraft, type Draft } from './draft';
import { MAX_FILE_BYTES, MAX_PROMPTS, readPrompts } from './prompts';
import { CHOICES, GENERATE } from './queries';

const MAX_NAME_LENGTH = 200;

type BatchInput = VariablesOf<typeof GENERATE>['input'];

/** Makes a batch from lines or a file: what it costs comes before it starts. */
export default function NewBatchPage() {
  const { batches: words } = useWords();
  const [{ data, error }, read] = useQuery({ query: CHOICES, variables: {} });
  const back = <ButtonLink kind="quiet" icon="previous" label={words.all} to="/studio/batches" />;
  return (
    <Page title={words.make} actions={back}>
      {error && !data && <ErrorState error={error} retry={() => read({ requestPolicy: 'network-only' })} />}
      {!data && !error && <Loading />}
      {data && <Form models={data.models} templates={data.templates.edges.map(({ node }) => node)} />}
    </Page>
  );
}

type Models = ResultOf<typeof CHOICES>['models'];
type Template = { id: string; name: string; model: { id: string } };

function Form({ models, templates }: { models: Models; templates: readonly Template[] }) {
  const { batches: words } = useWords();
  const format = useFormat();
  const [, goTo] = useLocation();
  const [draft, change, forget] = useDraft();
  const generate = useChange(GENERATE);
  const prompts = useMemo(() => readPrompts(draft.text), [draft.text]);
  const usable = models.filter(({ isAvailable, imageInputs }) => isAvailable && !imageInputs?.minimum);
  const template = templates.find(({ id }) => id === draft.template);
  const modelId = draft.model || template?.model.id || usable[0]?.id || '';
  const parameters = usable.find(({ id }) => id === modelId)?.parameters ?? [];
  const input = useMemo(() => inputOf(draft, modelId, prompts.map(({ text }) => text), parameters), [draft, modelId, prompts, parameters]);
  const [estimateErrors, setEstimateErrors] = useState<Record<string, string>>({});
  const errors = { ...estimateErrors, ...generate.errors };

  function update(changes: Partial<Draft>) {
    generate.forgetErrors();
    change(changes);
  }

  async function start() {
    const payload = await generate.run({ input });
    if (!payload?.batch) return;
    forget();
    goTo(`/studio/batches/${payload.batch.id}`, { replace: true });
  }

  return (
    <form
      className={styles.columns}
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      <div className={layout.stack}>
        <Card title={words.prompts}>
          <PromptsField text={draft.text} count={prompts.length} onChange={(text) => update({ text })} />
          {prompts.length > MAX_PROMPTS && (
            <Notice kind="error">{words.tooMany(format.number(MAX_PROMPTS))}</Notice>
          )}
          <LineErrors errors={errors} lineOf={(index) => prompts[index]?.line ?? index + 1} />
        </Card>
        <Card title={words.howMade}>
          <div className={layout.fields}>
            <Select label={words.template} value={draft.template} error={errors.templateId} onChange={(event) => update({ template: event.target.value, settings: {} })}>
              <option value="">{words.noTemplate}</option>
              {templates.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </Select>
            <Select label={words.model} value={draft.model || (template ? '' : modelId)} error={errors.model} onChange={(event) => update({ model: event.target.value, settings: {} })}>
              {template && <option value="">{words.templateModel}</option>}
              {usable.map(({ id, name, costPerImage }) => (
                <option key={id} value={id}>
                  {name} · {format.money(costPerImage)}
                </option>
              ))}
            </Select>
            <Field
              label={words.copies} type="number" min={1} max={MAX_PROMPTS} required value={draft.copies}
              error={errors.imagesPerPrompt} onChange={(event) => update({ copies: event.target.value })}
            />
          </div>
          <ParameterFields
            parameters={parameters}
            values={draft.settings}
            errors={errors}
            onChange={(settings) => update({ settings })}
          />
        </Card>
        <Card title={words.further}>
          <div className={layout.fields}>
            <Field label={words.name} hint={words.nameHint} maxLength={MAX_NAME_LENGTH} value={draft.name} error={errors.name} onChange={(event) => update({ name: event.target.value })} />
            <Field label={words.tags} hint={words.tagsHint} value={draft.tags} error={messageOfList(errors, 'tags')} onChange={(event) => update({ tags: event.target.value })} />
            <Select label={words.priority} hint={words.priorityHint} value={draft.priority} onChange={(event) => update({ priority: event.target.value as Draft['priority'] })}>
              {(['HIGH', 'NORMAL', 'LOW'] as const).map((priority) => (
                <option key={priority} value={priority}>
                  {words.priorities[priority]}
                </option>
              ))}
            </Select>
          </div>
          <Field
            label={words.webhookUrl} type="url" hint={words.webhookHint} placeholder="https://" value={draft.webhookUrl}
            error={errors.webhookUrl} onChange={(event) => update({ webhookUrl: event.target.value })}
          />
        </Card>
      </div>
      <div className={styles.beside}>
        <BatchEstimate
          input={prompts.length > 0 && prompts.length <= MAX_PROMPTS ? input : null}
          images={prompts.length * (Number(draft.copies) || 1)}
          isBusy={generate.isBusy}
          onErrors={setEstimateErrors}
          failure={generate.errors[''] ?? null}
        />
      </div>
    </form>
  );
}

function PromptsField({ text, count, onChange }: { text: string; count: number; onChange: (text: string) => void }) {
  const { batches: words } = useWords();
  const format = useFormat();
  const file = useRef<HTMLInputElement>(null);
  const [problem, setProblem] = useState<string>();

  async function take(given: File | undefined) {
    if (!given) return;
    if (given.size > MAX_FILE_BYTES) {
      setProblem(words.fileTooLarge(format.bytes(MAX_FILE_BYTES)));
      return;
    }
    const content = await given.text();
    if (content.includes('\0')) {
      setProblem(words.noTextFile);
      return;
    }
    setProblem(undefined);
    onChange(content);
  }

  return (
    <>
      <TextArea
        label={words.promptsLabel}
        hint={words.promptsHint}
        rows={10}
        value={text}
        error={problem}
        placeholder={words.promptsPlaceholder}
        onChange={(event) => onChange(event.target.value)}
        onDragOver={(event: DragEvent) => event.preventDefault()}
        onDrop={(event: DragEvent) => {
          const [dropped] = event.dataTransfer.files;
          if (!dropped) return;
          event.preventDefault();
          void take(dropped);
        }}
      />
      <div className={layout.row}>
        <Button icon="upload" label={words.fromFile} onClick={() => file.current?.click()} />
        <input
          ref={file}
          hidden
          type="file"
          accept=".txt,.md,.csv,text/plain"
          aria-label={words.fromFile}
          onChange={(event: ChangeEvent<HTMLInputElement>) => {
            void take(event.target.files?.[0]);
            event.target.value = ''; // the same file may be chosen again
          }}
        />
        <span className={layout.muted} role="status">
          {words.promptCount(count, format.number(count))}
        </span>
      </div>
    </>
  );
}

const MAX_LINES = 50;
const OF_A_LINE = /^pictures\.(?:prompts|items)\.(\d+)/;

/** Errors of single prompts, by line number. */
function LineErrors({ errors, lineOf }: { errors: Record<string, string>; lineOf: (index: number) => number }) {
  const { batches: words } = useWords();
  const format = useFormat();
  const found = Object.entries(errors).flatMap(([path, message]) => {
    const [, index] = OF_A_LINE.exec(path) ?? [];
    return index === undefined ? [] : [{ line: lineOf(Number(index)), message }];
  });
  if (found.length === 0) return null;
  return (
    <Notice kind="error">
      {words.lineErrors(found.length, format.number(found.length))}
      <ul className={styles.lines} tabIndex={0} aria-label={words.lineErrors(found.length, format.number(found.length))}>
        {found.slice(0, MAX_LINES).map(({ line, message }) => (
          <li key={line}>{words.lineError(format.number(line), message)}</li>
        ))}
      </ul>
    </Notice>
  );
}

function inputOf(draft: Draft, model: string, prompts: string[], parameters: Models[number]['parameters']): BatchInput {
  const tags = draft.tags.split(',').map((tag) => tag.trim()).filter(Boolean);
  return {
    pictures: { prompts },
    ...(draft.template ? { templateId: draft.template } : {}),
    ...(draft.model || !draft.template ? { model } : {}),
    imagesPerPrompt: Math.trunc(Number(draft.copies)) || 1,
    priority: draft.priority,
    ...(draft.name.trim() && { name: draft.name.trim() }),
    ...(tags.length > 0 && { tags }),
    ...(draft.webhookUrl.trim() && { webhookUrl: draft.webhookUrl.trim() }),
    ...parameterInput(parameters, draft.settings),
    idempotencyKey: draft.idempotencyKey,
  };
}
