import { Page } from '../../design/Page';
import { useWords } from '../../language/Language';

export default function MakePage() {
  const { pages } = useWords();
  return <Page title={pages.make}>{null}</Page>;
}
