/** An address that leads nowhere. */
import { Link } from '@tanstack/react-router';
import { SearchX } from 'lucide-react';
import { buttonClass } from '../parts/button.tsx';
import { EmptyState } from '../parts/empty-state.tsx';

export function NotFound() {
  return (
    <EmptyState
      icon={SearchX}
      title="There is no such page"
      actions={
        <Link to="/" className={buttonClass()}>
          To the overview
        </Link>
      }
    >
      The address may be mistyped, or from another version of the console.
    </EmptyState>
  );
}
