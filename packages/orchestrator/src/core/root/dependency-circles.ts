/** Finds dependencies that lead back to where they started. */

interface Visit {
  readonly id: string;
  readonly next: Iterator<string>;
}

/**
 * A way that leads back to its start, that start at both ends; undefined when there is none.
 * @param starts where to look from
 * @param next where one gets from an id: an app's dependencies, a group's members
 */
export function findCircle(
  starts: Iterable<string>,
  next: (id: string) => Iterable<string>,
): readonly string[] | undefined {
  const done = new Set<string>();
  const onWay = new Set<string>();
  for (const start of starts) {
    if (done.has(start)) continue;
    const stack: Visit[] = [{ id: start, next: next(start)[Symbol.iterator]() }];
    onWay.add(start);
    for (let visit = stack.at(-1); visit !== undefined; visit = stack.at(-1)) {
      const found = visit.next.next();
      if (found.done === true) {
        stack.pop();
        onWay.delete(visit.id);
        done.add(visit.id);
      } else if (onWay.has(found.value)) {
        const way = stack.map(({ id }) => id);
        return [...way.slice(way.indexOf(found.value)), found.value];
      } else if (!done.has(found.value)) {
        stack.push({ id: found.value, next: next(found.value)[Symbol.iterator]() });
        onWay.add(found.value);
      }
    }
  }
  return undefined;
}

/**
 * A circle that one of some steps is part of, its start at both ends; undefined when there is none.
 * @param steps by the id that they lead to, the ids from which they do
 * @param next where one gets from an id, these steps among others
 */
export function findCircleOver(
  steps: ReadonlyMap<string, ReadonlySet<string>>,
  next: (id: string) => Iterable<string>,
): readonly string[] | undefined {
  for (const [to, starts] of steps) {
    const cameFrom = new Map<string, string | undefined>([[to, undefined]]);
    // Those that are found on the way are looked at, too.
    for (const id of cameFrom.keys()) {
      if (starts.has(id)) return [id, ...wayTo(id, cameFrom)];
      for (const found of next(id)) if (!cameFrom.has(found)) cameFrom.set(found, id);
    }
  }
  return undefined;
}

function wayTo(end: string, cameFrom: ReadonlyMap<string, string | undefined>): readonly string[] {
  const way: string[] = [];
  for (let id: string | undefined = end; id !== undefined; id = cameFrom.get(id)) way.unshift(id);
  return way;
}
