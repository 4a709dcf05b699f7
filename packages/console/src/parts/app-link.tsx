/** The way to an app: its id, as a link. */
import type { ReactNode } from 'react';
import { Link } from '@tanstack/react-router';

export function AppLink({ id, children }: { readonly id: string; readonly children?: ReactNode }) {
  return (
    <Link to="/app/$" params={{ _splat: id.replace(/^\//, '') }}>
      <bdi>{children ?? id}</bdi>
    </Link>
  );
}
