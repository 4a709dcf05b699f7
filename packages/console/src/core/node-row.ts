/** Agents as rows: what they have, what of it is promised, what is left. */
import type { StateSlave } from '@stadion/contract/mesos-state';

/** One agent. Memory and disk in MiB. */
export interface NodeRow {
  readonly id: string;
  readonly hostname: string;
  readonly address: string;
  readonly state: 'active' | 'cordoned' | 'draining' | 'drained' | 'away';
  readonly cpus: Share;
  readonly mem: Share;
  readonly disk: Share;
  readonly gpus: Share;
  readonly version: string;
  /** What its tasks can run in. */
  readonly containerizers: readonly string[];
  readonly attributes: readonly (readonly [string, string])[];
  /** Milliseconds since the epoch. */
  readonly registeredAt: number;
}

/** How much there is of something. */
interface Share {
  readonly used: number;
  readonly total: number;
}

/** The rows of a cluster's agents. */
export function nodeRows(slaves: readonly StateSlave[]): readonly NodeRow[] {
  return slaves.map((slave) => {
    const share = (name: string): Share => ({
      used: amount(slave.used_resources[name]),
      total: amount(slave.resources[name]),
    });
    return {
      id: slave.id,
      hostname: slave.hostname,
      address: slave.pid.slice(slave.pid.lastIndexOf('@') + 1),
      state: stateOf(slave),
      cpus: share('cpus'),
      mem: share('mem'),
      disk: share('disk'),
      gpus: share('gpus'),
      version: slave.version,
      containerizers: slave.containerizers ?? [],
      attributes: Object.entries(slave.attributes)
        // What the platform itself says of the node stands elsewhere.
        .filter(([name]) => !name.startsWith('stadion_'))
        .map(([name, value]) => [name, String(value)]),
      registeredAt: slave.registered_time * 1000,
    };
  });
}

function stateOf({ active, deactivated, drain_info: drain }: StateSlave): NodeRow['state'] {
  if (drain !== undefined) return drain.state === 'DRAINED' ? 'drained' : 'draining';
  if (deactivated === true) return 'cordoned';
  return active ? 'active' : 'away';
}

/** The part that is used, from 0 to 1. */
export function usedShare({ used, total }: Share): number {
  return total === 0 ? 0 : used / total;
}

function amount(value: number | string | undefined): number {
  return typeof value === 'number' ? value : 0;
}
