/** What the agent has and what its tasks hold: the last line of defence against overcommitment. */
import type { Resource } from '@stadion/contract/mesos';
import { ownDiskOf, volumeKey, volumesOf } from './volumes.ts';

/** Amounts by resource name, in thousandths, so that sums are exact; every disk of its own has an account of its own. */
type Amounts = Map<string, number>;

/** Accounts of one agent. Scalars are kept in thousandths; ports one by one. */
export class Ledger {
  private readonly total: Amounts = new Map();
  private readonly held: Amounts = new Map();
  private readonly ports: readonly { readonly begin: number; readonly end: number }[];
  private readonly portsHeld = new Set<number>();
  private readonly volumesHeld = new Set<string>();

  constructor(total: readonly Resource[]) {
    for (const resource of total) add(this.total, resource, 1);
    this.ports = total.filter((resource) => resource.name === 'ports').flatMap((each) => each.ranges?.range ?? []);
  }

  /** How many cpus there are to be lent from now on, whether they are or not: an account of its own. */
  lend(cpus: number): void {
    this.total.set(LENT_CPUS, Math.round(cpus * 1000));
  }

  /** Takes the resources, or says in a sentence why they cannot be had and takes nothing. */
  hold(resources: readonly Resource[]): string | undefined {
    const problem = this.findProblem(resources);
    if (problem !== undefined) return problem;
    this.charge(resources);
    return undefined;
  }

  /** Takes the resources of a task that already runs, whatever the totals say. */
  charge(resources: readonly Resource[]): void {
    for (const resource of resources) add(this.held, resource, 1);
    forEachPort(resources, (port) => this.portsHeld.add(port));
    for (const volume of volumesOf(resources)) this.volumesHeld.add(volumeKey(volume));
  }

  /** Gives back what {@link hold} or {@link charge} took. */
  free(resources: readonly Resource[]): void {
    for (const resource of resources) add(this.held, resource, -1);
    forEachPort(resources, (port) => this.portsHeld.delete(port));
    for (const volume of volumesOf(resources)) this.volumesHeld.delete(volumeKey(volume));
  }

  /** What is held of a scalar, in its own unit. */
  heldAmount(name: string): number {
    return (this.held.get(name) ?? 0) / 1000;
  }

  /** What there is of a scalar, in its own unit. */
  totalAmount(name: string): number {
    return (this.total.get(name) ?? 0) / 1000;
  }

  /** The ports in use, in ascending order. */
  heldPorts(): readonly number[] {
    return [...this.portsHeld].sort((left, right) => left - right);
  }

  private findProblem(resources: readonly Resource[]): string | undefined {
    const wanted: Amounts = new Map();
    for (const resource of resources) add(wanted, resource, 1);
    for (const [name, amount] of wanted) {
      const free = (this.total.get(name) ?? 0) - (this.held.get(name) ?? 0);
      if (amount > free) {
        return `The task wants ${String(amount / 1000)} ${name}, and the agent has ${String(free / 1000)} left`;
      }
    }
    for (const { begin, end } of rangesOf(resources)) {
      if (!this.ports.some((range) => range.begin <= begin && end <= range.end)) {
        return `The task wants the ports ${begin}-${end}, which the agent does not have`;
      }
      for (let port = begin; port <= end; port += 1) {
        if (this.portsHeld.has(port)) return `The task wants port ${port}, which another task has`;
      }
    }
    const taken = volumesOf(resources).find((volume) => this.volumesHeld.has(volumeKey(volume)));
    return taken === undefined ? undefined : `The task wants the volume ${taken.id}, which another task has`;
  }
}

/** The account of revocable cpus. */
const LENT_CPUS = 'cpus_revocable';

function accountOf(resource: Resource): string {
  // As Mesos names them.
  if (resource.revocable !== undefined) return `${resource.name}_revocable`;
  const disk = ownDiskOf(resource);
  return disk === undefined ? resource.name : `${resource.name} at ${disk.root}`;
}

function add(amounts: Amounts, resource: Resource, sign: 1 | -1): void {
  if (resource.scalar === undefined) return;
  const amount = Math.round(resource.scalar.value * 1000) * sign;
  const account = accountOf(resource);
  amounts.set(account, (amounts.get(account) ?? 0) + amount);
}

function rangesOf(resources: readonly Resource[]): { readonly begin: number; readonly end: number }[] {
  return resources.filter((resource) => resource.name === 'ports').flatMap((resource) => resource.ranges?.range ?? []);
}

function forEachPort(resources: readonly Resource[], visit: (port: number) => void): void {
  for (const resource of resources) {
    if (resource.name !== 'ports' || resource.ranges === undefined) continue;
    for (const { begin, end } of resource.ranges.range) {
      for (let port = begin; port <= Math.min(end, 65_535); port += 1) visit(port);
    }
  }
}
