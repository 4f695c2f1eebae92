import { Button } from '../../design/Button';
import { Card } from '../../design/Card';
import { Field, Select, TextArea } from '../../design/Field';
import { useFormat, useWords } from '../../language/Language';
import { choicesOf, isNumber } from '../../parameters/input';
import styles from './Make.module.css';
import type { Parameter } from './queries';

type Values = Readonly<Record<string, string>>;

/** A field for each setting that the model has, within its own range. */
export function Settings({
  parameters,
  values,
  inherited,
  errors,
  onChange,
}: {
  parameters: readonly Parameter[];
  values: Values;
  /** What the template sets. */
  inherited: Values;
  errors: Values;
  onChange: (values: Values) => void;
}) {
  const { make, parameters: parametersText } = useWords();
  const choosable = parameters.filter(choicesOf);
  const typed = parameters.filter((parameter) => !choicesOf(parameter));
  const texts = typed.filter((parameter) => !isNumber(parameter));
  const numbers = typed.filter(isNumber);
  const isChanged = parameters.some(({ name }) => values[name]);
  return (
    <Card
      title={make.settings}
      actions={isChanged && <Button kind="quiet" icon="restore" label={make.defaults} onClick={() => onChange({})} />}
    >
      <div className={styles.settings}>
        {numbers.map((parameter) => (
          <NumberField
            key={parameter.name}
            parameter={parameter}
            value={values[parameter.name] ?? ''}
            inherited={inherited[parameter.name]}
            error={errors[parameter.name]}
            onChange={(value) => onChange({ ...values, [parameter.name]: value })}
          />
        ))}
        {choosable.map((parameter) => (
          <Select
            key={parameter.name}
            label={make.labels[parameter.name as keyof typeof make.labels] ?? parameter.name}
            hint={make.labels[parameter.name as keyof typeof make.labels] ? undefined : parameter.description}
            value={values[parameter.name] ?? ''}
            error={errors[parameter.name]}
            onChange={(event) => onChange({ ...values, [parameter.name]: event.target.value })}
          >
            <option value="">{inherited[parameter.name] ?? parametersText.automatic}</option>
            {choicesOf(parameter)?.map((choice) => (
              <option key={choice}>{choice}</option>
            ))}
          </Select>
        ))}
      </div>
      {texts.map(({ name, description, maximum }) => (
        <TextArea
          key={name}
          rows={2}
          label={make.labels[name as keyof typeof make.labels] ?? name}
          hint={make.labels[name as keyof typeof make.labels] ? undefined : description}
          placeholder={inherited[name]}
          maxLength={maximum ?? undefined}
          value={values[name] ?? ''}
          error={errors[name]}
          onChange={(event) => onChange({ ...values, [name]: event.target.value })}
        />
      ))}
    </Card>
  );
}

function NumberField({
  parameter: { name, type, default: usual, minimum, maximum, multipleOf, description },
  value,
  inherited,
  error,
  onChange,
}: {
  parameter: Parameter;
  value: string;
  inherited: string | undefined;
  error: string | undefined;
  onChange: (value: string) => void;
}) {
  const { make } = useWords();
  const format = useFormat();
  const label = make.labels[name as keyof typeof make.labels];
  const isSeed = name === 'seed';
  const range =
    isSeed || minimum === null || maximum === null
      ? undefined
      : make.range(format.number(minimum), format.number(maximum), multipleOf ? format.number(multipleOf) : null);
  return (
    <Field
      type="number"
      inputMode={type === 'INTEGER' ? 'numeric' : 'decimal'}
      label={label ?? name}
      hint={label ? (isSeed ? make.seedHint : range) : description}
      placeholder={inherited ?? (usual === null ? (isSeed ? make.random : undefined) : String(usual))}
      min={minimum ?? undefined}
      max={maximum ?? undefined}
      step={type === 'INTEGER' ? (multipleOf ?? 1) : 'any'}
      value={value}
      error={error}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
