/** The ways to the instances before and after this one. */
import { Link } from '@tanstack/react-router';
import { ChevronLeft, ChevronRight } from 'lucide-react';
import { taskName } from '../../core/task-row.ts';
import { buttonClass } from '../../parts/button.tsx';
import styles from './siblings.module.css';

export function Siblings({ taskIds, current }: { readonly taskIds: readonly string[]; readonly current: string }) {
  const at = taskIds.indexOf(current);
  if (at < 0 || taskIds.length < 2) return null;
  return (
    <nav aria-label="Instances beside this one" className={styles['siblings']}>
      <Sibling taskId={taskIds[at - 1]} word="Previous" />
      <span>
        {at + 1} of {taskIds.length}
      </span>
      <Sibling taskId={taskIds[at + 1]} word="Next" />
    </nav>
  );
}

function Sibling({ taskId, word }: { readonly taskId: string | undefined; readonly word: 'Previous' | 'Next' }) {
  if (taskId === undefined) return null;
  return (
    <Link
      to="/instance/$taskId"
      params={{ taskId }}
      className={buttonClass()}
      aria-label={`${word} instance: ${taskName(taskId)}`}
    >
      {word === 'Previous' ? <ChevronLeft size={15} aria-hidden /> : <ChevronRight size={15} aria-hidden />}
    </Link>
  );
}
