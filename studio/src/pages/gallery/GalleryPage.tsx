import { Page } from '../../design/Page';
import { useWords } from '../../language/Language';

export default function GalleryPage() {
  const { pages } = useWords();
  return <Page title={pages.gallery}>{null}</Page>;
}
