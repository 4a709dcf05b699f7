/** The way to an app: its id, as a link. */
import type { ReactNode } from 'react';
import { RowLink } from './row-link.tsx';

export function AppLink({ id, children }: { readonly id: string; readonly children?: ReactNode }) {
  return (
    <RowLink href={`/app${encodeURI(id)}`}>
      <bdi>{children ?? id}</bdi>
    </RowLink>
  );
}
