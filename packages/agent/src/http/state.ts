/** The agent's `/state`: who it is, what it has, what runs and what ran. */
import type { AgentView } from '../agent-view.ts';
import type { Task } from '../core/task.ts';
import { ENDED_TASKS_SHOWN_MAX } from '../limits.ts';
import { executorName, legacyAttributes, legacyResources, legacyTask, roleOf } from './legacy-json.ts';

interface FrameworkLists {
  readonly executors: Record<string, unknown>[];
  readonly completed: Record<string, unknown>[];
}

/** Builds the answer of Mesos's agent `/state`. `directory` of an executor is what log viewers build paths of. */
export function agentState(agent: AgentView, flags: Readonly<Record<string, string>>): Record<string, unknown> {
  const { info } = agent;
  const lists = new Map<string, FrameworkLists>();
  const listsOf = (frameworkId: string): FrameworkLists => {
    const known = lists.get(frameworkId) ?? { executors: [], completed: [] };
    lists.set(frameworkId, known);
    return known;
  };
  for (const frameworkId of agent.frameworks().keys()) listsOf(frameworkId);
  for (const task of agent.tasks()) {
    const { executors, completed } = listsOf(task.frameworkId);
    (task.phase === 'ended' ? completed : executors).push(executor(agent, task, undefined));
  }
  const ended = [...agent.endedTasks()].slice(-ENDED_TASKS_SHOWN_MAX);
  for (const each of ended) listsOf(each.task.frameworkId).completed.push(executor(agent, each.task, each.agentId));
  const frameworks = [...lists].map(([frameworkId, each]) => framework(agent, frameworkId, each));
  const total = legacyResources(info.resources);
  return {
    version: info.version,
    start_time: agent.startedAt / 1000,
    id: info.id?.value ?? '',
    pid: `slave(1)@${info.ip}:${info.port}`,
    hostname: info.hostname,
    capabilities: ['MULTI_ROLE', 'HIERARCHICAL_ROLE', 'RESERVATION_REFINEMENT'],
    ...(info.domain === undefined ? {} : { domain: info.domain }),
    resources: total,
    reserved_resources: {},
    unreserved_resources: total,
    reserved_resources_full: {},
    unreserved_resources_full: info.resources,
    reserved_resources_allocated: {},
    unreserved_resources_allocated: legacyResources([...agent.tasks()].flatMap(heldBy)),
    resource_providers: [],
    attributes: legacyAttributes(info.attributes),
    flags,
    frameworks: frameworks.filter((each) => each.isActive).map((each) => each.value),
    completed_frameworks: frameworks.filter((each) => !each.isActive).map((each) => each.value),
  };
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
    type: 'DEFAULT',
    tasks: isStaged || isEnded ? [] : [legacyTask(task)],
    queued_tasks: isStaged ? [{ ...legacyTask(task), command: info.command }] : [],
    completed_tasks: isEnded ? [legacyTask(task)] : [],
  };
}
