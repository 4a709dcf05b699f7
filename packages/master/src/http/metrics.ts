/** `/metrics/snapshot`: numbers by name, as far as Mesos's names apply. */
import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';
import { isTerminal, TaskState } from '@stadion/contract/mesos';
import type { MetricsSnapshot } from '@stadion/contract/mesos-state';
import { SCALAR_NAMES } from '../core/resources/amounts.ts';
import { revocableCpusOf, scalarsOf } from '../core/resources/resource-vector.ts';
import type { ClusterView } from '../core/cluster/state.ts';
import { allocatorMetricGroups } from './allocator-metrics.ts';
import { frameworkMetricGroups } from './framework-metrics.ts';
import type { ServedMaster } from './served-master.ts';
import { isActive } from './shapes/agent-json.ts';
import { addTo } from './shapes/framework-json.ts';

/** What the metrics are about. */
export type MeasuredMaster = Pick<ServedMaster, 'view' | 'clock' | 'meters' | 'waiting'>;

/** All metrics of this moment. Resources in cores and MiB, times in seconds, but for those whose names say `_ms`. */
export function metrics(master: MeasuredMaster): MetricsSnapshot {
  return Object.assign({}, ...metricGroups(master)) as MetricsSnapshot;
}

/** The same in groups that are made one after the other, each as it is then; some may be empty. */
export function* metricGroups(master: MeasuredMaster): Generator<MetricsSnapshot> {
  yield clusterMetrics(master);
  yield* allocatorMetricGroups(master.view, master.clock.monotonic());
  yield* frameworkMetricGroups(master.view);
}

function clusterMetrics({ view, clock, meters, waiting }: MeasuredMaster): MetricsSnapshot {
  return {
    'master/elected': 1,
    'master/uptime_secs': (clock.now() - view.startedAt) / 1000,
    // All inputs of a master wait in one queue, as messages to it.
    'master/event_queue_messages': waiting,
    'master/event_queue_dispatches': 0,
    'master/event_queue_http_requests': 0,
    'master/operator_event_stream_subscribers': meters.operatorStreams,
    'master/outstanding_offers': view.offers.size,
    ...resourceMetrics(view),
    ...agentMetrics(view),
    ...frameworkMetrics(view),
    ...taskMetrics(view),
    ...counterMetrics(view),
    ...meters.allocationRun.metrics('allocator/mesos/allocation_run_ms'),
    ...meters.allocationLatency.metrics('allocator/mesos/allocation_run_latency_ms'),
    'registrar/queued_operations': view.transitions.size,
    'registrar/state_fetch_ms': meters.registryFetchMs,
    ...meters.registryStore.metrics('registrar/state_store_ms'),
    'registrar/log/recovered': 1,
    ...systemMetrics(),
  };
}

function resourceMetrics(view: ClusterView): MetricsSnapshot {
  const used = { cpus: 0, gpus: 0, mem: 0, disk: 0 };
  const offered = { cpus: 0, gpus: 0, mem: 0, disk: 0 };
  const lent = { total: 0, used: 0 };
  for (const agent of view.agents.values()) {
    // Reserved or not: a task that runs on what is reserved for its role uses it.
    addTo(used, scalarsOf(agent.charged), 1);
    addTo(offered, scalarsOf(agent.offered), 1);
    lent.total += revocableCpusOf(agent.total);
    lent.used += revocableCpusOf(agent.charged);
  }
  const result: MetricsSnapshot = {};
  for (const name of SCALAR_NAMES) {
    const total = view.roles.total[name];
    result[`master/${name}_total`] = total / 1000;
    result[`master/${name}_used`] = used[name] / 1000;
    result[`master/${name}_percent`] = total === 0 ? 0 : used[name] / total;
    const revocable = name === 'cpus' ? lent : { total: 0, used: 0 };
    result[`master/${name}_revocable_total`] = revocable.total / 1000;
    result[`master/${name}_revocable_used`] = revocable.used / 1000;
    result[`master/${name}_revocable_percent`] = revocable.total === 0 ? 0 : revocable.used / revocable.total;
    result[`allocator/mesos/resources/${name}/total`] = total / 1000;
    result[`allocator/mesos/resources/${name}/offered_or_allocated`] = (used[name] + offered[name]) / 1000;
  }
  return result;
}

function agentMetrics(view: ClusterView): MetricsSnapshot {
  let active = 0;
  for (const agent of view.agents.values()) if (isActive(view, agent)) active += 1;
  return {
    'master/slaves_active': active,
    'master/slaves_inactive': view.agents.size - active,
    'master/slaves_connected': view.agents.size - view.disconnected.size,
    'master/slaves_disconnected': view.disconnected.size,
    'master/slaves_unreachable': view.unreachable.size,
    // Stadion's own: agents whose removal waits because too many are silent at once.
    'master/slave_removals_held': view.removalsHeld,
  };
}

function frameworkMetrics(view: ClusterView): MetricsSnapshot {
  let connected = 0;
  for (const { subscription } of view.frameworks.values()) if (subscription !== undefined) connected += 1;
  const disconnected = view.frameworks.size - connected;
  return {
    'master/frameworks_active': connected,
    'master/frameworks_inactive': disconnected,
    'master/frameworks_connected': connected,
    'master/frameworks_disconnected': disconnected,
  };
}

