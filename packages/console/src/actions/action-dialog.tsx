/** What will happen, a button that does it, and what to do when a deployment is in the way. */
import { useMutation } from '@tanstack/react-query';
import { useId } from 'react';
import { isApiError } from '@stadion/contract/client';
import { planOf, type Action, type ActionPlan } from '../core/app-actions.ts';
import { execute } from '../data/execute.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Equivalents } from '../parts/equivalents.tsx';
import styles from './action-dialog.module.css';

interface ActionDialogProps {
  readonly action: Action;
  readonly onChange: (action: Action) => void;
  readonly onClose: () => void;
  readonly onDone: (plan: ActionPlan, deploymentId: string | undefined) => void;
}

export function ActionDialog({ action, onChange, onClose, onDone }: ActionDialogProps) {
  const plan = planOf(action);
  const { mutate, error, isPending } = useMutation({
    mutationFn: (force: boolean) => execute(action, force),
    onSuccess: (deploymentId) => {
      onDone(plan, deploymentId);
    },
  });
  const locks = isApiError(error) && error.status === 409 ? error.answer.deployments : undefined;
  const isLocked = locks !== undefined && locks.length > 0;
  const formId = useId();
  return (
    <Dialog
      title={plan.title}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            form={formId}
            kind={plan.isDangerous || isLocked ? 'danger' : 'primary'}
            disabled={isPending}
            data-first-focus={hasNumber(action) ? undefined : true}
          >
            {isLocked ? `${plan.verb} by force` : plan.verb}
          </Button>
        </>
      }
    >
      <form
        id={formId}
        className={styles['action']}
        onSubmit={(event) => {
          event.preventDefault();
          mutate(isLocked);
        }}
      >
        <NumberField action={action} onChange={onChange} />
        <ul className={styles['consequences']}>
          {plan.consequences.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
        {isLocked && (
          <div className={styles['locked']} role="alert">
            <strong>A deployment is under way.</strong> It holds this app:{' '}
            <code>{locks.map(({ id }) => id.slice(0, 8)).join(', ')}</code>. By force it is cancelled where it is,
            without taking back what it did, and this is done instead.
          </div>
        )}
        {error !== null && !isLocked && (
          <div className={styles['failed']} role="alert">
            {error.message}
          </div>
        )}
        <Equivalents request={plan.request} command={plan.command} />
      </form>
    </Dialog>
  );
}

function hasNumber({ kind }: Action): boolean {
  return kind === 'scale' || kind === 'scale-group';
}

function NumberField({ action, onChange }: Pick<ActionDialogProps, 'action' | 'onChange'>) {
  if (action.kind !== 'scale' && action.kind !== 'scale-group') return null;
  const isGroup = action.kind === 'scale-group';
  return (
    <label className={styles['number']}>
      {isGroup ? 'Factor' : 'Instances'}
      <input
        type="number"
        min={0}
        step={isGroup ? 'any' : 1}
        required
        data-first-focus
        defaultValue={isGroup ? action.factor : action.wanted}
        onChange={(event) => {
          const value = event.target.valueAsNumber;
          if (Number.isNaN(value) || value < 0) return;
          onChange(isGroup ? { ...action, factor: value } : { ...action, wanted: Math.floor(value) });
        }}
      />
    </label>
  );
}
