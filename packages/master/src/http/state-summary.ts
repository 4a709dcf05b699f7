/** `/state-summary`: agents and frameworks with counts of tasks instead of the tasks. */
import { TaskState } from '@stadion/contract/mesos';
import type { AgentRecord, FrameworkRecord, TaskRecord } from '../core/cluster/records.ts';
import type { ClusterView } from '../core/cluster/state.ts';
import { arrayPieces, objectPieces } from './json-pieces.ts';
import type { ServedMaster } from './served-master.ts';
import { agentJson } from './shapes/agent-json.ts';
import { frameworkJson } from './shapes/framework-json.ts';

/** `{hostname, cluster?, slaves, frameworks}`; counts are by `TASK_…`, finished ones of the framework included. */
export function stateSummaryPieces({ view, identity }: ServedMaster): Generator<string> {
  return objectPieces({
    hostname: identity.hostname,
    cluster: identity.clusterName,
    slaves: arrayPieces([...view.agents.values()], (agent) => agentSummary(view, agent)),
    frameworks: arrayPieces([...view.frameworks.values()], frameworkSummary),
  });
}

function agentSummary(view: ClusterView, agent: AgentRecord) {
  const frameworkIds = new Set<string>();
  for (const { frameworkId } of agent.tasks) frameworkIds.add(frameworkId);
  return { ...agentJson(view, agent), ...countByState(agent.tasks), framework_ids: [...frameworkIds] };
}

function frameworkSummary(framework: FrameworkRecord) {
  const agentIds = new Set<string>();
  for (const { agentId } of framework.tasks.values()) agentIds.add(agentId);
  const counts = countByState(framework.tasks.values(), framework.unreachableTasks.values(), framework.completedTasks);
  return { ...frameworkJson(framework), ...counts, slave_ids: [...agentIds] };
}

function countByState(...lists: Iterable<TaskRecord>[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { const: state } of TaskState.anyOf) counts[state] = 0;
  for (const list of lists) for (const { state } of list) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}
