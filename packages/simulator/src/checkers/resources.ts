/** Invariant 1: no agent is ever charged more than it has. */
import { MACHINE_CPUS, MACHINE_DISKS, MACHINE_MEM, type Machine } from '../machine.ts';
import type { StartedContainer } from '../started-container.ts';
import type { World } from '../world.ts';
import type { Checker, Violate } from './checker.ts';

/** What agents have amounts of. */
export const SCALARS = ['cpus', 'mem', 'disk', 'gpus'] as const;

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
        judgeDisks(agent, violate);
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

type View = NonNullable<NonNullable<World['controlPlane']>['master']['view']>;
type Books = NonNullable<ReturnType<View['agents']['get']>>;

/** Every disk of its own is there once, as large as it is, and given out once; one that is had as a whole is in one piece. */
function judgeDisks({ id, total, charged, offered }: Books, violate: Violate): void {
  const has = disksOf(total);
  const [used, promised] = [disksOf(charged), disksOf(offered)];
  for (const [root, mib] of MACHINE_DISKS) {
    const { disk: there, pieces } = has.get(root) ?? NO_DISK;
    if (there !== mib * 1000) violate(`${id} is believed to have ${String(there)} of the disk ${root} (thousandths)`);
    if (root.startsWith('/mnt') && pieces !== 1) {
      violate(`the disk ${root} of ${id} is in ${String(pieces)} pieces`);
    }
    const taken = (used.get(root)?.disk ?? 0) + (promised.get(root)?.disk ?? 0);
    if (taken > there) violate(`${String(taken)} of the disk ${root} of ${id} are charged or offered (thousandths)`);
  }
}

const NO_DISK = { disk: 0, pieces: 0 };

function disksOf({ held }: Books['total']): ReadonlyMap<string, { readonly disk: number; readonly pieces: number }> {
  const disks = new Map<string, { disk: number; pieces: number }>();
  for (const { source, disk } of held.values()) {
    const root = (source?.path ?? source?.mount)?.root;
    if (root === undefined) continue;
    const known = disks.get(root);
    if (known === undefined) disks.set(root, { disk, pieces: 1 });
    else {
      known.disk += disk;
      known.pieces += 1;
    }
  }
  return disks;
}

type Amounts = Readonly<Record<(typeof SCALARS)[number], number>>;

/** How much of a resource there is, reserved or not. */
export function amount(vector: Amounts & { readonly held: ReadonlyMap<string, Amounts> }, name: keyof Amounts): number {
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

function sum<Item>(items: readonly Item[], amount: (item: Item) => number): number {
  return items.reduce((total, item) => total + amount(item), 0);
}
