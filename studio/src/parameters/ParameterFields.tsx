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
  errors,
  errorPath = '',
  onChange,
}: {
  parameters: readonly Parameter[];
  values: Entered;
  errors: Record<string, string>;
  /** Where the settings stand in the input, such as `parameters.`. */
  errorPath?: string;
  onChange: (values: Entered) => void;
}) {
  const words = useWords();
  const format = useFormat();
  const wiring = (parameter: Parameter) => ({
    label: nameOf(parameter.name, words),
    value: values[parameter.name] ?? '',
    error: errors[errorPath + parameter.name],
    onChange: (event: { target: { value: string } }) =>
      onChange({ ...values, [parameter.name]: event.target.value }),
  });
  return (
    <>
      <div className={layout.fields}>
        {parameters
          .filter((parameter) => isNumber(parameter) && !choicesOf(parameter))
          .map((parameter) => (
            <Field
              key={parameter.name}
              type="number"
              inputMode="decimal"
              min={parameter.minimum ?? undefined}
              max={parameter.maximum ?? undefined}
              step={parameter.multipleOf ?? (parameter.type === 'INTEGER' ? 1 : 'any')}
              placeholder={parameter.default === null ? words.parameters.automatic : String(parameter.default)}
              hint={rangeOf(parameter, words, format)}
              {...wiring(parameter)}
            />
          ))}
        {parameters.map((parameter) => {
          const choices = choicesOf(parameter);
          return (
            choices && (
              <Select key={parameter.name} {...wiring(parameter)}>
                <option value="">{words.parameters.automatic}</option>
                {choices.map((choice) => (
                  <option key={choice}>{choice}</option>
                ))}
              </Select>
            )
          );
        })}
      </div>
      {parameters
        .filter((parameter) => !isNumber(parameter) && !choicesOf(parameter))
        .map((parameter) => (
          <TextArea
            key={parameter.name}
            rows={2}
            maxLength={parameter.maximum ?? undefined}
            {...wiring(parameter)}
          />
        ))}
    </>
  );
}

/** A greater bound, such as a seed's, says nothing to people. */
const MOST_SAID = 1e9;

/** Returns the name of a setting; one that the studio does not know keeps the API's name. */
function nameOf(name: string, { make: { labels } }: Words): string {
  return labels[name as keyof typeof labels] ?? name;
}

function rangeOf({ minimum, maximum, multipleOf }: Parameter, { make }: Words, format: Format): string {
  if (minimum === null || maximum === null || maximum > MOST_SAID) return '';
  const multiple = multipleOf && multipleOf > 1 ? format.number(multipleOf) : null;
  return make.range(format.number(minimum), format.number(maximum), multiple);
}
