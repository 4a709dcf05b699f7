/** Task statuses: the ones that the master makes itself, and what it keeps of those that agents send. */
import { isTerminal, type StatusReason, type TaskState, type TaskStatus } from '@stadion/contract/mesos';
import { countEnd, countLive } from './counters.ts';
import type { FrameworkRecord, StatusRecord, TaskRecord } from './records.ts';
import type { ClusterState } from './state.ts';

/** What varies in a status made by the master. `unreachableAt`: milliseconds since the Unix epoch. */
interface MasterStatus {
  readonly taskId: string;
  readonly agentId: string | undefined;
  readonly state: TaskState;
  readonly reason: StatusReason;
  readonly message: string;
  readonly unreachableAt?: number;
}

/** Sends a status of the master's own: no uuid, so nobody acknowledges it and it is sent once. */
export function sendMasterStatus(state: ClusterState, framework: FrameworkRecord, from: MasterStatus): void {
  state.toFramework(framework, {
    type: 'UPDATE',
    update: {
      status: {
        task_id: { value: from.taskId },
        state: stateFor(framework, from.state),
        message: from.message,
        source: 'SOURCE_MASTER',
        reason: from.reason,
        timestamp: state.now / 1000,
        ...(from.agentId === undefined ? {} : { agent_id: { value: from.agentId } }),
        ...(from.unreachableAt === undefined || !framework.partitionAware
          ? {}
          : { unreachable_time: { nanoseconds: from.unreachableAt * 1_000_000 } }),
      },
    },
  });
}

/** The state as this framework understands it: without PARTITION_AWARE every kind of loss is TASK_LOST. */
export function stateFor(framework: FrameworkRecord, state: TaskState): TaskState {
  if (framework.partitionAware) return state;
  switch (state) {
    case 'TASK_DROPPED':
    case 'TASK_UNREACHABLE':
    case 'TASK_GONE':
    case 'TASK_GONE_BY_OPERATOR':
    case 'TASK_UNKNOWN':
      return 'TASK_LOST';
    default:
      return state;
  }
}

/** Moves a live task to a newer state, keeping the counts by state. A final state never changes again. */
export function setTaskState(
  state: ClusterState,
  { counters }: FrameworkRecord,
  task: TaskRecord,
  newest: TaskState,
): void {
  if (task.state === newest || isTerminal(task.state)) return;
  countLive(state.counters, counters, task.state, -1);
  countLive(state.counters, counters, newest, 1);
  if (isTerminal(newest)) countEnd(state.counters, counters, newest);
  task.state = newest;
}

/** Keeps what readers want of a status: one entry per state, the newest of each. */
export function keepStatus(task: TaskRecord, status: TaskStatus): void {
  const last = task.statuses;
  task.statuses = {
    state: status.state,
    timestamp: status.timestamp,
    healthy: status.healthy,
    containerStatus: status.container_status ?? (last?.state === status.state ? last.containerStatus : undefined),
    previous: last?.state === status.state ? last.previous : last,
  };
}

/** The kept statuses, oldest first. */
export function statusHistory(task: TaskRecord): StatusRecord[] {
  const history: StatusRecord[] = [];
  for (let record = task.statuses; record !== undefined; record = record.previous) history.push(record);
  return history.reverse();
}
