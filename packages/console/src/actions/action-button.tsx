/** A button that asks for an action; where that is not ours to take, it says what it would take. */
import type { ComponentProps } from 'react';
import type { Action } from '../core/actions.ts';
import { Button } from '../parts/button.tsx';
import { useAsk } from './use-actions.ts';
import { useDenied } from './use-denied.ts';

export function ActionButton({
  action,
  ...rest
}: { readonly action: Action } & Omit<ComponentProps<typeof Button>, 'onClick' | 'denied'>) {
  const ask = useAsk();
  const denied = useDenied()(action);
  return (
    <Button
      {...rest}
      denied={denied}
      onClick={() => {
        ask(action);
      }}
    />
  );
}
