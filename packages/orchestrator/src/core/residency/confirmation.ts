/** When an instance's reservation is known to be there: its volumes may hold something from then on. Pure. */
import type { TaskStatus } from '@stadion/contract/mesos';
import { parseTaskId } from '../instance-ids.ts';
import type { Instance } from '../instance.ts';

/**
 * What a status of one of an instance's tasks says of its reservation. The task may be of an earlier launch than the
 * present one, if that launch was on the same reservation already: its agent may report for long what nobody waits for.
 * @returns the instance itself unless its agent evidently has what was reserved, and that is news
 */
export function confirmedBy(instance: Instance, status: TaskStatus): Instance {
  const { reservation } = instance;
  if (reservation === undefined || reservation.isConfirmed || !isEvidence(status)) return instance;
  const incarnation = parseTaskId(status.task_id.value)?.incarnation ?? 0;
  if (incarnation < reservation.incarnation) return instance;
  return { ...instance, reservation: { ...reservation, isConfirmed: true } };
}

function isEvidence({ state, reason, source }: TaskStatus): boolean {
  // Its agent may not have looked at it at all.
  if (reason === 'REASON_TASK_KILLED_DURING_LAUNCH') return false;
  switch (state) {
    case 'TASK_KILLED':
      // A master does not say why it was killed: not when it is asked, nor when an agent that was away reports it.
      return source !== 'SOURCE_MASTER';
    case 'TASK_RUNNING':
    case 'TASK_KILLING':
    case 'TASK_FINISHED':
    case 'TASK_FAILED':
      return true;
    default:
      return false;
  }
}
