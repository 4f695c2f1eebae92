import { useState } from 'react';
import { useQuery } from 'urql';
import { graphql, type ResultOf } from '../../api/graphql';
import { ButtonLink } from '../../design/Button';
import { Badge, Card, DescriptionList } from '../../design/Card';
import { Select } from '../../design/Field';
import layout from '../../design/layout.module.css';
import { Page } from '../../design/Page';
import { Empty, ErrorState, Loading } from '../../design/states';
import { Money } from '../../design/values';
import { useFormat, useWords } from '../../language/Language';
import { useMay } from '../../session/Session';
import styles from './Models.module.css';

const MODELS = graphql(`
  query StudioModels {
    models {
      id
      name
      provider
      description
      speed
      quality
      costPerImage
      capabilities
      isRecommended
      isBeta
      isAvailable
      typicalSeconds {
        minimum
        maximum
      }
      defaultSize {
        width
        height
      }
      performance {
        since
        images
        successRate
        medianSeconds
        p95Seconds
      }
    }
  }
`);
type Model = ResultOf<typeof MODELS>['models'][number];

const ORDERS = {
  recommended: (one, other) => Number(other.isRecommended) - Number(one.isRecommended),
  price: (one, other) => one.costPerImage - other.costPerImage,
  speed: (one, other) => speedOf(one) - speedOf(other),
  quality: (one, other) => QUALITIES.indexOf(other.quality) - QUALITIES.indexOf(one.quality),
} satisfies Record<string, (one: Model, other: Model) => number>;
type Order = keyof typeof ORDERS;
const QUALITIES: readonly Model['quality'][] = ['STANDARD', 'HIGH', 'VERY_HIGH'];

/** The models with their prices, and how they have done on this server. */
export default function ModelsPage() {
  const { pages, models: words } = useWords();
  const [order, setOrder] = useState<Order>('recommended');
  const [{ data, error }, read] = useQuery({ query: MODELS, variables: {}, requestPolicy: 'cache-and-network' });
  return (
    <Page
      title={pages.models}
      actions={
        <Select label={words.order} isLabelHidden value={order} onChange={(event) => setOrder(event.target.value as Order)}>
          {(Object.keys(ORDERS) as Order[]).map((name) => (
            <option key={name} value={name}>
              {words.orders[name]}
            </option>
          ))}
        </Select>
      }
    >
      {error && !data && <ErrorState error={error} retry={() => read({ requestPolicy: 'network-only' })} />}
      {!data && !error && <Loading />}
      {data?.models.length === 0 && <Empty icon="models" title={words.none} />}
      <div className={layout.cards}>
        {data?.models.toSorted(ORDERS[order]).map((model) => <ModelCard key={model.id} model={model} />)}
      </div>
    </Page>
  );
}

function ModelCard({ model }: { model: Model }) {
  const { models: words } = useWords();
  const format = useFormat();
  const may = useMay();
  const { performance, typicalSeconds, defaultSize } = model;
  const seen = performance.medianSeconds !== null || performance.successRate !== null;
  return (
    <Card className={styles.model}>
      <header>
        <div className={layout.row}>
          <h2>{model.name}</h2>
          {model.isRecommended && <Badge kind="accent" label={words.recommended} />}
          {model.isBeta && <Badge label={words.beta} />}
        </div>
        <p className={layout.muted}>{model.provider}</p>
      </header>
      <p className={layout.plainText} lang="en">{model.description}</p>
      <DescriptionList
        items={[
          [words.price, <Money dollars={model.costPerImage} />],
          [words.speed, `${words.speeds[model.speed]}, ${words.seconds(format.number(typicalSeconds.minimum), format.number(typicalSeconds.maximum))}`],
          [words.quality, words.qualities[model.quality]],
          [words.size, `${format.number(defaultSize.width)} × ${format.number(defaultSize.height)}`],
          ...(model.capabilities.length
            ? [[words.accepts, model.capabilities.map((one) => words.capabilities[one]).join(', ')] as const]
            : []),
        ]}
      />
      <section className={styles.seen} aria-label={words.seen}>
        <h3>{words.seen}</h3>
        {seen ? (
          <dl>
            <div>
              <dt>{words.success}</dt>
              <dd>{performance.successRate === null ? '–' : format.percent(performance.successRate)}</dd>
            </div>
            <div>
              <dt>{words.median}</dt>
              <dd>{performance.medianSeconds === null ? '–' : format.seconds(performance.medianSeconds)}</dd>
            </div>
            <div>
              <dt>{words.p95}</dt>
              <dd>{performance.p95Seconds === null ? '–' : format.seconds(performance.p95Seconds)}</dd>
            </div>
            {performance.images !== null && (
              <div>
                <dt>{words.images}</dt>
                <dd>{format.number(performance.images)}</dd>
              </div>
            )}
          </dl>
        ) : (
          <p className={layout.muted}>{words.notSeen}</p>
        )}
      </section>
      <div className={styles.foot}>
        <code>{model.id}</code>
        {may('CREATOR') && model.isAvailable && (
          <ButtonLink icon="make" label={words.use} to={`/studio/make?model=${encodeURIComponent(model.id)}`} />
        )}
      </div>
    </Card>
  );
}

function speedOf({ typicalSeconds: { minimum, maximum } }: Model): number {
  return minimum + maximum;
}
