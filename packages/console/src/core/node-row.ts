/** Agents as rows: what they have, what of it is promised, what is left. */
import type { AwaySlave, SlaveList, StateSlave } from '@stadion/contract/mesos-state';

/** How an agent can be. */
export const NODE_STATES = ['active', 'cordoned', 'draining', 'drained', 'away'] as const;

/** One agent. Memory and disk in MiB. */
export interface NodeRow {
  readonly id: string;
  readonly hostname: string;
  readonly address: string;
  readonly state: (typeof NODE_STATES)[number];
  readonly cpus: Share;
  readonly mem: Share;
  readonly disk: Share;
  readonly gpus: Share;
  /** The larger part of its cores or memory that is reserved for roles, 0 to 1. */
  readonly reserved: number;
  /** What is set aside there, by role. */
  readonly reservations: readonly {
    readonly role: string;
    readonly cpus: number;
    readonly mem: number;
    readonly disk: number;
  }[];
  readonly version: string;
  /** What its tasks can run in. */
  readonly containerizers: readonly string[];
  readonly attributes: readonly (readonly [string, string])[];
  /** Milliseconds since the epoch; undefined for one that is out of contact. */
  readonly registeredAt: number | undefined;
  /** When it last came back; undefined when it never went away. */
  readonly returnedAt: number | undefined;
}

/** How much there is of something. */
interface Share {
  readonly used: number;
  readonly total: number;
}

/** All agents that the master knows: behind those it has a link to, or lost one a moment ago, those out of contact. */
export function knownAgents({ slaves, unreachable_slaves: lost = [], recovered_slaves: awaited = [] }: SlaveList) {
  return [...slaves, ...[...lost, ...awaited].map(awayAgent)];
}

/** Nobody knows what it has now, or since when it is there. */
function awayAgent({ id, hostname }: AwaySlave): StateSlave {
  const nothing = { attributes: {}, resources: {}, used_resources: {}, offered_resources: {} };
  return { id, hostname, port: 0, pid: '', version: '', registered_time: 0, active: false, ...nothing };
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
      reserved: Math.max(reservedShare(slave, 'cpus'), reservedShare(slave, 'mem')),
      reservations: Object.entries(slave.reserved_resources ?? {}).map(([role, held]) => ({
        role,
        cpus: amount(held['cpus']),
        mem: amount(held['mem']),
        disk: amount(held['disk']),
      })),
      version: slave.version,
      containerizers: slave.containerizers ?? [],
      attributes: Object.entries(slave.attributes)
        // What the platform itself says of the node stands elsewhere.
        .filter(([name]) => !name.startsWith('stadion_'))
        .map(([name, value]) => [name, String(value)]),
      registeredAt: slave.registered_time === 0 ? undefined : slave.registered_time * 1000,
      returnedAt: slave.reregistered_time === undefined ? undefined : slave.reregistered_time * 1000,
    };
  });
}

function reservedShare({ resources, reserved_resources: byRole = {} }: StateSlave, name: string): number {
  const reserved = Object.values(byRole).reduce((sum, held) => sum + amount(held[name]), 0);
  const total = amount(resources[name]);
  return total === 0 ? 0 : Math.min(1, reserved / total);
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
