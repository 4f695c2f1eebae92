import { useId, useState } from 'react';
import { useQuery } from 'urql';
import { useChange } from '../../api/useChange';
import { Button } from '../../design/Button';
import { Dialog } from '../../design/Dialog';
import { Field, Select, TextArea } from '../../design/Field';
import layout from '../../design/layout.module.css';
import { useToast } from '../../design/Toasts';
import { useFormat, useWords } from '../../language/Language';
import { ParameterFields } from '../../parameters/ParameterFields';
import { enteredOf, parameterInput, type Entered } from '../../parameters/input';
import { CREATE_TEMPLATE, TEMPLATE_MODELS, UPDATE_TEMPLATE, type Template } from './queries';

/** Makes a template, or changes one. */
export function TemplateDialog({
  template,
  onClose,
  onCreated,
}: {
  template: Template | null;
  onClose: () => void;
  onCreated: () => void;
}) {
  const { templates: words, actions } = useWords();
  const format = useFormat();
  const toast = useToast();
  const form = useId();
  const create = useChange(CREATE_TEMPLATE);
  const update = useChange(UPDATE_TEMPLATE);
  const { errors, isBusy } = template ? update : create;
  const [{ data }] = useQuery({ query: TEMPLATE_MODELS, variables: {} });
  const [entered, setEntered] = useState(() => ({
    name: template?.name ?? '',
    description: template?.description ?? '',
    defaultPrompt: template?.defaultPrompt ?? '',
    model: template?.model.id ?? '',
  }));
  const [settings, setSettings] = useState<Entered>(() => enteredOf(template?.parameters ?? {}));
  const models = data?.models ?? [];
  const modelId = entered.model || models[0]?.id || '';
  const parameters = models.find(({ id }) => id === modelId)?.parameters ?? [];
  const set = (changes: Partial<typeof entered>) => setEntered((before) => ({ ...before, ...changes }));

  async function save() {
    if (!data) return; // until the models are there, nothing says which settings to send
    const fields = {
      name: entered.name.trim(),
      description: entered.description.trim() || null,
      defaultPrompt: entered.defaultPrompt,
      model: modelId,
      parameters: parameterInput(parameters, settings),
    };
    const saved = template
      ? await update.run({ input: { id: template.id, ...fields } })
      : await create.run({ input: fields });
    if (!saved) return;
    toast({ text: actions.saved });
    if (!template) onCreated();
    onClose();
  }

  return (
    <Dialog
      title={template ? words.editTitle(template.name) : words.make}
      isWide
      onClose={onClose}
      actions={
        <>
          <Button label={actions.cancel} onClick={onClose} />
          <Button kind="primary" type="submit" form={form} label={actions.save} isBusy={isBusy || !data} />
        </>
      }
    >
      <form
        id={form}
        className={layout.form}
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        <div className={layout.fields}>
          <Field
            label={words.name} required maxLength={100} value={entered.name} error={errors.name}
            onChange={(event) => set({ name: event.target.value })}
          />
          <Select
            label={words.model} value={modelId} error={errors.model}
            onChange={(event) => {
              set({ model: event.target.value });
              setSettings({});
            }}
          >
            {models.map(({ id, name, costPerImage }) => (
              <option key={id} value={id}>
                {name} · {format.money(costPerImage)}
              </option>
            ))}
          </Select>
        </div>
        <TextArea
          label={words.prompt} hint={words.promptHint} maxLength={2048} value={entered.defaultPrompt}
          error={errors.defaultPrompt} onChange={(event) => set({ defaultPrompt: event.target.value })}
        />
        <Field
          label={words.description} maxLength={1000} value={entered.description} error={errors.description}
          onChange={(event) => set({ description: event.target.value })}
        />
        <ParameterFields
          parameters={parameters}
          values={settings}
          errors={errors}
          errorPath="parameters."
          onChange={setSettings}
        />
      </form>
    </Dialog>
  );
}
