/** What can be done with a row of the list. */
import type { AppRow } from '../../core/app-list.ts';
import { PodMenu } from '../../actions/pod-actions.tsx';
import { AppMenu, GroupMenu } from '../../actions/app-actions.tsx';

export function RowMenu({ row }: { readonly row: AppRow }) {
  if (row.app === undefined) return <GroupMenu id={row.id} apps={row.apps} />;
  const { id, instances } = row;
  if (row.kind === 'pod') return <PodMenu id={id} instances={instances} />;
  return <AppMenu app={{ id, instances, isStateful: false, isDelayed: row.status === 'delayed' }} />;
}
