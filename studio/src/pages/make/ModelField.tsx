import { Badge } from '../../design/Card';
import { Select } from '../../design/Field';
import { useFormat, useWords } from '../../language/Language';
import styles from './Make.module.css';
import type { Model } from './queries';

/** The model, with what it costs, how fast it is, and how good. */
export function ModelField({
  models,
  model,
  error,
  onChange,
}: {
  models: readonly Model[];
  model: Model;
  error: string | undefined;
  onChange: (id: string) => void;
}) {
  const { make } = useWords();
  const format = useFormat();
  const groups: [string, readonly Model[]][] = [
    [make.recommended, models.filter(({ isRecommended }) => isRecommended)],
    [make.otherModels, models.filter(({ isRecommended }) => !isRecommended)],
  ];
  const { minimum, maximum } = model.typicalSeconds;
  return (
    <div className={styles.model}>
      <Select label={make.model} value={model.id} error={error} onChange={(event) => onChange(event.target.value)}>
        {groups.map(
          ([label, members]) =>
            members.length > 0 && (
              <optgroup key={label} label={label}>
                {members.map(({ id, name, costPerImage }) => (
                  <option key={id} value={id}>
                    {name} · {format.money(costPerImage)}
                  </option>
                ))}
              </optgroup>
            ),
        )}
      </Select>
      <div className={styles.badges}>
        <Badge kind="accent" label={make.perImage(format.money(model.costPerImage))} />
        <Badge label={make.typically(format.number(minimum), format.seconds(maximum))} />
        <Badge label={make.qualities[model.quality]} />
        {model.isBeta && <Badge kind="warning" label={make.beta} />}
      </div>
      <p className={styles.hint}>{model.description}</p>
    </div>
  );
}
