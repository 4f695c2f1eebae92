import { Page } from '../../design/Page';
import { useWords } from '../../language/Language';

export default function ImagePage() {
  const { pages } = useWords();
  return <Page title={pages.image}>{null}</Page>;
}
