/** A page that could not be shown: what went wrong, and how to go on. */
import type { ErrorComponentProps } from '@tanstack/react-router';
import { CircleAlert } from 'lucide-react';
import { Button } from '../parts/button.tsx';
import { EmptyState } from '../parts/empty-state.tsx';

export function PageError({ error, reset }: ErrorComponentProps) {
  return (
    <EmptyState
      icon={CircleAlert}
      title="This page could not be shown"
      actions={<Button onClick={reset}>Try again</Button>}
    >
      {error instanceof Error ? error.message : 'Something unexpected happened.'}
    </EmptyState>
  );
}