function taskMetrics(view: ClusterView): MetricsSnapshot {
  const { live, terminal } = view.counters;
  const result: MetricsSnapshot = {};
  for (const { const: state } of TaskState.anyOf) {
    if (state === 'TASK_UNKNOWN' || state === 'TASK_UNREACHABLE') continue;
    const counts = isTerminal(state) ? terminal : live;
    result[`master/tasks_${state.slice('TASK_'.length).toLowerCase()}`] = counts.get(state) ?? 0;
  }
  let unreachable = 0;
  for (const framework of view.frameworks.values()) unreachable += framework.unreachableTasks.size;
  result['master/tasks_unreachable'] = unreachable;
  return result;
}

function counterMetrics({ counters }: ClusterView): MetricsSnapshot {
  return {
    'master/slave_registrations': counters.agentRegistrations,
    'master/slave_reregistrations': counters.agentReregistrations,
    'master/slave_removals': counters.agentRemovals,
    'master/slave_removals/reason_unhealthy': counters.agentRemovalsUnhealthy,
    'master/slave_removals/reason_unregistered': counters.agentRemovalsUnregistered,
    'master/slave_removals/reason_registered': 0,
    'master/slave_unreachable_scheduled': counters.unreachableScheduled,
    'master/slave_unreachable_canceled': counters.unreachableCanceled,
    'master/slave_unreachable_completed': counters.unreachableCompleted,
    // As they were called before agents could come back; exporters insist on them.
    'master/slave_shutdowns_scheduled': counters.unreachableScheduled,
    'master/slave_shutdowns_canceled': counters.unreachableCanceled,
    'master/slave_shutdowns_completed': counters.unreachableCompleted,
    'master/recovery_slave_removals': counters.recoveryAgentRemovals,
    'master/messages_register_framework': counters.messagesRegisterFramework,
    'master/messages_reregister_framework': counters.messagesReregisterFramework,
    'master/messages_unregister_framework': counters.messagesUnregisterFramework,
    'master/messages_launch_tasks': counters.messagesLaunchTasks,
    'master/messages_decline_offers': counters.messagesDeclineOffers,
    'master/messages_revive_offers': counters.messagesReviveOffers,
    'master/messages_suppress_offers': counters.messagesSuppressOffers,
    'master/messages_kill_task': counters.messagesKillTask,
    'master/messages_reconcile_tasks': counters.messagesReconcileTasks,
    'master/messages_status_update': counters.messagesStatusUpdate,
    'master/messages_status_update_acknowledgement': counters.messagesStatusUpdateAcknowledgement,
    'master/messages_register_slave': counters.messagesRegisterAgent,
    'master/messages_reregister_slave': counters.messagesReregisterAgent,
    'master/messages_unregister_slave': counters.messagesUnregisterAgent,
    'master/messages_update_slave': counters.messagesUpdateAgent,
    'master/messages_resource_request': counters.messagesResourceRequest,
    'master/messages_reconcile_operations': counters.messagesReconcileOperations,
    'master/messages_exited_executor': counters.messagesExitedExecutor,
    ...messageMetrics(counters),
    // Of Mesos's older protocol alone.
    'master/messages_authenticate': 0,
    'master/messages_deactivate_framework': 0,
    'master/valid_status_updates': counters.validStatusUpdates,
    'master/invalid_status_updates': counters.invalidStatusUpdates,
    'master/valid_status_update_acknowledgements': counters.validStatusUpdateAcknowledgements,
    'master/invalid_status_update_acknowledgements': counters.invalidStatusUpdateAcknowledgements,
    'master/dropped_messages': counters.droppedMessages,
    'master/offers_sent': counters.offersSent,
    'master/offers_accepted': counters.offersAccepted,
    'master/offers_declined': counters.offersDeclined,
    'master/offers_rescinded': counters.offersRescinded,
    'master/tasks_launched': counters.tasksLaunched,
  };
}

/** Those of which some are good and some are not. */
function messageMetrics(counters: ClusterView['counters']): MetricsSnapshot {
  const toExecutors = [counters.validFrameworkMessages, counters.invalidFrameworkMessages] as const;
  const toFrameworks = [counters.validExecutorMessages, counters.invalidExecutorMessages] as const;
  const acknowledged = [counters.validOperationAcknowledgements, counters.invalidOperationAcknowledgements] as const;
  return {
    'master/messages_framework_to_executor': toExecutors[0] + toExecutors[1],
    'master/valid_framework_to_executor_messages': toExecutors[0],
    'master/invalid_framework_to_executor_messages': toExecutors[1],
    'master/messages_executor_to_framework': toFrameworks[0] + toFrameworks[1],
    'master/valid_executor_to_framework_messages': toFrameworks[0],
    'master/invalid_executor_to_framework_messages': toFrameworks[1],
    'master/messages_operation_status_update_acknowledgement': acknowledged[0] + acknowledged[1],
    'master/valid_operation_status_update_acknowledgements': acknowledged[0],
    'master/invalid_operation_status_update_acknowledgements': acknowledged[1],
  };
}

function systemMetrics(): MetricsSnapshot {
  const [one, five, fifteen] = loadavg();
  return {
    'system/cpus_total': availableParallelism(),
    'system/load_1min': one ?? 0,
    'system/load_5min': five ?? 0,
    'system/load_15min': fifteen ?? 0,
    'system/mem_total_bytes': totalmem(),
    'system/mem_free_bytes': freemem(),
  };
}
