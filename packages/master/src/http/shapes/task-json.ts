/** One task in the legacy JSON of `/state`, `/frameworks` and `/tasks`. */
import type { StateTask } from '@stadion/contract/mesos-state';
import {
  healthCheckV1,
  type ContainerInfo,
  type DiscoveryInfo,
  type Labels,
  type TaskStatus,
} from '@stadion/contract/mesos';
import type { TaskRecord } from '../../core/cluster/records.ts';
import { statusHistory } from '../../core/cluster/statuses.ts';
import { legacyResources, type LegacyResources } from '../../core/resources/resource-format.ts';

interface StatusJson {
  state: string;
  timestamp: number;
  healthy?: boolean;
  container_status?: NonNullable<TaskStatus['container_status']>;
}

/** The whole entry; Stadion's clients read a part of it. */
interface TaskJson extends Omit<StateTask, 'resources' | 'statuses'> {
  resources: LegacyResources;
  role: string;
  statuses: StatusJson[];
  labels?: Labels['labels'];
  discovery?: DiscoveryInfo;
  container?: ContainerInfo;
  health_check?: ReturnType<typeof healthCheckV1>;
  user?: string;
}

/** `executor_id` is empty for a command task. Labels of the task are a bare array, others are not. */
export function taskJson(task: TaskRecord): TaskJson {
  const json: TaskJson = {
    id: task.id,
    name: task.name,
    framework_id: task.frameworkId,
    executor_id: task.executorId ?? '',
    slave_id: task.agentId,
    state: task.state,
    resources: legacyResources(task.resources),
    role: task.role,
    statuses: statusHistory(task).map(({ state, timestamp, healthy, containerStatus }) => {
      const status: StatusJson = { state, timestamp };
      if (healthy !== undefined) status.healthy = healthy;
      if (containerStatus !== undefined) status.container_status = containerStatus;
      return status;
    }),
  };
  if (task.labels !== undefined && task.labels.labels.length > 0) json.labels = task.labels.labels;
  if (task.discovery !== undefined) json.discovery = task.discovery;
  if (task.container !== undefined) json.container = task.container;
  if (task.healthCheck !== undefined) json.health_check = healthCheckV1(task.healthCheck);
  if (task.user !== undefined) json.user = task.user;
  return json;
}
