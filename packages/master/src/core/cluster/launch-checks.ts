/** Whether tasks can be launched as they are described: their ids, their agent, and resources that are in the offer. */
import type { TaskInfo } from '@stadion/contract/mesos';
import type { ExecutorInfo } from '@stadion/contract/mesos-workload';
import { parseResources, type ParsedResources } from '../resources/resource-format.ts';
import { containsPorts } from '../resources/port-ranges.ts';
import {
  NOTHING,
  add,
  contains,
  isNothing,
  revocableCpusOf,
  scalarsOf,
  subtract,
  type ResourceVector,
} from '../resources/resource-vector.ts';
import { chosenIdProblem } from './framework-info.ts';
import { taskKey, type AgentRecord, type FrameworkRecord } from './records.ts';
import { findProcessProblem, findWorkloadProblem } from './workload-checks.ts';

const ONE_OF_BOTH = 'Task should have at least one (but not both) of CommandInfo or ExecutorInfo present';

/** What a task of its own takes of the pool, or a sentence that says what is wrong with it. */
export function checkTask(
  framework: FrameworkRecord,
  agent: AgentRecord,
  info: TaskInfo,
  pool: ResourceVector,
): ParsedResources {
  const checked = checkAnyTask(framework, agent, info, pool);
  if (!checked.ok) return checked;
  const problem = info.command === undefined ? ONE_OF_BOTH : findLoneProblem(info);
  return problem === undefined ? checked : { ok: false, problem };
}

/** What only tasks of a group may say, or nothing. */
function findLoneProblem({ container }: TaskInfo): string | undefined {
  return container?.linux_info?.share_cgroups === false
    ? `Only tasks in a task group may have 'share_cgroups' set to 'false'`
    : undefined;
}

/** What a task takes of the pool, by itself, in a group or with an executor. */
function checkAnyTask(
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
      : undefined) ??
    (Object.keys(info.limits ?? {}).length > 0
      ? `Task has 'limits', which agent ${agent.id} cannot hold it to: it has no TASK_RESOURCE_LIMITS`
      : undefined) ??
    findWorkloadProblem(info);
  if (problem !== undefined) return { ok: false, problem };
  const resources = parseResources(info.resources);
  if (!resources.ok) return { ok: false, problem: `Task uses invalid resources: ${resources.problem}` };
  if (isNothing(resources.vector)) return { ok: false, problem: 'Task uses no resources' };
  if (isMixed(resources.vector)) return { ok: false, problem: `Task uses invalid resources: ${MIXED}` };
  if (!contains(pool, resources.vector)) {
    return {
      ok: false,
      problem: `Task uses more resources than what is left of the offer: ${shortage(pool, resources.vector)}`,
    };
  }
  return resources;
}

const MIXED = `Cannot use both revocable and non-revocable 'cpus' at the same time`;

/** Whether some of its cpus are its own and others only lent: what it should be ended for would not be clear. */
function isMixed(vector: ResourceVector): boolean {
  return revocableCpusOf(vector) > 0 && scalarsOf(vector).cpus > 0;
}

function isNegative(value: number | undefined): boolean {
  return value !== undefined && !(value >= 0);
}

function shortage(pool: ResourceVector, wanted: ResourceVector): string {
  for (const name of ['cpus', 'mem', 'disk', 'gpus'] as const) {
    if (wanted[name] > pool[name]) return `${name} ${String(wanted[name] / 1000)} of ${String(pool[name] / 1000)}`;
  }
  const [lent, wantedLent] = [revocableCpusOf(pool), revocableCpusOf(wanted)];
  if (wantedLent > lent) return `revocable cpus ${String(wantedLent / 1000)} of ${String(lent / 1000)}`;
  const isAll = containsPorts(pool.ports, wanted.ports);
  return isAll
    ? 'something reserved, a volume or a disk of its own that is not in it as it is'
    : 'ports that are not in it';
}

/** What a group takes, its executor first, or what is wrong with it or with any of its tasks. */
export type CheckedGroup =
  | {
      readonly ok: true;
      /** NOTHING when it is charged already. */
      readonly executor: ResourceVector;
      readonly tasks: readonly ResourceVector[];
    }
  | { readonly ok: false; readonly problem: string };

/**
 * A group is launched as a whole or not at all (Mesos's rules for task groups). The default executor runs one group, a
 * custom one any number.
 */
export function checkGroup(
  framework: FrameworkRecord,
  agent: AgentRecord,
  executor: ExecutorInfo,
  tasks: readonly TaskInfo[],
  pool: ResourceVector,
  role: string,
): CheckedGroup {
  const id = executor.executor_id.value;
  const isCustom = executor.type === 'CUSTOM';
  const isKnown = agent.executors.has(taskKey(framework.id, id));
  const problem =
    (tasks.length === 0 ? 'Task group has no tasks' : undefined) ??
    (executor.type === undefined ? `'ExecutorInfo.type' must be set` : undefined) ??
    (!isCustom && isKnown ? `Executor ${id} runs a task group already` : undefined) ??
    (!isCustom && executor.command !== undefined ? 'The default executor has no command of its own' : undefined) ??
    (executor.container?.type === 'DOCKER' ? 'The containers of a task group cannot be Docker ones' : undefined) ??
    (!isCustom && executor.container?.mesos?.image !== undefined
      ? 'The default executor has no image of its own'
      : undefined) ??
    findGroupProblem(tasks, executor);
  if (problem !== undefined) return { ok: false, problem };
  const own = checkExecutor(framework, agent, executor, pool, role);
  if (!own.ok) return own;
  let rest = subtract(pool, own.vector);
  const vectors: ResourceVector[] = [];
  for (const task of tasks) {
    const { executor: _same, ...alone } = task;
    const checked = checkAnyTask(framework, agent, alone, rest);
    if (!checked.ok) return { ok: false, problem: `Task ${task.task_id.value} is invalid: ${checked.problem}` };
    rest = subtract(rest, checked.vector);
    vectors.push(checked.vector);
  }
  const mixed = findMixProblem(executor, vectors);
  return mixed === undefined ? { ok: true, executor: own.vector, tasks: vectors } : { ok: false, problem: mixed };
}

