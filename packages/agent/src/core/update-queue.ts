/** The updates of one task that are not acknowledged yet, oldest first; only the first is ever in flight. */
import type { TaskStatus } from '@stadion/contract/mesos';

/** Resend after 10 s, then twice as long each time, at most 10 min (as Mesos's status update manager). */
const RESEND_MS_FIRST = 10_000;
const RESEND_MS_MAX = 600_000;

/** No updates wait. One shared object: most tasks are in this state most of the time. */
export const NO_UPDATES: readonly TaskStatus[] = [];

/**
 * Adds an update at the end. A report of checks or of progress takes the place of an earlier one that was never sent, since each is
 * complete: so a task whose master is away for a week holds a handful of updates, not a week's.
 */
export function appendUpdate(updates: readonly TaskStatus[], status: TaskStatus): readonly TaskStatus[] {
  const last = updates.at(-1);
  const supersedes =
    updates.length >= 2 &&
    last !== undefined &&
    ((isCheckReport(last) && isCheckReport(status)) || (isProgressReport(last) && isProgressReport(status)));
  return supersedes ? [...updates.slice(0, -1), status] : [...updates, status];
}

/** Drops the first update when it is the one acknowledged; anything else is an old duplicate and changes nothing. */
export function acknowledgeUpdate(updates: readonly TaskStatus[], uuid: string): readonly TaskStatus[] {
  if (updates[0]?.uuid !== uuid) return updates;
  return updates.length === 1 ? NO_UPDATES : updates.slice(1);
}

/** How long to wait for the acknowledgement of the `attempt`-th sending (from 0), in milliseconds. */
export function resendDelayMs(attempt: number): number {
  return Math.min(RESEND_MS_MAX, RESEND_MS_FIRST * 2 ** Math.min(attempt, 10));
}

function isProgressReport(status: TaskStatus): boolean {
  return status.state === 'TASK_STARTING';
}

function isCheckReport(status: TaskStatus): boolean {
  return (
    status.state === 'TASK_RUNNING' &&
    (status.reason === 'REASON_TASK_HEALTH_CHECK_STATUS_UPDATED' ||
      status.reason === 'REASON_TASK_CHECK_STATUS_UPDATED')
  );
}
