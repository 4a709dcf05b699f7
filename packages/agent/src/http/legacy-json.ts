/** How Mesos's legacy pages write resources, attributes and tasks. */
import { healthCheckV1, type Attribute, type Range, type Resource, type TaskInfo } from '@stadion/contract/mesos';
import { type Task, taskState } from '../core/task.ts';

/** `{cpus: 1.5, mem: 512, disk: 0, gpus: 0, ports: "[31000-31001]"}`; the four scalars are always there. */
export function legacyResources(resources: readonly Resource[]): Record<string, number | string> {
  const result: Record<string, number | string> = { cpus: 0, gpus: 0, mem: 0, disk: 0 };
  const ranges = new Map<string, Range[]>();
  const sets = new Map<string, Set<string>>();
  for (const resource of resources) {
    const name = resource.revocable === undefined ? resource.name : `${resource.name}_revocable`;
    if (resource.scalar !== undefined) {
      const before = result[name];
      const sum = (typeof before === 'number' ? before : 0) + resource.scalar.value;
      result[name] = Math.round(sum * 1000) / 1000;
    } else if (resource.ranges !== undefined) {
      ranges.set(name, [...(ranges.get(name) ?? []), ...resource.ranges.range]);
    } else if (resource.set !== undefined) {
      sets.set(name, new Set([...(sets.get(name) ?? []), ...resource.set.item]));
    }
  }
  for (const [name, parts] of ranges) result[name] = rangesText(joined(parts));
  for (const [name, items] of sets) result[name] = `{${[...items].join(', ')}}`;
  return result;
}

/** In order, and those that touch as one. */
function joined(ranges: readonly Range[]): Range[] {
  const result: Range[] = [];
  for (const { begin, end } of [...ranges].sort((left, right) => left.begin - right.begin)) {
    const last = result.at(-1);
    if (last === undefined || begin > last.end + 1) result.push({ begin, end });
    else result[result.length - 1] = { begin: last.begin, end: Math.max(last.end, end) };
  }
  return result;
}

function rangesText(ranges: readonly Range[]): string {
  return `[${ranges.map(({ begin, end }) => `${String(begin)}-${String(end)}`).join(', ')}]`;
}

/** `{rack: "abc", level: 10}`. */
export function legacyAttributes(attributes: readonly Attribute[]): Record<string, number | string> {
  const result: Record<string, number | string> = {};
  for (const attribute of attributes) {
    if (attribute.scalar !== undefined) result[attribute.name] = attribute.scalar.value;
    else if (attribute.text !== undefined) result[attribute.name] = attribute.text.value;
    else if (attribute.set !== undefined) result[attribute.name] = `{${attribute.set.item.join(', ')}}`;
    else if (attribute.ranges !== undefined) result[attribute.name] = rangesText(attribute.ranges.range);
  }
  return result;
}

/** The role that a task's resources were allocated to. */
export function roleOf(info: TaskInfo): string {
  return info.resources.find((resource) => resource.allocation_info !== undefined)?.allocation_info?.role ?? '*';
}

/** What Mesos calls the executor that it makes up for a task with a command. */
export function executorName(info: TaskInfo): string {
  const command = info.command?.value ?? '';
  const shown = command.length > 15 ? `${command.slice(0, 12)}...` : command;
  const text = info.command?.shell === false ? shown : `sh -c '${shown}'`;
  return `Command Executor (Task: ${info.task_id.value}) (Command: ${text})`;
}

/** A task as `/state` shows it. */
export function legacyTask(task: Task): Record<string, unknown> {
  const { info, latest } = task;
  return {
    id: info.task_id.value,
    name: info.name,
    framework_id: task.frameworkId,
    executor_id: task.pod?.executor.executor_id.value ?? '',
    slave_id: info.agent_id.value,
    state: taskState(task),
    resources: legacyResources(info.resources),
    role: roleOf(info),
    statuses:
      latest === undefined
        ? []
        : [
            {
              state: latest.state,
              timestamp: latest.timestamp,
              ...(latest.container_status === undefined ? {} : { container_status: latest.container_status }),
              ...(latest.healthy === undefined ? {} : { healthy: latest.healthy }),
            },
          ],
    ...(info.labels === undefined ? {} : { labels: info.labels.labels }),
    ...(info.discovery === undefined ? {} : { discovery: info.discovery }),
    ...(info.container === undefined ? {} : { container: info.container }),
    ...(info.health_checks?.[0] === undefined ? {} : { health_check: healthCheckV1(info.health_checks[0]) }),
    ...(info.command?.user === undefined ? {} : { user: info.command.user }),
  };
}
