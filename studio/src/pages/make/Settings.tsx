import { Button } from '../../design/Button';
import { Card } from '../../design/Card';
import { useWords } from '../../language/Language';
import { ParameterFields } from '../../parameters/ParameterFields';
import type { Entered, Parameter } from '../../parameters/input';

/** The settings of the model, and a button that clears them. */
export function Settings({
  parameters,
  values,
  inherited,
  errors,
  onChange,
}: {
  parameters: readonly Parameter[];
  values: Entered;
  /** What the template sets. */
  inherited: Entered;
  errors: Entered;
  onChange: (values: Entered) => void;
}) {
  const { make } = useWords();
  const isChanged = parameters.some(({ name }) => values[name]);
  return (
    <Card
      title={make.settings}
      actions={isChanged && <Button kind="quiet" icon="restore" label={make.defaults} onClick={() => onChange({})} />}
    >
      <ParameterFields {...{ parameters, values, inherited, errors, onChange }} />
    </Card>
  );
}
