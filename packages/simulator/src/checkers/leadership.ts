/** Invariant 3: one leader acts at a time; every write carries the leader's epoch, and a stale epoch is refused. */
import { launchedTasks, type SchedulerCall } from '@stadion/contract/mesos';
import { durableInstanceIn } from './durability.ts';
import type { World } from '../world.ts';
import type { Checker, Violate } from './checker.ts';

const JOURNAL = '/state/journal/';
const EPOCH = '/state/epoch';

/** Watches every write that takes effect, every link of an agent, and what those do whose reign is over. */
export function leadershipChecker({ cluster }: World, violate: Violate): Checker {
  if (cluster === undefined) return {};
  let leader: string | undefined;
  /** By agent process: the newest epoch that it has followed. */
  const followed = new Map<string, number>();
  cluster.ensemble.observers.push({
    onEpoch: (_epoch, server) => {
      leader = server;
    },
    onTransaction: (server, changes) => {
      if (!changes.some(({ path }) => path.includes(JOURNAL))) return;
      const { epoch } = cluster.ensemble;
      if (server !== leader) violate(`${server} has written, and ${leader ?? 'nobody'} leads`);
      const isFenced = changes.some(({ type, path, ...condition }) => {
        return type === 'check' && path.endsWith(EPOCH) && 'version' in condition && condition.version === epoch;
      });
      if (!isFenced) violate(`${server} has written without its epoch, the newest is ${String(epoch)}`);
    },
  });
  return {
    onLink(agent, epoch) {
      const newest = followed.get(agent) ?? 0;
      if (epoch < newest) {
        violate(`the agent of ${agent} follows epoch ${String(epoch)} after ${String(newest)}`);
      }
      followed.set(agent, epoch);
    },
    onAgentEnd(agent) {
      followed.delete(agent);
    },
    onStaleCall(call, epoch) {
      const stale = cluster.staleReigns.find(({ reign }) => reign.epoch === epoch);
      if (stale !== undefined) judgeIntent(call, stale.durable, violate);
    },
  };
}

/** An orchestrator whose reign is over may only carry out what was written down before. */
function judgeIntent(call: SchedulerCall, durable: ReadonlyMap<string, string>, violate: Violate): void {
  const recordOf = (taskId: string): Readonly<Record<string, unknown>> | undefined =>
    durableInstanceIn(durable.keys(), (key) => JSON.parse(durable.get(key) ?? 'null'), taskId);
  if (call.type === 'ACCEPT') {
    for (const { task_id } of call.accept.operations.flatMap(launchedTasks)) {
      if (recordOf(task_id.value) !== undefined) continue;
      violate(`${task_id.value} is launched by a leader that is over, and was not written down before`);
    }
  } else if (call.type === 'KILL') {
    const record = recordOf(call.kill.task_id.value);
    if (record === undefined || record['condition'] === 'Killing' || record['goal'] !== 'Running') return;
    violate(`${call.kill.task_id.value} is killed by a leader that is over, and its record says that it is to run`);
  }
}
