/** Ids in order, sorted when somebody looks: what is in a group are the ids that begin with it. */

/** A set of ids that can be listed by group. */
export class SortedIds {
  private readonly ids = new Set<string>();
  private sorted: string[] | undefined;

  get size(): number {
    return this.ids.size;
  }

  add(id: string): void {
    if (this.ids.has(id)) return;
    this.ids.add(id);
    this.sorted = undefined;
  }

  delete(id: string): void {
    if (this.ids.delete(id)) this.sorted = undefined;
  }

  /** The ids below a group, in order. */
  *within(groupId = '/'): Generator<string> {
    const ids = (this.sorted ??= [...this.ids].sort());
    const prefix = groupId === '/' ? '/' : `${groupId}/`;
    for (let index = firstAtOrAfter(ids, prefix); index < ids.length; index += 1) {
      const id = ids[index];
      if (id?.startsWith(prefix) !== true) return;
      yield id;
    }
  }
}

/** The index of the first text that is not before `bound`, in a sorted list. */
function firstAtOrAfter(sorted: readonly string[], bound: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? '') < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
