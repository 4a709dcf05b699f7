/** What will happen, a button that does it, and what to do when a deployment is in the way. */
import { useMutation } from '@tanstack/react-query';
import { useId, useState } from 'react';
import type { ActionPlan } from '../core/action-plan.ts';
import { numberOf, planInputOf, planOf, withNumber, type Action } from '../core/actions.ts';
import { obstacleOf, passing, passingVerb, type Passing } from '../data/obstacles.ts';
import { execute } from '../data/execute.ts';
import { KEYS } from '../data/queries.ts';
import { queryClient } from '../data/query-client.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Equivalents } from '../parts/equivalents.tsx';
import { ObstacleNotice } from './obstacle-notice.tsx';
import { PlanPreview } from './plan-preview.tsx';
import styles from './action-dialog.module.css';

interface ActionDialogProps {
  readonly action: Action;
  readonly onChange: (action: Action) => void;
  readonly onClose: () => void;
  readonly onDone: (plan: ActionPlan, deploymentId: string | undefined) => void;
}

export function ActionDialog({ action, onChange, onClose, onDone }: ActionDialogProps) {
  const plan = planOf(action);
  const planInput = planInputOf(action);
  const { mutate, error, isPending } = useMutation({
    mutationFn: (how: Passing) => execute(action, how),
    onSuccess: (deploymentId) => {
      // Not every change is told by an event.
      for (const queryKey of [KEYS.deployments, KEYS.cluster, KEYS.pods]) {
        void queryClient.invalidateQueries({ queryKey });
      }
      onDone(plan, deploymentId);
    },
  });
  const [passed, setPassed] = useState<Passing>({});
  const obstacle = obstacleOf(error);
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
            kind={plan.isDangerous || obstacle !== undefined ? 'danger' : 'primary'}
            disabled={isPending}
            data-first-focus={numberOf(action) === undefined ? true : undefined}
          >
            {passingVerb(plan.verb, obstacle)}
          </Button>
        </>
      }
    >
      <form
        id={formId}
        className={styles['action']}
        onSubmit={(event) => {
          event.preventDefault();
          const how = passing(passed, obstacle);
          setPassed(how);
          mutate(how);
        }}
      >
        <NumberField action={action} onChange={onChange} />
        <ul className={styles['consequences']}>
          {plan.consequences.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
        {planInput !== undefined && <PlanPreview input={planInput} isShort />}
        {obstacle !== undefined && <ObstacleNotice obstacle={obstacle} />}
        {error !== null && obstacle === undefined && (
          <div className={styles['failed']} role="alert">
            {error.message}
          </div>
        )}
        <Equivalents request={plan.request} command={plan.command} />
      </form>
    </Dialog>
  );
}

function NumberField({ action, onChange }: Pick<ActionDialogProps, 'action' | 'onChange'>) {
  const [number] = useState(numberOf(action));
  if (number === undefined) return null;
  const { label, value, min, max, isWhole } = number;
  return (
    <label className={styles['number']}>
      {label}
      <input
        type="number"
        min={min}
        max={max}
        step={isWhole ? 1 : 'any'}
        required
        data-first-focus
        defaultValue={value}
        onChange={(event) => {
          const typed = event.target.valueAsNumber;
          if (Number.isNaN(typed) || typed < min || (max !== undefined && typed > max)) return;
          onChange(withNumber(action, typed));
        }}
      />
    </label>
  );
}
