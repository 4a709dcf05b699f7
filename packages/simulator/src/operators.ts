/** What operators do with machines: drain them, keep new work off them, give them back. */
import type { AgentUpkeep } from '@stadion/contract/agent-link';
import type { Master } from '@stadion/master';
import type { Instance } from '@stadion/orchestrator';
import type { Machine } from './machine.ts';
import { canonical } from './promises.ts';
import { ValueBook } from './value-book.ts';

type MasterView = NonNullable<Master['view']>;

/** The operators of one world. What they ask for is known to the master that runs at the time, if one does. */
export class Operators {
  /** Tasks that ran on a machine when its drain was called off: their end may be under way. */
  private readonly toldToLeave = new Set<string>();
  /** Machines whose last treatment was a drain. */
  private readonly drained = new Set<string>();
  /** What was ordered of agents, by their ids. */
  private readonly books = new Map<string, ValueBook>();
  /** Whether a machine was ever drained. */
  haveDrained = false;
  private readonly master: () => Master | undefined;

  /** @param master the one that runs now */
  constructor(master: () => Master | undefined) {
    this.master = master;
  }

  /** Has a machine treated so; undefined: as any other. False while no master knows the machine. */
  treat(machine: Machine, upkeep: AgentUpkeep | undefined): boolean {
    const master = this.master();
    const agentId = [...(master?.view?.agents.values() ?? [])].find(({ info }) => info.hostname === machine.name)?.id;
    if (master === undefined || agentId === undefined) return false;
    if (this.isDraining(machine.name)) for (const { taskId } of machine.running()) this.toldToLeave.add(taskId);
    this.haveDrained ||= upkeep?.drain !== undefined;
    if (upkeep?.drain === undefined) this.drained.delete(machine.name);
    else this.drained.add(machine.name);
    const book = this.books.get(agentId) ?? new ValueBook(canonical({}));
    this.books.set(agentId, book);
    const acknowledge = book.write(canonical({ upkeep }));
    void master.treatAgent(agentId, upkeep).then((isKept) => {
      if (isKept) acknowledge();
    });
    return true;
  }

  /** Sentences on orders that are older than what was acknowledged. What a newcomer has read is the promise from here on. */
  reload(): readonly string[] {
    const view = this.master()?.view;
    if (view === undefined) return [];
    return [...this.books].flatMap(([agentId, book]) => {
      // One that has left the cluster took its orders along.
      if (!view.recovered.has(agentId) && !view.unreachable.has(agentId)) return [];
      const found = canonical({ upkeep: view.upkeep.get(agentId) });
      const promised = book.reload(found);
      return promised === undefined
        ? []
        : [`the order for agent ${agentId} was acknowledged as ${promised} and is ${found} after a restart`];
    });
  }

  /** Whether a machine is being emptied, as far as the master knows; while none is there, as far as it was last told. */
  isDraining(machine: string): boolean {
    const view = this.master()?.view;
    if (view === undefined) return this.drained.has(machine);
    for (const [agentId, { drain }] of view.upkeep) {
      if (drain !== undefined && hostnameOf(view, agentId) === machine) return true;
    }
    return false;
  }

  /** Whether somebody has asked for a task to leave the machine that it runs on. */
  hasToldToLeave(taskId: string, machine: string): boolean {
    return this.toldToLeave.has(taskId) || this.isDraining(machine);
  }

  /**
   * Gives machines back, save drained ones on which nothing is kept. Called again and again while the world settles.
   * @param instances all there are: those with a reservation cannot be anywhere but there
   */
  release(machines: readonly Machine[], instances: () => readonly Instance[]): void {
    const view = this.master()?.view;
    if (view === undefined || view.upkeep.size === 0) return;
    const needed = new Set(instances().map(({ reservation }) => reservation?.place.agentId));
    for (const agent of view.agents.values()) {
      const upkeep = view.upkeep.get(agent.id);
      const machine = machines.find(({ name }) => name === agent.info.hostname);
      if (upkeep === undefined || machine === undefined) continue;
      const isReserved = [...agent.total.held.values()].some(({ reservations }) => reservations.length > 0);
      const isKept = isReserved || machine.volumeIds().length > 0 || needed.has(agent.id);
      if (upkeep.drain === undefined || isKept) this.treat(machine, undefined);
    }
  }
}

function hostnameOf({ agents, recovered, unreachable }: MasterView, agentId: string): string | undefined {
  return (agents.get(agentId) ?? recovered.get(agentId) ?? unreachable.get(agentId))?.info.hostname;
}
