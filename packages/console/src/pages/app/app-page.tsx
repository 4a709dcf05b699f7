/** One app: is it serving, what changed, what is wrong, what can be done. */
import { Page } from '../../frame/page.tsx';
import { useParams } from '@tanstack/react-router';

export function AppPage() {
  const { _splat: path = '' } = useParams({ from: '/app/$' });
  return <Page title={`/${path}`}>{null}</Page>;
}
