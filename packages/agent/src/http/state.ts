/** The agent's `/state`: who it is, what it has, what runs and what ran. */
import { hostPort } from '@stadion/base';
import { dirname } from 'node:path';
import { AGENT_CAPABILITIES } from '@stadion/contract/agent-link';
import type { Resource } from '@stadion/contract/mesos';
import type { AgentView } from '../agent-view.ts';
import type { TaskPod } from '../core/pod.ts';
import type { Task } from '../core/task.ts';
import { ownDiskOf } from '../core/volumes.ts';
import { ENDED_TASKS_SHOWN_MAX } from '../limits.ts';
import { versionJson } from './version.ts';
import { executorName, legacyAttributes, legacyResources, legacyTask, roleOf } from './legacy-json.ts';

interface FrameworkLists {
  readonly executors: Record<string, unknown>[];
  readonly completed: Record<string, unknown>[];
}

/**
 * Builds the answer of Mesos's agent `/state`. `directory` of an executor is what log viewers build paths of; they look for the
 * agent's own log, of which `log` is the file, where there is a `log_dir`.
 */
export function agentState(
  agent: AgentView,
  flags: Readonly<Record<string, string>>,
  log?: string,
): Record<string, unknown> {
  const { info } = agent;
  const lists = new Map<string, FrameworkLists>();
  const listsOf = (frameworkId: string): FrameworkLists => {
    const known = lists.get(frameworkId) ?? { executors: [], completed: [] };
    lists.set(frameworkId, known);
    return known;
  };
  for (const frameworkId of agent.frameworks().keys()) listsOf(frameworkId);
  const pods = new Map<string, PodTasks>();
  const add = (task: Task, agentId: string | undefined): void => {
    const { executors, completed } = listsOf(task.frameworkId);
    if (task.pod === undefined) {
      (task.phase === 'ended' ? completed : executors).push(executor(agent, task, agentId));
      return;
    }
    const pod = pods.get(task.pod.podId) ?? { pod: task.pod, agentId, tasks: [] };
    pod.tasks.push(task);
    pods.set(task.pod.podId, pod);
  };
  for (const task of agent.tasks()) add(task, undefined);
  for (const each of [...agent.endedTasks()].slice(-ENDED_TASKS_SHOWN_MAX)) add(each.task, each.agentId);
  for (const pod of pods.values()) {
    const isOver = pod.tasks.every(({ phase }) => phase === 'ended');
    const { executors, completed } = listsOf(pod.tasks[0]?.frameworkId ?? '');
    (isOver ? completed : executors).push(podExecutor(agent, pod, isOver));
  }
  const frameworks = [...lists].map(([frameworkId, each]) => framework(agent, frameworkId, each));
  const total = legacyResources(info.resources);
  const reserved = agent.checkpointedResources();
  const held = [...agent.tasks()].flatMap(heldBy);
  return {
    ...versionJson(info.version),
    start_time: agent.startedAt / 1000,
    id: info.id?.value ?? '',
    pid: `slave(1)@${hostPort(info.ip, info.port)}`,
    hostname: info.hostname,
    capabilities: AGENT_CAPABILITIES,
    ...(info.domain === undefined ? {} : { domain: info.domain }),
    resources: total,
    reserved_resources: byRole(reserved),
    unreserved_resources: legacyResources(lessReserved(info.resources, reserved)),
    reserved_resources_full: Object.fromEntries(groupByRole(reserved)),
    unreserved_resources_full: lessReserved(info.resources, reserved),
    reserved_resources_allocated: byRole(held.filter(isReserved)),
    unreserved_resources_allocated: legacyResources(held.filter((resource) => !isReserved(resource))),
    resource_providers: [],
    attributes: legacyAttributes(info.attributes),
    ...(agent.masterHostname === undefined ? {} : { master_hostname: agent.masterHostname }),
    ...(log === undefined ? {} : { log_dir: dirname(log) }),
    flags,
    frameworks: frameworks.filter((each) => each.isActive).map((each) => each.value),
    completed_frameworks: frameworks.filter((each) => !each.isActive).map((each) => each.value),
  };
}

function isReserved({ reservations }: Resource): boolean {
  return (reservations?.length ?? 0) > 0;
}

