/** Tasks, executors and frameworks of an agent in the v1 JSON of its API (`mesos.v1.agent.Response`). */
import { healthCheckV1, type FrameworkInfo, type TaskStatus } from '@stadion/contract/mesos';
import type { ExecutorInfo } from '@stadion/contract/mesos-workload';
import { taskState, type Task } from '../../core/task.ts';
import { executorName } from '../legacy-json.ts';

/** `mesos.v1.Task`. */
export function taskV1(task: Task) {
  const { info, latest } = task;
  const { kill_policy: killPolicy, command, labels, discovery, container, health_checks: [health] = [] } = info;
  const delivered = task.updates[0] ?? latest;
  return {
    name: info.name,
    task_id: info.task_id,
    framework_id: { value: task.frameworkId },
    ...(task.pod === undefined ? {} : { executor_id: task.pod.executor.executor_id }),
    agent_id: info.agent_id,
    state: taskState(task),
    resources: info.resources,
    statuses: latest === undefined ? [] : [statusV1(latest)],
    ...(delivered === undefined ? {} : { status_update_state: delivered.state }),
    ...(delivered?.uuid === undefined ? {} : { status_update_uuid: delivered.uuid }),
    ...(labels === undefined ? {} : { labels }),
    ...(discovery === undefined ? {} : { discovery }),
    ...(container === undefined ? {} : { container }),
    ...(health === undefined ? {} : { health_check: healthCheckV1(health) }),
    ...(killPolicy === undefined ? {} : { kill_policy: killPolicy }),
    ...(command?.user === undefined ? {} : { user: command.user }),
  };
}

/** What an executor says to its framework alone is left out, as in Mesos. */
function statusV1({ data: _own, ...status }: TaskStatus) {
  return status;
}

/** The executor of a task: its pod's, its own program's, or the one that Mesos makes up for a command. */
export function executorOf({ pod, info, frameworkId }: Task): ExecutorInfo {
  return (
    pod?.executor ?? {
      executor_id: { value: info.task_id.value },
      framework_id: { value: frameworkId },
      name: executorName(info),
      resources: [],
      ...(info.command === undefined ? {} : { command: info.command }),
      ...(info.container === undefined ? {} : { container: info.container }),
    }
  );
}

/** `Response.GetExecutors.Executor`. Secrets in its variables are its framework's own business. */
export function executorV1({ command, ...info }: ExecutorInfo, frameworkId: string) {
  const { environment: _own, ...rest } = command ?? {};
  const shown = command === undefined ? {} : { command: rest };
  return { executor_info: { ...info, framework_id: { value: frameworkId }, ...shown } };
}

/** `Response.GetFrameworks.Framework`. @param info undefined: of one that the agent has forgotten all about but its id */
export function frameworkV1(id: string, info: FrameworkInfo | undefined) {
  return {
    framework_info: {
      failover_timeout: 0,
      checkpoint: false,
      ...(info ?? { user: '', name: '' }),
      id: { value: id },
    },
  };
}
