/** `/metrics/snapshot` of the agent: the names that dashboards of Mesos know. */
import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';
import type { AgentView } from '../agent-view.ts';
import { taskState, type Task } from '../core/task.ts';

/** All metrics, flat. @param now milliseconds since the epoch */
export function agentMetrics(agent: AgentView, now: number): Record<string, number> {
  const metrics: Record<string, number> = {
    'slave/registered': agent.registered ? 1 : 0,
    'slave/uptime_secs': (now - agent.startedAt) / 1000,
    'slave/recovery_errors': agent.counters.recoveryErrors,
    'slave/executors_preempted': agent.counters.preempted,
    'slave/executors_terminated': agent.counters.executorsTerminated,
    'slave/container_launch_errors': agent.counters.launchErrors,
    'slave/executor_directory_max_allowed_age_secs': agent.sandboxAgeMsMax / 1000,
    'slave/valid_status_updates': agent.counters.validUpdates,
    'slave/invalid_status_updates': agent.counters.invalidUpdates,
    'slave/valid_framework_messages': agent.counters.validMessages,
    'slave/invalid_framework_messages': agent.counters.invalidMessages,
    'containerizer/mesos/container_destroy_errors': agent.counters.destroyErrors,
    'slave/frameworks_active': 0,
    'containerizer/fetcher/task_fetches_succeeded': agent.counters.fetchesSucceeded,
    'containerizer/fetcher/task_fetches_failed': agent.counters.fetchesFailed,
    ...systemMetrics(),
  };
  for (const name of ['cpus', 'mem', 'disk', 'gpus']) {
    const total = agent.ledger.totalAmount(name);
    const used = agent.ledger.heldAmount(name);
    metrics[`slave/${name}_total`] = total;
    metrics[`slave/${name}_used`] = used;
    metrics[`slave/${name}_percent`] = total === 0 ? 0 : used / total;
    const lent = agent.ledger.totalAmount(`${name}_revocable`);
    const borrowed = agent.ledger.heldAmount(`${name}_revocable`);
    metrics[`slave/${name}_revocable_total`] = lent;
    metrics[`slave/${name}_revocable_used`] = borrowed;
    metrics[`slave/${name}_revocable_percent`] = lent === 0 ? 0 : borrowed / lent;
  }
  for (const state of ['staging', 'starting', 'running', 'killing']) metrics[`slave/tasks_${state}`] = 0;
  for (const state of ['finished', 'failed', 'killed', 'lost', 'dropped', 'error', 'gone']) {
    metrics[`slave/tasks_${state}`] = 0;
  }
  const active = new Set<string>();
  for (const task of agent.tasks()) {
    if (task.phase === 'ended') continue;
    active.add(task.frameworkId);
    const name = metricName(taskState(task));
    metrics[name] = (metrics[name] ?? 0) + 1;
  }
  metrics['slave/frameworks_active'] = active.size;
  for (const [state, count] of agent.counters.ended) metrics[metricName(state)] = count;
  return { ...metrics, ...executorMetrics(agent) };
}

/** A pod is one executor, and so is a task of its own; custom executors live also when they have nothing to do. */
function executorMetrics(agent: AgentView): Record<string, number> {
  const phases = new Map<string, ExecutorPhase>();
  for (const { framework_id: id, executor } of agent.executors.reported()) {
    phases.set(`${id.value}/${executor.executor_id.value}`, 'running');
  }
  for (const task of agent.tasks()) {
    const phase = phaseOfExecutor(task);
    if (phase === undefined) continue;
    const key = `${task.frameworkId}/${executorIdOf(task)}`;
    if (phases.get(key) !== 'running') phases.set(key, phase);
  }
  const counts = { registering: 0, running: 0, terminating: 0 };
  for (const phase of phases.values()) counts[phase] += 1;
  return Object.fromEntries(Object.entries(counts).map(([phase, count]) => [`slave/executors_${phase}`, count]));
}

type ExecutorPhase = 'registering' | 'running' | 'terminating';

/** What the executor of a task is about, as far as this task tells; nothing when the task is over. */
function phaseOfExecutor({ phase }: Task): ExecutorPhase | undefined {
  if (phase === 'ended') return undefined;
  if (phase === 'running') return 'running';
  return phase === 'killing' ? 'terminating' : 'registering';
}

function executorIdOf({ pod, info }: Task): string {
  return pod?.executor.executor_id.value ?? info.task_id.value;
}

/** `/system/stats.json` and the `system/` metrics say the same under other names. */
export function systemStats(): Record<string, number> {
  const [one = 0, five = 0, fifteen = 0] = loadavg();
  return {
    avg_load_1min: one,
    avg_load_5min: five,
    avg_load_15min: fifteen,
    cpus_total: availableParallelism(),
    mem_total_bytes: totalmem(),
    mem_free_bytes: freemem(),
  };
}

function systemMetrics(): Record<string, number> {
  const stats = systemStats();
  const names: Readonly<Record<string, string>> = {
    avg_load_1min: 'load_1min',
    avg_load_5min: 'load_5min',
    avg_load_15min: 'load_15min',
  };
  return Object.fromEntries(Object.entries(stats).map(([name, value]) => [`system/${names[name] ?? name}`, value]));
}

function metricName(state: string): string {
  return `slave/tasks_${state.replace(/^TASK_/, '').toLowerCase()}`;
}
