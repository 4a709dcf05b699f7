/** In which layer of a deployment an app comes: what others depend on comes first. */

/** Who depends on whom. A group in the middle stands for everything in it. */
export interface DependencyGraph {
  /** Apps and groups that an app depends on: by itself, and as a member of the groups above it. */
  dependenciesOf(appId: string): Iterable<string>;
  /** The apps in a group, with everything below it; undefined when the id is not a group's. */
  membersOf(id: string): Iterable<string> | undefined;
}

interface Visit {
  readonly id: string;
  readonly isGroup: boolean;
  readonly next: Iterator<string>;
  /** How many were open when it was opened. */
  readonly order: number;
  /** The least order of what it leads to, and has yet to be known. */
  lowest: number;
  /** Its own, should it not be in a circle. */
  depth: number;
  /** The depth of the deepest that it leads to outside of its circle; -1: there is nothing. */
  deepestBeyond: number;
}

/**
 * Gives for each app the length of the longest path of dependencies that starts at it. What was found out is kept for
 * the next question. Cycles are refused at the border; a way back may close one all the same: what is in it comes in one
 * layer, after everything that it depends on and before everything that depends on it.
 */
export function dependencyDepths(graph: DependencyGraph): (appId: string) => number {
  const known = new Map<string, number>();
  /** Opened, and not known yet, in that order: those on the way, and those that lead back to one of them. */
  const open = new Map<string, Visit>();
  const line: Visit[] = [];

  const visitOf = (id: string): Visit => {
    const members = graph.membersOf(id);
    const next = (members ?? graph.dependenciesOf(id))[Symbol.iterator]();
    const order = line.length;
    const visit = { id, isGroup: members !== undefined, next, order, lowest: order, depth: 0, deepestBeyond: -1 };
    open.set(id, visit);
    line.push(visit);
    return visit;
  };
  return (appId) => {
    const done = known.get(appId);
    if (done !== undefined) return done;
    const way = [visitOf(appId)];
    for (let visit = way.at(-1); visit !== undefined; visit = way.at(-1)) {
      const found = visit.next.next();
      if (found.done !== true) {
        const depth = known.get(found.value);
        const before = open.get(found.value);
        if (depth !== undefined) goesBeyond(visit, depth);
        else if (before === undefined) way.push(visitOf(found.value));
        else visit.lowest = Math.min(visit.lowest, before.order);
        continue;
      }
      way.pop();
      if (visit.lowest === visit.order) {
        // Everything that was opened since leads back to it; most often that is nothing.
        const circle = line.splice(visit.order);
        const depth = depthOf(circle);
        for (const { id } of circle) {
          open.delete(id);
          known.set(id, depth);
        }
      }
      const above = way.at(-1);
      const depth = known.get(visit.id);
      if (above === undefined) continue;
      if (depth === undefined) above.lowest = Math.min(above.lowest, visit.lowest);
      else goesBeyond(above, depth);
    }
    return known.get(appId) ?? 0;
  };
}

/** It leads to something of this depth. A group is as deep as the deepest app in it; an app is deeper by one. */
function goesBeyond(visit: Visit, depth: number): void {
  visit.deepestBeyond = Math.max(visit.deepestBeyond, depth);
  visit.depth = Math.max(visit.depth, visit.isGroup ? depth : depth + 1);
}

/** The depth of everything in a circle, or of an only one. */
function depthOf(circle: readonly Visit[]): number {
  const [first, ...others] = circle;
  if (first === undefined || others.length === 0) return first?.depth ?? 0;
  // What depends on a group of the circle depends on all that is in it.
  return 1 + others.reduce((deepest, visit) => Math.max(deepest, visit.deepestBeyond), first.deepestBeyond);
}
