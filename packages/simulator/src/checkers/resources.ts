/** Invariant 1: no agent is ever charged more than it has. */
import { MACHINE_CPUS } from '../machine.ts';
import type { World } from '../world.ts';
import type { Checker, Violate } from './checker.ts';

/** Looks at the master's books and at what really runs. */
export function resourcesChecker(world: World, violate: Violate): Checker {
  return {
    name: '1 no agent is charged more than it has',
    afterEvent() {
      for (const agent of world.controlPlane?.master.view?.agents.values() ?? []) {
        const taken = agent.charged.cpus + agent.offered.cpus;
        if (taken > agent.total.cpus || agent.total.cpus > MACHINE_CPUS * 1000) {
          violate(`${agent.id} has ${String(agent.total.cpus)} mCPU and ${String(taken)} are charged or offered`);
        }
      }
      for (const machine of world.machines) {
        const milliCpus = machine.running().reduce((sum, container) => sum + Math.round(container.cpus * 1000), 0);
        if (milliCpus > MACHINE_CPUS * 1000) {
          violate(`on ${machine.name} tasks of ${String(milliCpus)} mCPU run, it has ${String(MACHINE_CPUS * 1000)}`);
        }
      }
    },
  };
}
