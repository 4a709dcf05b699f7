/** What kills and acknowledgements have in common, whoever runs the task. */
import { end } from './task-status.ts';
import { unchanged, type Outcome, type StatusContext, type Task } from './task-model.ts';
import { acknowledgeUpdate } from './update-queue.ts';

/** Without a kill policy of anybody: 3 seconds from SIGTERM to SIGKILL. */
const KILL_GRACE_MS_DEFAULT = 3000;

/** How long it may take to end, in milliseconds: what was asked for, else what the task wants. */
export function graceOf(task: Task, askedMs: number | undefined): number {
  const nanoseconds = task.info.kill_policy?.grace_period?.nanoseconds;
  const policyMs = nanoseconds === undefined ? KILL_GRACE_MS_DEFAULT : nanoseconds / 1e6;
  return Math.max(0, askedMs ?? policyMs);
}

/** It was killed before anything of it ran. */
export function killedInTime(task: Task, context: StatusContext): Outcome {
  const message = 'Killed before it was started';
  return end(task, { state: 'TASK_KILLED', reason: 'REASON_TASK_KILLED_DURING_LAUNCH', message }, context);
}

/** An update has arrived. */
export function applyAcknowledged(task: Task, uuid: string): Outcome {
  const updates = acknowledgeUpdate(task.updates, uuid);
  if (updates === task.updates) return unchanged(task);
  const next: Task = { ...task, updates };
  if (updates.length > 0) {
    return {
      task: next,
      effects: [{ type: 'deliver' }, { type: 'save', durable: false }],
    };
  }
  return {
    task: next,
    effects: task.phase === 'ended' ? [{ type: 'retire' }] : [{ type: 'save', durable: false }],
  };
}
