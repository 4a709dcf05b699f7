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
  depth: number;
}

/**
 * Gives for each app the length of the longest path of dependencies that starts at it. What was found out is kept for
 * the next question. Cycles are refused at the border; should one be stored, it does not hang anybody.
 */
export function dependencyDepths(graph: DependencyGraph): (appId: string) => number {
  const known = new Map<string, number>();
  const open = (id: string): Visit => {
    const members = graph.membersOf(id);
    const next = (members ?? graph.dependenciesOf(id))[Symbol.iterator]();
    // In the middle of a cycle this is the answer.
    known.set(id, 0);
    return { id, isGroup: members !== undefined, next, depth: 0 };
  };
  return (appId) => {
    const done = known.get(appId);
    if (done !== undefined) return done;
    const stack = [open(appId)];
    for (let visit = stack.at(-1); visit !== undefined; visit = stack.at(-1)) {
      const found = visit.next.next();
      if (found.done !== true) {
        const depth = known.get(found.value);
        if (depth === undefined) stack.push(open(found.value));
        else visit.depth = Math.max(visit.depth, below(visit, depth));
        continue;
      }
      known.set(visit.id, visit.depth);
      stack.pop();
      const above = stack.at(-1);
      if (above !== undefined) above.depth = Math.max(above.depth, below(above, visit.depth));
    }
    return known.get(appId) ?? 0;
  };
}

/** A group is as deep as the deepest app in it; an app is deeper by one than what it depends on. */
function below({ isGroup }: Visit, depth: number): number {
  return isGroup ? depth : depth + 1;
}
