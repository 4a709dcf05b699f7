/** Apps that bring an executor of their own (`executor` with a path), launched as Marathon launches them. */
import type { CommandInfo, TaskInfo } from '@stadion/contract/mesos';
import type { ExecutorInfo } from '@stadion/contract/mesos-workload';
import type { AppSpec } from '../app/spec.ts';

const PREFIX = 'marathon-';

/** Whether the app's tasks are run by a program of its own. */
export function hasOwnExecutor({ executor }: Pick<AppSpec, 'executor'>): boolean {
  return executor !== '' && executor !== '//cmd';
}

/**
 * The executor of one task: the program with the app's command behind it, in the app's container, with its environment and
 * artifacts. It has no resources beside those of its task.
 */
export function executorFor(app: AppSpec, taskId: string, task: Pick<TaskInfo, 'command' | 'container'>): ExecutorInfo {
  const { arguments: _arguments, ...command }: CommandInfo = task.command ?? {};
  const program = `'${app.executor}'`;
  const what = app.cmd ?? (app.args ?? []).join(' ');
  return {
    type: 'CUSTOM',
    executor_id: { value: `${PREFIX}${taskId}` },
    command: { ...command, shell: true, value: `chmod ug+rx ${program} && exec ${program} ${what}`.trimEnd() },
    resources: [],
    ...(task.container === undefined ? {} : { container: task.container }),
  };
}

/** Whether an executor is that of this task alone, and of no use when the task is over. */
export function isExecutorOf(taskId: string, executorId: string | undefined): boolean {
  return executorId === `${PREFIX}${taskId}`;
}

/** The task whose executor would have this id, or undefined when it is none of ours. */
export function taskOfExecutor(executorId: string): string | undefined {
  return executorId.startsWith(PREFIX) ? executorId.slice(PREFIX.length) : undefined;
}
