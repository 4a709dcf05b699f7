/** What the master says of its agents, condensed. */
import type { StateSlave } from '@stadion/contract/mesos-state';

/** Amounts of one resource over all agents. */
export interface Amount {
  readonly used: number;
  readonly total: number;
}

/** Whether tasks can be placed there. */
export function isNodeWell(slave: StateSlave): boolean {
  return slave.active && slave.deactivated !== true;
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
