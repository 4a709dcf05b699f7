/** Where a new group is to be. A group is there as soon as an app is in it, so its first app is described next. */
import { useId, useState } from 'react';
import { useLocation, useNavigate } from '@tanstack/react-router';
import { groupProblem } from '../core/new-group.ts';
import { Button } from '../parts/button.tsx';
import { Dialog } from '../parts/dialog.tsx';
import styles from './shortcuts.module.css';

export function NewGroup({ onClose }: { readonly onClose: () => void }) {
  const { search } = useLocation();
  const navigate = useNavigate();
  const around = 'group' in search && typeof search.group === 'string' ? search.group : '';
  const [id, setId] = useState(`${around === '/' ? '' : around}/`);
  const [isTold, setIsTold] = useState(false);
  const formId = useId();
  const problem = groupProblem(id);
  return (
    <Dialog
      title="New group"
      description="A group is there as soon as an app is in it: its first app is described next."
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={formId} kind="primary">
            Describe its first app
          </Button>
        </>
      }
    >
      <form
        id={formId}
        className={styles['group']}
        onSubmit={(event) => {
          event.preventDefault();
          setIsTold(true);
          if (problem !== undefined) return;
          onClose();
          void navigate({ to: '/new', search: { group: id } });
        }}
      >
        <label>
          Id, with the groups around it
          <input
            value={id}
            data-first-focus
            autoComplete="off"
            spellCheck={false}
            aria-invalid={isTold && problem !== undefined}
            aria-describedby={`${formId}-problem`}
            onChange={(event) => {
              setId(event.target.value);
            }}
          />
        </label>
        <p id={`${formId}-problem`} role="status" className={styles['problem']}>
          {isTold && problem}
        </p>
      </form>
    </Dialog>
  );
}
