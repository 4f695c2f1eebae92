import { useState } from 'react';
import { useQuery } from 'urql';
import { readFragment } from '../../api/graphql';
import { useChange } from '../../api/useChange';
import { Button, ButtonLink } from '../../design/Button';
import { Card } from '../../design/Card';
import { Confirmation } from '../../design/Dialog';
import layout from '../../design/layout.module.css';
import { Page } from '../../design/Page';
import { Empty, ErrorState, Loading } from '../../design/states';
import { useToast } from '../../design/Toasts';
import { Time } from '../../design/values';
import { useWords } from '../../language/Language';
import { Picture } from '../../pictures/Picture';
import { useMay, useViewer } from '../../session/Session';
import { DELETE_TEMPLATE, TEMPLATE, TEMPLATES, type Template } from './queries';
import { TemplateDialog } from './TemplateDialog';
import styles from './Templates.module.css';

/** The templates, with images that were made with them. */
export default function TemplatesPage() {
  const { pages, templates: words, actions } = useWords();
  const may = useMay();
  const [after, setAfter] = useState<string | null>(null);
  const [edited, setEdited] = useState<Template | 'new' | null>(null);
  const [deleted, setDeleted] = useState<Template | null>(null);
  const [{ data, error, fetching }, read] = useQuery({
    query: TEMPLATES,
    variables: { after },
    requestPolicy: 'cache-and-network',
  });
  const found = data && readFragment(TEMPLATE, data.templates.edges.map(({ node }) => node));
  const make = may('CREATOR') && (
    <Button kind="primary" icon="plus" label={words.make} onClick={() => setEdited('new')} />
  );
  return (
    <Page title={pages.templates} actions={make}>
      {error && !data && <ErrorState error={error} retry={() => read({ requestPolicy: 'network-only' })} />}
      {!data && !error && <Loading />}
      {found?.length === 0 && (
        <Empty icon="templates" title={words.emptyTitle} actions={make}>
          {words.empty}
        </Empty>
      )}
      <div className={layout.cards}>
        {found?.map((template) => (
          <TemplateCard
            key={template.id}
            template={template}
            onEdit={() => setEdited(template)}
            onDelete={() => setDeleted(template)}
          />
        ))}
      </div>
      {data?.templates.pageInfo.hasNextPage && (
        <div className={layout.more}>
          <Button label={actions.showMore} isBusy={fetching} onClick={() => setAfter(data.templates.pageInfo.endCursor)} />
        </div>
      )}
      {edited && (
        <TemplateDialog
          template={edited === 'new' ? null : edited}
          onClose={() => setEdited(null)}
          onCreated={() => setAfter(null)}
        />
      )}
      {deleted && <DeleteTemplate template={deleted} onClose={() => setDeleted(null)} />}
    </Page>
  );
}

function TemplateCard({ template, onEdit, onDelete }: { template: Template; onEdit: () => void; onDelete: () => void }) {
  const { templates: words, actions } = useWords();
  const may = useMay();
  const viewer = useViewer();
  const images = template.images.edges.map(({ node }) => node);
  return (
    <Card
      title={template.name}
      actions={
        may('CREATOR') && (
          <div className={layout.row} style={{ gap: 0 }}>
            <Button kind="quiet" icon="change" iconOnly label={`${actions.edit}: ${template.name}`} onClick={onEdit} />
            <Button kind="quiet" icon="delete" iconOnly label={`${actions.delete}: ${template.name}`} onClick={onDelete} />
          </div>
        )
      }
    >
      {images.length > 0 && (
        <div className={styles.images} aria-hidden="true">
          {images.map(({ id, url, placeholder }) => (
            <span key={id}>
              <Picture url={url} placeholder={placeholder} alt="" />
            </span>
          ))}
        </div>
      )}
      {template.description && <p className={layout.plainText}>{template.description}</p>}
      {template.defaultPrompt && (
        <p className={styles.prompt}>
          {template.defaultPrompt.split('{prompt}').map((part, index) => (
            <span key={index}>
              {index > 0 && <mark>{words.yourPrompt}</mark>}
              {part}
            </span>
          ))}
        </p>
      )}
      <p className={layout.muted}>
        {template.model.name}
        {template.userId !== viewer.userId && ` · ${template.userId}`} · <Time value={template.updatedAt} />
      </p>
      {may('CREATOR') && (
        <div className={styles.foot}>
          <ButtonLink icon="make" label={words.use} to={`/studio/make?template=${template.id}`} />
        </div>
      )}
    </Card>
  );
}

function DeleteTemplate({ template, onClose }: { template: Template; onClose: () => void }) {
  const { templates: words, actions } = useWords();
  const toast = useToast();
  const remove = useChange(DELETE_TEMPLATE);
  async function run() {
    if (await remove.run({ input: { id: template.id } })) toast({ text: words.deleted(template.name) });
    onClose();
  }
  return (
    <Confirmation
      title={words.deleteTitle(template.name)}
      confirm={actions.delete}
      isBusy={remove.isBusy}
      onConfirm={() => void run()}
      onClose={onClose}
    >
      <p>{words.deleteText}</p>
    </Confirmation>
  );
}
