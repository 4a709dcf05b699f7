/** What the agent's API tells of this moment: one function a call, each giving the answer's member. */
import type { Clock, LogVerbosity } from '@stadion/base';
import type { ExecutorInfo } from '@stadion/contract/mesos-workload';
import type { AgentView } from '../../agent-view.ts';
import type { Task } from '../../core/task.ts';
import { ENDED_TASKS_SHOWN_MAX } from '../../limits.ts';
import { agentMetrics } from '../metrics.ts';
import type { StatisticsSource } from '../statistics.ts';
import { versionJson } from '../version.ts';
import { executorOf, executorV1, frameworkV1, taskV1 } from './shapes.ts';

/** What the calls work with. */
export interface ReadParts {
  readonly agent: AgentView;
  readonly clock: Clock;
  readonly statistics: StatisticsSource;
  readonly flags: Readonly<Record<string, string>>;
  readonly verbosity?: LogVerbosity;
}

type AgentRead = (parts: ReadParts) => object | Promise<object>;

/** Every reading call but those that are about containers or files, by its type. */
export const AGENT_READS: Readonly<Record<string, AgentRead>> = {
  GET_HEALTH: () => ({ healthy: true }),
  GET_FLAGS: ({ flags }) => ({ flags: Object.entries(flags).map(([name, value]) => ({ name, value })) }),
  GET_VERSION: ({ agent }) => ({ version_info: versionJson(agent.info.version) }),
  GET_METRICS: ({ agent, clock }) => ({
    metrics: Object.entries(agentMetrics(agent, clock.now())).map(([name, value]) => ({ name, value })),
  }),
  GET_LOGGING_LEVEL: ({ verbosity }) => ({ level: verbosity?.level ?? 0 }),
  GET_STATE: ({ agent }) => ({
    get_tasks: tasks(agent),
    get_executors: executors(agent),
    get_frameworks: frameworks(agent),
  }),
  GET_FRAMEWORKS: ({ agent }) => frameworks(agent),
  GET_EXECUTORS: ({ agent }) => executors(agent),
  GET_TASKS: ({ agent }) => tasks(agent),
  // Operations are over as soon as their outcome is on disk.
  GET_OPERATIONS: () => ({ operations: [] }),
  GET_AGENT: ({ agent }) => {
    const { id, hostname, port, resources, attributes, domain } = agent.info;
    const agentInfo = { hostname, port, resources, attributes };
    return {
      agent_info: { ...(id === undefined ? {} : { id }), ...agentInfo, ...(domain === undefined ? {} : { domain }) },
    };
  },
  GET_RESOURCE_PROVIDERS: () => ({ resource_providers: [] }),
};

function tasks(agent: AgentView) {
  const queued: object[] = [];
  const launched: object[] = [];
  const terminated: object[] = [];
  for (const task of agent.tasks()) {
    const list = task.phase === 'staged' ? queued : task.phase === 'ended' ? terminated : launched;
    list.push(taskV1(task));
  }
  return {
    pending_tasks: [],
    queued_tasks: queued,
    launched_tasks: launched,
    terminated_tasks: terminated,
    completed_tasks: history(agent).map(taskV1),
  };
}

function executors(agent: AgentView) {
  const live = new Map<string, ReturnType<typeof executorV1>>();
  const completed = new Map<string, ReturnType<typeof executorV1>>();
  const add = (frameworkId: string, executor: ExecutorInfo, lists: readonly Map<string, object>[]): void => {
    const key = `${frameworkId}/${executor.executor_id.value}`;
    if (!lists.some((list) => list.has(key))) lists[0]?.set(key, executorV1(executor, frameworkId));
  };
  for (const { framework_id: id, executor } of agent.executors.reported()) add(id.value, executor, [live]);
  for (const task of agent.tasks()) if (task.phase !== 'ended') add(task.frameworkId, executorOf(task), [live]);
  // What a pod has left of it when its last task ended, or another task of its own name after it.
  for (const task of agent.tasks()) add(task.frameworkId, executorOf(task), [completed, live]);
  for (const task of history(agent)) add(task.frameworkId, executorOf(task), [completed, live]);
  return { executors: [...live.values()], completed_executors: [...completed.values()] };
}

function frameworks(agent: AgentView) {
  const active = new Set(agent.executors.reported().map(({ framework_id: id }) => id.value));
  for (const task of agent.tasks()) active.add(task.frameworkId);
  const known = new Set([...agent.frameworks().keys(), ...history(agent).map(({ frameworkId }) => frameworkId)]);
  const shown = (id: string) => frameworkV1(id, agent.frameworks().get(id));
  return {
    frameworks: [...active].map(shown),
    completed_frameworks: [...known].filter((id) => !active.has(id)).map(shown),
  };
}

function history(agent: AgentView): Task[] {
  return [...agent.endedTasks()].slice(-ENDED_TASKS_SHOWN_MAX).map(({ task }) => task);
}