function groupByRole(resources: readonly Resource[]): Map<string, Resource[]> {
  const roles = new Map<string, Resource[]>();
  for (const resource of resources) {
    const role = resource.reservations?.at(-1)?.role ?? '*';
    roles.set(role, [...(roles.get(role) ?? []), resource]);
  }
  return roles;
}

function byRole(resources: readonly Resource[]): Record<string, unknown> {
  return Object.fromEntries([...groupByRole(resources)].map(([role, list]) => [role, legacyResources(list)]));
}

/** What the settings say without what was reserved of it by operations. */
function lessReserved(total: readonly Resource[], reserved: readonly Resource[]): Resource[] {
  return total.map((resource) => {
    if (resource.scalar === undefined) return resource;
    const taken = reserved.reduce((sum, each) => sum + (isSameKind(each, resource) ? (each.scalar?.value ?? 0) : 0), 0);
    const left = Math.max(0, Math.round((resource.scalar.value - taken) * 1000) / 1000);
    return taken === 0 ? resource : { ...resource, scalar: { value: left } };
  });
}

function isSameKind(left: Resource, right: Resource): boolean {
  return left.name === right.name && ownDiskOf(left)?.root === ownDiskOf(right)?.root;
}

function heldBy(task: Task): Task['info']['resources'] {
  return task.phase === 'ended' ? [] : task.info.resources;
}

function framework(
  agent: AgentView,
  frameworkId: string,
  { executors, completed }: FrameworkLists,
): { readonly isActive: boolean; readonly value: Record<string, unknown> } {
  const info = agent.frameworks().get(frameworkId);
  const roles = info?.roles;
  return {
    isActive: executors.length > 0,
    value: {
      id: frameworkId,
      name: info?.name ?? '',
      user: info?.user ?? '',
      failover_timeout: info?.failover_timeout ?? 0,
      checkpoint: info?.checkpoint ?? true,
      hostname: info?.hostname ?? '',
      ...(info?.principal === undefined ? {} : { principal: info.principal }),
      ...(roles === undefined ? { role: info?.role ?? '*' } : { roles }),
      executors,
      completed_executors: completed,
    },
  };
}

/** The tasks of one pod. */
interface PodTasks {
  readonly pod: TaskPod;
  readonly agentId: string | undefined;
  readonly tasks: Task[];
}

function podExecutor(agent: AgentView, { pod, agentId, tasks }: PodTasks, isOver: boolean): Record<string, unknown> {
  const [first] = tasks;
  const held = isOver ? [] : [...pod.executor.resources, ...tasks.flatMap(heldBy)];
  const of = (wanted: (task: Task) => boolean) => tasks.filter(wanted).map(legacyTask);
  return {
    id: pod.executor.executor_id.value,
    name: pod.executor.name ?? '',
    source: '',
    container: pod.podId,
    directory: first === undefined ? '' : agent.podDirectoryOf(first, agentId),
    resources: legacyResources(held),
    role: first === undefined ? '*' : roleOf(first.info),
    type: pod.executor.type ?? 'CUSTOM',
    tasks: of(({ phase }) => phase !== 'staged' && phase !== 'ended'),
    queued_tasks: of(({ phase }) => phase === 'staged'),
    completed_tasks: of(({ phase }) => phase === 'ended'),
  };
}

function executor(agent: AgentView, task: Task, agentId: string | undefined): Record<string, unknown> {
  const { info } = task;
  const isStaged = task.phase === 'staged';
  const isEnded = task.phase === 'ended';
  return {
    id: info.task_id.value,
    name: executorName(info),
    source: info.task_id.value,
    container: task.containerId,
    directory: agent.sandboxOf(task, agentId),
    resources: legacyResources(isEnded ? [] : info.resources),
    role: roleOf(info),
    // No type: of one that is DEFAULT, tools look for a task's files below `tasks/` in its directory.
    tasks: isStaged || isEnded ? [] : [legacyTask(task)],
    queued_tasks: isStaged ? [{ ...legacyTask(task), command: info.command }] : [],
    completed_tasks: isEnded ? [legacyTask(task)] : [],
  };
}
