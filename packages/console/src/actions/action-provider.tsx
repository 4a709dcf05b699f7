/** Holds the action that is being decided, and says afterwards what came of it. */
import { useCallback, useState, type ReactNode } from 'react';
import { Link } from '@tanstack/react-router';
import type { ActionPlan } from '../core/action-plan.ts';
import type { Action } from '../core/actions.ts';
import { Notice } from '../parts/notice.tsx';
import { ActionDialog } from './action-dialog.tsx';
import { ActionContext } from './use-actions.ts';

interface Done {
  readonly plan: ActionPlan;
  readonly deploymentId: string | undefined;
}

export function ActionProvider({ children }: { readonly children: ReactNode }) {
  const [action, setAction] = useState<Action>();
  const [done, setDone] = useState<Done>();
  const close = useCallback(() => {
    setAction(undefined);
  }, []);
  return (
    <ActionContext value={setAction}>
      {children}
      {action !== undefined && (
        <ActionDialog
          action={action}
          onChange={setAction}
          onClose={close}
          onDone={(plan, deploymentId) => {
            setAction(undefined);
            setDone({ plan, deploymentId });
          }}
        />
      )}
      {done !== undefined && (
        <Notice
          onClose={() => {
            setDone(undefined);
          }}
        >
          {done.plan.title}: {done.deploymentId === undefined ? 'done' : 'begun'}.{' '}
          {done.deploymentId !== undefined && (
            <Link to="/deployments" search={{ id: done.deploymentId }}>
              Watch
            </Link>
          )}
        </Notice>
      )}
    </ActionContext>
  );
}
