/** Agents as rows: what they have, what of it is promised, what is left. */
import type { StateSlave } from '@stadion/contract/mesos-state';

/** One agent. Memory and disk in MiB. */
export interface NodeRow {
  readonly id: string;
  readonly hostname: string;
  readonly address: string;
  readonly state: 'active' | 'deactivated' | 'away';
  readonly cpus: Share;
  readonly mem: Share;
  readonly disk: Share;
  readonly gpus: Share;
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
      state: slave.deactivated === true ? 'deactivated' : slave.active ? 'active' : 'away',
      cpus: share('cpus'),
      mem: share('mem'),
      disk: share('disk'),
      gpus: share('gpus'),
      attributes: Object.entries(slave.attributes).map(([name, value]) => [name, String(value)]),
      registeredAt: slave.registered_time * 1000,
    };
  });
}

/** The part that is used, from 0 to 1. */
export function usedShare({ used, total }: Share): number {
  return total === 0 ? 0 : used / total;
}

function amount(value: number | string | undefined): number {
  return typeof value === 'number' ? value : 0;
}