/** They share a container, which is ended as a whole when what was lent to any of them is wanted back. */
function findMixProblem({ resources }: ExecutorInfo, tasks: readonly ResourceVector[]): string | undefined {
  const own = parseResources(resources);
  const sum = tasks.reduce(add, own.ok ? own.vector : NOTHING);
  return isMixed(sum) ? `Tasks and their executor use invalid resources: ${MIXED}` : undefined;
}

/** What a task with an executor of the framework's own takes, with what its executor takes when it is new there. */
export function checkExecutedTask(
  framework: FrameworkRecord,
  agent: AgentRecord,
  executor: ExecutorInfo,
  info: TaskInfo,
  pool: ResourceVector,
  role: string,
): CheckedGroup {
  if (executor.type === 'DEFAULT') {
    return { ok: false, problem: 'The default executor runs task groups: use LAUNCH_GROUP' };
  }
  if (info.command !== undefined) return { ok: false, problem: ONE_OF_BOTH };
  const own = checkExecutor(framework, agent, executor, pool, role);
  if (!own.ok) return own;
  const task = checkAnyTask(framework, agent, info, subtract(pool, own.vector));
  if (!task.ok) return task;
  const problem = findLoneProblem(info) ?? findMixProblem(executor, [task.vector]);
  return problem === undefined ? { ok: true, executor: own.vector, tasks: [task.vector] } : { ok: false, problem };
}

/** An executor that is on the agent already must be described as it was, and takes nothing more. */
function checkExecutor(
  framework: FrameworkRecord,
  agent: AgentRecord,
  executor: ExecutorInfo,
  pool: ResourceVector,
  role: string,
): ParsedResources {
  const id = executor.executor_id.value;
  const known = agent.executors.get(taskKey(framework.id, id));
  const grace = executor.shutdown_grace_period?.nanoseconds;
  const problem =
    chosenIdProblem(id, 'Executor') ??
    (executor.framework_id !== undefined && executor.framework_id.value !== framework.id
      ? `ExecutorInfo has an invalid FrameworkID (Actual: ${executor.framework_id.value} vs Expected: ${framework.id})`
      : undefined) ??
    (isNegative(grace) ? `ExecutorInfo's 'shutdown_grace_period' must be non-negative` : undefined) ??
    (executor.type !== 'DEFAULT' && executor.command === undefined
      ? `'ExecutorInfo.command' must be set for 'CUSTOM' executor`
      : undefined) ??
    (executor.container?.linux_info?.share_cgroups === true
      ? `The container of an executor cannot have 'share_cgroups' set to 'true'`
      : undefined) ??
    findProcessProblem('Executor', executor.command, executor.container) ??
    (known !== undefined && !isSameExecutor(known.info, executor)
      ? `ExecutorInfo is not compatible with existing ExecutorInfo with same ExecutorID ${id}`
      : undefined) ??
    (known !== undefined && known.role !== role
      ? `Executor ${id} has resources of the role ${known.role}, not of ${role}`
      : undefined);
  if (problem !== undefined) return { ok: false, problem };
  if (known !== undefined) return { ok: true, vector: NOTHING };
  const own = parseResources(executor.resources);
  if (!own.ok) return { ok: false, problem: `Executor uses invalid resources: ${own.problem}` };
  if (isMixed(own.vector)) return { ok: false, problem: `Executor uses invalid resources: ${MIXED}` };
  if (contains(pool, own.vector)) return own;
  return { ok: false, problem: `Executor uses more than the offer has: ${shortage(pool, own.vector)}` };
}

/** Whatever the order of members. Who it belongs to is the same, said or not. */
function isSameExecutor(left: ExecutorInfo, right: ExecutorInfo): boolean {
  return canonical({ ...left, framework_id: undefined }) === canonical({ ...right, framework_id: undefined });
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([left], [right]) => (left < right ? -1 : 1)))
      : member,
  );
}

function findGroupProblem(tasks: readonly TaskInfo[], executor: ExecutorInfo): string | undefined {
  const ids = new Set(tasks.map(({ task_id }) => task_id.value));
  if (ids.size < tasks.length) return 'Task group has two tasks with the same ID';
  if (new Set(tasks.map(({ container }) => container?.linux_info?.share_cgroups ?? true)).size > 1) {
    return `'share_cgroups' must be the same for all tasks of a group`;
  }
  for (const { task_id, container, executor: own } of tasks) {
    if (own !== undefined && !isSameExecutor(own, executor)) {
      return `Task ${task_id.value} has an executor of its own, and the tasks of a group share one`;
    }
    if (container?.type === 'DOCKER') {
      return `Task ${task_id.value} wants a Docker container, which a group cannot have`;
    }
    if ((container?.network_infos?.length ?? 0) > 0) {
      return `Task ${task_id.value} wants a network of its own, and the tasks of a group share that of their executor`;
    }
  }
  return undefined;
}
