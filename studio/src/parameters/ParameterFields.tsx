import { Field, Select, TextArea } from '../design/Field';
import layout from '../design/layout.module.css';
import { useFormat, useWords } from '../language/Language';
import type { Format } from '../language/format';
import type { Words } from '../language/en';
import { choicesOf, isNumber, type Entered, type Parameter } from './input';

/** A field for each setting that a model has; an empty one leaves the choice to the model. */
export function ParameterFields({
  parameters,
  values,
  inherited = {},
  errors,
  errorPath = '',
  onChange,
}: {
  parameters: readonly Parameter[];
  values: Entered;
  /** What applies to fields that are empty, such as a template's settings. */
  inherited?: Entered;
  errors: Entered;
  /** Where the settings are in the input, such as `parameters.`. */
  errorPath?: string;
  onChange: (values: Entered) => void;
}) {
  const words = useWords();
  const format = useFormat();
  const wiring = (parameter: Parameter) => ({
    label: words.make.labels[parameter.name as Known] ?? parameter.name,
    hint: hintOf(parameter, words, format),
    value: values[parameter.name] ?? '',
    error: errors[errorPath + parameter.name],
    onChange: (event: { target: { value: string } }) =>
      onChange({ ...values, [parameter.name]: event.target.value }),
  });
  const usual = (parameter: Parameter) => inherited[parameter.name] ?? usualOf(parameter, words);
  const typed = parameters.filter((parameter) => !choicesOf(parameter));
  return (
    <>
      <div className={layout.fields}>
        {typed.filter(isNumber).map((parameter) => (
          <Field
            key={parameter.name}
            type="number"
            inputMode={parameter.type === 'INTEGER' ? 'numeric' : 'decimal'}
            min={parameter.minimum ?? undefined}
            max={parameter.maximum ?? undefined}
            step={parameter.multipleOf ?? (parameter.type === 'INTEGER' ? 1 : 'any')}
            placeholder={usual(parameter)}
            {...wiring(parameter)}
          />
        ))}
        {parameters.filter(choicesOf).map((parameter) => (
          <Select key={parameter.name} {...wiring(parameter)}>
            <option value="">{usual(parameter)}</option>
            {choicesOf(parameter)?.map((choice) => <option key={choice}>{choice}</option>)}
          </Select>
        ))}
      </div>
      {typed
        .filter((parameter) => !isNumber(parameter))
        .map((parameter) => (
          <TextArea
            key={parameter.name}
            rows={2}
            maxLength={parameter.maximum ?? undefined}
            placeholder={inherited[parameter.name]}
            {...wiring(parameter)}
          />
        ))}
    </>
  );
}

/** The settings that the studio has names for; others keep the API's. */
type Known = keyof Words['make']['labels'];

/** A greater bound, such as a seed's, says nothing to people. */
const MAX_SHOWN = 1e9;

function usualOf({ name, default: usual }: Parameter, { make, parameters }: Words): string {
  if (usual !== null) return String(usual);
  return name === 'seed' ? make.random : parameters.automatic;
}

function hintOf(parameter: Parameter, words: Words, format: Format): string {
  if (parameter.name === 'seed') return words.make.seedHint;
  return parameter.name in words.make.labels ? rangeOf(parameter, words, format) : parameter.description;
}

function rangeOf({ minimum, maximum, multipleOf }: Parameter, { make }: Words, format: Format): string {
  if (minimum === null || maximum === null || maximum > MAX_SHOWN) return '';
  const multiple = multipleOf && multipleOf > 1 ? format.number(multipleOf) : null;
  return make.range(format.number(minimum), format.number(maximum), multiple);
}
