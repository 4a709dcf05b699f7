/** Where the files of a task are, by the short names that agents know. */
import type { StateTask } from '@stadion/contract/mesos-state';

/** Containers of a pod share an executor; each has a folder in its sandbox. */
const POD_TASK = /\.instance-[0-9a-f-]{36}\.(?!_app\.)/;

/** The folder of a task that the master knows, ended ones included. */
export function sandboxPath({
  id,
  framework_id,
  executor_id,
}: Pick<StateTask, 'id' | 'framework_id' | 'executor_id'>): string {
  const executor = executor_id === '' ? id : executor_id;
  const sandbox = `/frameworks/${framework_id}/executors/${executor}/runs/latest`;
  return executor !== id && POD_TASK.test(id) ? `${sandbox}/tasks/${id}` : sandbox;
}
