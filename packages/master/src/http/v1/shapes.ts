/** Agents, frameworks and tasks in the v1 JSON of the operator API (`mesos.v1.master.Response`). */
import { hostPort } from '@stadion/base';
import { healthCheckV1, type TaskStatus } from '@stadion/contract/mesos';
import type {
  AgentRecord,
  FrameworkRecord,
  OperationRecord,
  RecoveredAgent,
  TaskRecord,
} from '../../core/cluster/records.ts';
import type { ClusterView } from '../../core/cluster/state.ts';
import { statusHistory } from '../../core/cluster/statuses.ts';
import { formatResources } from '../../core/resources/resource-format.ts';
import { drainV1, isActive } from '../shapes/agent-json.ts';
import { AGENT_CAPABILITIES, type AgentInfo } from '@stadion/contract/agent-link';

/** A point in time, from milliseconds since the Unix epoch. */
function time(at: number) {
  return { nanoseconds: at * 1_000_000 };
}

/** `Response.GetAgents.Agent`. */
export function agentV1(view: ClusterView, agent: AgentRecord) {
  const { info } = agent;
  return {
    agent_info: agentInfo(agent.id, info),
    active: isActive(view, agent),
    deactivated: view.upkeep.has(agent.id),
    ...drainV1(view, agent),
    version: info.version,
    pid: `slave(1)@${hostPort(info.ip, info.port)}`,
    registered_time: time(agent.registeredAt),
    ...(agent.reregisteredAt === undefined ? {} : { reregistered_time: time(agent.reregisteredAt) }),
    total_resources: formatResources(agent.total),
    allocated_resources: formatResources(agent.charged),
    offered_resources: formatResources(agent.offered),
    capabilities: AGENT_CAPABILITIES.map((type) => ({ type })),
  };
}

/** An agent that has not come back since the master started. */
export function recoveredAgentV1({ id, info }: RecoveredAgent) {
  return agentInfo(id, info);
}

function agentInfo(id: string, { hostname, port, resources, attributes, domain }: AgentInfo) {
  return { id: { value: id }, hostname, port, resources, attributes, ...(domain === undefined ? {} : { domain }) };
}

/** `Response.GetFrameworks.Framework`, without what it holds: sums over all agents have no ports. */
export function frameworkV1(framework: FrameworkRecord) {
  const connected = framework.subscription !== undefined;
  return {
    framework_info: {
      ...framework.info,
      failover_timeout: framework.info.failover_timeout ?? 0,
      checkpoint: framework.info.checkpoint ?? false,
    },
    active: connected,
    connected,
    recovered: framework.recovered,
    registered_time: time(framework.registeredAt),
    ...(framework.reregisteredAt === undefined ? {} : { reregistered_time: time(framework.reregisteredAt) }),
    ...(framework.unregisteredAt === undefined ? {} : { unregistered_time: time(framework.unregisteredAt) }),
    ...(framework.offerConstraints === undefined ? {} : { offer_constraints: framework.offerConstraints }),
    offers: [...framework.offers].map((offer) => ({
      id: { value: offer.id },
      framework_id: { value: framework.id },
      agent_id: { value: offer.agent.id },
      hostname: offer.agent.info.hostname,
      allocation_info: { role: offer.role },
      resources: formatResources(offer.resources, { role: offer.role }),
    })),
  };
}

/** `mesos.v1.Task`. */
export function taskV1(task: TaskRecord) {
  return {
    name: task.name,
    task_id: { value: task.id },
    framework_id: { value: task.frameworkId },
    ...(task.executorId === undefined ? {} : { executor_id: { value: task.executorId } }),
    agent_id: { value: task.agentId },
    state: task.state,
    resources: formatResources(task.resources, { role: task.role }),
    statuses: statusHistory(task).map(({ state, timestamp, healthy, containerStatus }) => ({
      task_id: { value: task.id },
      state,
      timestamp,
      ...(healthy === undefined ? {} : { healthy }),
      ...(containerStatus === undefined ? {} : { container_status: containerStatus }),
    })),
    status_update_state: task.statusState,
    ...(task.statusUuid === undefined ? {} : { status_update_uuid: task.statusUuid }),
    ...(task.labels === undefined ? {} : { labels: task.labels }),
    ...(task.discovery === undefined ? {} : { discovery: task.discovery }),
    ...(task.container === undefined ? {} : { container: task.container }),
    ...(task.healthCheck === undefined ? {} : { health_check: healthCheckV1(task.healthCheck) }),
    ...(task.killPolicy === undefined ? {} : { kill_policy: task.killPolicy }),
    ...(task.user === undefined ? {} : { user: task.user }),
  };
}

/** `mesos.v1.Operation`, of those whose end is not acknowledged yet. */
export function operationV1(operation: OperationRecord) {
  const status = {
    operation_id: { value: operation.id },
    state: operation.state,
    converted_resources: operation.converted,
    agent_id: { value: operation.agentId },
  };
  return {
    framework_id: { value: operation.frameworkId },
    agent_id: { value: operation.agentId },
    info: operation.info,
    latest_status: status,
    statuses: operation.state === 'OPERATION_FINISHED' ? [{ ...status, uuid: { value: operation.uuid } }] : [],
    uuid: { value: operation.uuid },
  };
}

/** `Event.TaskUpdated`: `state` is the newest that the agent knows, `status` may be an earlier one. */
export function taskUpdatedV1(task: TaskRecord, status: TaskStatus) {
  return { framework_id: { value: task.frameworkId }, status, state: task.state };
}
