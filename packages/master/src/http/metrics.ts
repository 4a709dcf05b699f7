/** `/metrics/snapshot`: numbers by name, as far as Mesos's names apply. */
import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';
import { isTerminal, TaskState } from '@stadion/contract/mesos';
import type { MetricsSnapshot } from '@stadion/contract/mesos-state';
import { SCALAR_NAMES } from '../core/resources/amounts.ts';
import { revocableCpusOf, scalarsOf } from '../core/resources/resource-vector.ts';
import type { ClusterView } from '../core/cluster/state.ts';
import type { ServedMaster } from './served-master.ts';
import { isActive } from './shapes/agent-json.ts';
import { addTo } from './shapes/framework-json.ts';

/** All metrics of this moment. Resources in cores and MiB, times in seconds. */
export function metrics({ view, clock }: ServedMaster): MetricsSnapshot {
  return {
    'master/elected': 1,
    'master/uptime_secs': (clock.now() - view.startedAt) / 1000,
    'master/outstanding_offers': view.offers.size,
    ...resourceMetrics(view),
    ...agentMetrics(view),
    ...frameworkMetrics(view),
    ...taskMetrics(view),
    ...counterMetrics(view),
    ...allocatorMetrics(view),
    'registrar/queued_operations': view.transitions.size,
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
  const result: MetricsSnapshot = {};
  let connected = 0;
  for (const framework of view.frameworks.values()) {
    const isConnected = framework.subscription !== undefined;
    if (isConnected) connected += 1;
    const prefix = `master/frameworks/${encodeURIComponent(framework.info.name)}/${framework.id}`;
    result[`${prefix}/subscribed`] = isConnected ? 1 : 0;
    for (const share of framework.shares.values()) {
      result[`${prefix}/roles/${encodeURIComponent(share.role.name)}/suppressed`] = share.suppressed ? 1 : 0;
    }
  }
  const disconnected = view.frameworks.size - connected;
  return {
    'master/frameworks_active': connected,
    'master/frameworks_inactive': disconnected,
    'master/frameworks_connected': connected,
    'master/frameworks_disconnected': disconnected,
    ...result,
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

function allocatorMetrics({ roles, counters }: ClusterView): MetricsSnapshot {
  const result: MetricsSnapshot = { 'allocator/mesos/allocation_runs': counters.allocationRuns };
  for (const role of roles.roles()) {
    result[`allocator/mesos/roles/${role.name}/shares/dominant`] = roles.dominantShare(role.allocated, 1);
  }
  return result;
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
