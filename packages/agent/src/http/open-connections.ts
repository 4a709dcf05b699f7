/** `/monitor/connections`: how many connections are open to each task, where that can be told. Not a page of Mesos. */
import { readFile } from 'node:fs/promises';
import type { Clock } from '@stadion/base';
import type { AgentView } from '../agent-view.ts';
import { openConnections } from '../core/connections.ts';
import type { Task } from '../core/task.ts';

const READ_MS_MAX = 500;
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];

/** Open connections by task id. Tasks with a network of their own, and those without host ports, are left out. */
export type ConnectionCounts = Readonly<Record<string, number>>;

/** Reads the tables at most twice a second, however many ask. */
export class ConnectionSource {
  private readonly agent: AgentView;
  private readonly clock: Clock;
  private cached: { readonly at: number; readonly counts: Promise<ConnectionCounts> } | undefined;

  constructor(agent: AgentView, clock: Clock) {
    this.agent = agent;
    this.clock = clock;
  }

  counts(): Promise<ConnectionCounts> {
    const now = this.clock.monotonic();
    if (this.cached === undefined || now - this.cached.at >= READ_MS_MAX) {
      this.cached = { at: now, counts: this.count() };
    }
    return this.cached.counts;
  }

  private async count(): Promise<ConnectionCounts> {
    const tables: string[] = [];
    // A kernel without IPv6 has one table, other systems have none: then nothing is known.
    for (const path of TABLES) tables.push(await readFile(path, 'utf8').catch(() => ''));
    if (tables.every((table) => table === '')) return {};
    const byPort = openConnections(tables);
    const counts: Record<string, number> = {};
    for (const task of this.agent.tasks()) {
      const ports = task.phase === 'running' ? hostPortsOf(task) : [];
      if (ports.length === 0) continue;
      counts[task.info.task_id.value] = ports.reduce((sum, port) => sum + (byPort.get(port) ?? 0), 0);
    }
    return counts;
  }
}

/** The ports on which a task itself listens on this host; none when its network is its own. */
function hostPortsOf({ info, pod }: Task): number[] {
  const containers = [info.container, pod?.executor.container];
  const isOnOwn = containers.some(
    (container) =>
      (container?.network_infos?.length ?? 0) > 0 || !['HOST', undefined].includes(container?.docker?.network),
  );
  if (isOnOwn) return [];
  return info.resources.flatMap(({ name, ranges }) =>
    name !== 'ports'
      ? []
      : (ranges?.range ?? []).flatMap(({ begin, end }) =>
          Array.from({ length: end - begin + 1 }, (_, index) => begin + index),
        ),
  );
}
