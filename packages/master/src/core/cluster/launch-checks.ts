/** Whether tasks can be launched as they are described: their ids, their agent, and resources that are in the offer. */
import type { TaskInfo } from '@stadion/contract/mesos';
import type { ExecutorInfo } from '@stadion/contract/mesos-workload';
import { parseResources, type ParsedResources } from '../resources/resource-format.ts';
import { containsPorts } from '../resources/port-ranges.ts';
import { contains, isNothing, subtract, type ResourceVector } from '../resources/resource-vector.ts';
import { chosenIdProblem } from './framework-info.ts';
import { taskKey, type AgentRecord, type FrameworkRecord } from './records.ts';

/** What a task takes of the pool, or a sentence that says what is wrong with it. */
export function checkTask(
  framework: FrameworkRecord,
  agent: AgentRecord,
  info: TaskInfo,
  pool: ResourceVector,
): ParsedResources {
  const id = info.task_id.value;
  const problem =
    chosenIdProblem(id, 'Task') ??
    (framework.tasks.has(id) || framework.unreachableTasks.has(id) ? `Task has duplicate ID: ${id}` : undefined) ??
    (info.agent_id.value !== agent.id
      ? `Task uses agent ${info.agent_id.value} while the offer is of agent ${agent.id}`
      : undefined) ??
    (isNegative(info.kill_policy?.grace_period?.nanoseconds)
      ? `Task's 'kill_policy.grace_period' must be non-negative`
      : undefined) ??
    (isNegative(info.max_completion_time?.nanoseconds)
      ? `Task's 'max_completion_time' must be non-negative`
      : undefined);
  if (problem !== undefined) return { ok: false, problem };
  const resources = parseResources(info.resources);
  if (!resources.ok) return { ok: false, problem: `Task uses invalid resources: ${resources.problem}` };
  if (isNothing(resources.vector)) return { ok: false, problem: 'Task uses no resources' };
  if (!contains(pool, resources.vector)) {
    return {
      ok: false,
      problem: `Task uses more resources than what is left of the offer: ${shortage(pool, resources.vector)}`,
    };
  }
  return resources;
}

function isNegative(value: number | undefined): boolean {
  return value !== undefined && !(value >= 0);
}

function shortage(pool: ResourceVector, wanted: ResourceVector): string {
  for (const name of ['cpus', 'mem', 'disk', 'gpus'] as const) {
    if (wanted[name] > pool[name]) return `${name} ${String(wanted[name] / 1000)} of ${String(pool[name] / 1000)}`;
  }
  const isAll = containsPorts(pool.ports, wanted.ports);
  return isAll
    ? 'something reserved, a volume or a disk of its own that is not in it as it is'
    : 'ports that are not in it';
}

/** What a group takes, its executor first, or what is wrong with it or with any of its tasks. */
export type CheckedGroup =
  | { readonly ok: true; readonly executor: ResourceVector; readonly tasks: readonly ResourceVector[] }
  | { readonly ok: false; readonly problem: string };

/**
 * A group is launched as a whole or not at all (Mesos's rules for task groups). Only the default executor is known, and it
 * runs one group.
 */
export function checkGroup(
  framework: FrameworkRecord,
  agent: AgentRecord,
  executor: ExecutorInfo,
  tasks: readonly TaskInfo[],
  pool: ResourceVector,
): CheckedGroup {
  const id = executor.executor_id.value;
  const problem =
    chosenIdProblem(id, 'Executor') ??
    (executor.type === 'CUSTOM' ? 'Only the default executor can run a task group here' : undefined) ??
    (tasks.length === 0 ? 'Task group has no tasks' : undefined) ??
    (agent.executors.has(taskKey(framework.id, id)) ? `Executor ${id} runs a task group already` : undefined) ??
    (executor.container?.type === 'DOCKER' ? 'The containers of a task group cannot be Docker ones' : undefined) ??
    findGroupProblem(tasks);
  if (problem !== undefined) return { ok: false, problem };
  const own = parseResources(executor.resources);
  if (!own.ok) return { ok: false, problem: `Executor uses invalid resources: ${own.problem}` };
  if (!contains(pool, own.vector)) {
    return { ok: false, problem: `Executor uses more than the offer has: ${shortage(pool, own.vector)}` };
  }
  let rest = subtract(pool, own.vector);
  const vectors: ResourceVector[] = [];
  for (const task of tasks) {
    const checked = checkTask(framework, agent, task, rest);
    if (!checked.ok) return { ok: false, problem: `Task ${task.task_id.value} is invalid: ${checked.problem}` };
    rest = subtract(rest, checked.vector);
    vectors.push(checked.vector);
  }
  return { ok: true, executor: own.vector, tasks: vectors };
}

function findGroupProblem(tasks: readonly TaskInfo[]): string | undefined {
  const ids = new Set(tasks.map(({ task_id }) => task_id.value));
  if (ids.size < tasks.length) return 'Task group has two tasks with the same ID';
  for (const { task_id, container } of tasks) {
    if (container?.type === 'DOCKER') {
      return `Task ${task_id.value} wants a Docker container, which a group cannot have`;
    }
    if ((container?.network_infos?.length ?? 0) > 0) {
      return `Task ${task_id.value} wants a network of its own, and the tasks of a group share that of their executor`;
    }
  }
  return undefined;
}
