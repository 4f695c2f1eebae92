import { newIdempotencyKey } from 'gql-server-client';
import { useState } from 'react';
import { useClient } from 'urql';
import { graphql } from '../../api/graphql';
import { Button, ButtonLink } from '../../design/Button';
import { Empty, Notice } from '../../design/states';
import { useWords } from '../../language/Language';
import { useMay } from '../../session/Session';

const CHEAPEST = graphql(`
  query StudioFirstModels {
    models {
      id
      costPerImage
      isAvailable
      imageInputs {
        minimum
      }
    }
  }
`);

const FIRST = graphql(`
  mutation StudioFirstImage($input: GenerateImageInput!) {
    generateImage(input: $input) {
      image {
        id
      }
      userErrors {
        message
      }
    }
  }
`);

/** What the first visit finds: one button that makes the first image. It appears by itself. */
export function FirstImage() {
  const { gallery } = useWords();
  const may = useMay();
  const client = useClient();
  const [key] = useState(newIdempotencyKey);
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  async function make() {
    setBusy(true);
    setProblem(null);
    const { data: found } = await client.query(CHEAPEST, {}).toPromise();
    const usable = (found?.models ?? []).filter(({ isAvailable, imageInputs }) => isAvailable && !imageInputs?.minimum);
    // Cloudflare's own run on every account; others need credits.
    const own = usable.filter(({ id }) => id.startsWith('@cf/'));
    const [model] = (own.length > 0 ? own : usable).sort((one, other) => one.costPerImage - other.costPerImage);
    const input = { prompt: gallery.firstPrompt, model: model?.id ?? null, idempotencyKey: key };
    const { data, error } = await client.mutation(FIRST, { input }).toPromise();
    setProblem(data?.generateImage.userErrors[0]?.message ?? error?.message ?? null);
    setBusy(false);
  }

  if (!may('CREATOR')) {
    return (
      <Empty icon="gallery" title={gallery.emptyTitle}>
        {gallery.emptyReader}
      </Empty>
    );
  }
  return (
    <>
      <Empty
        icon="make"
        title={gallery.emptyTitle}
        actions={
          <>
            <Button
              kind="primary"
              icon="make"
              label={isBusy ? gallery.makingFirst : gallery.makeFirst}
              isBusy={isBusy}
              onClick={() => void make()}
            />
            <ButtonLink to="/studio/make" label={gallery.makeOwn} />
          </>
        }
      >
        {gallery.empty}
      </Empty>
      {problem && <Notice kind="error">{problem}</Notice>}
    </>
  );
}
