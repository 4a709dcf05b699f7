/** What a page says when nothing has the id in its address. */
import type { ReactNode } from 'react';
import { SearchX } from 'lucide-react';
import { EmptyState } from './empty-state.tsx';

/**
 * @param kind what was looked for, in one word
 * @param way a link to where all of that kind are
 * @param children why it may not be there
 */
export function NotThere({
  kind,
  way,
  children,
}: {
  readonly kind: string;
  readonly way: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <EmptyState icon={SearchX} title={`There is no ${kind} with this id`} actions={way}>
      {children}
    </EmptyState>
  );
}
