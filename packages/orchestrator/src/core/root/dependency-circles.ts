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
