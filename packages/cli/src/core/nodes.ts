/** What the master says of its agents, condensed. */
import type { AwaySlave, SlaveList, StateSlave } from '@stadion/contract/mesos-state';

/** Amounts of one resource over all agents. */
export interface Amount {
  readonly used: number;
  readonly total: number;
}

/** Whether tasks can be placed there. */
export function isNodeWell(slave: StateSlave): boolean {
  return slave.active && slave.deactivated !== true;
}

/** What a node is doing, in a word: `active`, `cordoned`, `draining`, `drained`, or `inactive` where it has just gone. */
export function nodeState(slave: StateSlave): string {
  if (isNodeWell(slave)) return 'active';
  const drain = slave.drain_info?.state;
  if (drain !== undefined) return drain.toLowerCase();
  return slave.deactivated === true ? 'cordoned' : 'inactive';
}

/** What works on an agent; from an attribute of that name where the master has no list. */
export function containerizersOf(slave: StateSlave): readonly string[] {
  if (slave.containerizers !== undefined) return slave.containerizers;
  const attribute = slave.attributes.containerizers;
  return typeof attribute === 'string'
    ? attribute
        .replace(/[{}[\]\s]/g, '')
        .split(',')
        .filter((name) => name !== '')
    : [];
}

/** A node that the master knows and has no link to. */
export interface AwayNode {
  readonly id: string;
  readonly hostname: string;
  /** Whether it was given up: its tasks are replaced. Otherwise a new leader still waits for it. */
  readonly isGivenUp: boolean;
}

/** Those that are out of contact, the ones that were given up first. */
export function awayNodes({ unreachable_slaves: lost = [], recovered_slaves: awaited = [] }: SlaveList): AwayNode[] {
  const away =
    (isGivenUp: boolean) =>
    ({ id, hostname }: AwaySlave): AwayNode => ({ id, hostname, isGivenUp });
  return [...lost.map(away(true)), ...awaited.map(away(false))];
}

/** The sum of one scalar resource over the agents that are well. */
export function totalAmount(slaves: readonly StateSlave[], resource: 'cpus' | 'mem' | 'disk' | 'gpus'): Amount {
  let used = 0;
  let total = 0;
  for (const slave of slaves.filter(isNodeWell)) {
    used += Number(slave.used_resources[resource] ?? 0);
    total += Number(slave.resources[resource] ?? 0);
  }
  return { used: Math.round(used * 1000) / 1000, total: Math.round(total * 1000) / 1000 };
}
