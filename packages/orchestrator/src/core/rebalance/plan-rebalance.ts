/** Plans how instances would move so that the fullest nodes are less full: one move after the other, each an improvement. */
import type { AppDefinition } from '@stadion/contract/orchestrator';
import type { AgentPlace } from '../agent-place.ts';
import { fieldValue } from '../placement/constraint.ts';
import { constraintsOf } from '../placement/constraints.ts';
import { demandOf } from '../placement/demand.ts';
import { REBALANCE_TRIES_MAX } from './limits.ts';

/** A node as its master counts it. Scalars in thousandths, used by anybody. */
export interface NodeUse {
  readonly place: AgentPlace;
  readonly total: Scalars;
  readonly used: Scalars;
  /** Whether new instances may go there. */
  readonly takes: boolean;
  /** What it can run; undefined: it does not say. */
  readonly containerizers: ReadonlySet<string> | undefined;
}

/** In thousandths. */
export interface Scalars {
  readonly cpusMilli: number;
  readonly memMilli: number;
  readonly diskMilli: number;
}

/** An instance that has a place. */
export interface PlacedInstance {
  readonly id: string;
  readonly app: AppDefinition;
  readonly place: AgentPlace;
  /** Whether it may be moved at all. */
  readonly isMovable: boolean;
}

/** One move. */
export interface PlannedMove {
  readonly instance: PlacedInstance;
  readonly to: AgentPlace;
  /** Of the fuller one of the two nodes, afterwards. */
  readonly load: number;
}

/** The outcome. */
export interface RebalanceOutcome {
  readonly moves: readonly PlannedMove[];
  /** By agent id, before and after all moves. */
  readonly loads: ReadonlyMap<string, { readonly before: number; readonly after: number }>;
  /** Whether the plan gave up before it was through. */
  readonly isPartial: boolean;
}

/** A move that makes the fuller node less full by less than this is not worth its disturbance. */
export const GAIN_MIN = 0.02;

/** How full a node is: the greater part of its cpus or its memory. */
export function loadOf(used: Scalars, total: Scalars): number {
  return Math.max(part(used.cpusMilli, total.cpusMilli), part(used.memMilli, total.memMilli));
}

/**
 * Plans up to so many moves. Each goes from a node to a less full one of the same region that has room and satisfies the
 * constraints of the app, and makes the fuller of the two less full; no instance moves twice.
 */
export function planRebalance(
  nodes: readonly NodeUse[],
  instances: readonly PlacedInstance[],
  movesMax: number,
): RebalanceOutcome {
  return new Rebalancing(nodes, instances).run(movesMax);
}

interface Seat {
  readonly node: NodeUse;
  readonly before: number;
  used: Scalars;
  load: number;
  readonly movable: Set<PlacedInstance>;
}

class Rebalancing {
  private readonly seats: Seat[];
  /** Where the instances of an app are, in the plan so far. */
  private readonly places = new Map<string, Map<string, AgentPlace>>();
  private tries = REBALANCE_TRIES_MAX;

  constructor(nodes: readonly NodeUse[], instances: readonly PlacedInstance[]) {
    this.seats = nodes.map((node) => {
      const load = loadOf(node.used, node.total);
      return { node, before: load, used: node.used, load, movable: new Set() };
    });
    const byAgent = new Map(this.seats.map((seat) => [seat.node.place.agentId, seat]));
    for (const instance of instances) {
      const { app, id, place, isMovable } = instance;
      const places = this.places.get(app.id) ?? new Map<string, AgentPlace>();
      this.places.set(app.id, places.set(id, place));
      if (isMovable) byAgent.get(place.agentId)?.movable.add(instance);
    }
  }

  run(movesMax: number): RebalanceOutcome {
    const moves: PlannedMove[] = [];
    while (moves.length < movesMax && this.tries > 0) {
      const move = this.next();
      if (move === undefined) break;
      moves.push(move);
    }
    const loads = new Map(
      this.seats.map(({ node, before, load }) => [node.place.agentId, { before, after: load }] as const),
    );
    return { moves, loads, isPartial: this.tries <= 0 };
  }

  /** From the fullest node that can be relieved to the emptiest that can take something of it. */
  private next(): PlannedMove | undefined {
    this.seats.sort(
      (one, other) => other.load - one.load || (one.node.place.agentId < other.node.place.agentId ? -1 : 1),
    );
    for (const source of this.seats) {
      for (let at = this.seats.length - 1; at >= 0; at -= 1) {
        const target = this.seats[at];
        if (target === undefined || source.load - target.load < GAIN_MIN) break;
        const instance = this.bestOf(source, target);
        if (instance !== undefined) return this.move(source, target, instance);
        if (this.tries <= 0) return undefined;
      }
    }
    return undefined;
  }

  /** The instance whose move leaves the fuller of the two least full. */
  private bestOf(source: Seat, target: Seat): PlacedInstance | undefined {
    if (!target.node.takes) return undefined;
    let best: PlacedInstance | undefined;
    let bound = source.load - GAIN_MIN;
    for (const instance of source.movable) {
      this.tries -= 1;
      if (this.tries <= 0) break;
      const { app } = instance;
      const used = sum(target.used, demandOf(app), 1);
      if (!isWithin(used, target.node.total)) continue;
      const left = loadOf(sum(source.used, demandOf(app), -1), source.node.total);
      const load = Math.max(left, loadOf(used, target.node.total));
      if (load > bound || (best !== undefined && load === bound) || !this.mayRun(instance, target.node)) continue;
      best = instance;
      bound = load;
    }
    return best;
  }

  private mayRun({ id, app, place: from }: PlacedInstance, { place, containerizers }: NodeUse): boolean {
    const { runner } = demandOf(app);
    if (containerizers !== undefined && !runner.anyOf.some((name) => containerizers.has(name))) return false;
    const constraints = app.constraints ?? [];
    if (from.region !== place.region) return false;
    if (constraints.length === 0) return true;
    const others: AgentPlace[] = [];
    for (const [other, at] of this.places.get(app.id) ?? []) if (other !== id) others.push(at);
    this.tries -= Math.ceil(others.length / 100);
    return constraintsOf(app, others).every(({ state }) => state.accepts(fieldValue(place, state.field)));
  }

  private move(source: Seat, target: Seat, instance: PlacedInstance): PlannedMove {
    const { app, id } = instance;
    source.movable.delete(instance);
    source.used = sum(source.used, demandOf(app), -1);
    target.used = sum(target.used, demandOf(app), 1);
    source.load = loadOf(source.used, source.node.total);
    target.load = loadOf(target.used, target.node.total);
    this.places.get(app.id)?.set(id, target.node.place);
    return { instance, to: target.node.place, load: Math.max(source.load, target.load) };
  }
}

function part(used: number, total: number): number {
  return total <= 0 ? 1 : used / total;
}

function sum(used: Scalars, more: Scalars, sign: 1 | -1): Scalars {
  return {
    cpusMilli: used.cpusMilli + sign * more.cpusMilli,
    memMilli: used.memMilli + sign * more.memMilli,
    diskMilli: used.diskMilli + sign * more.diskMilli,
  };
}

function isWithin(used: Scalars, total: Scalars): boolean {
  return used.cpusMilli <= total.cpusMilli && used.memMilli <= total.memMilli && used.diskMilli <= total.diskMilli;
}
