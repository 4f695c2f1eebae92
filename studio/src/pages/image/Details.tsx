import type { ReactNode } from 'react';
import { Link } from 'wouter';
import { Badge, Card, DescriptionList } from '../../design/Card';
import { Money, Time } from '../../design/values';
import { useFormat, useWords } from '../../language/Language';
import { useMay, useViewer } from '../../session/Session';
import { enteredOf } from '../../parameters/input';
import { withFilters } from '../gallery/filters';
import styles from './Image.module.css';
import { Lineage } from './Lineage';
import { Metadata } from './Metadata';
import type { StudioImage } from './queries';
import { Tags } from './Tags';

/** What is known about an image. */
export function Details({ image }: { image: StudioImage }) {
  const { image: words, make } = useWords();
  const format = useFormat();
  const may = useMay();
  const { userId } = useViewer();
  const { parameters, model, template, batch } = image;
  const settings: [string, string | number | null][] = [
    [words.steps, parameters.steps],
    [words.guidance, parameters.guidance && format.number(parameters.guidance)],
    [words.strength, parameters.strength && format.number(parameters.strength)],
    [words.seed, parameters.seed === null ? null : String(parameters.seed)],
    [words.negativePrompt, parameters.negativePrompt],
    [make.labels.aspectRatio, parameters.aspectRatio],
    [make.labels.quality, parameters.quality],
    [make.labels.background, parameters.background],
    [make.labels.outputFormat, parameters.outputFormat],
    ...Object.entries(enteredOf({ parameters: parameters.parameters })),
  ];
  const items: [string, ReactNode][] = [
    [words.model, <Link href={withFilters('/', { model: model.id })}>{model.name}</Link>],
    ...(template
      ? [[words.template, <TemplateOf image={image} />] as [string, ReactNode]]
      : []),
    [words.size, words.pixels(format.number(image.width), format.number(image.height))],
    ...settings.filter(([, value]) => value !== null),
    [words.cost, <Money dollars={image.cost} />],
    ...(image.providerCost > 0
      ? [[words.providerCost, <Money dollars={image.providerCost} />] as [string, ReactNode]]
      : []),
    [words.took, format.seconds(image.seconds)],
    [words.made, <Time value={image.createdAt} />],
    ...(batch ? [[words.batch, <Link href={`/studio/batches/${batch.id}`}>{batch.id}</Link>] as [string, ReactNode]] : []),
    ...(image.userId === userId ? [] : [[words.user, image.userId] as [string, ReactNode]]),
    [words.file, `${image.contentType.replace('image/', '').toUpperCase()}, ${format.bytes(image.sizeBytes)}`],
    [words.id, <code>{image.id}</code>],
  ];
  return (
    <div className={styles.details}>
      <Card>
        {image.isPreview && (
          <div>
            <Badge kind="warning" label={words.preview} />
          </div>
        )}
        {image.renderedPrompt !== image.prompt && (
          <div>
            <h2 className={styles.small}>{words.renderedPrompt}</h2>
            <p className={styles.text}>{image.renderedPrompt}</p>
          </div>
        )}
        <DescriptionList items={items} />
      </Card>
      <Card title={words.tags}>
        <Tags image={image} isEditable={may('CREATOR')} />
      </Card>
      <Lineage image={image} />
      <Metadata image={image} isEditable={may('CREATOR')} />
    </div>
  );
}

/** The template, with the version that was used where there is a newer one. */
function TemplateOf({ image: { template, templateVersion } }: { image: StudioImage }) {
  const { image: words } = useWords();
  if (!template) return null;
  const isOld = templateVersion !== null && templateVersion !== template.version;
  return (
    <>
      <Link href={withFilters('/', { template: template.id })}>{template.name}</Link>
      {isOld && ` · ${words.olderVersion(String(templateVersion), String(template.version))}`}
    </>
  );
}
