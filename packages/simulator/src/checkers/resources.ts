/** Invariant 1: no agent is ever charged more than it has. */
import { MACHINE_CPUS, MACHINE_MEM, type Machine } from '../machine.ts';
import type { StartedContainer } from '../started-container.ts';
import type { World } from '../world.ts';
import type { Checker, Violate } from './checker.ts';

const SCALARS = ['cpus', 'mem', 'disk', 'gpus'] as const;

/** Looks at the master's books and at what really runs. */
export function resourcesChecker(world: World, violate: Violate): Checker {
  /** Amounts are immutable: what was looked at needs no second look. */
  const seen = new WeakMap<object, object>();
  return {
    afterEvent() {
      for (const agent of world.controlPlane?.master.view?.agents.values() ?? []) {
        const { charged, offered, total } = agent;
        if (seen.get(charged) === offered) continue;
        seen.set(charged, offered);
        for (const name of SCALARS) {
          const [has, taken] = [amount(total, name), amount(charged, name) + amount(offered, name)];
          if (taken > has) {
            violate(
              `${agent.id} has ${String(has)} of ${name} and ${String(taken)} are charged or offered (thousandths)`,
            );
          }
        }
        if (amount(total, 'cpus') > MACHINE_CPUS * 1000 || amount(total, 'mem') > MACHINE_MEM * 1000) {
          violate(`${agent.id} is believed to have ${String(total.cpus)} mCPU, which no machine has`);
        }
      }
    },
    onStart(container) {
      const machine = world.machines.find(({ name }) => name === container.machine);
      if (machine !== undefined) judgeMachine(machine, container, violate);
    },
    atEnd() {
      for (const agent of world.controlPlane?.master.view?.agents.values() ?? []) {
        const machine = world.machines.find(({ name }) => name === agent.info.hostname);
        const used = sum(machine?.running() ?? [], ({ cpus }) => Math.round(cpus * 1000));
        const charged = amount(agent.charged, 'cpus');
        if (used > charged) {
          violate(`${String(used)} mCPU run on ${agent.info.hostname} and ${String(charged)} are charged`);
        }
      }
    },
  };
}

type Amounts = Readonly<Record<(typeof SCALARS)[number], number>>;

/** How much of a resource there is, reserved or not. */
function amount(vector: Amounts & { readonly held: ReadonlyMap<string, Amounts> }, name: keyof Amounts): number {
  let total = vector[name];
  for (const holding of vector.held.values()) total += holding[name];
  return total;
}

function judgeMachine(machine: Machine, newcomer: StartedContainer, violate: Violate): void {
  const running = machine.running();
  const milliCpus = sum(running, ({ cpus }) => Math.round(cpus * 1000));
  if (milliCpus > MACHINE_CPUS * 1000) {
    violate(`on ${machine.name} tasks of ${String(milliCpus)} mCPU run, it has ${String(MACHINE_CPUS * 1000)}`);
  }
  const mem = sum(running, (container) => container.mem);
  if (mem > MACHINE_MEM) violate(`on ${machine.name} tasks of ${String(mem)} MiB run, it has ${String(MACHINE_MEM)}`);
  for (const other of running) {
    const shared = other.ports.filter((port) => other !== newcomer && newcomer.ports.includes(port));
    if (shared.length > 0) {
      violate(`${newcomer.taskId} and ${other.taskId} both have port ${shared.join()} of ${machine.name}`);
    }
  }
}

function sum(containers: readonly StartedContainer[], amount: (container: StartedContainer) => number): number {
  return containers.reduce((total, container) => total + amount(container), 0);
}
